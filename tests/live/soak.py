#!/usr/bin/env python3
"""Mixed traffic for a given time, and what is left of it: soak.py --program P --modules DIR --seconds N

HTTP/1.1, HTTP/2, WebSocket, TLS, files, streams, uploads, more requests than places, clients that reset, half-close or say nothing, and a SIGHUP in
each round. After each round everybody leaves; when the server has no connection left, its memory and descriptors are read. The slopes over the
rounds behind the first third (until then pools and caches fill) are printed, and must be flat: no more descriptors, and memory that grows less than
MOST_GROWTH over the rest of the run and less than MOST_PER_REQUEST for each request of it.
"""

import argparse
import os
import random
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import frames
import harness
from harness import Server, Settings, module, scaled
from wire import Broken, Ended, Reset, Wire
from ws_wire import WebSocket

MOST_GROWTH = 3 << 20
MOST_PER_REQUEST = 400
ROUND = 1.5
THREADS = 8


def is_last(response):
    return "close" in response.tokens("connection")


class Traffic:
    def __init__(self, server):
        self.server, self.done, self.failures, self.closed_between = server, 0, {}, []
        self.lock, self.stop = threading.Lock(), threading.Event()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.secure = server.urls[1][1]

    def get(self, path, fields="", body=""):
        method = "POST" if body else "GET"
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        return f"{method} {path} HTTP/1.1\r\nHost: a\r\n{length}{fields}\r\n{body}"

    # Each is a visit; what it does is drawn, so that no two rounds are alike.

    def kept(self, dice):
        with self.server.connect() as wire:
            for number in range(dice.randrange(1, 20)):
                path = dice.choice(("/hello", "/sleep", "/large", "/files/page.txt", "/files/page.html", "/nowhere"))
                try:
                    wire.send(self.get(path, dice.choice(("", "Accept-Encoding: gzip\r\n", "Range: bytes=0-99\r\n"))))
                    if is_last(wire.response()):
                        return
                except (Ended, Reset, BrokenPipeError) as error:
                    if number == 0 or wire.buffer:
                        raise
                    self.closed_between.append(error)  # as a server may close what is idle (RFC 9112, section 9.3.1)
                    return

    def uploads(self, dice):
        with self.server.connect() as wire:
            wire.send(self.get(dice.choice(("/size", "/echo")), body="x" * dice.randrange(1, 60_000)))
            wire.response()

    def pipelines(self, dice):
        with self.server.connect() as wire:
            count = dice.randrange(2, 30)
            wire.send(self.get("/hello") * count)
            for _ in range(dice.randrange(0, count)):
                if is_last(wire.response()):
                    break
            dice.choice((wire.reset, wire.half_close, wire.close))()

    def leaves(self, dice):
        wire = self.server.connect(rcvbuf=4096)
        wire.send_while_open(dice.choice((self.get("/large"), self.get("/lines"), "GET /hello HT", "nonsense\r\n\r\n", "",
                                          "POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + "x" * 3000)))
        if dice.random() < 0.5:
            wire.deadline = time.monotonic() + 1
            wire.limit = time.monotonic() + 0.05
            try:
                wire.fill()
            except Broken:
                pass
        dice.choice((wire.reset, wire.close))()

    def streams(self, dice):
        with self.server.connect() as wire:
            wire.send(self.get("/lines"))
            wire.limit = time.monotonic() + scaled(10)
            if dice.random() < 0.5:
                wire.response()
            else:
                wire.fill()
                wire.reset()

    def http2(self, dice):
        with self.server.connect() as wire:
            wire.send(frames.HELLO + frames.frame(frames.WINDOW_UPDATE, 0, 0, frames.word(1 << 30)))
            count, taken_back = dice.randrange(1, 40), 0
            for i in range(count):
                path = dice.choice((b"/hello", b"/sleep", b"/files/page.txt", b"/lines"))
                wire.send(frames.headers(2 * i + 1, frames.request(path=path)))
                if dice.random() < 0.1:
                    taken_back += 1  # of these an answer may come or not
                    wire.send(frames.frame(frames.RST_STREAM, 0, 2 * i + 1, frames.word(frames.CANCEL)))
            if dice.random() < 0.3:
                return wire.reset()
            reader = frames.Frames(wire)
            for _ in range((count - taken_back) // 2):
                got = reader.until(lambda kind, flags, *_: kind in (frames.RST_STREAM, frames.GOAWAY) or (kind < 2 and flags & 1))
                if got is None or got[0] == frames.GOAWAY:  # streams behind it are for another connection
                    break
        return None

    def socket(self, dice):
        with WebSocket((self.server.host, self.server.port), "/socket", timeout=scaled(10),
                       fields=dice.choice(("", "Sec-WebSocket-Extensions: permessage-deflate\r\n"))) as wire:
            for _ in range(dice.randrange(0, 10)):
                wire.text("a message " * dice.randrange(1, 200))
                if wire.receive()[0] in ("close", "end"):
                    return
            if dice.random() < 0.5:
                try:
                    wire.goodbye()
                except Broken as error:
                    if "('close', 1001" not in str(error):  # a reload: two Close frames have crossed
                        raise

    def secured(self, dice):
        raw = __import__("socket").create_connection((self.server.host, self.secure), timeout=scaled(10))
        try:
            with self.context.wrap_socket(raw) as wire:
                for _ in range(dice.randrange(1, 5)):
                    wire.sendall(self.get("/hello").encode())
                    if not wire.recv(65536):
                        break
        except (OSError, ssl.SSLError):
            if not self.stop.is_set():
                raise
        finally:
            raw.close()

    def half_a_handshake(self, dice):
        with Wire((self.server.host, self.secure), scaled(10)) as wire:
            wire.send_while_open(dice.choice((b"", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\n\r\n")))

    VISITS = (kept, kept, uploads, pipelines, leaves, streams, http2, http2, socket, secured, half_a_handshake)

    def work(self, seed, end):
        dice = random.Random(seed)
        while time.monotonic() < end:
            visit = dice.choice(self.VISITS)
            try:
                visit(self, dice)
                failure = None
            except (Broken, OSError) as error:
                if " 503 " in str(error) or "<503" in str(error):
                    continue  # there were no places
                failure = f"{visit.__name__}: {type(error).__name__}: {str(error)[:120]}"
            with self.lock:
                self.done += 1
                if failure:
                    self.failures[failure] = self.failures.get(failure, 0) + 1

    def round(self, number, seconds):
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=self.work, args=(number * 1000 + i, end), daemon=True) for i in range(THREADS)]
        for thread in threads:
            thread.start()
        time.sleep(seconds / 2)
        self.server.signal(signal.SIGHUP)
        for thread in threads:
            thread.join()


def slope(values):
    """Of the line through them that errs least, per round."""
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    return sum((i - middle) * (value - mean) for i, value in enumerate(values)) / sum((i - middle) ** 2 for i in range(len(values)))


def soak(seconds):
    with tempfile.TemporaryDirectory() as directory:
        for name in ("page.txt", "page.html"):
            with open(os.path.join(directory, name), "w", encoding="ascii") as file:
                file.write("a line of a page\n" * 2000)
        flags = ("--bind", "127.0.0.1:0", "--bind", "127.0.0.1:0,tls", "--tls-self-signed", "--static", f"/files={directory}", "--max-concurrency", "6",
                 "--queue-depth", "4", "--queue-timeout", "100ms", "--metrics-path", "/-/metrics", "--access-log", "/dev/null",
                 "--admin-bind", f"unix:{directory}/admin")
        with Server(*flags, target=module("soak"), listen=(), urls=2, workers=12 if Settings.is_sync() else 2) as server:
            traffic, memory, descriptors, requests = Traffic(server), [], [], []
            end = time.monotonic() + seconds
            number = 0
            while time.monotonic() < end or number < 6:
                traffic.round(number, ROUND)
                # Until everybody has gone, as the metrics say; linger included.
                harness.eventually(lambda: open_connections(directory) == 0, 60, "no connection is left")
                memory.append(server.rss())
                descriptors.append(server.descriptors())
                requests.append(traffic.done)
                number += 1
            first = number // 3
            rest = memory[first:]
            grown, visits = slope(rest) * (len(rest) - 1), requests[-1] - requests[first]
            print(f"{os.path.basename(Settings.program)}: {number} rounds, {traffic.done} visits in {seconds:.0f} s; memory {memory[0] / 1048576:.1f} MiB at first, "
                  f"{rest[0] / 1048576:.2f} → {rest[-1] / 1048576:.2f} MiB behind the first third: {slope(rest) / 1024:+.1f} KiB a round, "
                  f"{grown / max(visits, 1):+.0f} bytes a visit; descriptors {descriptors[first]} → {descriptors[-1]}, {slope(descriptors[first:]):+.2f} a round; {len(traffic.closed_between)} connections closed between requests")
            for failure, count in sorted(traffic.failures.items()):
                print(f"  {count} × {failure}")
            problems = []
            if min(descriptors[-2:]) > descriptors[first] + 2:  # a generation that still drains in one round is no leak
                problems.append(f"descriptors: {descriptors}")
            if not Settings.sanitizer and grown > MOST_GROWTH:
                problems.append(f"memory in MiB: {[round(value / 1048576, 2) for value in memory]}")
            if not Settings.sanitizer and visits > 20_000 and grown > MOST_PER_REQUEST * visits:
                problems.append("memory by visit")
            if sum(traffic.failures.values()) > traffic.done / 200:
                problems.append("too many visits failed")
            return problems


def open_connections(directory):
    text = subprocess.run(["curl", "-s", "--unix-socket", f"{directory}/admin", "http://a/-/metrics"], capture_output=True, text=True, timeout=20,
                          check=False).stdout
    return sum(int(number) for number in re.findall(r"^pounce_connections_open\{.*\} (\d+)", text, re.MULTILINE)) if text else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--modules", required=True)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    Settings.program, Settings.modules = os.path.abspath(options.program), os.path.abspath(options.modules)
    Settings.sanitizer = harness.sanitizer_of(Settings.program)
    Settings.factor = {"thread": 4.0, "address": 2.0}.get(Settings.sanitizer, 1.0)
    problems = soak(options.seconds)
    for problem in problems:
        print(f"not flat: {problem}")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
