# SPDX-License-Identifier: ISC
"""landline chat with the peers that it will meet: the tutorial's Python programs and the C examples both
ways, nc, other landlines over every scheme, several at once; peers that are not there, hang up, reset, and
come back. All in the line face, with literal bytes, as a person in Chinese sees it."""
import shutil
import signal
import socket
import struct
import unittest

import harness
from chatting import CHINESE, CHOOSE, FROM, HOST, REPLY, SAY, Case, receive
from harness import example, free_port, landline, tutorial, wait_tcp, wait_udp


class TutorialServers(Case):
    """We call."""

    def test_four_udp_servers_at_once_by_name(self):
        names = ('张三', '李四', '王五', '赵六')
        port = free_port(4)
        self.contacts(**{name: f'udp://{HOST}:{port + i}' for i, name in enumerate(names)})
        servers = [self.spawn(*tutorial('udp_chat_server', HOST, port + i)) for i in range(4)]
        for i, server in enumerate(servers):
            wait_udp(port + i, server)
        chat = self.chat()
        chat.expect('1 张三  2 李四  3 王五  4 赵六\n' + CHOOSE)
        for name, server in zip(names, servers):
            chat.send(name + '\n')
            chat.expect(SAY)
            chat.send(f'你好,{name}\n')
            server.expect(FROM + f'你好,{name}\n' + REPLY)
            chat.expect(SAY)
            chat.send('quit\n')
            chat.expect(CHOOSE)
        # Nobody waited: all four answer now, in another order.
        for i in (2, 0, 3, 1):
            servers[i].send(f'我是{names[i]}\n')
            chat.expect(rf'\n来自{names[i]}\[127\.0\.0\.1:{port + i}\]的一条消息:我是{names[i]}\n')
            chat.expect(CHOOSE)
        chat.send('quit\n')
        self.assertEqual(chat.wait(), 0, chat.story())

    def test_udp_chat_server_by_address(self):
        port = free_port()
        server = self.spawn(*tutorial('udp_chat_server', HOST, port))
        wait_udp(port, server)
        chat = self.chat(f'udp://{HOST}:{port}')
        chat.expect(SAY)
        chat.send('你好\n')
        server.expect(FROM + '你好\n' + REPLY)
        server.send('再见\n')
        # Word for word what the tutorial's client prints.
        chat.expect(rf'\n来自\[127\.0\.0\.1:{port}\]的一条消息:再见\n' + SAY)
        chat.send('quit\n')
        self.assertEqual(chat.wait(), 0)

    def test_tcp_chat_server(self):
        port = free_port()
        server = self.spawn(*tutorial('tcp_chat_server', HOST, port))
        wait_tcp(port, server)
        chat = self.chat('-n', f'{HOST}:{port}')
        chat.expect(SAY)
        for word in ('一', '二', '三'):
            chat.send(word + '\n')
            server.expect(FROM + word + '\n' + REPLY)
            server.send('回' + word + '\n')
            chat.expect(rf'来自\[127\.0\.0\.1:{port}\]的一条消息:回{word}\n' + SAY)
        server.stop()
        chat.expect(rf'{HOST}:{port}: 对方挂断了', stream='err')
        chat.send('quit\n')
        self.assertEqual(chat.wait(), 0)

    def test_it_answers_in_the_manner_of_a_bare_peer(self):
        listener = self.listener()
        chat = self.chat(f'{HOST}:{listener.getsockname()[1]}')
        chat.send('first\n')
        conn = self.take_call(listener)
        self.assertEqual(receive(conn, 6), b'first\n')
        conn.sendall('bare'.encode())
        chat.expect('的一条消息:bare\n')
        chat.send('second\n')
        self.assertEqual(receive(conn, 6), b'second')
        conn.sendall(b'crlf\r\n')
        chat.expect('的一条消息:crlf\n')
        chat.send('third\n')
        self.assertEqual(receive(conn, 7), b'third\r\n')

    def test_servers_that_answer_once(self):
        for kind in ('udp', 'tcp'):
            with self.subTest(kind):
                port = free_port()
                server = self.spawn(*tutorial(f'{kind}_server', HOST, port))
                (wait_udp if kind == 'udp' else wait_tcp)(port, server)
                chat = self.chat(f'{kind}://{HOST}:{port}')
                chat.send('你好\n')
                chat.expect('的一条消息:再见\n')
                self.assertEqual(server.wait(), 0)
                chat.send('quit\n')
                self.assertEqual(chat.wait(), 0)

    def test_c_servers(self):
        for kind in ('udp', 'tcp'):
            with self.subTest(kind):
                port = free_port()
                server = self.spawn(example(f'{kind}_chat_server'), HOST, port)
                (wait_udp if kind == 'udp' else wait_tcp)(port, server)
                chat = self.chat('-n', f'{kind}://{HOST}:{port}')
                chat.send('你好\n')
                server.expect('你好')
                server.send('再见\n')
                chat.expect('的一条消息:再见\n')
                chat.send('quit\n')
                self.assertEqual(chat.wait(), 0)


