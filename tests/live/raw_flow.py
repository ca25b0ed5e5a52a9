"""Rows about the course of a connection: persistence, HEAD and HTTP/1.0, pipelining, limits at their boundary, splits."""

from raw_rows import (Answer, BY_BYTE, CLOSED, HALF_CLOSE, OPEN, GET, HELLO, SMUGGLED, Table, chunked, get, post)

table = Table()
row, bad, good = table.row, table.bad, table.good

OK = Answer((200,), body=HELLO)
KIB = 1 << 10

table.group("connection")
for value in ("close", "Close", "CLOSE", "x, close", "close, x", "x,\tclose", "close\t", "\tclose", ",close", "keep-alive, close", "close,close"):
    row(f"Connection {value!r} ends it; what follows is ignored", get(f"Connection: {value}\r\n") + SMUGGLED,
        [Answer((200,), body=HELLO, with_field=("Connection", "close"))], CLOSED)
row("close in a second Connection field", get("Connection: x\r\nConnection: close\r\n") + SMUGGLED, [OK], CLOSED)
row("garbage after a closing request", get("Connection: close\r\n") + b"\x00\xff garbage\r\n\r\n", [OK], CLOSED)
row("a megabyte after a closing request", get("Connection: close\r\n") + b"x" * (1 << 20), [OK], CLOSED)
row("a closing POST and more", post("Connection: close\r\nContent-Length: 5\r\n", "hello") + SMUGGLED, [OK], CLOSED)
for value in ("closed", "x-close", "close-x", "keep-alive", "Keep-Alive", "x", "c lose", '"close"'):
    good(f"Connection {value!r} does not end it", get(f"Connection: {value}\r\n"))
