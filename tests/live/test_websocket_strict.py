"""The WebSocket protocol over a real socket, case by case, and strictly: what RFC 6455 and RFC 7692 leave no choice about, and where they do, what we promise.

The order and the numbers in the names follow the sections that WebSocket implementations usually count their conformance in: 1 framing, 2 pings, 3 reserved bits,
4 opcodes, 5 fragments, 6 UTF-8, 7 closing, 9 limits, 10 fragments of the sender's, 12 and 13 compression. Each case is a connection of its own to an echo. POUNCE_WS_FULL=1 sends as much as
those do; without it sections 9, 12 and 13 send less.
"""

import itertools
import os
import random
import struct
import time
import unittest

import harness
from test_websocket import dial, serve
from ws_wire import BINARY, CLOSE, CONT, PING, PONG, TEXT, close_payload, frame

FULL = os.environ.get("POUNCE_WS_FULL") == "1"
COUNTS = {"cases": 0}


def setUpModule():
    global server
    server = serve()


def tearDownModule():
    server.__exit__(None, None, None)
    print(f"{COUNTS['cases']} cases")


class Case(unittest.TestCase):
    def play(self, frames, *expected, chop="all", fields="", end=None):
        """Sends `frames` ("all": in one piece, "frames": one by one, N: N octets at a time); then exactly `expected` comes. `end`: the code that the server
        fails with, a number that it answers a Close of ours with, or None: it goes on, and a closing handshake of ours ends it."""
        COUNTS["cases"] += 1
        frames = [frames] if isinstance(frames, bytes) else frames
        data = b"".join(frames)
        pieces = [data] if chop == "all" else frames if chop == "frames" else [data[i:i + chop] for i in range(0, len(data), chop)]
        with dial(server, fields=fields) as peer:
            for piece in pieces:
                if not peer.send_while_open(piece):
                    break  # it has failed us already
            for what in expected:
                self.assertEqual(peer.receive(), what)
            if end is None:
                self.assertEqual(peer.goodbye(1000), [])
                return
            got = peer.receive()
            self.assertEqual(got[:2], ("close", end if end != 1005 else None), got)
            self.assertEqual(peer.receive(), ("end",))

    def each_way(self, frames, *expected, **rest):
        for chop in ("all", "frames", 1):
            with self.subTest(chop=chop):
                self.play(frames, *expected, chop=chop, **rest)


class Framing1(Case):
    def test_sizes(self):
        for size in (0, 125, 126, 127, 128, 65535, 65536):
            for chop in ("all", 997):
                with self.subTest(size=size, chop=chop):
                    self.play(frame(TEXT, "*" * size), ("text", "*" * size), chop=chop)
                    self.play(frame(BINARY, b"\xfe" * size), ("binary", b"\xfe" * size), chop=chop)

    def test_lengths_that_are_not_minimal(self):
        for form, size in ((2, 5), (2, 125), (8, 5), (8, 65535)):
            self.play(frame(TEXT, "x" * size, form=form), end=1002)
        self.play(frame(TEXT, "x", form=8, length=1 << 63), end=1002)

    def test_masks(self):
        for mask in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x01\x02\x03\x04"):
            self.play(frame(TEXT, "masked " * 30, mask=mask), ("text", "masked " * 30))
        self.each_way(frame(TEXT, "unmasked", mask=None), end=1002)
        self.each_way(frame(PING, "unmasked", mask=None), end=1002)
        self.each_way(frame(CLOSE, close_payload(1000), mask=None), end=1002)


class Pings2(Case):
    def test_payloads(self):
        for payload in (b"", b"Hello, world!", bytes([0, 255, 254, 253, 252, 251, 0, 255]), b"\xfe" * 125):
            self.each_way(frame(PING, payload), ("pong", payload))
        self.each_way(frame(PING, b"\xfe" * 126), end=1002)

    def test_pongs_that_nobody_asked_for(self):
        self.each_way(frame(PONG))
        self.each_way(frame(PONG, "unsolicited"))
        self.each_way([frame(PONG, "unsolicited"), frame(PING, "asked")], ("pong", b"asked"))

    def test_ten(self):
        self.each_way([frame(PING, f"payload-{n}") for n in range(10)], *[("pong", f"payload-{n}".encode()) for n in range(10)])


