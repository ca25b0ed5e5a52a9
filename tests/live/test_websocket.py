"""WebSockets of both programs over real sockets: the examples, hand-off, options, ends, back-pressure, drain; raw."""

import os
import threading
import unittest

import harness
from harness import Server, Settings, scaled
from wire import Broken, Reset
from ws_wire import BINARY, CLOSE, PING, PONG, TEXT, WebSocket, close_payload, frame

OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


def example(name):
    path = os.path.join(os.path.dirname(os.path.dirname(Settings.app)), name, f"lib{name}.so")
    if not os.path.exists(path):
        raise unittest.SkipTest(f"the example {name} is not built")
    return path


def serve(*flags, name="websocket", **options):
    return Server(*flags, target=example(name), **options)


def dial(server, **options):
    return WebSocket((server.host, server.port), timeout=scaled(10), **options)


class Served(unittest.TestCase):
    """One server for all tests of a class."""
    @classmethod
    def setUpClass(cls):
        cls.server = serve()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)


class Echo(Served):
    def test_messages_of_all_sizes(self):
        for fields in ("", OFFER):
            with dial(self.server, fields=fields) as peer:
                self.assertEqual(peer.deflate is not None, bool(fields))
                for size in (0, 1, 125, 126, 127, 65535, 65536, 1 << 20):
                    data = os.urandom(size)
                    peer.binary(data)
                    self.assertEqual(peer.receive(), ("binary", data))
                    peer.text("ä" * (size // 2), size=1000)
                    self.assertEqual(peer.receive(), ("text", "ä" * (size // 2)))
                self.assertEqual(peer.goodbye(1001, "bye"), [])

    def test_unread_bytes_move_with_the_connection(self):
        """Frames that come with the request, whole and in half."""
        sent = frame(TEXT, "first") + frame(BINARY, b"x" * 100_000) + frame(TEXT, "third")
        for cut in (0, 1, 7, 5000, len(sent) - 1, len(sent)):
            with dial(self.server, behind=sent[:cut]) as peer:
                peer.send(sent[cut:])
                self.assertEqual(peer.receive(), ("text", "first"))
                self.assertEqual(peer.receive(), ("binary", b"x" * 100_000))
                self.assertEqual(peer.receive(), ("text", "third"))
                self.assertEqual(peer.goodbye(), [])

    def test_what_comes_with_the_last_word_is_answered_first(self):
        with dial(self.server, behind=b"".join(frame(TEXT, str(n)) for n in range(300)) + frame(CLOSE, close_payload(3000))) as peer:
            for n in range(300):
                self.assertEqual(peer.receive(), ("text", str(n)))
            self.assertEqual(peer.receive(), ("close", 3000, ""))
            self.assertEqual(peer.receive(), ("end",))

    def test_a_flood_comes_back_in_order(self):
        with dial(self.server) as peer:
            def send():
                peer.send(b"".join(frame(TEXT, str(n)) for n in range(20_000)))
            sender = threading.Thread(target=send)
            sender.start()
            for n in range(20_000):
                self.assertEqual(peer.receive(), ("text", str(n)))
            sender.join()
            self.assertEqual(peer.goodbye(), [])

    def test_a_peer_that_does_not_read_costs_bounded_memory(self):
        before = self.server.rss()
        with dial(self.server, rcvbuf=4096) as peer:
            piece = frame(BINARY, b"z" * 100_000)
            sent, peer.timeout = 0, 0.5
            try:
                while sent < 50_000_000:
                    peer.send(piece)
                    sent += len(piece)
            except Broken:
                pass
            self.assertLess(sent, 30_000_000)
            self.assertLess(self.server.rss() - before, 20_000_000)
            with dial(self.server) as other:
                other.text("meanwhile")
                self.assertEqual(other.receive(), ("text", "meanwhile"))
            peer.reset()

    def test_refusals(self):
        with self.server.connect() as wire:
            wire.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = wire.response()
            self.assertEqual((answer.status, answer.get("Sec-WebSocket-Version")), (426, "13"))
            wire.send("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n")
            self.assertEqual(wire.response().status, 400)

    def test_many_come_and_go(self):
        def visit():
            for n in range(10):
                with dial(self.server, behind=frame(TEXT, "early")) as peer:
                    peer.text(f"late {n}")
                    self.assertEqual([peer.receive(), peer.receive()], [("text", "early"), ("text", f"late {n}")])
                    if n % 3 == 0:
                        peer.reset()
                    elif n % 3 == 1:
                        peer.goodbye()
        outcome = harness.in_parallel({n: visit for n in range(20)})
        self.assertEqual({n: repr(e) for n, e in outcome.items() if e}, {})
        harness.eventually(lambda: self.server.descriptors() < 100, what="descriptors are given back")


class Options(unittest.TestCase):
    def test_largest_message(self):
        with serve("--ws-max-message-size", "1000B") as server:
            for fields in ("", OFFER):
                with dial(server, fields=fields) as peer:
                    peer.binary(b"a" * 1000)
                    self.assertEqual(peer.receive(), ("binary", b"a" * 1000))
                    peer.binary(b"a" * 1001, size=10)
                    self.assertEqual(peer.receive()[:2], ("close", 1009))

    def test_pings(self):
        with serve("--ws-ping-interval", "50ms", "--ws-ping-timeout", "300ms") as server, dial(server) as peer:
            for _ in range(3):
                self.assertEqual(peer.receive(), ("ping", b""))
                peer.frame(PONG, b"")
            with self.assertRaises(Reset):  # not answered any more: the connection ends, without a word
                while True:
                    self.assertEqual(peer.receive(), ("ping", b""))

    def test_close_timeout(self):
        with serve("--ws-close-timeout", "100ms", name="chat") as server, dial(server) as peer:
            server.signal()
            self.assertEqual(peer.receive(), ("close", 1001, ""))
            self.assertEqual(peer.receive(), ("end",))

    def test_compression(self):
        with serve("--no-ws-compression") as server, dial(server, fields=OFFER) as peer:
            self.assertIsNone(peer.deflate)
        with serve("--ws-compression-window", "9", "--no-ws-context-takeover") as server, dial(server, fields=OFFER) as peer:
            self.assertEqual(peer.deflate.parameters,
                             {"server_no_context_takeover": "", "server_max_window_bits": "9", "client_max_window_bits": "9"})
            for n in range(5):
                peer.text("compress me " * 1000 * n)
                self.assertEqual(peer.receive(), ("text", "compress me " * 1000 * n))
        sizes = []
        text = "".join(f"{n * n} {n % 7} words " for n in range(3000))
        for level in ("1", "9"):
            with serve("--ws-compression-level", level) as server, dial(server, fields=OFFER) as peer:
                before = peer.received
                peer.text(text)
                self.assertEqual(peer.receive(), ("text", text))
                sizes.append(peer.received - before)
        self.assertLess(sizes[1], sizes[0])


class Chat(unittest.TestCase):
    def test_all_hear_all_in_the_order_of_the_room(self):
        with serve(*(("--async-workers", "2") if Settings.is_sync() else ()), name="chat") as server:
            guests = [dial(server, fields="Sec-WebSocket-Protocol: chat\r\n") for _ in range(30)]
            self.assertEqual({guest.protocol for guest in guests}, {"chat"})
            for guest in guests:
                guest.frame(PING, b"")
                self.assertEqual(guest.receive(), ("pong", b""))  # it is in the room
            for n, guest in enumerate(guests):
                guest.text(f"message {n}")
            heard = [[guest.receive()[1] for _ in guests] for guest in guests]
            for one in heard[1:]:
                self.assertEqual(one, heard[0])
            self.assertEqual(sorted(line.partition(": ")[2] for line in heard[0]), sorted(f"message {n}" for n in range(30)))
            for guest in guests[::2]:
                guest.reset()
            for guest in guests[1::2]:
                self.assertEqual(guest.goodbye(), [])

    def test_other_origins_stay_out(self):
        with serve(name="chat") as server:
            with self.assertRaisesRegex(Broken, "403"):
                dial(server, fields="Origin: https://evil.example\r\n")
            dial(server, fields="Origin: http://a\r\n").goodbye()


class Drain(unittest.TestCase):
    def test_goodbye_to_all(self):
        with serve() as server:
            peers = [dial(server) for _ in range(50)]
            for peer in peers:
                peer.text("here")
                self.assertEqual(peer.receive(), ("text", "here"))
            server.signal()
            for peer in peers:
                self.assertEqual(peer.receive(), ("close", 1001, ""))
                peer.frame(CLOSE, close_payload(1001))
                self.assertEqual(peer.receive(), ("end",))
                peer.close()
            self.assertEqual(server.wait(), 0)

    def test_who_does_not_answer_is_cut_at_the_deadline(self):
        with serve("--shutdown-timeout", "200ms", exit_code=4) as server, dial(server) as peer:
            server.signal()
            self.assertEqual(peer.receive(), ("close", 1001, ""))
            self.assertEqual(server.wait(), 4)


if __name__ == "__main__":
    harness.main()
