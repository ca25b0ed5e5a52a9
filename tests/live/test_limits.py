#!/usr/bin/env python3
"""The limits as an operator sets them: each flag moves its boundary, memory stays bounded, good clients stay served."""

import shutil
import subprocess
import unittest

import harness
from harness import GoodClient, Server, Settings, eventually, scaled
from wire import Broken, Ended, Late, Reset

KIB, MIB = 1 << 10, 1 << 20


def ask(server, data, method="GET"):
    with server.connect() as wire:
        wire.send_while_open(data)
        return wire.response(method).status


class MovedBoundaries(unittest.TestCase):
    """Each limit set away from its default; what is inside by every way of counting passes, what is outside does not."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("--max-request-line", "1KiB", "--max-header-size", "4KiB", "--max-headers", "10", "--max-request-size",
                            "20000", "--max-requests-per-connection", "3")

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)

    def test_request_line(self):
        for spare, status in ((0, 200), (3, 414), (3000, 414)):
            line = f"GET /hello?{'a' * (1024 - 22 + spare)} HTTP/1.1\r\n"
            self.assertEqual(len(line), 1024 + spare)
            self.assertEqual(ask(self.server, line + "Host: a\r\n\r\n"), status, len(line))

    def test_head_size(self):
        start = "GET /hello HTTP/1.1\r\nHost: a\r\n"
        for spare, status in ((0, 200), (60, 431), (100_000, 431)):
            rest = 4096 - len(start) - len("X: \r\n\r\n") + spare
            self.assertEqual(ask(self.server, f"{start}X: {'a' * rest}\r\n\r\n"), status, spare)

    def test_number_of_fields(self):
        for number, status in ((9, 200), (10, 431), (500, 431)):
            self.assertEqual(ask(self.server, "GET /hello HTTP/1.1\r\nHost: a\r\n" + "X: a\r\n" * number + "\r\n"), status, number)

    def test_number_of_trailer_fields(self):
        head = "POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
        self.assertEqual(ask(self.server, head + "X: a\r\n" * 9 + "\r\n"), 200)
        self.assertIn(ask(self.server, head + "X: a\r\n" * 500 + "\r\n"), (400, 431))

    def test_body(self):
        for size, status in ((0, 200), (19_999, 200), (20_000, 200), (20_001, 413), (10**15, 413)):
            body = "x" * min(size, 20_001)
            self.assertEqual(ask(self.server, f"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n{body}"), status, size)

    def test_chunked_body(self):
        for size, status in ((19_999, 200), (20_000, 200), (20_001, 413)):
            for piece in (1000, 16_384):
                chunks = "".join(f"{len(part):x}\r\n{part}\r\n" for part in
                                 ("x" * min(piece, size - at) for at in range(0, size, piece)))
                data = f"POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
                self.assertEqual(ask(self.server, data), status, (size, piece))

    def test_body_limit_holds_for_a_stream(self):
        """A handler that streams the body never sees a complete body that was too large."""
        with self.server.connect() as wire:
            wire.send_while_open("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + "3e8\r\n" + "x" * 1000 + "\r\n")
            for _ in range(30):
                if not wire.send_while_open("3e8\r\n" + "x" * 1000 + "\r\n"):
                    break
            wire.send_while_open("0\r\n\r\n")
            try:
                self.assertEqual(wire.response().status, 413)
            except (Ended, Reset):
                pass  # the answer had begun and was cut: not complete, which is the point

    def test_requests_per_connection(self):
        request = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
        for together in (False, True):
            with self.server.connect() as wire:
                if together:
                    wire.send(request * 5)
                for number in (1, 2, 3):
                    if not together:
                        wire.send(request)
                    answer = wire.response()
                    self.assertEqual((answer.status, answer.closes()), (200, number == 3))
                wire.end()


class Connections(unittest.TestCase):
    LIMIT = 8

    def test_one_too_many_is_told_so(self):
        """--max-connections counts over all workers. Who comes after gets 503 with Retry-After, and nobody else suffers."""
        with Server("--max-connections", str(self.LIMIT), workers=16 if Settings.is_sync() else 2) as server:
            wires = []
            for _ in range(self.LIMIT):
                wire = server.connect()
                self.addCleanup(wire.close)
                wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(wire.response().status, 200)
                wires.append(wire)
            for _ in range(3):
                with server.connect() as extra:
                    extra.send_while_open("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                    answer = extra.response()
                    self.assertEqual(answer.status, 503)
                    self.assertTrue(answer.get("Retry-After"), answer)
                    self.assertTrue(answer.closes(), answer)
                    extra.end()
            for wire in wires:  # those inside are still served
                wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(wire.response().status, 200)
            wires.pop().close()

            def served():
                try:
                    return server.get().status == 200
                except Broken:
                    return False
            eventually(served, what="a place becomes free")
            for wire in wires:
                wire.close()

    def test_a_storm_at_the_limit_leaves_nothing_behind(self):
        with Server("--max-connections", "4", workers=8 if Settings.is_sync() else 2) as server:
            before = server.descriptors()
            held = [server.connect() for _ in range(4)]
            for wire in held:
                wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                wire.response()
            for number in range(200):
                extra = server.connect()
                if number % 2:
                    extra.reset()
                else:
                    extra.close()
            for wire in held:
                wire.close()
            eventually(lambda: server.descriptors() <= before + 1, what="descriptors given back")
            eventually(lambda: self._ok(server), what="served again")

    @staticmethod
    def _ok(server):
        try:
            return server.get().status == 200
        except Broken:
            return False


class BoundedMemory(unittest.TestCase):
    """Attackers send without end, or ask without reading; the server's memory does not follow."""
    ROOM = 24 * MIB

    def setUp(self):
        if Settings.sanitizer:
            self.skipTest("memory is not meaningful under a sanitizer")

    def attack(self, assault, wires=12, room=ROOM, **options):
        with Server(**options) as server:
            with GoodClient(server):
                before = server.rss()
                outcome = harness.in_parallel({n: (lambda: assault(server)) for n in range(wires)}, width=wires)
            peak = server.peak_rss()
        self.assertEqual({n: repr(e) for n, e in outcome.items() if e}, {})
        self.assertLess(peak - before, room)

    def flood(self, server, start, piece, statuses):
        with server.connect() as wire:
            wire.send_while_open(start)
            for _ in range(200):
                if not wire.send_while_open(piece):
                    break
            try:
                self.assertIn(wire.response().status, statuses)
            except Reset:
                pass  # 12 MiB after the answer are more than anybody must listen to

    def test_endless_head(self):
        self.attack(lambda server: self.flood(server, b"GET / HTTP/1.1\r\nX: ", b"a" * 65536, (431,)))

    def test_endless_fields(self):
        self.attack(lambda server: self.flood(server, b"GET / HTTP/1.1\r\n", b"X: a\r\n" * 10000, (431,)))

    def test_endless_request_line(self):
        self.attack(lambda server: self.flood(server, b"GET /", b"a" * 65536, (414,)))

    def test_endless_chunk_extension(self):
        self.attack(lambda server: self.flood(
            server, b"POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;", b"a" * 65536, (400, 413, 431)))

    def test_endless_trailers(self):
        self.attack(lambda server: self.flood(
            server, b"POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: a\r\n" * 10000, (400, 431)))

    def test_endless_chunked_body(self):
        """Of 150 MiB each of twelve peers may have 1 MiB collected, which is held twice while it grows."""
        piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        self.attack(lambda server: self.flood(
            server, b"POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", piece, (413,)), room=40 * MIB)

    def test_pipelining_flood_without_a_reader(self):
        """Thousands of requests for 1 MiB each, and nobody reads: input stops while output is blocked."""
        def assault(server):
            with server.connect(rcvbuf=4096) as wire:
                wire.timeout = scaled(1)
                try:
                    for _ in range(400):
                        wire.send(b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n" * 500)
                except (Late, Reset):
                    return
                raise AssertionError("200 000 requests were taken although no answer was read")
        self.attack(assault)

    def test_pipelining_flood_of_small_answers(self):
        def assault(server):
            with server.connect(rcvbuf=4096) as wire:
                wire.timeout = scaled(1)
                try:
                    for _ in range(2000):
                        wire.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" * 500)
                except (Late, Reset):
                    return
                raise AssertionError("a million requests were taken although no answer was read")
        self.attack(assault)


class RateLimits(unittest.TestCase):
    """A client that asks too often is told when to come back; nobody else notices. One an hour, so that no bucket fills while a test runs."""

    def test_one_too_many(self):
        with Server("--rate-limit", "1/h", "--rate-limit-burst", "3") as server:
            for _ in range(3):
                self.assertEqual(server.get().status, 200)
            answer = server.get()
            self.assertEqual(answer.status, 429)
            self.assertTrue(3500 <= int(answer.get("retry-after")) <= 3600, answer.fields)
            self.assertEqual(answer.get("ratelimit-policy"), '"client";q=3;w=10800')
            self.assertRegex(answer.get("ratelimit"), r'^"client";r=0;t=3[56]\d\d$')

    def test_refused_before_the_body_is_read(self):
        """The answer comes although not a byte of the declared body was sent; a connection goes on being limited."""
        with Server("--rate-limit", "1/h") as server:
            with server.connect() as wire:
                wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(wire.response().status, 200)
                wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
                self.assertEqual(wire.response().status, 429)

    def test_exempt(self):
        with Server("--rate-limit", "1/h", "--rate-limit-exempt-paths", "/hello") as server:
            self.assertEqual([server.get("/hello").status for _ in range(4)], [200] * 4)
            self.assertEqual([server.get("/elsewhere").status for _ in range(3)], [404, 429, 429])
        with Server("--rate-limit", "1/h", "--rate-limit-exempt", "127.0.0.0/8") as server:
            self.assertEqual([server.get().status for _ in range(4)], [200] * 4)

    def test_clients_behind_a_trusted_proxy(self):
        """Each client that the proxy names has a bucket; an IPv6 /64 has one. Without trust all of them are the peer."""
        clients = ["192.0.2.1", "192.0.2.2", "192.0.2.1", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"]
        ask = lambda server: [server.get(fields=f"X-Forwarded-For: {client}\r\n").status for client in clients]
        with Server("--rate-limit", "1/h", "--trusted-proxies", "127.0.0.1") as server:
            self.assertEqual(ask(server), [200, 200, 429, 200, 429, 200])
        with Server("--rate-limit", "1/h") as server:
            self.assertEqual(ask(server), [200] + [429] * 5)

    def test_very_many_addresses(self):
        """They cost no memory, and a good client does not notice them: none of its requests is refused."""
        wires, addresses, together = 4, 2_500 if Settings.factor > 1 else 12_500, 100

        def flood(server, first, last):
            with server.connect(timeout=60) as wire:
                for at in range(first, last, together):
                    wire.send("".join(f"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.{one >> 16}.{one >> 8 & 255}.{one & 255}\r\n\r\n"
                                      for one in range(at, at + together)))
                    self.assertEqual({wire.response().status for _ in range(together)}, {200})
        for mode in ("threads", "processes"):
            # Far fewer places than addresses; one that has asked once needs its place for 10 ms.
            with self.subTest(mode), Server("--rate-limit", "100/s", "--rate-limit-burst", "200", "--rate-limit-clients", "4096",
                                            "--trusted-proxies", "127.0.0.1", "--worker-mode", mode, workers=4) as server:
                with GoodClient(server):  # 50 requests a second
                    def assault(first, last):
                        tasks = {n: lambda n=n: flood(server, first + n * (last - first) // wires, first + (n + 1) * (last - first) // wires)
                                 for n in range(wires)}
                        self.assertEqual({n: repr(e) for n, e in harness.in_parallel(tasks, width=wires).items() if e}, {})
                    assault(1 << 20, (1 << 20) + 4000)
                    before = harness.family_rss(server.process.pid)
                    assault(0, wires * addresses)
                    after = harness.family_rss(server.process.pid)
                if not Settings.sanitizer:
                    self.assertLess(after - before, 2 * MIB)

    @unittest.skipUnless(shutil.which("h2load"), "needs h2load, of Debian's nghttp2-client")
    def test_streams_of_one_http2_connection(self):
        with Server("--rate-limit", "1/h", "--rate-limit-burst", "2") as server:
            done = subprocess.run(["h2load", "-n", "5", "-c", "1", "-m", "5", f"http://127.0.0.1:{server.port}/hello"],
                                  capture_output=True, text=True, timeout=scaled(20), check=True)
            self.assertIn("status codes: 2 2xx, 0 3xx, 3 4xx, 0 5xx", done.stdout)


if __name__ == "__main__":
    harness.main()