class TutorialClients(Case):
    """They call."""

    def test_udp_chat_client(self):
        port = free_port(4)
        chat = self.chat('--listen', f'udp://{HOST}:{port}', listening=1)
        client = self.spawn(*tutorial('udp_chat_client', HOST, port))
        client.expect(CHOOSE)
        client.send('张三\n')
        client.expect(SAY)
        for word in ('一', '二'):
            client.send(word + '\n')
            chat.expect(FROM + word + '\n' + REPLY)
            chat.send('回' + word + '\n')
            client.expect(rf'来自\[127\.0\.0\.1:{port}\]的一条消息:回{word}\n' + SAY)
        client.send('quit\n')
        client.expect(CHOOSE)
        client.send('quit\n')
        self.assertEqual(client.wait(), 0)

    def test_tcp_chat_client(self):
        port = free_port()
        chat = self.chat('--listen', f'tcp://{HOST}:{port}', listening=1)
        client = self.spawn(*tutorial('tcp_chat_client', HOST, port))
        chat.expect(f'接到来自{HOST}的电话\n')
        client.expect('>>: ')
        for word in ('一', '二'):
            client.send(word + '\n')
            chat.expect(FROM + word + '\n' + REPLY)
            chat.send('回' + word + '\n')
            client.expect(f'回{word}\n>>: ')
        client.send('quit\n')
        self.assertEqual(client.wait(), 0)
        chat.expect('对方挂断了', stream='err')
        # As the tutorial's server does not: the next caller is taken.
        self.spawn(*tutorial('tcp_chat_client', HOST, port))
        chat.expect(f'接到来自{HOST}的电话\n')

    def test_clients_that_ask_once(self):
        for kind in ('udp', 'tcp'):
            with self.subTest(kind):
                port = free_port()
                chat = self.chat('--listen', f'{kind}://{HOST}:{port}', listening=1)
                client = self.spawn(*tutorial(f'{kind}_client', HOST, port, '在吗'))
                chat.expect(FROM + '在吗\n' + REPLY)
                chat.send('在\n')
                self.assertEqual(client.wait(), 0)
                self.assertEqual(client.out, '在\n')

    def test_c_clients(self):
        for kind in ('udp', 'tcp'):
            with self.subTest(kind):
                port = free_port(4)
                chat = self.chat('--listen', f'{kind}://{HOST}:{port}', listening=1)
                client = self.spawn(example(f'{kind}_chat_client'), HOST, port)
                client.send('张三\n你好\n' if kind == 'udp' else '你好\n')
                chat.expect('的一条消息:你好\n' + REPLY)
                chat.send('再见\n')
                client.expect('再见')

    def test_three_callers_are_answered_in_the_order_in_which_they_wait(self):
        port = free_port()
        chat = self.chat('--listen', f'{HOST}:{port}', '--listen', f'udp://{HOST}:{port}', listening=2)
        first, second = self.call(port), self.call(port)
        third = self.datagrams()
        for peer, text in ((first, '甲'), (second, '乙')):
            peer.sendall(text.encode())
            chat.expect(FROM + text + '\n')
        third.sendto('丙'.encode(), (HOST, port))
        chat.expect(FROM + '丙\n')
        chat.expect(rf'回复消息\[127\.0\.0\.1:{first.getsockname()[1]}\]: ')
        chat.send('给甲\n')
        self.assertEqual(receive(first, 6), '给甲'.encode())
        chat.expect(rf'回复消息\[127\.0\.0\.1:{second.getsockname()[1]}\]: ')
        chat.send('给乙\n')
        self.assertEqual(receive(second, 6), '给乙'.encode())
        chat.expect(rf'回复消息\[127\.0\.0\.1:{third.getsockname()[1]}\]: ')
        chat.send('给丙\n')
        self.assertEqual(third.recv(100), '给丙'.encode())
        self.assertIn(f'现在回复 {HOST}:{third.getsockname()[1]}', chat.err)

    def test_a_second_message_does_not_take_the_answer_of_the_first(self):
        port = free_port()
        chat = self.chat('--listen', f'udp://{HOST}:{port}', listening=1)
        first, second = self.datagrams(), self.datagrams()
        first.sendto(b'one', (HOST, port))
        chat.expect(REPLY)
        second.sendto(b'two', (HOST, port))
        chat.expect(FROM + 'two\n')
        chat.send('to one\nto two\n')
        self.assertEqual(first.recv(100), b'to one')
        self.assertEqual(second.recv(100), b'to two')

    @unittest.skipUnless(shutil.which('nc'), 'no nc here')
    def test_nc(self):
        port = free_port()
        chat = self.chat('--listen', f'{HOST}:{port}', listening=1)
        nc = self.spawn('nc', HOST, port)
        nc.send('从 nc 来\n')
        chat.expect(FROM + '从 nc 来\n' + REPLY)
        chat.send('收到\n')
        nc.expect('收到\n')


