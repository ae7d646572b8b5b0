# SPDX-License-Identifier: ISC
# TCP, once, as tutorials write it.   python3 tcp_client.py HOST PORT [TEXT]
import socket
import sys

sk = socket.socket()
sk.connect((sys.argv[1], int(sys.argv[2])))
sk.send((sys.argv[3] if len(sys.argv) > 3 else '你好').encode('utf-8'))
ret = sk.recv(1024)
print(ret.decode('utf-8'))
sk.close()
