#!/usr/bin/env python3
"""Clients that come and go badly: resets and half-closes in every phase, aborts by the hundred. Nothing leaks, nobody suffers."""

import os
import re
import resource
import signal
import socket
import time
import unittest

import harness
from harness import GoodClient, Server, Settings, eventually, scaled
from wire import Broken, Late

MIB = 1 << 20
BODY = "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n"
ECHO = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"
CHUNKED = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

# What has been sent when the client goes, and whether it waits for the first bytes of the answer before that.
PHASES = {
    "before any byte": ("", False),
    "in the request line": ("GET /he", False),
    "in the fields": ("GET /hello HTTP/1.1\r\nHost: a\r\nX", False),
    "after the head": ("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", False),
    "after the answer": ("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n", True),
    "before the body": (BODY, False),
    "in the body": (BODY + "x" * 500, False),
    "in an echo": (ECHO + "x" * 50_000, False),
    "in an answering echo": (ECHO + "x" * 50_000, True),
    "in a chunk line": (CHUNKED + "5", False),
    "in a chunk": (CHUNKED + "5\r\nhel", False),
    "after a chunk": (CHUNKED + "5\r\nhello\r\n", True),
    "in the trailers": (CHUNKED + "5\r\nhello\r\n0\r\nX: ", True),
    "in a large answer": ("GET /big HTTP/1.1\r\nHost: a\r\n\r\n", True),
    "before a large answer": ("GET /big HTTP/1.1\r\nHost: a\r\n\r\n" * 3, False),
    "in a sleep": ("GET /sleep?ms=300 HTTP/1.1\r\nHost: a\r\n\r\n", False),
    "in a stream": ("GET /events?n=1000&ms=5 HTTP/1.1\r\nHost: a\r\n\r\n", True),
    "in a pipeline": ("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" * 50, True),
    "after a 100": ("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", True),
    "after a refusal": ("BAD\r\n\r\n", True),
    "while it lingers": ("BAD\r\n\r\n" + "x" * 5000, True),
    "after a request too large": ("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n" + "x" * 5000, True),
}


def leave(wire, way):
    if way == "reset":
        wire.reset()
    elif way == "close":
        wire.close()
    else:  # half: say that no more will come, take what there is, go
        try:
            wire.half_close()
        except OSError:
            pass
        else:
            wire.limit = time.monotonic() + scaled(0.2)
            try:
                while wire.fill():
                    wire.buffer.clear()
            except Broken:
                pass
        wire.close()


