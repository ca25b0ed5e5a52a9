"""WebSockets over HTTP/2 (RFC 8441) of both programs over real sockets: python3-h2 carries the streams, ws_wire reads them strictly."""

import os
import unittest

import harness
from harness import Settings, scaled
from test_websocket import OFFER, Served, dial, serve
from wire import Broken
from ws_streams import Connection, StreamSocket
from ws_wire import BINARY, CLOSE, PING, TEXT, close_payload, frame

FIELDS = (("sec-websocket-extensions", OFFER.partition(": ")[2].strip()),)


def connect(server, **options):
    return Connection((server.host, server.port), timeout=scaled(10), **options)


class Echo(Served):
    def test_messages_of_all_sizes_on_streams_side_by_side(self):
        with connect(self.server) as connection:
            self.assertTrue(connection.offers_sockets())
            peers = [StreamSocket(connection, fields=fields) for fields in ((), FIELDS, ())]
            self.assertEqual([peer.deflate is not None for peer in peers], [False, True, False])
            for size in (0, 1, 125, 126, 127, 65535, 65536, 1 << 20):
                for peer in peers:
                    data = os.urandom(size)
                    peer.binary(data)
                    self.assertEqual(peer.receive(), ("binary", data))
                    peer.text("ä" * (size // 2), size=1000)
                    self.assertEqual(peer.receive(), ("text", "ä" * (size // 2)))
            self.assertEqual(connection.get("/")[0], "400")  # a request beside them, which is for no socket
            for peer in peers:
                self.assertEqual(peer.goodbye(1001, "bye"), [])

    def test_unread_octets_move_with_the_connection(self):
        sent = frame(TEXT, "first") + frame(BINARY, b"x" * 30_000) + frame(TEXT, "third")
        for cut in (0, 1, 7, 5000, len(sent) - 1, len(sent)):
            with connect(self.server) as connection:
                peer = StreamSocket(connection, behind=sent[:cut])
                peer.send(sent[cut:])
                self.assertEqual(peer.receive(), ("text", "first"))
                self.assertEqual(peer.receive(), ("binary", b"x" * 30_000))
                self.assertEqual(peer.receive(), ("text", "third"))
                self.assertEqual(peer.goodbye(), [])

    def test_a_flood_comes_back_in_order(self):
        with connect(self.server) as connection:
            peer = StreamSocket(connection)
            for n in range(5000):
                peer.send(frame(TEXT, str(n)))
            for n in range(5000):
                self.assertEqual(peer.receive(), ("text", str(n)))
            self.assertEqual(peer.goodbye(), [])

    def test_a_peer_that_gives_no_credit_costs_bounded_memory(self):
        before = self.server.rss()
        with connect(self.server) as connection:
            slow = StreamSocket(connection, reads=False)
            connection.peer.increment_flow_control_window(1 << 24)  # the connection's, so that others are not held up
            piece, sent = frame(BINARY, b"z" * 16_000), 0
            peer = connection.peer
            while peer.local_flow_control_window(slow.number) >= len(piece):
                peer.send_data(slow.number, piece)
                sent += len(piece)
                connection.flush()
                connection.get("/")  # so much has been read, and answered as far as it goes
            self.assertLess(sent, 1_000_000)
            self.assertLess(self.server.rss() - before, 20_000_000)
            other = StreamSocket(connection)
            other.text("meanwhile")
            self.assertEqual(other.receive(), ("text", "meanwhile"))
            slow.reads = True
            slow.credit()
            connection.flush()
            for _ in range(sent // len(piece)):
                self.assertEqual(slow.receive(), ("binary", b"z" * 16_000))

    def test_refusals(self):
        with connect(self.server) as connection:
            self.assertEqual(StreamSocket(connection, fields=(("sec-websocket-extensions", "a b"),)).status, "400")
            self.assertEqual(StreamSocket(connection, protocol="connect-udp").status, "501")
        with serve(name="hello") as server, connect(server) as connection:
            self.assertFalse(connection.offers_sockets())

    def test_ends(self):
        with connect(self.server) as connection:
            one, other, third = (StreamSocket(connection) for _ in range(3))
            one.reset()
            other.send(frame(TEXT, "before") + b"\x81\x01x")  # not masked
            self.assertEqual(other.receive(), ("text", "before"))
            self.assertEqual(other.receive()[:2], ("close", 1002))
            self.assertEqual(other.receive(), ("end",))
            third.half_close()  # without a Close
            self.assertEqual(third.receive(), ("end",))
            fourth = StreamSocket(connection, behind=b"".join(frame(TEXT, str(n)) for n in range(300)) + frame(CLOSE, close_payload(3000)))
            for n in range(300):
                self.assertEqual(fourth.receive(), ("text", str(n)))
            self.assertEqual(fourth.receive(), ("close", 3000, ""))
            self.assertEqual(fourth.receive(), ("end",))

    def test_many_come_and_go(self):
        def visit():
            with connect(self.server) as connection:
                for n in range(20):
                    peer = StreamSocket(connection, behind=frame(TEXT, "early"))
                    peer.text(f"late {n}")
                    self.assertEqual([peer.receive(), peer.receive()], [("text", "early"), ("text", f"late {n}")])
                    if n % 2 == 0:
                        peer.reset()
                    else:
                        peer.goodbye()
        outcome = harness.in_parallel({n: visit for n in range(8)})
        self.assertEqual({n: repr(e) for n, e in outcome.items() if e}, {})
        harness.eventually(lambda: self.server.descriptors() < 100, what="descriptors are given back")


class Rooms(unittest.TestCase):
    def test_one_room_over_both_protocols(self):
        with serve(*(("--async-workers", "2") if Settings.is_sync() else ()), name="chat") as server:
            with connect(server) as first, connect(server) as second:
                guests = [StreamSocket(connection, fields=(("sec-websocket-protocol", "chat"),))
                          for connection in (first, second) for _ in range(10)]
                guests += [dial(server, fields="Sec-WebSocket-Protocol: chat\r\n") for _ in range(10)]
                self.assertEqual({guest.protocol for guest in guests}, {"chat"})
                for guest in guests:
                    guest.frame(PING, b"")
                    self.assertEqual(guest.receive(), ("pong", b""))
                for n, guest in enumerate(guests):
                    guest.text(f"message {n}")
                heard = [[guest.receive()[1] for _ in guests] for guest in guests]
                for one in heard[1:]:
                    self.assertEqual(one, heard[0])
                for guest in guests:
                    self.assertEqual(guest.goodbye(), [])

    def test_other_origins_stay_out(self):
        with serve(name="chat") as server, connect(server) as connection:
            self.assertEqual(StreamSocket(connection, fields=(("origin", "https://evil.example"),)).status, "403")
            StreamSocket(connection, fields=(("origin", "http://a"),)).goodbye()


class Times(unittest.TestCase):
    def test_pings(self):
        with serve("--ws-ping-interval", "50ms", "--ws-ping-timeout", "300ms") as server, connect(server) as connection:
            peer = StreamSocket(connection)
            for _ in range(3):
                self.assertEqual(peer.receive(), ("ping", b""))
                peer.frame(10, b"")
            while peer.receive() == ("ping", b""):  # not answered any more: the stream ends, without a word
                pass
            self.assertIsNotNone(peer.code)
            self.assertEqual(connection.get("/")[0], "400")  # and the connection does not

    def test_goodbye_to_all(self):
        with serve() as server, connect(server) as connection:
            peers = [StreamSocket(connection) for _ in range(20)]
            server.signal()
            for peer in peers:
                self.assertEqual(peer.receive(), ("close", 1001, ""))
                peer.frame(CLOSE, close_payload(1001))
                self.assertEqual(peer.receive(), ("end",))
                peer.close()
            while connection.pump():
                pass
            self.assertTrue(connection.goaway)
            self.assertEqual(server.wait(), 0)

    def test_who_does_not_answer_is_cut_at_the_deadline(self):
        with serve("--shutdown-timeout", "200ms", exit_code=4) as server, connect(server) as connection:
            peer = StreamSocket(connection)
            server.signal()
            self.assertEqual(peer.receive(), ("close", 1001, ""))
            self.assertEqual(server.wait(), 4)


if __name__ == "__main__":
    harness.main()
