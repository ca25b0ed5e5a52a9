#!/usr/bin/env python3
"""Peers that are slow, on purpose or not: every wait of the server has an end, and a slow but honest peer is let be.

Bounds are loose on purpose: not before the deadline, not many times after it. All scenarios wait at the same time.
"""

import time
import unittest

import harness
from harness import GoodClient, Server, Settings, eventually, scaled
from wire import Ended, Late, Reset

LIMIT = 2.0          # seconds: header, request, write and keep-alive timeouts of the server under test
GRACE = 10.0         # both minimum rates count from here on
EARLY = 0.6          # nobody may be cut before this part of the deadline
FLAGS = ("--header-timeout", "2s", "--request-timeout", "2s", "--write-timeout", "2s", "--keep-alive-timeout", "2s",
         "--min-rate", "500", "--max-request-size", "64MiB")


def late():
    """When a cut that is due after LIMIT is too late: a coarse timer wheel and a busy machine included."""
    return LIMIT + 5 * max(1.0, Settings.factor)


def drip(wire, data, pause, seconds):
    """Send byte by byte until the server speaks or ends, or the time is over. Gives the seconds it took."""
    began = time.monotonic()
    sent = 0
    while time.monotonic() - began < seconds:
        byte = data[sent % len(data):sent % len(data) + 1]
        if not wire.send_while_open(byte):
            break
        sent += 1
        try:
            if not wire.fill(time.monotonic() + pause):
                break
            break  # it spoke
        except Late:
            continue
        except Reset:
            break
    return time.monotonic() - began


def expect_408(wire, took):
    assert took >= LIMIT * EARLY, f"cut after only {took:.2f} s"
    assert took <= late(), f"cut only after {took:.2f} s"
    answer = wire.response()
    assert answer.status == 408, answer
    assert answer.closes(), answer
    wire.end()