class Churn(unittest.TestCase):
    def run_phases(self, way, rounds=3):
        with Server() as server:
            server.get()
            before = server.descriptors()
            with GoodClient(server):
                def visit(text, waits):
                    for _ in range(rounds):
                        wire = server.connect()
                        wire.send_while_open(text)
                        if waits:
                            wire.limit = time.monotonic() + wire.timeout
                            assert wire.fill(), "the end instead of an answer"
                        leave(wire, way)
                outcome = harness.in_parallel(
                    {name: (lambda text=text, waits=waits: visit(text, waits)) for name, (text, waits) in PHASES.items()}, width=8)
            self.assertEqual({n: repr(e) for n, e in outcome.items() if e}, {})
            eventually(lambda: server.descriptors() <= before + 1, 20, "every descriptor given back")
            self.assertEqual(server.get().status, 200)

    def test_reset_in_every_phase(self):
        self.run_phases("reset")

    def test_close_in_every_phase(self):
        self.run_phases("close")

    def test_half_close_in_every_phase(self):
        self.run_phases("half", rounds=1)

    def test_500_aborted_requests(self):
        """Ask for 1 MiB, read a little, leave with a reset. No crash, no growth, no descriptor left."""
        with Server() as server:
            def abort(count):
                for number in range(count):
                    wire = server.connect()
                    wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n" * 2)
                    if number % 2:
                        wire.limit = time.monotonic() + wire.timeout
                        wire.fill()
                    wire.reset()
            abort(100)
            before, memory = server.descriptors(), server.rss()
            with GoodClient(server):
                outcome = harness.in_parallel({n: (lambda: abort(100)) for n in range(5)}, width=5)
            self.assertEqual({n: repr(e) for n, e in outcome.items() if e}, {})
            eventually(lambda: server.descriptors() <= before + 1, 20, "every descriptor given back")
            if not Settings.sanitizer:
                self.assertLess(server.rss() - memory, 12 * MIB)

    def test_2000_connections_that_say_nothing(self):
        with Server() as server:
            server.get()
            before, memory = server.descriptors(), server.rss()
            with GoodClient(server):
                for number in range(2000):
                    wire = server.connect()
                    wire.reset() if number % 2 else wire.close()
            eventually(lambda: server.descriptors() <= before + 1, 20, "every descriptor given back")
            if not Settings.sanitizer:
                self.assertLess(server.rss() - memory, 8 * MIB)

    def test_requests_leave_memory_flat(self):
        """Ten thousand answers later the process is no larger than after the first thousand."""
        with Server() as server:
            def visit(count):
                with server.connect() as wire:
                    for _ in range(count // 50):
                        wire.send("GET /json HTTP/1.1\r\nHost: a\r\n\r\n" * 50)
                        for _ in range(50):
                            wire.response()
            visit(1000)
            memory = server.rss()
            for _ in range(10):
                visit(500 if Settings.sanitizer else 1000)
            if not Settings.sanitizer:
                self.assertLess(server.rss() - memory, 2 * MIB)

    def test_memory_that_ends(self):
        """Peers take all the memory there is; they may be let down, but the server lives, forgets them and drains."""
        if Settings.sanitizer:
            self.skipTest("a sanitizer needs the address space")
        greedy = ("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + "x" * 60000,
                  "GET /hello HTTP/1.1\r\nHost: a\r\nX: " + "y" * 60000,
                  "GET /events?n=10000&ms=500 HTTP/1.1\r\nHost: a\r\n\r\n",
                  "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        with Server("--shutdown-timeout", "5s", workers=2) as server:
            server.get()
            most = server.virtual_memory() + 16 * MIB
            resource.prlimit(server.process.pid, resource.RLIMIT_AS, (most, most))
            for _ in range(2):
                crowd = []
                for number in range(800):
                    wire = server.connect()
                    wire.send_while_open(greedy[number % len(greedy)])
                    crowd.append(wire)
                self.assertTrue(server.is_alive())
                for wire in crowd:
                    wire.reset()
                eventually(lambda: server.descriptors() < 50, 20, "every descriptor given back")
                for _ in range(5):
                    self.assertEqual(server.get().status, 200)

    def test_a_signal_that_is_not_ours(self):
        """A broken pipe is no death: SIGPIPE does not reach us, nor does it end us when sent."""
        with Server() as server:
            server.signal(signal.SIGPIPE)
            self.assertEqual(server.get().status, 200)

    def test_idle_connections_cost_no_cpu(self):
        crowd = 16 if Settings.is_sync() else 400
        with Server() as server:
            wires = [server.connect() for _ in range(crowd)]
            for wire in wires:
                wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                wire.response()
            before = server.cpu_seconds()
            time.sleep(1.0)  # what is measured is a second of rest
            self.assertLess(server.cpu_seconds() - before, 0.1 * Settings.factor)
            for wire in wires:
                wire.close()

    def test_idle_connections_cost_little_memory(self):
        if Settings.is_sync() or Settings.sanitizer:
            self.skipTest("a worker each, or a sanitizer's memory")
        with Server() as server:
            server.get()
            memory, wires = server.rss(), []
            for _ in range(800):
                wire = server.connect()
                wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
                wire.response(sink=lambda data: None)
                wires.append(wire)
            each = (server.rss() - memory) / len(wires)
            for wire in wires:
                wire.close()
        self.assertLess(each, 16 * 1024, "an idle connection holds no buffer")


class Held(unittest.TestCase):
    def test_connections_that_another_process_holds(self):
        """It was started while they were open, so they outlive their end here; and what happens to them then is nobody's business."""
        with Server("--metrics-path", "/-/metrics", "--keep-alive-timeout", "300ms", target=harness.module("forking")) as server:
            wires = [server.connect() for _ in range(20)]
            for wire in wires:
                wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(wire.response().status, 200)
            wires[0].send("GET /process HTTP/1.1\r\nHost: a\r\n\r\n")
            self.addCleanup(os.kill, int(wires[0].response().body), signal.SIGKILL)
            eventually(lambda: re.search(rb'\npounce_connections_open{protocol="http1"} 1\n', server.get("/-/metrics").body), 30, "they are let go of")
            for wire in wires:
                self.assertTrue(server.holds(wire.port()))
                wire.send_while_open("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                wire.close()
            for _ in range(20):
                self.assertEqual(server.get().status, 200)


class Urgent(unittest.TestCase):
    def test_urgent_bytes_do_not_confuse(self):
        """TCP urgent data is dropped or read in line, but nothing spins or dies. A read ends at the urgent mark, so that a peer
        that uses it may have to wait for its own head's deadline: 408."""
        with Server() as server:
            with GoodClient(server), server.connect() as wire:
                wire.send("GET /hello HTTP/1.1\r\nHo")
                wire.socket.send(b"!", socket.MSG_OOB)
                wire.send_while_open("st: a\r\n\r\n")
                try:
                    self.assertIn(wire.response(timeout=scaled(15)).status, (200, 400, 408))
                except Late:
                    self.fail("no answer after urgent data")

    def test_many_threads_of_clients(self):
        """Everything at once, for a moment: good ones, aborters, half-closers, broken requests."""
        stop = time.monotonic() + 2
        with Server() as server:
            def worker(kind):
                while time.monotonic() < stop:
                    wire = server.connect()
                    try:
                        if kind == 0:
                            wire.send("GET /json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                            assert wire.response().status == 200
                            wire.end()
                        elif kind == 1:
                            wire.send(ECHO + "x" * 1000)
                            wire.reset()
                        elif kind == 2:
                            wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                            wire.half_close()
                            assert wire.response().status == 200
                            wire.end()
                        else:
                            wire.send("GET /\r\n\r\n")
                            assert wire.response().status == 400
                            wire.end()
                    finally:
                        wire.close()
            with GoodClient(server):
                outcome = harness.in_parallel({n: (lambda n=n: worker(n % 4)) for n in range(8)}, width=8)
            self.assertEqual({n: repr(e) for n, e in outcome.items() if e}, {})


if __name__ == "__main__":
    harness.main()
