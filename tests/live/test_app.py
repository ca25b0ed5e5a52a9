#!/usr/bin/env python3
"""The routes of examples/tour as a client sees them: plain answers, streams in both directions, waiting, injection."""

import calendar
import hashlib
import json
import os
import re
import shutil
import subprocess
import threading
import time
import unittest

import harness
from harness import GoodClient, Server, Settings, scaled
from raw_rows import SMUGGLED
from wire import Broken

KIB, MIB = 1 << 10, 1 << 20
LONG = os.environ.get("POUNCE_LIVE_LONG") == "1"


class TourCase(unittest.TestCase):
    FLAGS = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.FLAGS)

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)


class Plain(TourCase):
    def test_hello(self):
        answer = self.server.get("/hello")
        self.assertEqual((answer.status, answer.body, answer.framing), (200, b"Hello, World!", "length"))
        self.assertEqual(answer.get("Content-Type").split(";")[0].strip(), "text/plain")
        self.assertEqual(answer.get("Content-Length"), "13")

    def test_hello_with_a_query(self):
        self.assertEqual(self.server.get("/hello?a=b").body, b"Hello, World!")

    def test_root_is_text_unless_html_is_asked_for(self):
        for accept in ("", "Accept: */*\r\n", "Accept: text/plain\r\n", "Accept: application/json\r\n"):
            answer = self.server.get("/", accept)
            self.assertEqual((answer.status, answer.body), (200, b"Hello, World!"), accept)
            self.assertEqual(answer.get("Content-Type").split(";")[0], "text/plain")

    def test_root_explains_the_routes_to_a_browser(self):
        for accept in ("Accept: text/html\r\n", "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"):
            answer = self.server.get("/", accept)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.get("Content-Type").split(";")[0], "text/html")
            for route in ("/hello", "/echo", "/big", "/json", "/sleep", "/events", "/headers", "/hints", "/trailers", "/runs"):
                self.assertIn(route.encode(), answer.body)

    def test_big(self):
        answer = self.server.get("/big")
        self.assertEqual((answer.status, len(answer.body)), (200, MIB))

    def test_json(self):
        answer = self.server.get("/json")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.get("Content-Type").split(";")[0], "application/json")
        self.assertAlmostEqual(len(answer.body), 16 * KIB, delta=512)
        json.loads(answer.body)

    def test_unknown_route(self):
        answer = self.server.get("/nowhere")
        self.assertEqual((answer.status, answer.framing), (404, "length"))

    def test_server_and_date_stand_in_every_answer(self):
        for target in ("/hello", "/json", "/nowhere", "/events?n=1&ms=1", "/headers?h=%0a"):
            answer = self.server.get(target)
            self.assertEqual(len(answer.all("Server")), 1, target)
            self.assertEqual(len(answer.all("Date")), 1, target)

    def test_date_is_now(self):
        stamp = time.strptime(self.server.get().get("Date"), "%a, %d %b %Y %H:%M:%S GMT")
        self.assertAlmostEqual(calendar.timegm(stamp), time.time(), delta=30)

    def test_date_moves_on(self):
        first = self.server.get().get("Date")
        harness.eventually(lambda: self.server.get().get("Date") != first, 5, "another second")

    def test_kept_connections_in_parallel(self):
        def visit():
            with self.server.connect() as wire:
                for _ in range(50):
                    wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                    assert wire.response().body == b"Hello, World!"
        outcome = harness.in_parallel({n: visit for n in range(20)}, width=20)
        self.assertEqual({n: e for n, e in outcome.items() if e}, {})