class ReservedBits3(Case):
    def test_each(self):
        for rsv in range(1, 8):
            self.each_way(frame(TEXT, "Hello", rsv=rsv), end=1002)
            self.each_way(frame(BINARY, "Hello", rsv=rsv), end=1002)
            self.each_way(frame(PING, "Hello", rsv=rsv), end=1002)
            self.each_way(frame(CLOSE, close_payload(1000), rsv=rsv), end=1002)
            self.each_way([frame(TEXT, "first"), frame(TEXT, "second", rsv=rsv), frame(PING)], ("text", "first"), end=1002)
            self.each_way([frame(TEXT, "fir", fin=False), frame(CONT, "st", rsv=rsv)], end=1002)


class Opcodes4(Case):
    def test_reserved(self):
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
            self.each_way(frame(opcode), end=1002)
            self.each_way(frame(opcode, "reserved"), end=1002)
            self.each_way([frame(TEXT, "first"), frame(opcode), frame(PING)], ("text", "first"), end=1002)
            self.each_way([frame(TEXT, "first"), frame(opcode, "reserved"), frame(PING)], ("text", "first"), end=1002)


class Fragments5(Case):
    def test_control_frames_have_none(self):
        for opcode in (PING, PONG, CLOSE):
            self.each_way([frame(opcode, "frag", fin=False), frame(CONT, "ment")], end=1002)

    def test_text(self):
        self.each_way([frame(TEXT, "frag", fin=False), frame(CONT, "ment")], ("text", "fragment"))
        self.each_way([frame(TEXT, "frag", fin=False), frame(PING, "between"), frame(CONT, "ment")], ("pong", b"between"), ("text", "fragment"))
        self.each_way([frame(TEXT, "", fin=False), frame(CONT, "", fin=False), frame(CONT, "")], ("text", ""))
        self.each_way([frame(BINARY, str(n) if n else "0", fin=False) if n == 0 else frame(CONT, str(n), fin=n == 9) for n in range(10)],
                      ("binary", b"0123456789"))

    def test_nothing_to_continue(self):
        for fin in (True, False):
            self.each_way([frame(CONT, "non-continuation", fin=fin), frame(TEXT, "Hello")], end=1002)
            self.each_way([frame(TEXT, "frag", fin=False), frame(CONT, "ment"), frame(CONT, "more", fin=fin), frame(TEXT, "Hello")], ("text", "fragment"), end=1002)
            self.each_way([frame(CONT, "non", fin=fin), frame(TEXT, "frag", fin=False), frame(CONT, "ment")] * 2, end=1002)

    def test_a_message_within_a_message(self):
        for opcode in (TEXT, BINARY):
            self.each_way([frame(TEXT, "frag", fin=False), frame(opcode, "ment")], end=1002)

    def test_many_with_pings(self):
        frames = [frame(TEXT, "a", fin=False), frame(CONT, "b", fin=False), frame(PING, "p1"),
                  frame(CONT, "c", fin=False), frame(CONT, "d", fin=False), frame(PING, "p2"), frame(CONT, "e")]
        self.each_way(frames, ("pong", b"p1"), ("pong", b"p2"), ("text", "abcde"))


VALID = [
    # 6.2, 6.5: words; 6.6: every whole prefix; 6.7, 6.9: first and last of each length; 6.11: around the borders; 6.23: specials
    "Hello-µ@ßöäüàá-UTF-8!!", "κόσμε", "κ", "κό", "κόσ", "κόσμ", "\0", "\x80", "ࠀ", "\U00010000", "\x7f", "\u07ff", "\uffff",
    "\U0010ffff", "\ud7ff", "\ue000", "\ufffd", "\ufff9", "\ufffa", "\ufffb", "\ufffc", "a\u0300", "\ufeff", "\u200b",
] + [chr(plane << 16 | end) for plane in range(17) for end in (0xfffe, 0xffff)]  # 6.22: they are no characters, but may be sent

