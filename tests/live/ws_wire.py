"""The client's side of a WebSocket for tests (RFC 6455, RFC 7692): frames as one likes, right or wrong, in any cut; a strict reader.

The reader refuses whatever a server may not send: masked frames, reserved bits that were not agreed on, lengths that are not minimal, text that is not
UTF-8, codes that may not be on the wire, anything behind a Close. It is deliberately not shared with anything: it is the other side.
"""

import base64
import hashlib
import os
import struct
import time
import zlib

from wire import Broken, Ended, Wire

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
DEFLATE = "permessage-deflate"


def accept_of(key):
    return base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


def frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x12\x34\x56\x78", form=None, length=None):
    """One frame of a client. `mask` None: unmasked; `form`: 0, 2 or 8 octets of length, whatever is needed; `length`: says something else."""
    if isinstance(payload, str):
        payload = payload.encode()
    size = len(payload) if length is None else length
    form = (0 if size < 126 else 2 if size < 65536 else 8) if form is None else form
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode,
                  (0x80 if mask is not None else 0) | (size if form == 0 else 126 if form == 2 else 127)])
    head += b"" if form == 0 else struct.pack(">H" if form == 2 else ">Q", size)
    if mask is None:
        return head + payload
    stretched = mask * (len(payload) // 4 + 1)
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(stretched[:len(payload)], "big")
    return head + mask + masked.to_bytes(len(payload), "big")


def close_payload(code=None, reason=b""):
    if isinstance(reason, str):
        reason = reason.encode()
    return b"" if code is None else struct.pack(">H", code) + reason


def valid_code(code):
    return code in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014) or 3000 <= code <= 4999


class Deflate:
    """permessage-deflate as the client has it, by the server's answer."""

    def __init__(self, answer):
        self.parameters = {}
        name, *rest = [part.strip() for part in answer.split(";")]
        if name != DEFLATE:
            raise Broken(f"an extension that was not offered: {answer!r}")
        for parameter in rest:
            key, _, value = parameter.partition("=")
            if key in self.parameters:
                raise Broken(f"{key} twice")
            self.parameters[key] = value
        known = {"server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits", "client_max_window_bits"}
        if not set(self.parameters) <= known:
            raise Broken(f"unknown parameters: {answer!r}")
        self.out_bits = int(self.parameters.get("client_max_window_bits") or 15)
        self.in_bits = int(self.parameters.get("server_max_window_bits") or 15)
        self.compressor = self.decompressor = None

    def compress(self, data):
        if self.compressor is None or "client_no_context_takeover" in self.parameters:
            self.compressor = zlib.compressobj(6, zlib.DEFLATED, -max(self.out_bits, 9))
        out = self.compressor.compress(data) + self.compressor.flush(zlib.Z_SYNC_FLUSH)
        assert out.endswith(b"\0\0\xff\xff")
        return out[:-4]

    def decompress(self, data):
        if self.decompressor is None or "server_no_context_takeover" in self.parameters:
            self.decompressor = zlib.decompressobj(-max(self.in_bits, 9))
        return self.decompressor.decompress(data + b"\0\0\xff\xff")


