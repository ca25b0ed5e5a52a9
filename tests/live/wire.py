"""One client connection with bounded reads, and a strict parser for what a server may answer (RFC 9112, RFC 9110).

Strict means: any deviation raises `Broken`. The parser is deliberately not shared with anything: it is the other side.
"""

import re
import socket
import struct
import time

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-9][0-9][0-9]) ([\t\x20-\x7e\x80-\xff]*)")
FIELD_LINE = re.compile(rb"(" + TOKEN + rb"):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*")
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(;[\t\x20-\x7e\x80-\xff]*)?")
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT")
REASONS = {
    100: "Continue", 103: "Early Hints", 200: "OK", 204: "No Content", 304: "Not Modified", 301: "Moved Permanently",
    308: "Permanent Redirect", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    408: "Request Timeout", 411: "Length Required", 413: "Content Too Large", 414: "URI Too Long",
    417: "Expectation Failed", 426: "Upgrade Required", 431: "Request Header Fields Too Large",
    500: "Internal Server Error", 501: "Not Implemented", 503: "Service Unavailable",
    505: "HTTP Version Not Supported"}


class Broken(AssertionError):
    """The server sent something no server may send here."""


class Ended(Broken):
    """The connection ended (cleanly) inside or before a message."""


class Reset(Broken):
    """The connection ended by a reset."""


class Late(Broken):
    """Nothing came in time."""


class Response:
    def __init__(self, status, reason, fields):
        self.status, self.reason, self.fields = status, reason, fields
        self.body, self.trailers, self.informational, self.chunks = b"", [], [], 0
        self.framing = ""  # "none", "length", "chunked" or "close"

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        return values[0] if values else None

    def tokens(self, name):
        return [part.strip().lower() for value in self.all(name) for part in value.split(",")]

    def closes(self):
        return "close" in self.tokens("Connection")

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.fields} {self.framing} {self.body[:80]!r}>"


