# SPDX-License-Identifier: ISC
# TCP, once, as tutorials write it.   python3 tcp_server.py HOST PORT [REPLY]
import socket
import sys

sk = socket.socket()
sk.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
sk.bind((sys.argv[1], int(sys.argv[2])))
sk.listen()
conn, addr = sk.accept()
print('接到来自%s的电话' % addr[0])
msg = conn.recv(1024)
print(msg.decode('utf-8'))
conn.send((sys.argv[3] if len(sys.argv) > 3 else '再见').encode('utf-8'))
conn.close()
sk.close()