class WebSocket(Wire):
    """A connection that has become a WebSocket; `behind` is sent with the request."""

    def __init__(self, where, target="/", fields="", timeout=30.0, behind=b"", rcvbuf=None):
        super().__init__(where, timeout, rcvbuf)
        key = base64.b64encode(os.urandom(16)).decode()
        self.send((f"GET {target} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{fields}\r\n").encode() + behind)
        self.deadline()
        answer = self.head()
        self.answer = answer
        if answer.status != 101 or answer.get("Sec-WebSocket-Accept") != accept_of(key):
            self.close()
            raise Broken(f"no WebSocket: {answer}")
        if answer.get("Upgrade").lower() != "websocket" or "upgrade" not in answer.tokens("Connection"):
            raise Broken(f"a 101 without its fields: {answer}")
        extension = answer.get("Sec-WebSocket-Extensions")
        self.deflate = Deflate(extension) if extension else None
        self.protocol = answer.get("Sec-WebSocket-Protocol")
        self.is_over = False

    def deadline(self, timeout=None):
        """Each wait begins here: what is read before the next call must come in this time."""
        self.limit = time.monotonic() + (timeout or self.timeout)

    # --- out ---

    def frame(self, opcode, payload=b"", **form):
        self.send(frame(opcode, payload, **form))

    def message(self, opcode, payload, size=None, compressed=None):
        """A whole message, in frames of at most `size` octets, compressed where that was agreed on."""
        data = payload.encode() if isinstance(payload, str) else bytes(payload)
        compressed = self.deflate is not None if compressed is None else compressed
        if compressed:
            data = self.deflate.compress(data)
        pieces = [data[i:i + size] for i in range(0, len(data), size)] if size else [data]
        pieces = pieces or [b""]
        out = b""
        for i, piece in enumerate(pieces):
            out += frame(opcode if i == 0 else CONT, piece, fin=i == len(pieces) - 1, rsv=4 if compressed and i == 0 else 0)
        self.send(out)

    def text(self, payload, **form):
        self.message(TEXT, payload, **form)

    def binary(self, payload, **form):
        self.message(BINARY, payload, **form)

    # --- in ---

    def next_frame(self):
        """(fin, rsv, opcode, payload)"""
        self._need(2, "a frame")
        first, second = self.buffer[0], self.buffer[1]
        if second & 0x80:
            raise Broken("a masked frame")
        size, form = second & 0x7f, 0
        if size > 125:
            form = 2 if size == 126 else 8
            self._need(2 + form, "a frame")
            size = int.from_bytes(self.buffer[2:2 + form], "big")
            if size < (126 if form == 2 else 65536) or size >= 1 << 63:
                raise Broken("a length that is not minimal")
        self._need(2 + form + size, "a frame")
        self._take(2 + form)
        payload = self._take(size)
        fin, rsv, opcode = bool(first & 0x80), first >> 4 & 7, first & 15
        if opcode not in (CONT, TEXT, BINARY, CLOSE, PING, PONG):
            raise Broken(f"opcode {opcode}")
        if opcode >= 8 and (not fin or size > 125 or rsv):
            raise Broken("a bad control frame")
        if rsv and not (rsv == 4 and self.deflate and opcode in (TEXT, BINARY)):
            raise Broken(f"reserved bits {rsv}")
        return fin, rsv, opcode, payload

    def receive(self, timeout=None):
        """What comes next: ("text", str), ("binary", bytes), ("ping"|"pong", bytes), ("close", code or None, reason) or ("end",)."""
        self.deadline(timeout)
        if self.is_over:
            if self.buffer or self.fill():
                raise Broken(f"something behind a Close: {bytes(self.buffer[:50])!r}")
            return ("end",)
        kind, parts, compressed = None, [], False
        while True:
            if kind is None and not self.buffer and not self.fill():
                return ("end",)
            fin, rsv, opcode, payload = self.next_frame()
            if opcode == CLOSE:
                if kind is not None:
                    raise Broken("a Close within a message")
                self.is_over = True
                if not payload:
                    return ("close", None, "")
                if len(payload) < 2 or not valid_code(int.from_bytes(payload[:2], "big")):
                    raise Broken(f"a bad Close: {payload!r}")
                return ("close", int.from_bytes(payload[:2], "big"), payload[2:].decode())
            if opcode in (PING, PONG):
                if kind is not None:
                    raise Broken("this server sends nothing between fragments")
                return ("ping" if opcode == PING else "pong", payload)
            if (opcode == CONT) == (kind is None):
                raise Broken("fragments out of order")
            if kind is None:
                kind, compressed = opcode, rsv == 4
            parts.append(payload)
            if fin:
                break
        data = b"".join(parts)
        if compressed:
            data = self.deflate.decompress(data)
        return ("text", data.decode()) if kind == TEXT else ("binary", data)

    def goodbye(self, code=1000, reason=""):
        """A closing handshake of ours: whatever still comes before the answer is given back."""
        self.frame(CLOSE, close_payload(code, reason))
        before = []
        while True:
            got = self.receive()
            if got[0] == "end":
                raise Ended("no Close")
            if got[0] == "close":
                if got[1] != code:
                    raise Broken(f"our Close of {code} is answered with {got}")
                break
            before.append(got)
        if self.receive() != ("end",):
            raise Broken("the server does not close")
        self.close()
        return before