class Wire:
    def __init__(self, where, timeout=30.0, rcvbuf=None):
        self.timeout = timeout
        if isinstance(where, str):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        else:
            family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
            self.socket = socket.socket(family, socket.SOCK_STREAM)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if rcvbuf:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        self.socket.settimeout(timeout)
        self.spoke_at = time.monotonic()  # not later than the server heard of it the last time
        try:
            self.socket.connect(where)
        except BaseException:
            self.socket.close()
            raise
        self.buffer = bytearray()
        self.received = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def port(self):
        return self.socket.getsockname()[1]

    def send(self, data):
        self.spoke_at = time.monotonic()
        self.socket.settimeout(self.timeout)
        try:
            self.socket.sendall(data if isinstance(data, (bytes, bytearray, memoryview)) else data.encode("latin-1"))
        except (ConnectionResetError, BrokenPipeError) as error:
            raise Reset(f"while sending: {error}") from None
        except TimeoutError:
            raise Late("while sending") from None

    def send_while_open(self, data):
        """Send what the server lets us; a server that has already answered may refuse the rest."""
        try:
            self.send(data)
            return True
        except Broken:
            return False

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Close with RST: the rudest way to leave."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        self.socket.close()

    # Reading. `fill` is the only call that touches the socket.

    def fill(self, limit=None):
        """Read once. False at a clean end."""
        limit = self.limit if limit is None else limit
        left = limit - time.monotonic()
        if left <= 0:
            raise Late(f"nothing more within {self.timeout:.1f} s, have {bytes(self.buffer[:200])!r}")
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(1 << 16)
        except TimeoutError:
            raise Late(f"nothing more within {self.timeout:.1f} s, have {bytes(self.buffer[:200])!r}") from None
        except (ConnectionResetError, BrokenPipeError):
            raise Reset(f"reset, have {bytes(self.buffer[:200])!r}") from None
        self.buffer += data
        self.received += len(data)
        return bool(data)

    def _need(self, count, what):
        while len(self.buffer) < count:
            if not self.fill():
                raise Ended(f"end inside {what}: {bytes(self.buffer[:200])!r}")

    def _take(self, count):
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def _line(self, what, longest=65536):
        start = 0
        while True:
            at = self.buffer.find(b"\n", start)
            if at >= 0:
                break
            start = len(self.buffer)
            if start > longest:
                raise Broken(f"line too long in {what}")
            if not self.fill():
                raise Ended(f"end inside {what}: {bytes(self.buffer[:200])!r}")
        line = self._take(at + 1)
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            raise Broken(f"bad line end in {what}: {line!r}")
        return line[:-2]

    def chunk(self):
        """One chunk as it stands on the wire, after head(); empty for the last one."""
        size = int(self._line("chunk size"), 16)
        self._need(size + 2, "chunk")
        data = self._take(size)
        if self._take(2) != b"\r\n":
            raise Broken("no line end after a chunk")
        return data

    def _fields(self, what):
        fields = []
        while True:
            line = self._line(what)
            if not line:
                return fields
            match = FIELD_LINE.fullmatch(line)
            if not match:
                raise Broken(f"bad field line in {what}: {line!r}")
            fields.append((match[1].decode("ascii"), match[2].decode("latin-1")))

    def head(self):
        """One status line and its fields; the body is the caller's affair."""
        line = self._line("status line")
        match = STATUS_LINE.fullmatch(line)
        if not match:
            raise Broken(f"bad status line: {line!r}")
        response = Response(int(match[1]), match[2].decode("latin-1"), self._fields("head"))
        known = REASONS.get(response.status)
        if known and response.reason not in (known, ""):
            # 413 was "Payload Too Large" until RFC 9110
            if (response.status, response.reason) != (413, "Payload Too Large"):
                raise Broken(f"reason {response.reason!r} for {response.status}")
        lengths, codings = response.all("Content-Length"), response.all("Transfer-Encoding")
        if len(lengths) > 1 or (lengths and not lengths[0].isascii()) or (lengths and not lengths[0].isdigit()):
            raise Broken(f"bad Content-Length: {lengths}")
        if codings and codings != ["chunked"]:
            raise Broken(f"bad Transfer-Encoding: {codings}")
        if lengths and codings:
            raise Broken("Content-Length and Transfer-Encoding together")
        if (response.status < 200 or response.status == 204) and (lengths or codings):
            raise Broken(f"{response.status} with a body framing")
        return response

    def response(self, method="GET", version=1.1, timeout=None, date=True, sink=None):
        """One complete response, 1xx included. `sink(bytes)` takes the body instead of keeping it."""
        self.limit = time.monotonic() + (timeout or self.timeout)
        informational = []
        while True:
            response = self.head()
            if response.status >= 200:
                break
            informational.append(response)
            if version == 1.0:
                raise Broken("1xx to an HTTP/1.0 client")
            if len(informational) > 5:
                raise Broken("too many 1xx")
        response.informational = informational
        if version == 1.0 and response.all("Transfer-Encoding"):
            raise Broken("chunked to an HTTP/1.0 client")
        dates = response.all("Date")
        if date and (len(dates) != 1 or not DATE.fullmatch(dates[0])):
            raise Broken(f"bad Date: {dates}")
        if not date and dates:
            raise Broken(f"Date although switched off: {dates}")
        self.body_of(response, method, sink)
        return response

    def body_of(self, response, method="GET", sink=None):
        parts = []
        keep = sink or parts.append
        if method == "HEAD" or response.status in (204, 304):
            response.framing = "none"
        elif response.get("Transfer-Encoding"):
            response.framing = "chunked"
            while True:
                match = CHUNK_LINE.fullmatch(self._line("chunk size"))
                if not match:
                    raise Broken("bad chunk size line")
                left = int(match[1], 16)
                if left == 0:
                    break
                response.chunks += 1
                self._stream(left, keep, "chunk")
                self._need(2, "chunk end")
                if self._take(2) != b"\r\n":
                    raise Broken("chunk data not followed by CRLF")
            response.trailers = self._fields("trailers")
        elif response.get("Content-Length") is not None:
            response.framing = "length"
            self._stream(int(response.get("Content-Length")), keep, "body")
        else:
            response.framing = "close"
            while self.fill():
                pass
            keep(self._take(len(self.buffer)))
        response.body = b"".join(parts)
        return response

    def _stream(self, left, keep, what):
        while left:
            if not self.buffer and not self.fill():
                raise Ended(f"end inside {what}, {left} bytes missing")
            data = self._take(min(left, len(self.buffer)))
            left -= len(data)
            keep(data)
            self.limit = max(self.limit, time.monotonic() + self.timeout)  # a long body is late only when it stops

    def end(self, timeout=None):
        """The server closes cleanly, and says nothing more before it does."""
        self.limit = time.monotonic() + (timeout or self.timeout)
        try:
            while self.fill():
                if len(self.buffer) > 4096:
                    break
        except Late:
            raise Late(f"still open; after the response came {bytes(self.buffer[:200])!r}") from None
        if self.buffer:
            raise Broken(f"bytes after the last response: {bytes(self.buffer[:300])!r}")

    def gone(self, timeout=None):
        """The server ends the connection somehow: clean, reset, or in the middle of a message. Gives the bytes."""
        self.limit = time.monotonic() + (timeout or self.timeout)
        kept = bytearray()
        try:
            while self.fill():
                kept += self._take(min(len(self.buffer), len(self.buffer) if len(kept) < 65536 else 0))
                self.buffer.clear()
        except Reset:
            pass
        return bytes(kept)

    def quiet(self, seconds):
        """For this long the server neither speaks nor closes."""
        if self.buffer:
            raise Broken(f"unexpected bytes: {bytes(self.buffer[:200])!r}")
        try:
            alive = self.fill(time.monotonic() + seconds)
        except Late:
            return
        raise Broken(f"expected silence, got {bytes(self.buffer[:200])!r}" if alive else "expected silence, got the end")
