# SPDX-License-Identifier: ISC
# TCP chat, as tutorials write it: one caller, strictly in turn, a hang-up is taken for an empty message.
#     python3 tcp_chat_server.py HOST PORT
import socket
import sys

sk = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
sk.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sk.bind((sys.argv[1], int(sys.argv[2])))
sk.listen(5)
conn, addr = sk.accept()
print('接到来自%s的电话' % addr[0])
while True:
    msg = conn.recv(1024)
    print('来自[%s:%s]的一条消息:%s' % (addr[0], addr[1], msg.decode('utf-8')))
    back_msg = input('回复消息: ').strip()
    conn.send(back_msg.encode('utf-8'))