class TwoChats(Case):
    """landline with landline: both talk, neither waits."""

    def talk(self, address, *more):
        waiting = self.chat('--listen', address, listening=1)
        at = self.listening_at(waiting)[0]
        calling = self.chat(*more, at)
        calling.expect(SAY)
        calling.send('你好\n还有一句\n')
        waiting.expect('的一条消息:你好\n')
        waiting.expect('的一条消息:还有一句\n')
        waiting.send('回\n')
        calling.expect('的一条消息:回\n')
        calling.send('再来\n')
        waiting.expect('的一条消息:再来\n')
        calling.send('quit\n')
        self.assertEqual(calling.wait(), 0, calling.story())
        waiting.signal(signal.SIGTERM)
        self.assertEqual(waiting.wait(), 0, waiting.story())

    def test_udp(self):
        self.talk(f'udp://{HOST}:0')

    def test_udp_over_ipv6(self):
        self.talk('udp://[::1]:0')

    def test_tcp(self):
        self.talk(f'tcp://{HOST}:0')

    def test_tls(self):
        self.talk(f'tls://{HOST}:0')

    def test_dtls(self):
        self.talk(f'dtls://{HOST}:0')

    def test_unix(self):
        self.talk(f'unix://{self.tmp}/chat.sock')

    def test_unixgram(self):
        self.talk(f'unixgram://{self.tmp}/chat.sock')

    def test_another_encoding(self):
        waiting = self.chat('--encoding', 'GBK', '--listen', f'udp://{HOST}:0', listening=1)
        port = int(self.listening_at(waiting)[0].rsplit(':', 1)[1])
        peer = self.datagrams()
        peer.sendto('你好'.encode('gbk'), (HOST, port))
        waiting.expect(FROM + '你好\n')
        waiting.send('再见\n')
        self.assertEqual(peer.recv(100), '再见'.encode('gbk'))

    def test_full_duplex(self):
        """A thousand messages each way at the same time: all arrive, in order."""
        waiting = self.chat('--listen', f'{HOST}:0', listening=1)
        calling = self.chat(self.listening_at(waiting)[0])
        calling.send('开始\n')
        waiting.expect('的一条消息:开始\n')
        port = waiting.out.split(':', 2)[1].split(']')[0]
        waiting.send(f'/to {HOST}:{port}\n')
        there, back = [f'去{i}' for i in range(1000)], [f'回{i}' for i in range(1000)]
        calling.send('\n'.join(there) + '\n')
        waiting.send('\n'.join(back) + '\n')
        waiting.expect(':去999\n')
        calling.expect(':回999\n')
        self.assertEqual([line.split('消息:')[1] for line in waiting.out.splitlines() if ':去' in line], there)
        self.assertEqual([line.split('消息:')[1] for line in calling.out.splitlines() if ':回' in line], back)


class Trouble(Case):
    def test_a_closed_udp_port_is_said_and_the_message_waits(self):
        port = free_port()
        chat = self.chat(f'udp://{HOST}:{port}')
        chat.send('有人吗\n')
        chat.expect('在发件箱里等待', stream='err')
        peer = self.datagrams(port)
        chat.send('/retry\n')
        self.assertEqual(peer.recv(100), '有人吗'.encode())

    def test_a_peer_that_was_not_there_gets_it_when_it_is(self):
        listener = self.listener()
        port = listener.getsockname()[1]
        listener.close()
        chat = self.chat(f'{HOST}:{port}')
        chat.send('等你\n')
        chat.expect('在发件箱里等待', stream='err')
        again = socket.create_server((HOST, port))
        self.addCleanup(again.close)
        again.settimeout(harness.DEADLINE_S)
        self.assertEqual(receive(self.take_call(again), 7), '等你\n'.encode())

    def test_a_reset_is_no_hang_up(self):
        port = free_port()
        chat = self.chat('--listen', f'{HOST}:{port}', listening=1)
        peer = self.call(port)
        peer.sendall(b'x')
        chat.expect(FROM + 'x\n')
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        peer.close()
        chat.expect('重置|复位', stream='err')
        self.assertNotIn('对方挂断了', chat.err)

    def test_a_caller_who_is_gone_is_not_answered(self):
        port = free_port()
        chat = self.chat('--listen', f'{HOST}:{port}', listening=1)
        gone, there = self.call(port), self.call(port)
        gone.sendall(b'bye')
        chat.expect(FROM + 'bye\n')
        there.sendall(b'hello')
        chat.expect(FROM + 'hello\n')
        gone.close()
        chat.expect('对方挂断了', stream='err')
        chat.send('给在的人\n')
        self.assertEqual(receive(there, 12), '给在的人'.encode())

    def test_the_outbox_is_there_again_after_kill(self):
        port = free_port()
        self.contacts(李四=f'{HOST}:{port}')
        chat = self.chat('李四')
        chat.send('第一\n第二\n')
        chat.expect('在发件箱里等待', stream='err')
        chat.signal(signal.SIGKILL)
        chat.wait()
        listener = socket.create_server((HOST, port))
        self.addCleanup(listener.close)
        listener.settimeout(harness.DEADLINE_S)
        again = self.chat('-v')
        again.expect('李四.*2 条', stream='err')
        self.assertEqual(receive(self.take_call(listener), 14), '第一\n第二\n'.encode())


if __name__ == '__main__':
    harness.main()
