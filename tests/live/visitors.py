"""Visitors: clients that ask without a pause while a server is reloaded, over HTTP/1.1, HTTP/2 or a WebSocket, in the clear or over TLS.

A failure is what RFC 9110 and 9113 do not let a client take for "try again elsewhere": no connection, a reset, an end before an answer
to what was asked, a wrong answer. A request that a GOAWAY excludes was never looked at: it is asked again, and counted.
"""

import os
import socket
import threading

import frames
import ws_wire
from harness import Settings, scaled


def rounds():
    """Of reloads, for what has to happen many times; POUNCE_RELOADS says another number."""
    return int(os.environ.get("POUNCE_RELOADS", "0")) or (6 if Settings.factor > 1 else 20)


class Visitor:
    """One connection at a time, closed when the server says so."""

    def __init__(self, server, target="/hello", context=None):
        self.where, self.target, self.context = (server.host, server.port), target, context
        self.served = self.connections = self.asked_again = 0
        self.failures, self.answers = [], []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._visit, daemon=True)

    def open(self):
        raw = socket.create_connection(self.where, scaled(20))
        self.connections += 1
        self.rest = bytearray()
        self.socket = self.context.wrap_socket(raw, server_hostname="localhost") if self.context else raw
        self.begin()

    def fill(self):
        got = self.socket.recv(65536)
        if not got:
            raise EOFError(f"the end, behind {bytes(self.rest[:80])!r}")
        self.rest += got

    def _visit(self):
        is_open = False
        while not self.stopping.is_set() and len(self.failures) < 3:
            try:
                if not is_open:
                    self.open()
                    is_open = True
                answer, stays = self.ask()
                if answer is not None:
                    self.served += 1
                    if not self.answers or self.answers[-1] != answer:
                        self.answers.append(answer)
                if not stays:
                    self.socket.close()
                    is_open = False
            except Exception as error:  # whatever it was
                self.failures.append(f"{type(self).__name__}, connection {self.connections}, after {self.served} answers: {error!r}")
                if is_open:
                    self.socket.close()  # or the server would wait for its end
                is_open = False
        if is_open:
            self.socket.close()


class Visitor1(Visitor):
    def begin(self):
        pass

    def ask(self):
        self.socket.sendall(f"GET {self.target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        while b"\r\n\r\n" not in self.rest:
            self.fill()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        head = bytes(head).lower()
        assert head.startswith(b"http/1.1 200 "), head
        length = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(self.rest) < length:
            self.fill()
        body, self.rest = bytes(self.rest[:length]), self.rest[length:]
        return body, b"connection: close" not in head


class Visitor2(Visitor):
    ROOM = 1 << 30  # in both kinds of window, for it gives no more: with 65535 octets the server could answer /hello five thousand times
    HELLO = frames.PREFACE + frames.settings((frames.INITIAL_WINDOW_SIZE, ROOM)) + frames.frame(frames.SETTINGS, frames.ACK) + \
        frames.frame(frames.WINDOW_UPDATE, 0, 0, frames.word(ROOM))

    def begin(self):
        self.stream, self.last = -1, None
        scheme = b"https" if self.context else b"http"
        self.block = frames.request(path=self.target.encode(), scheme=scheme, authority=b"localhost")
        self.socket.sendall(self.HELLO)

    def next(self):
        while len(self.rest) < 9 or len(self.rest) < 9 + int.from_bytes(self.rest[:3], "big"):
            self.fill()
        size = int.from_bytes(self.rest[:3], "big")
        found = self.rest[3], self.rest[4], int.from_bytes(self.rest[5:9], "big"), bytes(self.rest[9:9 + size])
        del self.rest[:9 + size]
        return found

    def ask(self):
        self.stream += 2
        self.socket.sendall(frames.headers(self.stream, self.block))
        body = b""
        while True:
            kind, flags, stream, payload = self.next()
            if kind == frames.GOAWAY:
                self.last = int.from_bytes(payload[:4], "big")
                assert int.from_bytes(payload[4:8], "big") == frames.NO_ERROR, payload
                if self.last < self.stream:
                    self.asked_again += 1
                    return None, False
            elif kind == frames.PING and not flags & frames.ACK:
                self.socket.sendall(frames.frame(frames.PING, frames.ACK, 0, payload))
            elif kind == frames.RST_STREAM:
                raise AssertionError(f"reset by {payload!r}")
            elif stream == self.stream and kind in (frames.DATA, frames.HEADERS):
                body += payload if kind == frames.DATA else b""
                if flags & frames.END_STREAM:
                    return body, self.last is None


class Talker(Visitor):
    """A WebSocket that echoes. A server that goes says 1001; what was sent before it was read may be without an answer then."""

    def begin(self):
        self.said = 0
        self.socket.sendall(f"GET {self.target} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        while b"\r\n\r\n" not in self.rest:
            self.fill()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 101 "), head

    def ask(self):
        self.said += 1
        words = f"number {self.said}".encode()
        self.socket.sendall(ws_wire.frame(ws_wire.TEXT, words))
        while len(self.rest) < 2 or len(self.rest) < 2 + self.rest[1]:
            self.fill()
        opcode, payload = self.rest[0], bytes(self.rest[2:2 + self.rest[1]])
        self.rest = self.rest[2 + self.rest[1]:]
        if opcode == 0x80 | ws_wire.CLOSE:
            assert payload[:2] == (1001).to_bytes(2, "big"), payload
            self.asked_again += 1
            self.socket.sendall(ws_wire.frame(ws_wire.CLOSE, payload))
            return None, False
        assert opcode == 0x80 | ws_wire.TEXT and payload.endswith(words), (opcode, payload)
        return payload, True


class Crowd:
    """Visitors, for as long as a `with` block lasts; then each must have been served, and none may have failed."""

    def __init__(self, server, one=4, two=2, target="/hello", context=None, context2=None, talkers=0):
        self.visitors = [Visitor1(server, target, context) for _ in range(one)] + \
            [Visitor2(server, target, context2) for _ in range(two)] + \
            [Talker(server, "/socket", context) for _ in range(talkers)]

    def served(self):
        return sum(one.served for one in self.visitors)

    def __enter__(self):
        for one in self.visitors:
            one.thread.start()
        return self

    def __exit__(self, kind, error, trace):
        for one in self.visitors:
            one.stopping.set()
        for one in self.visitors:
            one.thread.join(scaled(30))
        if kind is None:
            failures = [failure for one in self.visitors for failure in one.failures]
            assert not failures, f"after {self.served()} answers: {failures}"
            assert all(one.served for one in self.visitors), "somebody never got an answer"
