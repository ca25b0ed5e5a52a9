#!/usr/bin/env python3
"""More requests than places: who is served, who waits, who is sent away, and that nobody who was let in is lost."""

import os
import re
import signal
import sys
import tempfile
import unittest

import harness
from harness import GoodClient, Server, Settings, eventually, module

HELLO = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
OPEN = ("--queue-exempt-paths", "/open,/inside")
PAGES = ("--health-path", "/-/health", "--metrics-path", "/-/metrics")


class House:
    """A server with few places, and handlers that stay in them until the gate is opened."""

    def __init__(self, *flags, places=1, line=2, timeout="1h", **options):
        self.server = Server("--max-concurrency", str(places), "--queue-depth", str(line), "--queue-timeout", timeout, *OPEN, *PAGES,
                             *flags, target=module("queue"), **options)
        self.wires = []

    def asks(self, path, fields="", method="GET", body=""):
        wire = self.server.connect()
        self.wires.append(wire)
        wire.send(f"{method} {path} HTTP/1.1\r\nHost: a\r\n{fields}\r\n{body}")
        return wire

    def metric(self, name):
        found = re.search(rf"^{re.escape(name)} (\S+)$", self.server.get("/-/metrics").body.decode(), re.MULTILINE)
        return float(found.group(1)) if found else None

    def waits_for(self, running, waiting):
        """Until so many run and so many wait: the order in which connections are served is not that in which they were opened."""
        eventually(lambda: (self.metric("pounce_handlers_running"), self.metric("pounce_request_queue_depth")) == (running, waiting),
                   what=f"{running} run and {waiting} wait")

    def opens(self):
        """For one who stands at the gate: who has got a place may not have come to it yet."""
        eventually(lambda: self.server.get("/inside").body != b"0", what="somebody stands at the gate")
        assert self.server.get("/open").status == 200

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for wire in self.wires:
            wire.close()
        self.server.__exit__(kind, error, trace)


class Queue(unittest.TestCase):
    def test_in_order(self):
        with House(places=1, line=2) as house:
            first = house.asks("/stay")
            house.waits_for(1, 0)
            second = house.asks("/stay")
            house.waits_for(1, 1)
            third = house.asks("/hello")
            house.waits_for(1, 2)
            fourth = house.asks("/hello")
            answer = fourth.response()
            self.assertEqual((answer.status, answer.get("retry-after"), answer.closes()), (503, "1", False))
            house.opens()
            self.assertEqual(first.response().body, b"stayed")
            house.waits_for(1, 1)
            house.opens()
            self.assertEqual(second.response().body, b"stayed")
            self.assertEqual(third.response().body, b"Hello, World!")
            fourth.send(HELLO)
            self.assertEqual(fourth.response().body, b"Hello, World!")
            house.waits_for(0, 0)
            self.assertEqual(house.metric('pounce_requests_shed_total{reason="full"}'), 1)
            self.assertEqual(house.metric('pounce_limits_hit_total{limit="queue_depth"}'), 1)
            self.assertEqual(house.metric("pounce_request_queue_wait_seconds_count"), 2)
            self.assertGreater(house.metric("pounce_request_queue_wait_seconds_sum"), 0)

    def test_time_is_over(self):
        with House(timeout="100ms") as house:
            first = house.asks("/stay")
            house.waits_for(1, 0)
            second = house.asks("/hello")
            self.assertEqual(second.response().status, 503)
            house.waits_for(1, 0)
            self.assertEqual(house.metric('pounce_requests_shed_total{reason="timeout"}'), 1)
            house.opens()
            self.assertEqual(first.response().status, 200)

    def test_who_leaves_is_out_at_once(self):
        with House(line=3) as house:
            first = house.asks("/stay")
            house.waits_for(1, 0)
            leavers = [house.asks("/hello") for _ in range(3)]
            house.waits_for(1, 3)
            leavers[0].close()
            house.waits_for(1, 2)
            leavers[1].reset()
            house.waits_for(1, 1)
            leavers[2].send("GET /behind/it HTTP/1.1\r\nHost: a\r\n\r\n")  # its end lies behind what nobody reads yet
            leavers[2].close()
            house.waits_for(1, 0)
            self.assertEqual(house.metric('pounce_requests_shed_total{reason="gone"}'), 3)
            house.opens()
            self.assertEqual(first.response().status, 200)

    def test_refused_before_the_body_is_read(self):
        with House(line=1) as house:
            held = [house.asks("/stay"), house.asks("/stay")]
            house.waits_for(1, 1)
            wire = house.asks("/hello", "Content-Length: 100000\r\nExpect: 100-continue\r\n", "POST")
            self.assertEqual(wire.response().status, 503)
            house.opens()
            house.waits_for(1, 0)
            house.opens()
            for one in held:
                self.assertEqual(one.response().status, 200)

    def test_health_and_exempt_paths_are_not_behind_it(self):
        with House(line=1) as house:
            held = [house.asks("/stay"), house.asks("/stay")]
            house.waits_for(1, 1)
            self.assertEqual(house.server.get("/-/health").status, 200)
            self.assertEqual(house.server.get("/inside").body, b"1")
            self.assertEqual(house.server.get("/nowhere").status, 404)
            self.assertEqual(house.server.get("/hello").status, 503)
            house.opens()
            house.waits_for(1, 0)
            house.opens()
            for one in held:
                self.assertEqual(one.response().status, 200)

    def test_files_need_no_place(self):
        with tempfile.TemporaryDirectory() as directory:
            with open(os.path.join(directory, "page.txt"), "w", encoding="ascii") as file:
                file.write("a page")
            with House("--static", f"/files={directory}", line=1) as house:
                held = [house.asks("/stay"), house.asks("/stay")]
                house.waits_for(1, 1)
                self.assertEqual(house.server.get("/files/page.txt").body, b"a page")
                house.opens()
                house.waits_for(1, 0)
                house.opens()
                for one in held:
                    self.assertEqual(one.response().status, 200)

    def test_handlers_that_block(self):
        if not Settings.is_sync():
            self.skipTest("what blocks a reactor waits for nothing else")
        with House(places=2, line=2, workers=4) as house:
            wires = [house.asks("/stay/blocking") for _ in range(4)]
            house.waits_for(2, 2)
            self.assertEqual(house.server.get("/hello").status, 503)
            for left in (3, 2, 1, 0):
                house.opens()
                eventually(lambda: int(house.server.get("/inside").body) == min(left, 2), what="one has left, and another come")
            for wire in wires:
                self.assertEqual(wire.response().body, b"stayed")


