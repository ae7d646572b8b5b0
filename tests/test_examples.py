# SPDX-License-Identifier: ISC
"""examples/: the tutorial's programs in C against each other and against Python programs in a tutorial's
manner, both ways, and what happens when nobody is there, somebody leaves, or a datagram is lost."""
import re
import signal
import socket
import time
import unittest

import harness
from harness import example, free_port, tutorial, wait_tcp, wait_udp

HOST = '127.0.0.1'
FROM = r'来自\[127\.0\.0\.1:\d+\]的一条消息:'
PROMPT = '请输入消息,回车发送: '

# A message whose UTF-8 has two, three and four bytes a character.
TEXT = 'é你好,王五😀'


class Examples(harness.Case):
    def c(self, name, *args):
        return [example(name), *map(str, args)]

    def both(self, name):
        """The two programs of that name and how each is started: ours in C and the tutorial's in Python."""
        python = name.replace('_once', '')
        return (('C', lambda *args: self.c(name, *args)), ('Python', lambda *args: tutorial(python, *args)))

    def pairs(self, server, client):
        """Everyone with everyone, except Python with Python, which would test neither."""
        return [(f'{s} answers, {c} calls', serve, call, free_port(4))
                for s, serve in self.both(server) for c, call in self.both(client)
                if (s, c) != ('Python', 'Python')]

    def udp_socket(self, port=0):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(s.close)
        s.bind((HOST, port))
        s.settimeout(harness.DEADLINE_S)
        return s

    def tcp_listener(self):
        s = socket.create_server((HOST, 0))
        self.addCleanup(s.close)
        s.settimeout(harness.DEADLINE_S)
        return s, s.getsockname()[1]

    def take_call(self, listener):
        conn, _ = listener.accept()
        self.addCleanup(conn.close)
        conn.settimeout(harness.DEADLINE_S)
        return conn

    def call(self, port):
        s = socket.create_connection((HOST, port), timeout=harness.DEADLINE_S)
        self.addCleanup(s.close)
        return s

    def assert_failed(self, program, said):
        self.assertEqual(program.wait(), 1, program.story())
        self.assertRegex(program.err, said)


class UdpOnce(Examples):
    def test_everyone_with_everyone(self):
        for who, serve, call, port in self.pairs('udp_once_server', 'udp_once_client'):
            with self.subTest(who):
                server = self.spawn(*serve(HOST, port, '知道了'))
                wait_udp(port, server)
                client = self.run_program(*call(HOST, port, TEXT))
                self.assertEqual(client.code, 0, client.story())
                self.assertRegex(client.out, '知道了\n$')
                self.assertEqual(server.wait(), 0, server.story())
                self.assertRegex(server.out, f'^{FROM}{TEXT}\n$')

    def test_nobody_there_is_said_at_once(self):
        before = time.monotonic()
        client = self.run_program(*self.c('udp_once_client', HOST, free_port()))
        self.assert_failed(client, '没有程序在收')
        self.assertLess(time.monotonic() - before, 5)
        self.assertNotIn('毫秒', client.err)

    def test_a_lost_datagram_is_sent_again(self):
        server = self.udp_socket()
        client = self.spawn(*self.c('udp_once_client', HOST, server.getsockname()[1], TEXT))
        self.assertEqual(server.recvfrom(1024)[0].decode(), TEXT)  # "lost"
        again, peer = server.recvfrom(1024)
        self.assertEqual(again.decode(), TEXT)
        server.sendto('收到'.encode(), peer)
        self.assertEqual(client.wait(), 0, client.story())
        self.assertRegex(client.out, f'^{FROM}收到\n$')

    def test_silence_ends(self):
        server = self.udp_socket()
        client = self.spawn(*self.c('udp_once_client', HOST, server.getsockname()[1]))
        self.assert_failed(client, '问了三次')
        server.setblocking(False)
        for _ in range(3):
            self.assertEqual(server.recv(1024).decode(), '你好')
        self.assertRaises(BlockingIOError, server.recv, 1024)

    def test_an_answer_from_somebody_else_is_not_taken(self):
        server, stranger = self.udp_socket(), self.udp_socket()
        client = self.spawn(*self.c('udp_once_client', HOST, server.getsockname()[1]))
        _, peer = server.recvfrom(1024)
        stranger.sendto('骗你的'.encode(), peer)
        server.sendto('真的'.encode(), peer)
        self.assertEqual(client.wait(), 0, client.story())
        self.assertRegex(client.out, f'^{FROM}真的\n$')

    def test_a_datagram_too_long_is_cut_between_characters_and_that_is_said(self):
        port = free_port()
        server = self.spawn(*self.c('udp_once_server', HOST, port))
        wait_udp(port, server)
        client = self.udp_socket()
        client.sendto(('你' * 1000).encode(), (HOST, port))
        self.assertEqual(client.recv(1024).decode(), '再见')
        self.assertEqual(server.wait(), 0)
        self.assertRegex(server.out, f'^{FROM}{"你" * 341}\n$')  # 1023 of 1024 bytes
        self.assertIn('3000 字节', server.err)

    def test_a_datagram_of_just_the_size_is_whole(self):
        port = free_port()
        server = self.spawn(*self.c('udp_once_server', HOST, port))
        wait_udp(port, server)
        self.udp_socket().sendto(('你' * 341 + 'a').encode(), (HOST, port))
        self.assertEqual(server.wait(), 0)
        self.assertRegex(server.out, f'^{FROM}{"你" * 341}a\n$')
        self.assertEqual(server.err, '')

    def test_a_port_in_use_is_an_error(self):
        taken = self.udp_socket()
        for name in 'udp_once_server', 'udp_chat_server':
            self.assert_failed(self.run_program(*self.c(name, HOST, taken.getsockname()[1])), 'in use')


