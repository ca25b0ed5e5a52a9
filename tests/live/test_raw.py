#!/usr/bin/env python3
"""Every row of the raw tables against a running program, each as a test of its own, while a good client stays served.

    python3 tests/live/test_raw.py --program build/debug/bin/pounce-sync --app build/debug/examples/tour/libtour.so
    python3 tests/live/test_raw.py ... -k "chunk"          runs all rows, reports those whose name matches
"""

import re
import time
import unittest

import harness
import raw_bodies
import raw_flow
import raw_heads
from raw_rows import BY_BYTE, CLOSED, EITHER, HALF_CLOSE, OPEN, READ_100, SILENCE
from wire import Broken, Ended, Reset

ROWS = raw_heads.table.rows + raw_bodies.table.rows + raw_flow.table.rows
BETWEEN_PIECES = 0.004  # enough for the server to see two reads; correctness never depends on it


def send(wire, row):
    """Send the pieces. A server that has answered may stop taking bytes; what it answered is still judged."""
    by_byte = row.pieces[0] is BY_BYTE
    for index, piece in enumerate(row.pieces):
        if piece is BY_BYTE:
            continue
        if piece is HALF_CLOSE:
            wire.half_close()
        elif piece is SILENCE:
            wire.quiet(0.2)
        elif piece is READ_100:
            wire.limit = time.monotonic() + wire.timeout
            answer = wire.head()
            assert answer.status == 100, f"expected 100, got {answer}"
        elif by_byte:
            for at in range(len(piece)):
                if not wire.send_while_open(piece[at:at + 1]):
                    return
        else:
            if index:
                time.sleep(BETWEEN_PIECES)
            if not wire.send_while_open(piece):
                return


def judge(answer, expected):
    assert answer.status in expected.status, f"expected {expected.status}, got {answer}"
    if expected.body is not None:
        assert answer.body == expected.body, f"body {answer.body[:100]!r}, expected {expected.body[:100]!r}"
    if expected.with_field:
        name, value = expected.with_field
        assert answer.all(name), f"no {name} in {answer}"
        assert value is None or value in answer.tokens(name), f"{name} {answer.all(name)}, expected {value!r}"
    if expected.no_informational:
        assert not answer.informational, f"1xx not expected here: {answer.informational}"
    if expected.method == "HEAD" and answer.status == 200:
        assert answer.framing == "none"
    if answer.status >= 400 and expected.method != "HEAD":
        assert answer.framing == "length", f"an error answer has a Content-Length: {answer}"
    if answer.status >= 400:
        assert "smuggled" not in str(answer.fields), answer


def probe(wire, mark):
    """The connection goes on in step: the next answer is the probe's own, and after it the server closes as asked."""
    wire.send(f"GET /headers?h={mark} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    answer = wire.response()
    values = [value for _, value in answer.fields]
    assert answer.status == 200 and mark in values, f"expected the probe's answer, got {answer}"
    wire.end()


def play(server, row):
    with server.connect() as wire:
        send(wire, row)
        last = None
        for expected in row.answers:
            try:
                last = wire.response(expected.method, expected.version)
            except Ended:
                if row.silence_is_fine and not wire.buffer and expected is row.answers[-1]:
                    return
                if row.aborted_is_fine:
                    return
                raise
            except Reset:
                if row.aborted_is_fine and wire.received:
                    return
                raise
            if row.aborted_is_fine and last.status == 200:
                raise Broken(f"a complete 200 although the request was broken: {last}")
            judge(last, expected)
        if row.then == CLOSED:
            if last is not None and last.status >= 400 and "keep" not in row.name and HALF_CLOSE not in row.pieces:
                assert last.closes(), f"the last answer does not say Connection: close: {last}"
            wire.end()
        elif row.then == OPEN:
            assert not last.closes(), f"closes although it need not: {last}"
            probe(wire, f"probe-{row.number}")
        elif row.then == EITHER:
            if last.closes():
                wire.end()
            else:
                probe(wire, f"probe-{row.number}")


class RawRows(unittest.TestCase):
    """One test per row, added below; all rows run once, in parallel, before the first verdict."""
    outcome = None

    @classmethod
    def setUpClass(cls):
        with harness.Server() as server:
            with harness.GoodClient(server):
                tasks = {row.number: (lambda row=row: play(server, row)) for row in ROWS}
                cls.outcome = harness.in_parallel(tasks, width=12)
            cls.report = server.output()

    def verdict(self, row):
        error = self.outcome[row.number]
        if error is None:
            return
        sent = b"".join(p for p in row.pieces if isinstance(p, bytes))
        shown = repr(sent[:300]) + (f" ... {len(sent)} bytes" if len(sent) > 300 else "")
        kind = "" if type(error) is AssertionError else type(error).__name__ + ": "
        self.fail(f"{row.group}: {row.name}\n  sent: {shown}\n  expected: {[a.status for a in row.answers]}, then {row.then}\n  {kind}{error}")


def add_tests():
    for row in ROWS:
        words = re.sub(r"[^0-9A-Za-z]+", "_", f"{row.group} {row.name}").strip("_")[:80]
        test = lambda self, row=row: self.verdict(row)
        test.__doc__ = f"{row.group}: {row.name}"
        setattr(RawRows, f"test_{row.number:03d}_{words}", test)


class TableItself(unittest.TestCase):
    def test_is_large_and_free_of_doubles(self):
        self.assertGreaterEqual(len(ROWS), 250)
        self.assertEqual(len(ROWS), len({(row.group, row.name) for row in ROWS}))


add_tests()

if __name__ == "__main__":
    harness.main()