INVALID = [bytes.fromhex(text) for text in (
    # 6.3: in the middle; 6.6: prefixes that end within a character
    "cebae1bdb9cf83cebcceb5eda080656469746564", "cebae1bdb9cf83cebcceb5f4908080656469746564", "ce", "cebae1", "cebae1bd", "cebae1bdb9cf", "cebae1bdb9cf83ce",
    # 6.8, 6.10: five and six octets, above the last
    "f888808080", "fc8480808080", "f7bfbfbf", "fbbfbfbfbf", "fdbfbfbfbfbf", "f4908080",
    # 6.12: continuations alone; 6.13: beginnings alone
    "80", "bf", "80bf", "80bf80", "80bf80bf", "80bf80bf80", "80bf80bf80bf", "".join(f"{n:02x}" for n in range(0x80, 0xc0)),
    "".join(f"{n:02x}20" for n in range(0xc0, 0xe0)), "".join(f"{n:02x}20" for n in range(0xe0, 0xf0)),
    "".join(f"{n:02x}20" for n in range(0xf0, 0xf8)), "f820f920fa20fb20", "fc20fd20",
    # 6.14: the last continuation is missing; 6.15: all of them
    "c0", "e080", "f08080", "f8808080", "fc80808080", "df", "efbf", "f7bfbf", "fbbfbfbf", "fdbfbfbfbf", "c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf",
    # 6.16: impossible octets; 6.17 to 6.19: overlong
    "fe", "ff", "fefeffff", "c0af", "e080af", "f08080af", "f8808080af", "fc80808080af", "c1bf", "e09fbf", "f08fbfbf", "f887bfbfbf", "fc83bfbfbfbf",
    "c080", "e08080", "f0808080", "f880808080", "fc8080808080",
    # 6.20, 6.21: surrogates, alone and in pairs
    "eda080", "edadbf", "edae80", "edafbf", "edb080", "edbe80", "edbfbf", "eda080edb080", "eda080edbfbf", "edadbfedb080", "edadbfedbfbf", "edae80edb080",
    "edae80edbfbf", "edafbfedb080", "edafbfedbfbf")]


class Text6(Case):
    def test_empty(self):
        self.each_way(frame(TEXT), ("text", ""))
        self.each_way([frame(TEXT, fin=False), frame(CONT, "middle", fin=False), frame(CONT)], ("text", "middle"))

    def test_valid(self):
        for text in VALID:
            data = text.encode()
            with self.subTest(text):
                self.play(frame(TEXT, data), ("text", text))
                self.play([frame(TEXT, data[:1], fin=False)] + [frame(CONT, data[i:i + 1], fin=False) for i in range(1, len(data))] + [frame(CONT)], ("text", text))
                self.play(frame(TEXT, data), ("text", text), chop=1)

    def test_invalid(self):
        for data in INVALID:
            with self.subTest(data.hex()):
                self.play(frame(TEXT, data), end=1007)
                self.play([frame(TEXT, data[:1], fin=False)] + [frame(CONT, data[i:i + 1], fin=False) for i in range(1, len(data))] + [frame(CONT)],
                          end=1007)
                self.play([frame(TEXT, "a" * 100 + "é"), frame(TEXT, b"good " * 20 + data + b" good" * 20)], ("text", "a" * 100 + "é"), end=1007)

    def test_in_binary_everything_goes(self):
        for data in INVALID:
            self.play(frame(BINARY, data), ("binary", data))

    def test_fails_as_soon_as_it_can_be_told(self):
        """6.4: what would follow is never sent."""
        good, bad = "κόσμε".encode(), b"\xf4\x90"
        whole = frame(TEXT, good + bad + b"\x80\x80" + b"edited")
        head = len(whole) - len(b"\x80\x80edited")
        for begin in ([frame(TEXT, good, fin=False), frame(CONT, bad, fin=False)], [frame(TEXT, good + b"\xf4", fin=False), frame(CONT, b"\x90", fin=False)],
                      [whole[:head]], [whole[:head - 1], whole[head - 1:head]]):
            COUNTS["cases"] += 1
            with dial(server) as peer:
                for piece in begin:
                    peer.send(piece)
                self.assertEqual(peer.receive()[:2], ("close", 1007))
                self.assertEqual(peer.receive(), ("end",))