class UdpChat(Examples):
    def test_everyone_with_everyone(self):
        for who, serve, call, port in self.pairs('udp_chat_server', 'udp_chat_client'):
            with self.subTest(who):
                server = self.spawn(*serve(HOST, port + 2))  # 王五's
                wait_udp(port + 2, server)
                client = self.spawn(*call(HOST, port))
                client.expect('请选择聊天对象: $')
                client.send('王五\n')
                for question, answer in (('你好', '谁呀'), ('是我', '哦'), (TEXT, '😀')):
                    client.expect(f'{PROMPT}$')
                    client.send(question + '\n')
                    server.expect(f'{FROM}{question}\n')
                    server.expect('回复消息: $')
                    server.send(answer + '\n')
                    client.expect(f'{FROM}{answer}\n')
                client.expect(f'{PROMPT}$')
                client.send('quit\n')
                client.expect('请选择聊天对象: $')
                client.send('quit\n')
                self.assertEqual(client.wait(), 0, client.story())

    def test_contacts_by_name_and_number(self):
        port = free_port(4)
        people = [self.udp_socket(port + i) for i in range(4)]
        client = self.spawn(*self.c('udp_chat_client', HOST, port))
        for i, choice in ((0, '张三'), (3, '4'), (1, '李四'), (2, '3'), (0, '1')):
            client.expect('1 张三  2 李四  3 王五  4 赵六\n请选择聊天对象: $')
            client.send(choice + '\n')
            client.expect(PROMPT)
            client.send(f'{choice}在吗\nquit\n')
            self.assertEqual(people[i].recv(1024).decode(), f'{choice}在吗')
        client.expect('请选择聊天对象: $')
        client.send('钱七\n')  # nobody of that name: asked again
        client.expect('请选择聊天对象: $')
        client.close_stdin()
        self.assertEqual(client.wait(), 0)

    def test_two_messages_in_a_row_are_both_shown(self):
        port = free_port(4)
        friend, stranger = self.udp_socket(port), self.udp_socket()
        client = self.spawn(*self.c('udp_chat_client', HOST, port))
        client.send('张三\n在吗\n')
        _, peer = friend.recvfrom(1024)
        stranger.sendto('我是张三'.encode(), peer)
        friend.sendto('在'.encode(), peer)
        client.expect(f'{FROM}在\n')
        friend.sendto('什么事'.encode(), peer)
        client.expect(f'\r来自\\[127.0.0.1:{port}\\]的一条消息:什么事\n')
        self.assertNotIn('我是张三', client.out)

    def test_nobody_there_is_told(self):
        client = self.spawn(*self.c('udp_chat_client', HOST, free_port(4)))
        client.send('赵六\n在吗\n')
        client.expect('赵六没有收到: Connection refused\n')
        client.expect(PROMPT)

    def test_more_than_they_can_take_is_not_sent(self):
        port = free_port(4)
        friend = self.udp_socket(port)
        client = self.spawn(*self.c('udp_chat_client', HOST, port))
        client.send('张三\n' + '你' * 342 + '\n' + '你' * 341 + '\n')
        client.expect('太长: 1026 字节')
        self.assertEqual(friend.recv(65536).decode(), '你' * 341)

    def test_each_answer_goes_to_the_one_who_asked(self):
        port = free_port()
        server = self.spawn(*self.c('udp_chat_server', HOST, port))
        wait_udp(port, server)
        first, second = self.udp_socket(), self.udp_socket()
        first.sendto('一'.encode(), (HOST, port))
        server.expect(f'{FROM}一\n回复消息: $')
        second.sendto('二'.encode(), (HOST, port))
        server.send('给一\n')
        self.assertEqual(first.recv(1024).decode(), '给一')
        server.expect(f'{FROM}二\n回复消息: $')
        server.send('\n')  # no answer
        first.sendto(b'', (HOST, port))  # an empty message is a message, not the end
        server.expect(f'{FROM}\n回复消息: $')
        server.send('给一\n')
        self.assertEqual(first.recv(1024).decode(), '给一')
        second.sendto('二'.encode(), (HOST, port))
        server.expect(f'{FROM}二\n回复消息: $')
        server.send('给二\n')
        self.assertEqual(second.recv(1024).decode(), '给二')
        first.sendto('再见'.encode(), (HOST, port))
        server.expect('再见')
        server.send('quit\n')
        self.assertEqual(server.wait(), 0)


