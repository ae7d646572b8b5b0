# SPDX-License-Identifier: ISC
# UDP, once, as tutorials write it.   python3 udp_client.py HOST PORT [TEXT]
import socket
import sys

sk = socket.socket(type=socket.SOCK_DGRAM)
sk.sendto((sys.argv[3] if len(sys.argv) > 3 else '你好').encode('utf-8'), (sys.argv[1], int(sys.argv[2])))
back_msg, addr = sk.recvfrom(1024)
print(back_msg.decode('utf-8'))
sk.close()
