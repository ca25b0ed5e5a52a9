#!/usr/bin/env python3
"""What both programs say to the same requests is the same to the byte, also where pounce-sync moves the exchange between threads."""

import os
import re
import time
import unittest

import harness
from harness import Server, Settings

LINES = 10_000


def both():
    folder = os.path.dirname(Settings.program)
    return [os.path.join(folder, name) for name in ("pounce-async", "pounce-sync")]


def conversation(program, requests):
    """All that the server sends, as it is on the wire; only what a clock or a counter says is taken out."""
    Settings.program = program
    with Server() as server, server.connect(timeout=60) as wire:
        wire.send(requests)
        wire.limit = time.monotonic() + wire.timeout
        while wire.fill():
            pass
        return re.sub(rb"\r\nDate: [^\r]*", b"", bytes(wire.buffer))


def get(target, fields=""):
    return f"GET {target} HTTP/1.1\r\nHost: a\r\n{fields}\r\n"


class Same(unittest.TestCase):
    def compare(self, requests):
        async_says, sync_says = (conversation(program, requests) for program in both())
        self.assertEqual(len(async_says), len(sync_says))
        self.assertEqual(async_says, sync_says)
        return sync_says

    def test_a_stream_of_ten_thousand_events(self):
        said = self.compare(get(f"/events?n={LINES}&ms=0", "Connection: close\r\n"))
        self.assertEqual(re.findall(rb"data: tick (\d+)\n", said), [b"%d" % i for i in range(1, LINES + 1)])
        self.assertTrue(said.endswith(b"\r\n0\r\n\r\n"))

    def test_requests_of_every_kind_in_a_row(self):
        """Waits and plain answers alternate on one connection, and all of it was sent at once."""
        row = [get(target) for target in ("/hello", "/sleep?ms=1", "/hello", "/trailers", "/hints", "/events?n=3&ms=1", "/nowhere",
                                          "/json", "/sleep?ms=0")]
        upload = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
        said = self.compare("".join(row) * 20 + upload + get("/hello", "Connection: close\r\n"))
        self.assertEqual(said.count(b"HTTP/1.1 200 OK"), 20 * 8 + 2)


if __name__ == "__main__":
    harness.main()
