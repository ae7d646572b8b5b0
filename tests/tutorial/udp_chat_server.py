# SPDX-License-Identifier: ISC
# UDP chat, as tutorials write it.   python3 udp_chat_server.py HOST PORT
import socket
import sys

sk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sk.bind((sys.argv[1], int(sys.argv[2])))
while True:
    msg, addr = sk.recvfrom(1024)
    print('来自[%s:%s]的一条消息:%s' % (addr[0], addr[1], msg.decode('utf-8')))
    back_msg = input('回复消息: ').strip()
    sk.sendto(back_msg.encode('utf-8'), addr)
