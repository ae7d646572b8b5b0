# SPDX-License-Identifier: ISC
# UDP, once, as tutorials write it.   python3 udp_server.py HOST PORT [REPLY]
import socket
import sys

sk = socket.socket(type=socket.SOCK_DGRAM)
sk.bind((sys.argv[1], int(sys.argv[2])))
msg, addr = sk.recvfrom(1024)
print('来自[%s:%s]的一条消息:%s' % (addr[0], addr[1], msg.decode('utf-8')))
sk.sendto((sys.argv[3] if len(sys.argv) > 3 else '再见').encode('utf-8'), addr)
sk.close()