class Scenarios:
    """Each method is one scenario on a server of its own flags; it returns or raises."""

    def __init__(self, server):
        self.server = server

    def wire(self, **options):
        return self.server.connect(timeout=20, **options)

    def timed_response(self, wire):
        wire.limit = time.monotonic() + late() + 5
        try:
            wire.fill()
        except Reset:
            pass
        return time.monotonic() - wire.spoke_at

    # The head.

    def head_that_stops(self):
        with self.wire() as wire:
            wire.send("GET /hello HTTP/1.1\r\nHos")
            expect_408(wire, self.timed_response(wire))

    def head_byte_by_byte(self):
        """One byte every 100 ms: progress does not help, the deadline is for the whole head."""
        with self.wire() as wire:
            expect_408(wire, drip(wire, b"GET /hello HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 100, 0.1, 15))

    def head_field_by_field(self):
        with self.wire() as wire:
            wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n")
            expect_408(wire, drip(wire, b"X", 0.15, 15))

    def head_that_stops_after_a_good_request(self):
        with self.wire() as wire:
            wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            assert wire.response().status == 200
            wire.send("GET /he")
            expect_408(wire, self.timed_response(wire))

    def empty_lines_dripping(self):
        """Empty lines are no progress either: 400 for too many or 408 for too slow, soon."""
        with self.wire() as wire:
            took = drip(wire, b"\r\n", 0.3, 15)
            assert took <= late() + 1, f"{took:.2f} s"
            # Ten are forgiven: a connection on which nothing else ever came is idle, and closed without a word.
            try:
                status = wire.response().status
            except Ended:
                return
            assert status in (400, 408), status
            wire.end()

    # Connections without a request.

    def silent_from_the_start(self):
        """No byte ever: closed without a word."""
        with self.wire() as wire:
            wire.end(timeout=late() + 5)
            took = time.monotonic() - wire.spoke_at
            assert LIMIT * EARLY <= took <= late(), f"{took:.2f} s"

    def idle_after_a_request(self):
        with self.wire() as wire:
            wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            assert wire.response().status == 200
            wire.end(timeout=late() + 5)
            took = time.monotonic() - wire.spoke_at
            assert LIMIT * EARLY <= took <= late(), f"{took:.2f} s"

    def requests_inside_the_idle_time(self):
        """A request every half of the idle time keeps the connection for as long as it likes."""
        with self.wire() as wire:
            for _ in range(6):
                wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                assert wire.response().status == 200
                wire.quiet(LIMIT / 2)

    # The body.

    def body_that_stops(self):
        with self.wire() as wire:
            wire.send("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhello")
            expect_408(wire, self.timed_response(wire))

    def body_that_never_begins(self):
        with self.wire() as wire:
            wire.send("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
            expect_408(wire, self.timed_response(wire))

    def chunked_body_that_stops(self):
        with self.wire() as wire:
            wire.send("POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            expect_408(wire, self.timed_response(wire))

    def expected_body_that_never_comes(self):
        with self.wire() as wire:
            wire.send("POST /hello HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n")
            began = time.monotonic()
            wire.limit = began + 5
            assert wire.head().status == 100
            took = self.timed_response(wire)
            expect_408(wire, took)

    def echo_that_stops(self):
        """The answer may have begun: 408 if it has not, else it is cut short. Complete it can not be."""
        with self.wire() as wire:
            wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhello")
            try:
                answer = wire.response(timeout=late() + 5)
                assert answer.status == 408, answer
            except (Ended, Reset):
                pass
            took = time.monotonic() - wire.spoke_at
            assert LIMIT * EARLY <= took <= late(), f"{took:.2f} s"

    def body_byte_by_byte(self):
        """Progress in each second, yet far below the minimum rate: borne for the grace, then cut."""
        with self.wire() as wire:
            wire.send("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n")
            took = drip(wire, b"x", 0.2, GRACE + 3 * late())
            assert GRACE * 0.7 <= took <= GRACE + 2 * late(), f"cut after {took:.2f} s"
            assert wire.response().status == 408
            wire.end()

    def chunk_extension_byte_by_byte(self):
        """Framing is no body: a chunk line that never ends is not progress."""
        with self.wire() as wire:
            wire.send("POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;")
            took = drip(wire, b"a", 0.2, GRACE + 3 * late())
            assert LIMIT * EARLY <= took <= GRACE + 2 * late(), f"cut after {took:.2f} s"
            assert wire.response().status == 408
            wire.end()

    def trailers_byte_by_byte(self):
        with self.wire() as wire:
            wire.send("POST /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ")
            took = drip(wire, b"a", 0.2, GRACE + 3 * late())
            assert LIMIT * EARLY <= took <= GRACE + 2 * late(), f"cut after {took:.2f} s"
            assert wire.response().status == 408
            wire.end()

    def slow_but_honest_body(self):
        """2 KiB/s for longer than any timeout of this server, and longer than the grace: served."""
        with self.wire() as wire:
            pieces = int((GRACE + 3) / 0.25)
            wire.send(f"POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: {pieces * 512}\r\n\r\n")
            for _ in range(pieces):
                wire.quiet(0.25)
                wire.send(b"x" * 512)
            assert wire.response().status == 200

    # The answer.

    def held(self, wire, within, since):
        """How long the server has kept its side of a connection whose peer does not read."""
        port = wire.port()
        began = time.monotonic()
        while self.server.holds(port):
            if time.monotonic() - began > within:
                raise AssertionError(f"still held after {within:.1f} s")
            time.sleep(0.05)
        return time.monotonic() - since

    def reader_that_never_reads(self):
        with self.wire(rcvbuf=4096) as wire:
            began = time.monotonic()
            eventually(lambda: self.server.holds(wire.port()), what="accepted")
            wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n" * 40)
            took = self.held(wire, late() + 5, began)
            assert took >= LIMIT * EARLY, f"cut after only {took:.2f} s"

    def reader_that_stops(self):
        with self.wire(rcvbuf=4096) as wire:
            wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n" * 40)
            began = wire.limit = time.monotonic()
            wire.limit += scaled(20)
            while wire.received < 100_000:
                began = time.monotonic()
                wire.fill()
            took = self.held(wire, late() + 5, began)
            assert took >= LIMIT * EARLY, f"cut after only {took:.2f} s"

    def echo_reader_that_never_reads(self):
        """Sends for ever, reads nothing: the server stops reading, and gives up in time."""
        with self.wire(rcvbuf=4096) as wire:
            wire.send(f"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {32 << 20}\r\n\r\n")
            wire.timeout = 1.0
            try:
                wire.send(b"x" * (32 << 20))
                raise AssertionError("the server took 32 MiB although none of its answer was read")
            except (Late, Reset):
                pass
            self.held(wire, late() + 5, time.monotonic())

    def reader_below_the_minimum_rate(self):
        """Reads a little now and then. The kernel's buffers blur it, so only the end is asserted."""
        with self.wire(rcvbuf=4096) as wire:
            wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n" * 40)
            began = time.monotonic()
            port = wire.port()
            while self.server.holds(port):
                assert time.monotonic() - began < GRACE + 3 * late() + 5, "a reader at 100 B/s is served for ever"
                wire.socket.settimeout(0.5)
                try:
                    wire.socket.recv(20)
                except (TimeoutError, ConnectionError):
                    pass
                time.sleep(0.2)

    def slow_but_honest_reader(self):
        """Some 200 KiB/s, four answers of 1 MiB: all of them arrive whole."""
        with self.wire(rcvbuf=65536) as wire:
            wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n" * 4)
            for _ in range(4):
                answer = wire.response(sink=lambda data: time.sleep(len(data) / (200 << 10) / 2))
                assert answer.status == 200

    def slow_handler_is_no_slow_client(self):
        """The handler's own sleep is longer than every timeout; none of them is about it."""
        with self.wire() as wire:
            wire.send("GET /sleep?ms=3500 HTTP/1.1\r\nHost: a\r\n\r\n")
            assert wire.response().status == 200

    def slow_stream_is_no_slow_client(self):
        with self.wire() as wire:
            wire.send("GET /events?n=3&ms=2400 HTTP/1.1\r\nHost: a\r\n\r\n")
            assert wire.response().status == 200

    def lingering_has_an_end(self):
        """After a refusal the client goes on sending for ever; the server does not go on listening for ever."""
        with self.wire() as wire:
            wire.send("BAD\r\n\r\n")
            assert wire.response().status == 400
            port = wire.port()
            began = time.monotonic()
            while self.server.holds(port):
                assert time.monotonic() - began < 40 * max(1.0, Settings.factor / 2), "lingers for ever"
                if not wire.send_while_open(b"x" * 100):
                    break
                time.sleep(0.1)


NAMES = [name for name in vars(Scenarios) if not name.startswith("_") and name not in ("wire", "timed_response", "held")]


class SlowPeers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with Server(*FLAGS, workers=48 if Settings.is_sync() else 2) as server:
            scenarios = Scenarios(server)
            with GoodClient(server) as good:
                cls.outcome = harness.in_parallel({name: getattr(scenarios, name) for name in NAMES}, width=len(NAMES))
            cls.slowest = good.slowest


def add_tests():
    for name in NAMES:
        def test(self, name=name):
            error = self.outcome[name]
            if error is not None:
                raise error
        test.__doc__ = getattr(Scenarios, name).__doc__ or name.replace("_", " ")
        setattr(SlowPeers, "test_" + name, test)


add_tests()


class ManySlowPeers(unittest.TestCase):
    def test_a_crowd_of_slow_heads_is_cut_and_forgotten(self):
        """Slow peers far beyond the number of reactors; on blocking workers as many as leave one free."""
        crowd = 24 if Settings.is_sync() else 500
        with Server("--header-timeout", "1s", "--keep-alive-timeout", "1s") as server:
            before = server.descriptors()
            with GoodClient(server):
                wires = [server.connect() for _ in range(crowd)]
                for wire in wires:
                    wire.send("GET / HTTP/1.1\r\nX:")
                for wire in wires:
                    self.assertEqual(wire.response(timeout=harness.scaled(10)).status, 408)
                    wire.close()
            eventually(lambda: server.descriptors() <= before + 1, what="descriptors given back")


if __name__ == "__main__":
    harness.main()
