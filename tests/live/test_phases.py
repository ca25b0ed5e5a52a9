#!/usr/bin/env python3
"""SIGTERM in each phase of each protocol, while others ask without a pause: what was accepted is answered, what had not begun ends cleanly, and
the exit code and the last line tell the truth about what was cut."""

import json
import os
import re
import signal
import socket
import time
import unittest

import frames
import harness
from frames import Frames
from harness import Server, Settings, scaled
from scratch import Scratch
from secure import Ground
from visitors import Visitor1, Visitor2
from wire import Ended, Wire
from ws_wire import CLOSE, TEXT, WebSocket, close_payload
from ws_wire import frame as ws_frame

HEAD = "GET /hello HTTP/1.1\r\nHost: a\r\n"
REQUEST = HEAD + "\r\n"
UPLOAD = "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhello"
SLEEP = "GET /sleep?ms=3600000 HTTP/1.1\r\nHost: a\r\n\r\n"  # it is told of the drain, and answers


def websocket_app():
    path = os.path.join(os.path.dirname(os.path.dirname(Settings.app)), "websocket", "libwebsocket.so")
    if not os.path.exists(path):
        raise unittest.SkipTest("the example websocket is not built")
    return path


class Load:
    """Visitors until the signal; what happens to them behind it is not theirs to judge: they may find the door closed."""

    def __init__(self, server, target="/hello"):
        self.visitors = [Visitor1(server, target) for _ in range(3)] + [Visitor2(server, target) for _ in range(2)]

    def __enter__(self):
        for one in self.visitors:
            one.thread.start()
        harness.eventually(lambda: all(one.served for one in self.visitors), what="a first answer for everybody")
        return self

    def __exit__(self, kind, error, trace):
        for one in self.visitors:
            one.stopping.set()
        for one in self.visitors:
            one.thread.join(scaled(30))

    def before(self):
        return [failure for one in self.visitors for failure in one.failures]


class Http1(unittest.TestCase):
    def test_every_phase(self):
        with Server("--shutdown-timeout", "30s") as server, Load(server) as load:
            silent, within_head, sleeping, uploading, large, idle, pipelined = (server.connect(timeout=30) for _ in range(7))
            for wire in (within_head, sleeping, uploading, idle, pipelined):
                wire.send(REQUEST)
                self.assertEqual(wire.response().status, 200)
            within_head.send(HEAD)
            sleeping.send(SLEEP)
            uploading.send(UPLOAD)
            large.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
            pipelined.send(SLEEP + REQUEST)
            time.sleep(scaled(0.3))
            self.assertEqual(load.before(), [])
            server.signal()
            silent.end()
            idle.end()
            within_head.send("\r\n")
            uploading.send("x" * 995)
            for wire in (within_head, sleeping, uploading, large):
                answer = wire.response()
                self.assertEqual(answer.status, 200)
                wire.end()
            answers = [pipelined.response()]
            while not answers[-1].closes():
                answers.append(pipelined.response())
            self.assertTrue(all(one.status == 200 for one in answers))
            self.assertEqual(server.wait(), 0)
            self.assertRegex(server.output(), r": drained, \d+ requests served")

    def test_what_never_ends_is_cut_and_counted(self):
        with Server("--shutdown-timeout", "500ms", exit_code=4) as server:
            wires = [server.connect(timeout=30) for _ in range(3)]
            for wire in wires:
                wire.send(REQUEST)
                wire.response()
                wire.send(UPLOAD)
            time.sleep(scaled(0.3))
            server.signal()
            self.assertEqual(server.wait(), 4)
            self.assertRegex(server.output(), r": cut 3 connections( with [123] requests?)?, 3 requests served")
            for wire in wires:
                wire.close()


