"""HTTP/2 frames, written by hand, well-formed or not, and read back. No library: what is sent is exactly what stands here."""

import struct
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, \
    REFUSED_STREAM, CANCEL, COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM = range(12)
INITIAL_WINDOW_SIZE = 4
SETTING_NAMES = {3: "streams", 4: "window", 5: "frame", 6: "list"}


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """`length` other than the payload's makes a frame that lies."""
    return struct.pack(">I", len(payload) if length is None else length)[1:] + bytes((kind, flags)) + \
        struct.pack(">I", stream) + payload


def literal(name, value):
    """A field as HPACK writes it without any table (RFC 7541, section 6.2.2); names and values under 127 octets."""
    return b"\x00" + bytes((len(name),)) + name + bytes((len(value),)) + value


def block(*fields):
    return b"".join(literal(*field) for field in fields)


def request(method=b"GET", path=b"/hello", scheme=b"http", authority=b"a", more=()):
    pseudo = ((b":method", method), (b":scheme", scheme), (b":path", path), (b":authority", authority))
    return block(*(pair for pair in pseudo if pair[1] is not None), *more)


def headers(stream=1, fields=None, flags=END_STREAM | END_HEADERS):
    return frame(HEADERS, flags, stream, request() if fields is None else fields)


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


HELLO = PREFACE + settings() + frame(SETTINGS, ACK)


def word(value):
    return struct.pack(">I", value)


class Frames:
    """Takes frames from a Wire (wire.py), whose deadline is this one's."""

    def __init__(self, wire):
        self.wire = wire

    def next(self):
        """The next frame as (kind, flags, stream, payload), or None at the end of the connection."""
        self.wire.limit = time.monotonic() + self.wire.timeout
        buffer = self.wire.buffer
        while len(buffer) < 9 or len(buffer) < 9 + int.from_bytes(buffer[:3], "big"):
            if not self.wire.fill():
                assert not buffer, f"a part of a frame at the end: {bytes(buffer)!r}"
                return None
        size = int.from_bytes(buffer[:3], "big")
        found = buffer[3], buffer[4], int.from_bytes(buffer[5:9], "big") & 0x7fffffff, bytes(buffer[9:9 + size])
        del buffer[:9 + size]
        return found

    def until(self, wanted):
        """The first frame for which `wanted(kind, flags, stream, payload)` is true; None when the connection ends before."""
        while (found := self.next()) is not None:
            if wanted(*found):
                return found
        return None
