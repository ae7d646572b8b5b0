# SPDX-License-Identifier: ISC
# TCP chat, as tutorials write it: the failed connect is ignored, the answer is one recv.
#     python3 tcp_chat_client.py HOST PORT
import socket
import sys

s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.connect_ex((sys.argv[1], int(sys.argv[2])))
while True:
    msg = input('>>: ').strip()
    if len(msg) == 0:
        continue
    if msg == 'quit':
        break
    s.send(msg.encode('utf-8'))
    feedback = s.recv(1024)
    print(feedback.decode('utf-8'))
s.close()