class Http2(unittest.TestCase):
    def open(self, server, text=frames.HELLO):
        wire = server.connect(timeout=30)
        wire.send(text)
        return wire

    def answer(self, wire, stream):
        """The status of the answer on a stream, read to its end and to the end of the connection."""
        found, status = Frames(wire), None
        while (one := found.next()) is not None:
            kind, flags, at, payload = one
            if kind == frames.PING and not flags & frames.ACK:
                wire.send(frames.frame(frames.PING, frames.ACK, 0, payload))
            elif at == stream and kind == frames.HEADERS:
                status = payload[:1]
            elif at == stream and kind == frames.RST_STREAM:
                return "reset"
        return status

    def test_every_phase(self):
        with Server("--shutdown-timeout", "30s") as server, Load(server) as load:
            before_preface = server.connect(timeout=30)
            within_preface = self.open(server, frames.PREFACE[:10])
            idle = self.open(server)
            sleeping = self.open(server, frames.HELLO + frames.headers(1, frames.request(path=b"/sleep?ms=3600000")))
            uploading = self.open(server, frames.HELLO + frames.headers(1, frames.request(method=b"POST"), frames.END_HEADERS) +
                                  frames.frame(frames.DATA, 0, 1, b"hello"))
            block = frames.request()
            within_headers = self.open(server, frames.HELLO + frames.frame(frames.HEADERS, frames.END_STREAM, 1, block[:10]))
            time.sleep(scaled(0.3))
            self.assertEqual(load.before(), [])
            server.signal()
            before_preface.end()
            uploading.send(frames.frame(frames.DATA, frames.END_STREAM, 1, b"x"))
            within_headers.send(frames.frame(frames.CONTINUATION, frames.END_HEADERS, 1, block[10:]))
            for wire in (sleeping, uploading, within_headers):
                self.assertEqual(self.answer(wire, 1), b"\x88")  # :status 200, from the static table
            self.assertIsNone(self.answer(idle, 1))
            within_preface.close()
            self.assertEqual(server.wait(), 0)


class Sockets(unittest.TestCase):
    def test_every_phase(self):
        with Server("--shutdown-timeout", "30s", target=websocket_app()) as server:
            at = (server.host, server.port)
            peers = [WebSocket(at, timeout=scaled(30)) for _ in range(3)]
            idle, within_message, closing = peers
            for peer in peers:
                peer.text("here")
                self.assertEqual(peer.receive(), ("text", "here"))
            within_message.frame(TEXT, b"half", fin=False)
            time.sleep(scaled(0.2))
            server.signal()
            for peer in (idle, within_message):
                self.assertEqual(peer.receive(), ("close", 1001, ""))
                peer.frame(CLOSE, close_payload(1001))
                self.assertEqual(peer.receive(), ("end",))
            closing.frame(CLOSE, close_payload(1000))
            self.assertEqual(closing.receive()[0], "close")
            for peer in peers:
                peer.close()
            self.assertEqual(server.wait(), 0)


