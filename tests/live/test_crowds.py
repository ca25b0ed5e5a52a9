#!/usr/bin/env python3
"""More greedy or slow peers than there are workers: each gets its share, and whoever comes beside them is served at once.

Two workers. None of the peers breaks a rule or a deadline; each of them could go on for ever.
"""

import threading
import time
import unittest

import harness
from harness import GoodClient, Server, Settings, scaled

PEERS = 6       # that never run dry
CROWD = 200     # that wait
SECONDS = 1.5


class Crowds(unittest.TestCase):
    def serve(self, *options):
        return Server("--max-request-size", "1GiB", *options, workers=2)

    def beside(self, server, peer, peers):
        """Runs `peer(stop)` on as many threads beside a good client."""
        with GoodClient(server) as good:
            stop = time.monotonic() + scaled(SECONDS)
            outcome = harness.in_parallel({n: (lambda: peer(stop)) for n in range(peers)}, width=peers)
        self.assertEqual({n: repr(e) for n, e in outcome.items() if e}, {})
        self.assertLess(good.slowest, scaled(1))

    def test_floods_of_pipelined_requests(self):
        with self.serve() as server:
            block = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" * 4000

            def flood(stop):
                with server.connect() as wire:
                    def send():
                        while time.monotonic() < stop and wire.send_while_open(block):
                            pass
                        wire.half_close()
                    sender = threading.Thread(target=send, daemon=True)
                    sender.start()
                    wire.limit = time.monotonic() + scaled(20)
                    while wire.fill():
                        wire.buffer.clear()
                    sender.join()
            self.beside(server, flood, PEERS)

    def test_endless_answers(self):
        with self.serve() as server:
            def drink(stop):
                with server.connect() as wire:
                    wire.send("GET /events?n=1000000000&ms=0 HTTP/1.1\r\nHost: a\r\n\r\n")
                    wire.limit = time.monotonic() + scaled(20)
                    while time.monotonic() < stop:
                        assert wire.fill()
                        wire.buffer.clear()
            self.beside(server, drink, PEERS)

    def crowd_waits(self, request, target="/hello"):
        # So patient that whoever waited for one of the crowd's turns would wait for minutes.
        patience = ["--worker-patience", "60s"] if Settings.is_sync() else []
        with self.serve(*patience) as server:
            with server.connect() as good:  # an answer first, so that nobody waits for the start
                good.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                good.response()
            crowd = [server.connect() for _ in range(CROWD)]
            for wire in crowd:
                wire.send(request)
            began = time.monotonic()
            self.assertEqual(server.get(target).status, 200)
            took = time.monotonic() - began
            for wire in crowd:
                wire.reset()
            self.assertLess(took, scaled(10))

    def test_content_that_dribbles_in(self):
        self.crowd_waits("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx")

    def test_content_for_plain_handlers_that_dribbles_in(self):
        self.crowd_waits("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx")

    def test_peers_that_do_not_read(self):
        self.crowd_waits("GET /big HTTP/1.1\r\nHost: a\r\n\r\n" * 20)

    def test_a_plain_request_in_pieces_far_apart(self):
        """It leaves its worker in between, and comes back whole."""
        with self.serve() as server:
            with server.connect() as wire:
                for piece in ("POST /hello HT", "TP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", "a", "b", "c"):
                    wire.send(piece)
                    time.sleep(0.25)
                self.assertEqual(wire.response().body, b"Hello, World!")


if __name__ == "__main__":
    harness.main()