class Waiting(TourCase):
    def test_sleep(self):
        began = time.monotonic()
        self.assertEqual(self.server.get("/sleep?ms=300").status, 200)
        self.assertGreaterEqual(time.monotonic() - began, 0.29)

    def test_sleepers_sleep_together(self):
        began = time.monotonic()
        outcome = harness.in_parallel({n: (lambda: self.server.get("/sleep?ms=1500")) for n in range(20)}, width=20)
        self.assertEqual({n: e for n, e in outcome.items() if e}, {})
        self.assertLess(time.monotonic() - began, 20)  # 30, one after the other

    def test_odd_numbers_are_no_fault_of_the_server(self):
        for query in ("", "?ms=", "?ms=abc", "?ms=-1", "?ms=1e9", "?ms=" + "9" * 30, "?ms=0", "?x=1"):
            with self.server.connect() as wire:
                wire.send(f"GET /sleep{query} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                try:
                    self.assertIn(wire.response(timeout=scaled(2)).status, (200, 400), query)
                except Broken as error:
                    self.assertIn("nothing more within", str(error))  # it sleeps: also an answer

    def test_events_are_framed_and_come_one_by_one(self):
        with self.server.connect() as wire:
            wire.send("GET /events?n=4&ms=200 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            arrivals, data = [], bytearray()

            def sink(part):
                data.extend(part)
                arrivals.append(time.monotonic())
            answer = wire.response(sink=sink)
            wire.end()
        self.assertEqual(answer.get("Content-Type").split(";")[0], "text/event-stream")
        events = [block for block in bytes(data).replace(b"\r\n", b"\n").split(b"\n\n") if b"data:" in block]
        self.assertEqual(len(events), 4, bytes(data))
        self.assertGreaterEqual(arrivals[-1] - arrivals[0], 0.35)

    def test_a_client_leaves_an_event_stream(self):
        before = self.server.descriptors()
        for _ in range(10):
            with self.server.connect() as wire:
                wire.send("GET /events?n=1000000&ms=10 HTTP/1.1\r\nHost: a\r\n\r\n")
                wire.limit = time.monotonic() + wire.timeout
                self.assertEqual(wire.head().status, 200)
        harness.eventually(lambda: self.server.descriptors() <= before + 1, what="streams without a reader end")


class Fields(TourCase):
    def test_a_response_field_is_set(self):
        answer = self.server.get("/headers?h=some%20value")
        self.assertEqual(answer.status, 200)
        self.assertIn("some value", [value for _, value in answer.fields])

    def test_injection_gives_500_and_never_a_second_field_or_answer(self):
        for value in ("%0d%0aX-Injected:%201", "a%0aX-Injected:%201", "a%0dX-Injected:%201", "a%00b", "%0D%0A%0D%0A<html>", "a%0d",
                      "%0d%0aContent-Length:%200%0d%0a%0d%0aHTTP/1.1%20200%20OK", "a%0d%0a%20folded", "%0d%0aSet-Cookie:%20a=b"):
            with self.server.connect() as wire:
                wire.send(f"GET /headers?h={value} HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                answer = wire.response()
                self.assertEqual(answer.status, 500, value)
                self.assertFalse({"x-injected", "set-cookie"} & {name.lower() for name, _ in answer.fields}, answer)
                if not answer.closes():
                    self.assertEqual(wire.response().body, b"Hello, World!")
                wire.end()

    def test_early_hints(self):
        answer = self.server.get("/hints")
        self.assertEqual([hint.status for hint in answer.informational], [103])
        self.assertTrue(answer.informational[0].all("Link"), answer.informational)
        self.assertEqual(answer.status, 200)

    def test_trailers(self):
        answer = self.server.get("/trailers")
        self.assertEqual((answer.status, answer.framing), (200, "chunked"))
        self.assertTrue(answer.trailers, "no trailer came")

    def test_runs_counts_each_handler_once(self):
        """Whatever a request needs on its way, its handler runs one time."""
        def runs():
            return int(re.search(rb"\d+", self.server.get("/runs").body)[0])
        first = runs()
        self.assertEqual(runs(), first + 1)
        body = b"x" * 100_000
        with self.server.connect() as wire:
            wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
            for _ in range(3):
                wire.response()
            wire.send(f"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n")
            wire.limit = time.monotonic() + wire.timeout
            self.assertEqual(wire.head().status, 100)
            for at in range(0, len(body), 10_000):
                wire.send(body[at:at + 10_000])
            self.assertEqual(wire.response().body, body)
            wire.send("GET /sleep?ms=50 HTTP/1.1\r\nHost: a\r\n\r\n")
            wire.response()
            wire.send("GET /events?n=3&ms=20 HTTP/1.1\r\nHost: a\r\n\r\n")
            wire.response()
        self.assertEqual(runs(), first + 1 + 3 + 1 + 1 + 1 + 1)
        with self.server.connect() as wire:  # refused before any handler
            wire.send(b"GET /hello HTTP/1.1\r\n\r\n" + SMUGGLED)
            self.assertEqual(wire.response().status, 400)
        self.assertEqual(runs(), first + 9)


class Echo(TourCase):
    FLAGS = ("--max-request-size", "2GiB")

    def stream(self, total, chunk=None, slow=None):
        """Send and receive at once; gives the seconds. The pattern makes a lost or doubled piece visible."""
        pattern = hashlib.sha256(b"pounce").digest() * 2048  # 64 KiB
        assert total % len(pattern) == 0
        sent, seen = hashlib.sha256(), hashlib.sha256()
        began = time.monotonic()
        with self.server.connect(timeout=30) as wire:
            failures = []

            def sender():
                peer = wire.socket.dup()
                peer.settimeout(wire.timeout)
                try:
                    framing = "Transfer-Encoding: chunked" if chunk else f"Content-Length: {total}"
                    peer.sendall(f"POST /echo HTTP/1.1\r\nHost: a\r\n{framing}\r\nConnection: close\r\n\r\n".encode())
                    for number in range(total // len(pattern)):
                        piece = number.to_bytes(8, "big") + pattern[8:]
                        sent.update(piece)
                        if chunk:
                            piece = b"".join(b"%x\r\n" % len(part) + part + b"\r\n" for part in
                                             (piece[at:at + chunk] for at in range(0, len(piece), chunk)))
                        peer.sendall(piece)
                    if chunk:
                        peer.sendall(b"0\r\n\r\n")
                except OSError as error:
                    failures.append(error)
                finally:
                    peer.close()
            thread = threading.Thread(target=sender, daemon=True)
            thread.start()
            count = 0

            def sink(data):
                nonlocal count
                count += len(data)
                seen.update(data)
                if slow:
                    time.sleep(slow)
            answer = wire.response(sink=sink)
            thread.join()
            wire.end()
        self.assertEqual(failures, [])
        self.assertEqual((answer.status, count), (200, total))
        self.assertEqual(seen.digest(), sent.digest())
        return time.monotonic() - began

    def test_small(self):
        with self.server.connect() as wire:
            for body in (b"", b"x", b"hello", bytes(range(256)) * 300):
                wire.send(f"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                self.assertEqual(wire.response().body, body)

    def test_both_directions_at_once(self):
        """What was sent first comes back before the rest is sent: nothing waits for the end of the body."""
        with self.server.connect() as wire:
            wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            wire.send("5\r\nhello\r\n")
            wire.limit = time.monotonic() + wire.timeout
            self.assertEqual(wire.head().status, 200)
            for word in (b"world", b"again", b"and__", b"again"):
                while b"\r\nhello\r\n" not in b"\r\n" + wire.buffer and word == b"world":
                    self.assertTrue(wire.fill())
                wire.send(b"5\r\n" + word + b"\r\n")
                while word not in wire.buffer:
                    self.assertTrue(wire.fill(), "ended although the body goes on")
                del wire.buffer[:]
            wire.send("0\r\n\r\n")
            while b"0\r\n\r\n" not in wire.buffer:
                self.assertTrue(wire.fill())

    def test_64_mib(self):
        self.stream(64 * MIB)
        self.check_memory()

    def test_16_mib_in_chunks(self):
        self.stream(16 * MIB, chunk=5000)
        self.check_memory()

    def test_1_mib_in_tiny_chunks(self):
        self.stream(MIB, chunk=7)

    def test_a_slow_reader_slows_the_sender(self):
        self.stream(8 * MIB, slow=0.003)
        self.check_memory()

    @unittest.skipUnless(LONG, "1 GiB: set POUNCE_LIVE_LONG=1")
    def test_1_gib(self):
        took = self.stream(1 << 30)
        print(f"1 GiB echoed in {took:.1f} s, peak {self.server.peak_rss() / MIB:.1f} MiB")
        self.check_memory()

    @unittest.skipUnless(LONG, "1 GiB: set POUNCE_LIVE_LONG=1")
    def test_1_gib_in_chunks(self):
        self.stream(1 << 30, chunk=30_000)
        self.check_memory()

    def check_memory(self):
        if not Settings.sanitizer:
            self.assertLess(self.server.peak_rss(), 32 * MIB)


@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class Curl(TourCase):
    """A client that was not written for this test."""
    FLAGS = ("--max-request-size", "64MiB")

    def curl(self, *arguments, stdin=None):
        url = f"http://127.0.0.1:{self.server.port}"
        done = subprocess.run(["curl", "-sS", "--http1.1", "--max-time", str(scaled(20)), *(a.replace("URL", url) for a in arguments)],
                              input=stdin, capture_output=True, timeout=scaled(30))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_get(self):
        self.assertEqual(self.curl("URL/hello"), b"Hello, World!")

    def test_head(self):
        self.assertIn(b"Content-Length: 13", self.curl("-I", "URL/hello"))

    def test_post_with_expect(self):
        body = os.urandom(3 * MIB)
        self.assertEqual(self.curl("--data-binary", "@-", "-H", "Expect: 100-continue", "URL/echo", stdin=body), body)

    def test_chunked_upload(self):
        body = os.urandom(3 * MIB)
        self.assertEqual(self.curl("-T", "-", "URL/echo", stdin=body), body)

    def test_http_1_0(self):
        self.assertEqual(self.curl("--http1.0", "URL/hello"), b"Hello, World!")
        self.assertEqual(self.curl("--http1.0", "--data-binary", "@-", "URL/echo", stdin=b"old"), b"old")

    def test_several_on_one_connection(self):
        self.assertEqual(self.curl("URL/hello", "URL/hello", "URL/hello"), b"Hello, World!" * 3)


class FixtureModule(unittest.TestCase):
    """Handlers that misbehave (tests/live/modules/faults.cpp)."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(target=harness.module("faults"))

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)

    def cut(self, target):
        """The answer begins and is cut; complete it never looks, and no second answer follows."""
        with self.server.connect() as wire:
            wire.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode() + SMUGGLED)
            with self.assertRaises(Broken):
                wire.response()
            self.assertNotIn(b"smuggled", wire.gone() if wire.buffer else b"")
        self.assertEqual(self.server.get("/good").status, 200)

    def test_throws_before_the_head(self):
        for target in ("/throw-plain", "/throw-odd", "/throw-before"):
            with self.server.connect() as wire:
                wire.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(wire.response().status, 500, target)

    def test_throws_after_the_head(self):
        self.cut("/throw-after")

    def test_declares_more_than_it_sends(self):
        self.cut("/short")

    def test_forgets_to_finish(self):
        self.cut("/no-finish")

    def test_answers_that_can_not_be_sent_are_500(self):
        for target in ("/bad-name", "/bad-status", "/framing-field"):
            with self.server.connect() as wire:
                wire.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(wire.response().status, 500, target)

    def test_a_status_of_ones_own(self):
        self.assertEqual(self.server.get("/own-status").status, 299)

    def test_204_and_304_carry_no_content(self):
        for target, status in (("/no-content", 204), ("/no-content-but", 204), ("/not-modified", 304)):
            with self.server.connect() as wire:
                wire.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\nGET /good HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                answer = wire.response()
                if target == "/no-content-but" and answer.status == 500:
                    continue  # refusing such an answer is as good as dropping its content
                self.assertEqual(answer.status, status, target)
                self.assertEqual(wire.response().body, b"good")
                wire.end()

    def test_an_answer_before_the_body(self):
        """The handler never reads. A small body is drained, a large one costs the connection but never the answer."""
        for size, sent in ((100, 100), (60_000, 60_000), (1 << 20, 1 << 20), (1 << 20, 1000)):
            with self.server.connect() as wire:
                wire.send_while_open(f"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n".encode() + (SMUGGLED * (sent // len(SMUGGLED) + 1))[:sent])
                answer = wire.response()
                self.assertEqual((answer.status, answer.body), (200, b"early"), (size, sent))
                if sent < size:
                    continue
                if answer.closes():
                    wire.end()
                else:
                    try:
                        wire.send("GET /good HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                        self.assertEqual(wire.response().body, b"good")
                    except Broken:
                        self.assertGreater(size, 100, "a body of 100 bytes is drained")

    def test_no_100_when_the_handler_does_not_read(self):
        with self.server.connect() as wire:
            wire.send("POST /early HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n")
            answer = wire.response()
            self.assertEqual((answer.status, answer.informational), (200, []))
            wire.end()  # whether the body will come nobody can know: the connection ends

    def test_a_torrent_does_not_own_its_thread(self):
        """Readers that take all they can get, more of them than there are reactors; a good client beside them is served."""
        stop = time.monotonic() + 1.5
        taken = []

        def drink():
            with self.server.connect() as wire:
                wire.send("GET /torrent HTTP/1.1\r\nHost: a\r\n\r\n")
                wire.limit = time.monotonic() + scaled(20)
                while time.monotonic() < stop:
                    assert wire.fill()
                    wire.buffer.clear()
                taken.append(wire.received)
        with GoodClient(self.server, "/good", b"good") as good:
            outcome = harness.in_parallel({n: drink for n in range(4)}, width=4)
        self.assertEqual({n: repr(e) for n, e in outcome.items() if e}, {})
        self.assertGreater(min(taken), 0)
        self.assertLess(good.slowest, scaled(2))

    def test_ends_without_an_answer(self):
        with self.server.connect() as wire:
            wire.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(wire.response().status, 500)

    def test_sends_more_than_it_declared(self):
        """The surplus is refused to the application and never reaches the wire."""
        with self.server.connect() as wire:
            wire.send(b"GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = wire.response()
            self.assertEqual(answer.body, b"hello")
            if answer.closes():
                wire.end()
            else:
                wire.send(b"GET /good HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                self.assertEqual(wire.response().status, 200)
                wire.end()


if __name__ == "__main__":
    harness.main()