class Cut(Scratch):
    """What a second signal ends is said with how many of what, wherever it is said."""

    def check(self, mode, workers):
        log = self.path("events")
        with Server("--worker-mode", mode, "--shutdown-timeout", "10m", "--metrics-path", "/-/metrics", "--event-log", log,
                    target=harness.module("alone"), workers=workers, exit_code=4) as server:
            wire = server.connect()
            wire.send("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
            streams = server.connect()
            endless = frames.request(path=b"/endless")
            streams.send(frames.HELLO + frames.headers(1, endless) + frames.headers(3, endless))
            socket1 = WebSocket((server.host, server.port), "/socket")
            sockets2 = server.connect()
            sockets2.send(frames.HELLO)
            offered = Frames(sockets2).until(lambda kind, flags, *_: kind == frames.SETTINGS and not flags & frames.ACK)
            self.assertIn(b"\0\x08\0\0\0\x01", offered[3])  # ENABLE_CONNECT_PROTOCOL
            connect = frames.request(b"CONNECT", b"/socket", more=((b":protocol", b"websocket"), (b"sec-websocket-version", b"13")))
            sockets2.send(frames.headers(1, connect, frames.END_HEADERS) + frames.headers(3, endless))
            # All of them, and the question itself.
            harness.eventually(lambda: self.metrics(server)["pounce_requests_in_flight"] == 7, what="requests under way")
            server.signal()
            server.wait_output("draining 4 connections", 30)  # who has asked for metrics has gone, too
            server.signal()
            self.assertEqual(server.wait(), 4)
            self.assertRegex(server.output(), r": cut 4 connections with 4 requests and 2 WebSockets, \d+ requests served")
            for one in (wire, streams, socket1, sockets2):
                one.close()
        with open(log, encoding="utf-8") as file:
            ended = [one for one in map(json.loads, file) if one["event"] == "generation_stopped"]
        self.assertEqual([sum(one[what] for one in ended) for what in ("cut", "cut_requests", "cut_websockets")], [4, 4, 2])

    def test_with_threads(self):
        self.check("threads", 1)

    def test_with_processes(self):
        self.check("processes", 3)


class Secure(Ground):
    def test_every_phase(self):
        with self.server("--shutdown-timeout", "30s", app=Settings.app) as server:
            made = self.context()

            def dial():
                raw = socket.create_connection((server.host, server.port), scaled(30))
                return made.wrap_socket(raw, server_hostname="localhost")

            def answer(tls):
                got = b""
                while piece := tls.recv(65536):
                    got += piece
                return got

            sleeping, uploading = dial(), dial()
            half = socket.create_connection((server.host, server.port), scaled(30))
            half.sendall(b"\x16\x03\x01\x02\x00\x01")  # the beginning of a hello
            sleeping.sendall(SLEEP.encode())
            uploading.sendall(UPLOAD.encode())
            time.sleep(scaled(0.3))
            server.signal()
            half.close()
            uploading.sendall(b"x" * 995)
            for tls in (sleeping, uploading):
                self.assertTrue(answer(tls).startswith(b"HTTP/1.1 200 "))
                tls.close()
            self.assertEqual(server.wait(), 0)


class New(Ground):
    """Who has connected a moment before the signal is served, whatever is spoken. A moment is a second, so each may try a few times."""

    def server(self, *flags, **more):
        return super().server("--shutdown-timeout", "30s", *flags, app=Settings.app, **more)

    def check(self, bind, ask):
        tries = 5
        for left in reversed(range(tries)):
            with self.server(bind=bind, certificate=bind.endswith(",tls")) as server, socket.create_connection((server.host, server.port), scaled(30)) as raw:
                time.sleep(0.1)  # it is accepted
                server.signal()
                server.wait_output(": draining")
                try:
                    answer = ask(raw)
                except OSError:
                    answer = b""
                raw.close()
                self.assertEqual(server.wait(), 0)
            if b"Hello, World!" in answer:
                return
            self.assertTrue(left, answer)

    def read(self, stream):
        got = b""
        while b"Hello, World!" not in got and (piece := stream.recv(65536)):
            got += piece
        return got

    def http1(self, stream):
        stream.sendall(REQUEST.encode())
        return self.read(stream)

    def http2(self, stream):
        stream.sendall(frames.HELLO + frames.headers(1))
        return self.read(stream)

    def over_tls(self, ask, protocol):
        def shake_hands_and_ask(raw):
            with self.context(protocols=(protocol,)).wrap_socket(raw, server_hostname="localhost") as tls:
                return ask(tls)
        return shake_hands_and_ask

    def test_in_the_clear(self):
        self.check("127.0.0.1:0", self.http1)
        self.check("127.0.0.1:0", self.http2)

    def test_over_tls(self):
        self.check("127.0.0.1:0,tls", self.over_tls(self.http1, "http/1.1"))
        self.check("127.0.0.1:0,tls", self.over_tls(self.http2, "h2"))


class Doors(unittest.TestCase):
    def test_nobody_whom_the_kernel_has_taken_is_reset(self):
        """Fresh connections come as fast as they can; of those that are there when the signal comes, each one is answered."""
        for _ in range(3):
            server = Server("--shutdown-timeout", "30s", workers=2)
            wires, stop = [], time.monotonic() + 0.15
            while time.monotonic() < stop:
                wire = server.connect(timeout=30)
                wire.send(REQUEST)
                wires.append(wire)
            server.signal()
            for wire in wires:
                self.assertEqual(wire.response().status, 200)
                wire.close()
            self.assertEqual(server.wait(), 0)

    def test_a_delay_lets_balancers_notice(self):
        with Server("--drain-delay", "6s", "--health-path", "/-/health") as server:
            self.assertEqual(server.get("/-/health").status, 200)
            server.signal()
            harness.eventually(lambda: server.get("/-/health").status == 503, what="no longer ready")
            self.assertEqual(server.get().status, 200)
            self.assertEqual(server.wait(), 0)

    def test_a_second_signal_ends_the_delay(self):
        with Server("--drain-delay", "1h", "--shutdown-timeout", "2h", "--health-path", "/-/health") as server:
            server.signal()
            harness.eventually(lambda: server.get("/-/health").status == 503, what="no longer ready")
            server.signal()
            self.assertIn(server.wait(), (0, 4))


if __name__ == "__main__":
    harness.main()