class TcpOnce(Examples):
    def test_everyone_with_everyone(self):
        for who, serve, call, port in self.pairs('tcp_once_server', 'tcp_once_client'):
            with self.subTest(who):
                server = self.spawn(*serve(HOST, port, '知道了'))
                wait_tcp(port, server)
                client = self.run_program(*call(HOST, port, TEXT))
                self.assertEqual(client.code, 0, client.story())
                self.assertRegex(client.out, '知道了\n$')
                self.assertEqual(server.wait(), 0, server.story())
                self.assertRegex(server.out, f'^接到来自127.0.0.1的电话\n(?:{FROM})?{TEXT}\n$')

    def test_nobody_there(self):
        self.assert_failed(self.run_program(*self.c('tcp_once_client', HOST, free_port())), '没有人接电话')

    def test_a_call_that_is_never_taken_ends(self):
        listener, port = self.tcp_listener()
        listener.listen(0)
        self.call(port)  # fills the queue: the SYN of the next is ignored
        client = self.spawn(*self.c('tcp_once_client', HOST, port))
        self.assert_failed(client, '响了 5 秒,没有人接')

    def test_pieces_make_one_answer(self):
        listener, port = self.tcp_listener()
        client = self.spawn(*self.c('tcp_once_client', HOST, port, TEXT))
        conn = self.take_call(listener)
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        said = b''
        while piece := conn.recv(3):
            said += piece
        self.assertEqual(said.decode(), TEXT)
        for byte in '好的😀'.encode():
            conn.sendall(bytes([byte]))
        conn.close()
        self.assertEqual(client.wait(), 0, client.story())
        self.assertRegex(client.out, f'^{FROM}好的😀\n$')

    def test_a_server_that_stays_on_the_line_ends_by_a_pause(self):
        listener, port = self.tcp_listener()
        client = self.spawn(*self.c('tcp_once_client', HOST, port))
        self.take_call(listener).sendall('等等'.encode())
        self.assertEqual(client.wait(), 0, client.story())
        self.assertRegex(client.out, f'^{FROM}等等\n$')

    def test_a_caller_who_stays_on_the_line_is_answered_after_a_pause(self):
        port = free_port()
        server = self.spawn(*self.c('tcp_once_server', HOST, port))
        wait_tcp(port, server)
        s = self.call(port)
        s.settimeout(3)
        s.sendall('在吗'.encode())
        self.assertEqual(s.recv(1024).decode(), '再见')

    def test_hung_up_before_an_answer(self):
        listener, port = self.tcp_listener()
        client = self.spawn(*self.c('tcp_once_client', HOST, port))
        conn = self.take_call(listener)
        self.assertEqual(conn.recv(1024).decode(), '你好')
        conn.close()
        self.assert_failed(client, '没有回答就挂断了')

    def test_cut_off(self):
        listener, port = self.tcp_listener()
        client = self.spawn(*self.c('tcp_once_client', HOST, port))
        conn = self.take_call(listener)
        conn.recv(1024, socket.MSG_PEEK)
        conn.close()  # with its text unread: RST
        self.assert_failed(client, 'Connection reset')

    def test_a_caller_who_says_nothing(self):
        port = free_port()
        server = self.spawn(*self.c('tcp_once_server', HOST, port))
        wait_tcp(port, server)
        self.call(port).close()
        self.assert_failed(server, '什么都没说就挂断了')

    def test_a_long_text_is_shown_whole_and_answered(self):
        port = free_port()
        server = self.spawn(*self.c('tcp_once_server', HOST, port))
        wait_tcp(port, server)
        client = self.run_program(*self.c('tcp_once_client', HOST, port, '长' * 40000))
        self.assertEqual(client.code, 0, client.story()[-500:])
        self.assertEqual(server.wait(), 0)
        self.assertRegex(server.out, f'{FROM}长{{40000}}\n$')

    def test_the_port_can_be_had_again_at_once(self):
        port = free_port()
        for _ in range(3):
            server = self.spawn(*self.c('tcp_once_server', HOST, port))
            wait_tcp(port, server)
            s = self.call(port)  # does not hang up first, so the server's end is left in TIME_WAIT
            s.sendall('在吗'.encode())
            self.assertEqual(s.recv(1024).decode(), '再见')
            self.assertEqual(s.recv(1024), b'')
            s.close()
            self.assertEqual(server.wait(), 0, server.story())


