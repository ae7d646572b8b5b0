# SPDX-License-Identifier: ISC
# UDP chat with a contact book, as tutorials write it. The four have PORT, PORT+1, ...
#     python3 udp_chat_client.py HOST PORT
import socket
import sys

host, port = sys.argv[1], int(sys.argv[2])
contacts = {
    '张三': (host, port),
    '李四': (host, port + 1),
    '王五': (host, port + 2),
    '赵六': (host, port + 3),
}
sk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    name = input('请选择聊天对象: ').strip()
    if name == 'quit':
        break
    if name not in contacts:
        continue
    while True:
        msg = input('请输入消息,回车发送: ').strip()
        if msg == 'quit':
            break
        if not msg:
            continue
        sk.sendto(msg.encode('utf-8'), contacts[name])
        back_msg, addr = sk.recvfrom(1024)
        print('来自[%s:%s]的一条消息:%s' % (addr[0], addr[1], back_msg.decode('utf-8')))
sk.close()