good("empty Connection", get("Connection:\r\n"))
good("Upgrade to h2c is ignored", get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"))
row("Upgrade to h2c is ignored, pipelined", get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n") + GET, [OK, OK], OPEN)
row("Upgrade with a body, pipelined", post("Connection: Upgrade\r\nUpgrade: foo\r\nContent-Length: 5\r\n", "hello") + GET, [OK, OK], OPEN)
row("Upgrade to websocket on a plain route, pipelined",
    get("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") + GET, [OK, OK], OPEN)

table.group("http/1.0")
old = Answer((200,), body=HELLO, version=1.0)
row("closes by itself", get(version=b"HTTP/1.0") + SMUGGLED, [old], CLOSED)
row("needs no Host", get(version=b"HTTP/1.0", host=b""), [old], CLOSED)
for value in ("keep-alive", "Keep-Alive", "x, keep-alive", "keep-alive\t"):
    row(f"stays with {value!r}", get(f"Connection: {value}\r\n", version=b"HTTP/1.0"),
        [Answer((200,), body=HELLO, version=1.0, with_field=("Connection", "keep-alive"))], OPEN)
row("closes with both tokens", get("Connection: keep-alive, close\r\n", version=b"HTTP/1.0") + SMUGGLED, [old], CLOSED)
row("closes with another token", get("Connection: keep-alivex\r\n", version=b"HTTP/1.0") + SMUGGLED, [old], CLOSED)
row("two kept requests", get("Connection: keep-alive\r\n", version=b"HTTP/1.0") * 2, [old, old], OPEN)
row("kept POST", post("Connection: keep-alive\r\nContent-Length: 5\r\n", "hello", version=b"HTTP/1.0"), [old], OPEN)
row("a stream is not chunked", post("Content-Length: 5\r\n", "hello", b"/echo", b"HTTP/1.0"), [Answer((200,), body=b"hello", version=1.0)], CLOSED)
row("a stream without a length ends the connection even if kept", get("Connection: keep-alive\r\n", b"/events?n=2&ms=1", version=b"HTTP/1.0"),
    [Answer((200,), version=1.0)], CLOSED)
row("no 103", get(target=b"/hints", version=b"HTTP/1.0"), [Answer((200,), version=1.0)], CLOSED)
row("no trailers", get(target=b"/trailers", version=b"HTTP/1.0"), [Answer((200,), version=1.0)], CLOSED)

table.group("head")
for target in ("/hello", "/", "/big", "/json", "/events?n=1&ms=1", "/hints", "/trailers", "/runs"):
    row(f"HEAD {target}", get(method=b"HEAD", target=target), [Answer((200,), "HEAD")], OPEN)
row("HEAD says the length GET would have", get(method=b"HEAD"), [Answer((200,), "HEAD", with_field=("Content-Length", "13"))], OPEN)
row("HEAD of a route that is not there", get(method=b"HEAD", target="/nowhere"), [Answer((404,), "HEAD")], OPEN)
row("HEAD on 1.0", get(method=b"HEAD", version=b"HTTP/1.0"), [Answer((200,), "HEAD", version=1.0)], CLOSED)
row("HEAD, then GET, pipelined", get(method=b"HEAD") + GET, [Answer((200,), "HEAD"), OK], OPEN)
row("HEAD without Host", get(method=b"HEAD", host=b""), [Answer((400,), "HEAD")], CLOSED)
row("HEAD with a body too large", get("Content-Length: 1048577\r\n", method=b"HEAD"), [Answer((413,), "HEAD")], CLOSED)
row("HEAD with another coding", get("Transfer-Encoding: gzip\r\n", method=b"HEAD"), [Answer((501,), "HEAD")], CLOSED)

table.group("pipelining")
for number in (2, 3, 16, 200):
    row(f"{number} requests at once", GET * number, [OK] * number, OPEN)
row("a request and a half, then the rest", [GET + GET[:17], GET[17:]], [OK, OK], OPEN)
row("POST, GET", post("Content-Length: 5\r\n", "hello") + GET, [OK, OK], OPEN)
row("chunked POST, GET", chunked(b"5\r\nhello\r\n0\r\n\r\n") + GET, [OK, OK], OPEN)
row("chunked POST with trailers, GET", chunked(b"5\r\nhello\r\n0\r\nX: a\r\nContent-Length: 9\r\n\r\n") + GET, [OK, OK], OPEN)
row("echo, echo, echo", b"".join(post(f"Content-Length: {len(w)}\r\n", w, b"/echo") for w in (b"a", b"bb", b"ccc")),
    [Answer((200,), body=w) for w in (b"a", b"bb", b"ccc")], OPEN)
row("five different routes in order", b"".join(get(target=t) for t in ("/hello", "/json", "/nowhere", "/headers?h=x", "/hello")),
    [OK, Answer((200,)), Answer((404,)), Answer((200,)), OK], OPEN)
row("five megabytes of answers", get(target="/big") * 5, [Answer((200,))] * 5, OPEN)
row("after a sleep", get(target="/sleep?ms=50") + GET, [Answer((200,)), OK], OPEN)
row("after a stream", get(target="/events?n=3&ms=5") + GET, [Answer((200,)), OK], OPEN)
row("after hints", get(target="/hints") + GET, [Answer((200,)), OK], OPEN)
row("after trailers", get(target="/trailers") + GET, [Answer((200,)), OK], OPEN)
row("after a 404", get(target="/nowhere") + GET, [Answer((404,)), OK], OPEN)
row("after a refused response field", get(target="/headers?h=%0d%0a") + GET, [Answer((500,)), OK], OPEN)
row("after a GET with a body", get("Content-Length: 3\r\n") + b"abc" + GET, [OK, OK], OPEN)
row("a fault ends the row", GET + GET + b"BAD\r\n\r\n" + SMUGGLED, [OK, OK, Answer((400,))], CLOSED)
row("a fault after a slow answer", get(target="/sleep?ms=50") + b"BAD\r\n\r\n", [Answer((200,)), Answer((400,))], CLOSED)
row("a request, closing request, request", GET + get("Connection: close\r\n") + SMUGGLED, [OK, OK], CLOSED)
row("a chunk fault after a good request", GET + chunked(b"5\r\nhelloXX") + SMUGGLED, [OK, Answer((400,))], CLOSED)

# A boundary can be counted with or without its line ends. What is inside by every count must pass, what is outside by every
# count must not.
table.group("limits")
line = b"GET /hello?%s HTTP/1.1\r\n"
good("request line of 8 KiB", line % (b"a" * (8 * KIB - len(line) + 2)) + b"Host: a\r\n\r\n")
bad("request line one over", line % (b"a" * (8 * KIB - len(line) + 5)) + b"Host: a\r\n\r\n", 414)
bad("request line of 20 KiB", line % (b"a" * 20 * KIB) + b"Host: a\r\n\r\n", 414)
bad("request line of 100 KiB", line % (b"a" * 100 * KIB) + b"Host: a\r\n\r\n", 414)
bad("request line without end", b"GET /" + b"a" * (9 * KIB), 414, tail=b"")
bad("method of 9 KiB", b"A" * (9 * KIB) + b" /hello HTTP/1.1\r\nHost: a\r\n\r\n", (400, 414, 501))
bad("method without end", b"A" * (70 * KIB), (400, 414, 431, 501), tail=b"")


def head_of(size):
    """A GET whose head, from the request line to the empty line, is exactly this long."""
    start = b"GET /hello HTTP/1.1\r\nHost: a\r\n"
    left = size - len(start) - 2
    fields = b""
    while left > 1200:
        fields += b"X: " + b"a" * 1019 + b"\r\n"
        left -= 1024
    return start + fields + b"X: " + b"a" * (left - 5) + b"\r\n\r\n"


assert len(head_of(64 * KIB)) == 64 * KIB
good("head of 64 KiB", head_of(64 * KIB))
bad("head whose fields alone are one over", head_of(64 * KIB + len(b"GET /hello HTTP/1.1\r\n") + 2 + 150 * 4), 431)
bad("head of 80 KiB", head_of(80 * KIB), 431)
bad("head of 300 KiB", head_of(300 * KIB), 431)
bad("one field of 70 KiB", get(b"X: " + b"a" * (70 * KIB) + b"\r\n"), 431)
bad("one name of 70 KiB", get(b"X" * (70 * KIB) + b": a\r\n"), 431)
bad("head without end", get(b"X: " + b"a" * (70 * KIB)), 431, tail=b"")
bad("head without end, many fields", b"GET /hello HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 15000, 431, tail=b"")
good("a hundred fields", get(b"X: a\r\n" * 99))
bad("a hundred and one fields", get(b"X: a\r\n" * 100), 431)
bad("a thousand fields", get(b"X: a\r\n" * 1000), 431)
bad("ten thousand empty fields", get(b"X:\r\n" * 10000), 431)

table.group("byte by byte")
BYTEWISE = {
    "GET": (GET, [OK]),
    "two GETs": (GET + GET, [OK, OK]),
    "empty lines first": (b"\r\n\r\n" + GET, [OK]),
    "POST": (post("Content-Length: 5\r\n", "hello"), [OK]),
    "chunked echo": (chunked(b"5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX: a\r\nY: b\r\n\r\n", b"/echo"), [Answer((200,), body=b"hello world")]),
    "HEAD": (get(method=b"HEAD"), [Answer((200,), "HEAD")]),
    "extension method": (get(method=b"FROB"), [OK]),
    "absolute form": (get(target="http://a/hello"), [OK]),
    "ten empty lines": (b"\r\n" * 10 + GET, [OK]),
    "upgrade ignored": (get("Connection: Upgrade\r\nUpgrade: h2c\r\n") + GET, [OK, OK])}
for name, (data, answers) in BYTEWISE.items():
    row(name, [BY_BYTE, data], answers, OPEN)
row("closing GET", [BY_BYTE, get("Connection: close\r\n")], [OK], CLOSED)
row("HTTP/1.0", [BY_BYTE, get(version=b"HTTP/1.0")], [old], CLOSED)
for name, data, status in (
        ("fold", get("X: a\r\n b\r\n"), 400), ("bare LF", b"GET /hello HTTP/1.1\nHost: a\r\n\r\n", 400), ("bare CR", get("X: a\rb\r\n"), 400),
        ("no Host", get(host=b""), 400), ("version 2.0", get(version=b"HTTP/2.0"), 505), ("eleven empty lines", b"\r\n" * 11, 400),
        ("length and coding", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400), ("gzip", post("Transfer-Encoding: gzip\r\n"), 501),
        ("chunk size 0x5", chunked(b"0x5\r\n"), 400), ("chunk data too long", chunked(b"5\r\nhello!\r\n"), 400), ("bad trailer", chunked(b"0\r\nX : a\r\n\r\n"), 400)):
    row(name, [BY_BYTE, data], [Answer((status,))], CLOSED)

table.group("split in two")
for name, data in (("GET", GET), ("chunked", chunked(b"5\r\nhello\r\n0\r\nX: a\r\n\r\n"))):
    for at in sorted({1, 3, 4, 5, 20, 21, 22, len(data) - 4, len(data) - 3, len(data) - 2, len(data) - 1}):
        row(f"{name} at {at}", [data[:at], data[at:]], [OK], OPEN)

# The client says that it will send no more. It still gets its answers.
table.group("half-close")
row("after a request", [GET, HALF_CLOSE], [OK], CLOSED)
row("after three requests", [GET * 3, HALF_CLOSE], [OK] * 3, CLOSED)
row("after a slow request", [get(target="/sleep?ms=100"), HALF_CLOSE], [Answer((200,))], CLOSED)
row("after a big request", [get(target="/big"), HALF_CLOSE], [Answer((200,))], CLOSED)
row("after an echo", [post("Content-Length: 5\r\n", "hello", b"/echo"), HALF_CLOSE], [Answer((200,), body=b"hello")], CLOSED)
row("before any byte", [HALF_CLOSE], [], CLOSED)
row("in an empty line", [b"\r\n", HALF_CLOSE], [Answer((400,))], CLOSED, silence_is_fine=True)
row("in the request line", [b"GET /hel", HALF_CLOSE], [Answer((400,))], CLOSED, silence_is_fine=True)
row("in the fields", [b"GET /hello HTTP/1.1\r\nHost: a\r\n", HALF_CLOSE], [Answer((400,))], CLOSED, silence_is_fine=True)
row("in a body", [post("Content-Length: 5\r\n", "hel"), HALF_CLOSE], [Answer((400,))], CLOSED, silence_is_fine=True)
row("in a chunk", [chunked(b"5\r\nhel"), HALF_CLOSE], [Answer((400,))], CLOSED, silence_is_fine=True)
row("before the last chunk", [chunked(b"5\r\nhello\r\n"), HALF_CLOSE], [Answer((400,))], CLOSED, silence_is_fine=True)
row("in an echoed body", [post("Content-Length: 5\r\n", "hel", b"/echo"), HALF_CLOSE], [Answer((400,))], CLOSED, silence_is_fine=True, aborted_is_fine=True)
row("in the trailers", [chunked(b"5\r\nhello\r\n0\r\nX: a\r\n"), HALF_CLOSE], [Answer((400,))], CLOSED, silence_is_fine=True)
row("after a request and a half", [GET + GET[:9], HALF_CLOSE], [OK, Answer((400,))], CLOSED, silence_is_fine=True)
