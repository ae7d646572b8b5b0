# SPDX-License-Identifier: ISC
"""What the tests of the chat's full screen share."""
import chatting
import harness
import terminal

ENGLISH = {'LANGUAGE': 'en'}


class Case(chatting.Case):
    def screen(self, *args, columns=80, rows=24, env=ENGLISH, ready=r'F1 (help|帮助)'):
        t = terminal.Terminal(self, harness.landline(), 'chat', *args, columns=columns, rows=rows, env=env)
        if ready:
            t.wait_for(ready)
        return t

    def talking_to(self, name='李四', **more):
        """A screen in a conversation over UDP with a contact, and the contact's socket."""
        peer = self.datagrams()
        self.contacts(**{name: f'udp://127.0.0.1:{peer.getsockname()[1]}'})
        return self.screen(name, **more), peer

    def introduce(self, t, peer):
        """Says something, so that the peer knows where to answer; returns where."""
        t.type('hello\n')
        data, sender = peer.recvfrom(100)
        self.assertEqual(data, b'hello')
        t.wait_for('me →  hello')
        return sender