class Drain(unittest.TestCase):
    def test_who_waits_is_served(self):
        with House(places=1, line=8) as house:
            first = house.asks("/wait?ms=300")
            house.waits_for(1, 0)
            others = [house.asks("/wait?ms=1") for _ in range(4)] + [house.asks("/hello") for _ in range(4)]
            house.waits_for(1, 8)
            house.server.signal(signal.SIGTERM)
            for wire in [first, *others]:
                answer = wire.response()
                self.assertEqual((answer.status, answer.closes()), (200, True))
            self.assertEqual(house.server.wait(), 0)
            self.assertNotIn("cut", house.server.output().splitlines()[-1])

    def test_who_still_waits_at_the_deadline_is_cut_and_counted(self):
        """A handler that writes to somebody who does not read keeps its place through the drain."""
        with House("--shutdown-timeout", "300ms", places=1, line=8, exit_code=4) as house:
            reader = house.server.connect(rcvbuf=4096)
            house.wires.append(reader)
            reader.send("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
            house.waits_for(1, 0)
            for _ in range(2):
                house.asks("/hello")
            house.waits_for(1, 2)
            house.server.signal(signal.SIGTERM)
            self.assertEqual(house.server.wait(), 4)
            # The end of the first one gives its place away: somebody may be served in that moment.
            self.assertRegex(house.server.output(), r"cut [123] connection")



class Scarcity(unittest.TestCase):
    def test_logs_on_a_full_disk(self):
        """Lines are lost and counted; requests are not."""
        with Server("--access-log", "/dev/full", "--event-log", "/dev/full", "--metrics-path", "/-/metrics") as server:
            for _ in range(20):
                self.assertEqual(server.get().status, 200)
            dropped = re.compile(rb'^pounce_log_lines_dropped_total\{log="(access|events)"\} [1-9]', re.MULTILINE)
            eventually(lambda: set(dropped.findall(server.get("/-/metrics").body)) == {b"access", b"events"}, what="lines are dropped, and counted")
            self.assertEqual(server.get().status, 200)

    def test_a_good_client_beside_a_crowd_of_addresses(self):
        """Each request from an address of its own: the table of clients is full many times over, and a good client notices nothing."""
        addresses, batch = (4_000 if Settings.sanitizer else 60_000), 200

        def crowd(server, first):
            with server.connect(timeout=60) as wire:
                for start in range(first, first + addresses // 4, batch):
                    wire.send("".join(f"GET /hello HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.{n >> 16}.{n >> 8 & 255}.{n & 255}\r\n\r\n"
                                      for n in range(start, start + batch)))
                    for _ in range(batch):
                        self.assertIn(wire.response().status, (200, 429))

        with Server("--rate-limit", "100/s", "--rate-limit-clients", "1024", "--trusted-proxies", "127.0.0.1") as server:
            before = server.rss()
            with GoodClient(server) as good:
                outcome = harness.in_parallel({n: (lambda n=n: crowd(server, n * 1_000_000)) for n in range(4)}, width=4)
            self.assertEqual({n: repr(e) for n, e in outcome.items() if e}, {})
            print(f"good client: {good.served} answers, slowest {good.slowest * 1000:.0f} ms, beside {addresses} addresses", file=sys.stderr)
            if not Settings.sanitizer:
                self.assertLess(server.rss() - before, 8 << 20)



if __name__ == "__main__":
    harness.main()