class TcpChat(Examples):
    def test_everyone_with_everyone(self):
        for who, serve, call, port in self.pairs('tcp_chat_server', 'tcp_chat_client'):
            with self.subTest(who):
                server = self.spawn(*serve(HOST, port))
                wait_tcp(port, server)
                client = self.spawn(*call(HOST, port))
                server.expect('接到来自127.0.0.1的电话\n')
                for question, answer in (('你好', '谁呀'), ('是我', '哦'), (TEXT, '😀')):
                    client.expect('>>: $')
                    client.send(question + '\n')
                    server.expect(f'{FROM}{question}\n')
                    server.expect('回复消息: $')
                    server.send(answer + '\n')
                    client.expect(f'{answer}\n')
                client.expect('>>: $')
                client.send('quit\n')
                self.assertEqual(client.wait(), 0, client.story())

    def server(self):
        port = free_port()
        server = self.spawn(*self.c('tcp_chat_server', HOST, port))
        wait_tcp(port, server)
        return server, port

    def test_after_a_hang_up_comes_the_next_call(self):
        server, port = self.server()
        first, second = self.call(port), self.call(port)
        first.sendall('我先来'.encode())
        second.sendall('我等着'.encode())
        server.expect('我先来\n回复消息: $')
        server.send('好\n')
        self.assertEqual(first.recv(1024).decode(), '好')
        first.close()
        server.expect('\r对方挂断了\n接到来自127.0.0.1的电话\n')
        server.expect(f'{FROM}我等着\n回复消息: $')
        server.send('到你了\n')
        self.assertEqual(second.recv(1024).decode(), '到你了')
        server.send('quit\n')  # hangs up on them
        self.assertEqual(second.recv(1024), b'')
        server.send('喂\n')
        server.expect('没有人在线上\n')
        server.send('quit\n')  # ends
        self.assertEqual(server.wait(), 0, server.story())

    def test_a_hang_up_does_not_spin(self):
        server, port = self.server()
        self.call(port).close()
        server.expect('对方挂断了\n')
        before = self.cpu_ticks(server)
        # Another call comes through meanwhile, so time has passed in which it had nothing to do.
        s = self.call(port)
        s.sendall(b'x')
        server.expect('x\n')
        self.assertLess(self.cpu_ticks(server) - before, 20)
        self.assertEqual(server.out.count('对方挂断了'), 1)

    @staticmethod
    def cpu_ticks(program):
        fields = open(f'/proc/{program.pid}/stat').read().rsplit(')', 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def test_both_talk_at_any_time(self):
        server, port = self.server()
        client = self.spawn(*self.c('tcp_chat_client', HOST, port))
        server.expect('电话\n')
        server.send('喂\n')
        client.expect(f'{FROM}喂\n>>: $')
        server.send('听得到吗\n')
        client.expect(f'{FROM}听得到吗\n>>: $')
        client.send('听得到\n')
        server.expect(f'{FROM}听得到\n')
        client.send('你说\n')
        server.expect(f'{FROM}你说\n')
        client.send('quit\n')
        server.expect('对方挂断了\n')

    def test_a_character_in_two_pieces_is_whole(self):
        listener, port = self.tcp_listener()
        client = self.spawn(*self.c('tcp_chat_client', HOST, port))
        conn = self.take_call(listener)
        server, server_port = self.server()
        caller = self.call(server_port)
        for s, program in ((conn, client), (caller, server)):
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            data = '甲😀'.encode()
            s.sendall(data[:5])
            program.expect(f'{FROM}甲\n')  # the whole one at once, the half one held back
            s.sendall(data[5:])
            program.expect(f'{FROM}😀\n')
            s.sendall(data[:2])
            s.close()
            program.expect('对方挂断了\\(话没说完\\)\n')
        self.assertEqual(client.wait(), 0)
        self.call(server_port).sendall('下一位'.encode())
        server.expect(f'{FROM}下一位\n')  # without the half character of the one before

    def test_the_port_can_be_had_again_at_once(self):
        port = free_port()
        for _ in range(2):
            server = self.spawn(*self.c('tcp_chat_server', HOST, port))
            wait_tcp(port, server)
            s = self.call(port)
            server.expect('电话\n')
            server.send('quit\nquit\n')  # hangs up first, which leaves this end in TIME_WAIT
            self.assertEqual(s.recv(1024), b'')
            s.close()
            self.assertEqual(server.wait(), 0, server.story())

    def test_what_is_no_utf8_is_not_held_back(self):
        server, port = self.server()
        self.call(port).sendall('你好'.encode('gbk') + b'\xff.')
        server.expect(r'的一条消息:.*\.')
        self.assertIn('你好'.encode('gbk') + b'\xff.\n', server.out_bytes)

    def test_nobody_there(self):
        self.assert_failed(self.run_program(*self.c('tcp_chat_client', HOST, free_port())),
                           '打不通 127.0.0.1:.*Connection refused')

    def test_the_client_sees_the_hang_up_and_the_break(self):
        for linger, said in ((None, '对方挂断了\n'), (b'\1\0\0\0\0\0\0\0', '对方挂断了\\(连接中断\\)\n')):
            listener, port = self.tcp_listener()
            client = self.spawn(*self.c('tcp_chat_client', HOST, port))
            conn = self.take_call(listener)
            client.send('喂\n')
            self.assertEqual(conn.recv(1024).decode(), '喂')
            if linger:  # close sends RST
                conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            conn.close()
            client.expect(said)
            self.assertEqual(client.wait(), 0, client.story())

    def test_after_ctrl_d_the_rest_is_still_heard(self):
        listener, port = self.tcp_listener()
        client = self.spawn(*self.c('tcp_chat_client', HOST, port))
        client.send('最后一句\n')
        client.close_stdin()
        conn = self.take_call(listener)
        said = b''
        while piece := conn.recv(1024):
            said += piece
        self.assertEqual(said.decode(), '最后一句')
        conn.sendall('慢走'.encode())
        conn.close()
        client.expect(f'{FROM}慢走\n')
        self.assertEqual(client.wait(), 0)

    def test_stopped_and_continued(self):
        server, port = self.server()
        server.signal(signal.SIGSTOP)
        harness.wait_until(lambda: open(f'/proc/{server.pid}/stat').read().rsplit(')', 1)[1].split()[0] == 'T',
                           'the stop', server)
        server.signal(signal.SIGCONT)
        self.call(port).sendall('醒醒'.encode())
        server.expect(f'{FROM}醒醒\n')

    def test_telnet_s_newline_is_not_shown_twice(self):
        server, port = self.server()
        self.call(port).sendall('你好\n'.encode())
        server.expect(f'{FROM}你好\n回复消息: $')


class Words(Examples):
    """The words of the tutorial, byte for byte: they are what people search for."""

    def test_the_sources_say_them(self):
        said = {
            'udp_once_server': ['来自[%s:%u]的一条消息:'],
            'udp_chat_server': ['来自[%s:%u]的一条消息:', '"回复消息: "'],
            'udp_chat_client': ['请选择聊天对象: "', '"请输入消息,回车发送: "', '张三', '李四', '王五', '赵六'],
            'tcp_once_server': ['接到来自%s的电话'],
            'tcp_chat_server': ['接到来自%s的电话', '来自[%s:%u]的一条消息:', '回复消息: "'],
            'tcp_chat_client': ['">>: "'],
        }
        for name, texts in said.items():
            source = (harness.REPO / 'examples' / (name + '.c')).read_text()
            for text in texts:
                self.assertIn(text, source, name)

    def test_each_compiles_alone(self):
        sources = sorted((harness.REPO / 'examples').glob('*.c'))
        self.assertEqual(len(sources), 8)
        for source in sources:
            done = self.run_program('cc', '-Wall', '-Werror', '-o', self.tmp / source.stem, source)
            self.assertEqual((done.code, done.err), (0, ''), source)
            self.assertFalse(re.search(r'#include "', source.read_text()), source)


if __name__ == '__main__':
    harness.main()