class Closing7(Case):
    def test_behind_messages(self):
        self.each_way([frame(TEXT, "Hello"), frame(CLOSE, close_payload(1000))], ("text", "Hello"), end=1000)
        self.play([frame(TEXT, "*" * 262_144), frame(CLOSE, close_payload(1000)), frame(PING)], ("text", "*" * 262_144), end=1000)

    def test_nothing_counts_behind_it(self):
        close = frame(CLOSE, close_payload(1000))
        self.each_way([close, close], end=1000)
        self.each_way([close, frame(PING, "late")], end=1000)
        self.each_way([close, frame(TEXT, "late")], end=1000)
        self.each_way([close, frame(3, "wrong", rsv=7)], end=1000)
        self.each_way([frame(TEXT, "frag", fin=False), close, frame(CONT, "ment")], end=1000)

    def test_payloads(self):
        self.each_way(frame(CLOSE), end=1005)
        self.each_way(frame(CLOSE, b"\x03"), end=1002)
        self.each_way(frame(CLOSE, close_payload(1000, "Hello World!")), end=1000)
        self.each_way(frame(CLOSE, close_payload(1000, "*" * 123)), end=1000)
        self.each_way(frame(CLOSE, close_payload(1000, "*" * 124)), end=1002)
        self.each_way(frame(CLOSE, close_payload(1000, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited")), end=1007)

    def test_codes(self):
        for code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999):
            self.play(frame(CLOSE, close_payload(code)), end=code)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
            self.play(frame(CLOSE, close_payload(code)), end=1002)


class Limits9(Case):
    def test_large_messages(self):
        for size in [65_536, 262_144, 1 << 20, 1 << 22] + ([1 << 23, 1 << 24] if FULL else []):
            self.play(frame(TEXT, "*" * size), ("text", "*" * size))
            self.play(frame(BINARY, b"\xfe" * size), ("binary", b"\xfe" * size))

    def test_fragmented(self):
        total = (1 << 22) if FULL else (1 << 19)
        data = b"*" * total
        for size in (64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1 << 20):
            pieces = [data[i:i + size] for i in range(0, total, size)]
            frames = [frame(TEXT if i == 0 else CONT, piece, fin=i == len(pieces) - 1) for i, piece in enumerate(pieces)]
            self.play(b"".join(frames), ("text", data.decode()))

    def test_chopped(self):
        total = (1 << 20) if FULL else (1 << 17)
        for chop in (64, 128, 256, 512, 1024, 2048):
            self.play(frame(TEXT, "*" * total), ("text", "*" * total), chop=chop)
            self.play(frame(BINARY, b"\xfe" * total), ("binary", b"\xfe" * total), chop=chop)

    def test_round_trips(self):
        for kind, size in itertools.product((TEXT, BINARY), (0, 16, 64, 256, 1024, 4096)):
            COUNTS["cases"] += 1
            with dial(server) as peer:
                payload = "*" * size if kind == TEXT else b"\xfe" * size
                for _ in range(1000 if FULL else 100):
                    peer.message(kind, payload)
                    self.assertEqual(peer.receive()[1], payload)
                self.assertEqual(peer.goodbye(), [])


class Fragments10(Case):
    def test_a_sender_that_fragments(self):
        with dial(server) as peer:
            COUNTS["cases"] += 1
            peer.text("*" * 65_536, size=1300)
            self.assertEqual(peer.receive(), ("text", "*" * 65_536))
            self.assertEqual(peer.goodbye(), [])


def words(size, seed):
    """Text that compresses as text does."""
    dice = random.Random(seed)
    out = []
    length = 0
    while length < size:
        out.append(dice.choice(("the", "quick", "brown", "fox", "jumps", "over", "lazy", "dog", str(dice.random()), "äöü")))
        length += len(out[-1].encode()) + 1
    return " ".join(out).encode()[:size].decode("utf-8", "ignore")


class Compression12(Case):
    def test_sizes_and_kinds(self):
        count = 1000 if FULL else 20
        for size, fragment in [(size, None) for size in (16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072)] + \
                [(131_072, size) for size in (256, 1024, 4096, 32_768)]:
            for kind in ("text", "zeros", "noise"):
                COUNTS["cases"] += 1
                with self.subTest(size=size, fragment=fragment, kind=kind), dial(server, fields="Sec-WebSocket-Extensions: permessage-deflate\r\n") as peer:
                    payload = words(size, size) if kind == "text" else bytes(size) if kind == "zeros" else random.Random(size).randbytes(size)
                    opcode = TEXT if kind == "text" else BINARY
                    for _ in range(count):
                        peer.message(opcode, payload, size=fragment)
                        self.assertEqual(peer.receive()[1], payload)
                    self.assertEqual(peer.goodbye(), [])

    def test_what_may_be_compressed(self):
        fields = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
        for frames in ([frame(TEXT, "frag", fin=False), frame(CONT, "ment", rsv=4)], frame(PING, "ping", rsv=4), frame(CLOSE, close_payload(1000), rsv=4),
                       frame(TEXT, "x", rsv=2), frame(TEXT, "x", rsv=6)):
            self.each_way(frames, end=1002, fields=fields)
        # What is no DEFLATE, text that is not UTF-8 when inflated; an empty message, and one that nobody has compressed, are well.
        self.each_way(frame(BINARY, b"\x07", rsv=4), end=1007, fields=fields)
        with dial(server, fields=fields) as peer:
            peer.frame(TEXT, peer.deflate.compress(b"\xff\xff"), rsv=4)
            self.assertEqual(peer.receive()[:2], ("close", 1007))
        self.play([frame(TEXT, "plain"), frame(TEXT, b"\0", rsv=4), frame(TEXT, b"\x02\0", rsv=4)], ("text", "plain"), ("text", ""), ("text", ""), fields=fields)
        # With BFINAL set; several blocks; stored blocks (RFC 7692, section 7.2.3).
        hello = bytes.fromhex("f248cdc9c907 00".replace(" ", ""))
        for data in (hello, bytes.fromhex("f348cdc9c90700 00".replace(" ", "")), bytes.fromhex("000500faff48656c6c6f00"),
                     bytes.fromhex("f248050000 00ffffcac9c90700".replace(" ", ""))):
            self.play(frame(TEXT, data, rsv=4), ("text", "Hello"), fields=fields)


class Compression13(Case):
    def test_every_combination_of_parameters(self):
        count = 1000 if FULL else 5
        for ours, theirs, mine, yours in itertools.product((False, True), (False, True), (None, 9, 10, 12, 15), (None, "", 9, 10, 12, 15)):
            offer = "permessage-deflate"
            offer += "; server_no_context_takeover" if ours else ""
            offer += "; client_no_context_takeover" if theirs else ""
            offer += "" if mine is None else f"; server_max_window_bits={mine}"
            offer += "" if yours is None else "; client_max_window_bits" + (f"={yours}" if yours else "")
            COUNTS["cases"] += 1
            with self.subTest(offer), dial(server, fields=f"Sec-WebSocket-Extensions: {offer}\r\n") as peer:
                got = peer.deflate.parameters
                self.assertEqual("server_no_context_takeover" in got, ours)
                self.assertLessEqual(peer.deflate.in_bits, mine or 15)
                self.assertTrue("client_max_window_bits" not in got or yours is not None)
                self.assertLessEqual(peer.deflate.out_bits, yours or 15)
                for n in range(count):
                    payload = words((16, 1024, 8192, 40_000)[n % 4], n % 7)
                    peer.text(payload, size=(None, 1000)[n % 2])
                    self.assertEqual(peer.receive(), ("text", payload))
                self.assertEqual(peer.goodbye(), [])

    def test_offers_in_order_of_preference(self):
        for offers, expected in (("permessage-deflate; server_max_window_bits=9, permessage-deflate", {"server_max_window_bits": "9"}),
                                 ("permessage-deflate; what=ever, permessage-deflate; server_no_context_takeover, permessage-deflate", {"server_no_context_takeover": ""}),
                                 ("x-other, permessage-deflate", {})):
            COUNTS["cases"] += 1
            with dial(server, fields=f"Sec-WebSocket-Extensions: {offers}\r\n") as peer:
                self.assertEqual(peer.deflate.parameters, expected)
        for offers in ("permessage-deflate; what", "permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=16",
                       "permessage-deflate; server_no_context_takeover; server_no_context_takeover", "x-other"):
            COUNTS["cases"] += 1
            with dial(server, fields=f"Sec-WebSocket-Extensions: {offers}\r\n") as peer:
                self.assertIsNone(peer.deflate)
                peer.text("plain")
                self.assertEqual(peer.receive(), ("text", "plain"))


if __name__ == "__main__":
    harness.main()
