"""Rows about message framing: Content-Length, Transfer-Encoding, chunks, trailers, Expect, bodies that look like requests."""

from raw_rows import (Answer, CLOSED, EITHER, OPEN, HELLO, READ_100, SILENCE, SMUGGLED, Table, chunked, get, post)

table = Table()
row, bad, good = table.row, table.bad, table.good

ONE = b"5\r\nhello\r\n0\r\n\r\n"
MIB = 1 << 20

table.group("content length")
for value in ("+5", "-5", "-0", "5 5", "5,5", "5, 5", "5,6", "5,", ",5", "0x5", "5_0", "five", "5.0", "5e1", '"5"', "5;a", "5a", "a5",
              "\u0665".encode("utf-8").decode("latin-1"), "\xb2", "5\x0b", "\x0c5", "1" * 20, "0" * 19 + "5", "18446744073709551621", "4294967301 ,"):
    bad(f"Content-Length {value!r}", post(f"Content-Length: {value}\r\n", "hello"))
bad("Content-Length empty", post("Content-Length:\r\n", "hello"))
bad("Content-Length blank", post("Content-Length: \t\r\n", "hello"))
bad("Content-Length twice, equal", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"))
bad("Content-Length twice, different", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"))
bad("Content-Length twice, zero first", post("Content-Length: 0\r\nContent-Length: 43\r\n"))
bad("Content-Length twice, other case", post("Content-Length: 5\r\ncontent-length: 5\r\n", "hello"))
bad("Content-Length twice, apart", post("Content-Length: 5\r\nX: y\r\nContent-Length: 5\r\n", "hello"))
bad("Content-Length of 19 digits", post(f"Content-Length: {2**63 - 1}\r\n", "hello"), 413)
bad("Content-Length above 2^63", post("Content-Length: 9999999999999999999\r\n", "hello"), (400, 413))
bad("bad Content-Length on GET", get("Content-Length: +0\r\n"))
bad("bad Content-Length on 1.0", post("Content-Length: 5,5\r\n", "hello", version=b"HTTP/1.0"))
good("Content-Length with blanks around", post("Content-Length:  5  \r\n", "hello"))
row("Content-Length with a tab before", post("Content-Length:\t5\r\n", "hello"), [Answer((200, 400))], EITHER)
good("Content-Length with leading zeros", post("Content-Length: 005\r\n", "hello"))
good("Content-Length of 19 digits that is small", post("Content-Length: " + "0" * 18 + "5\r\n", "hello"))
good("Content-Length zero", post("Content-Length: 0\r\n"))
good("Content-Length echoed", post("Content-Length: 5\r\n", "hello", b"/echo"), body=b"hello")

table.group("length and coding")
for name, fields in {
        "length, coding": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "coding, length": "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "length zero, coding": "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
        "length, identity": "Content-Length: 5\r\nTransfer-Encoding: identity\r\n",
        "length, empty coding": "Content-Length: 5\r\nTransfer-Encoding:\r\n",
        "length, coding in another case": "content-length: 5\r\nTRANSFER-ENCODING: Chunked\r\n",
        "length, coding apart": "Content-Length: 5\r\nX: y\r\nTransfer-Encoding: chunked\r\n"}.items():
    status = 400 if "identity" not in name else (400, 501)
    bad(name, post(fields, ONE), status)
bad("coding on 1.0", post("Transfer-Encoding: chunked\r\n", ONE, version=b"HTTP/1.0"))
bad("coding on 1.0 with keep-alive", post("Transfer-Encoding: chunked\r\nConnection: keep-alive\r\n", ONE, version=b"HTTP/1.0"))
bad("length and coding on 1.0", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", ONE, version=b"HTTP/1.0"))

table.group("transfer coding")
bad("empty", post("Transfer-Encoding:\r\n", ONE))
bad("blank", post("Transfer-Encoding: \t \r\n", ONE))
bad("chunked twice in a list", post("Transfer-Encoding: chunked, chunked\r\n", ONE))
bad("chunked twice in two fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", ONE))
bad("chunked not last", post("Transfer-Encoding: chunked, gzip\r\n", ONE))
bad("chunked not last, unknown coding last", post("Transfer-Encoding: chunked, x\r\n", ONE))
for value in ("gzip", "gzip, chunked", "deflate, chunked", "identity", "identity, chunked", "xchunked", "chunkedx", "x-chunked",
              "chunke", "cow", "gzip,deflate,chunked"):
    bad(f"coding {value!r}", post(f"Transfer-Encoding: {value}\r\n", ONE), 501)
for value in ('"chunked"', "chunked;a=b", "chunked; q=1", "chunked x", "chun ked", "'chunked'", "chunked;", "(chunked)"):
    bad(f"coding {value!r}", post(f"Transfer-Encoding: {value}\r\n", ONE), (400, 501))
for value in ("\x0bchunked", "chunked\x0b", "\x00chunked", "chunked\x00", "\x0cchunked", "chu\x00nked", "chunked\x1f"):
    bad(f"coding {value!r}", post(f"Transfer-Encoding: {value}\r\n", ONE), 400)
bad("coding with a byte above 0x7f", post("Transfer-Encoding: \xa0chunked\r\n", ONE), (400, 501))
bad("gzip and chunked in two fields", post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", ONE), (400, 501))
bad("chunked and gzip in two fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n", ONE), (400, 501))
bad("chunked and identity in two fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", ONE), (400, 501))
bad("colon trick in the value", post("Transfer-Encoding:chunked;a: b\r\n", ONE), (400, 501))
bad("coding on GET", get("Transfer-Encoding: gzip\r\n") + ONE, 501)
good("Chunked in mixed case", post("Transfer-Encoding: ChUnKeD\r\n", ONE))
good("field name in capitals", post("TRANSFER-ENCODING: chunked\r\n", ONE))
good("blanks after chunked", post("Transfer-Encoding: chunked  \r\n", ONE))
good("no blank before chunked", post("Transfer-Encoding:chunked\r\n", ONE))
row("tab before chunked", post("Transfer-Encoding:\tchunked\r\n", ONE), [Answer((200, 400))], EITHER)
row("empty list element before chunked", post("Transfer-Encoding: ,chunked\r\n", ONE), [Answer((200, 400, 501))], EITHER)

table.group("chunk")
for name, body in {
        "size 0x5": b"0x5\r\nhello\r\n0\r\n\r\n", "size +5": b"+5\r\nhello\r\n0\r\n\r\n", "size -5": b"-5\r\nhello\r\n0\r\n\r\n",
        "size -0": b"-0\r\n\r\n", "blank before the size": b" 5\r\nhello\r\n0\r\n\r\n", "blank after the size": b"5 \r\nhello\r\n0\r\n\r\n",
        "tab after the size": b"5\t\r\nhello\r\n0\r\n\r\n", "blank before an extension": b"5 ;a=b\r\nhello\r\n0\r\n\r\n",
        "empty size": b"\r\nhello\r\n0\r\n\r\n", "size g": b"g\r\nhello\r\n0\r\n\r\n", "size 5g": b"5g\r\nhello\r\n0\r\n\r\n",
        "size 5_0": b"5_0\r\nhello\r\n0\r\n\r\n", "size with a comma": b"5,5\r\nhello\r\n0\r\n\r\n",
        "size with NUL": b"5\x00\r\nhello\r\n0\r\n\r\n", "size with a byte above 0x7f": b"5\xa0\r\nhello\r\n0\r\n\r\n",
        "17 digits": b"00000000000000005\r\nhello\r\n0\r\n\r\n",
        "a kilobyte of zeros": b"0" * 1024 + b"5\r\nhello\r\n0\r\n\r\n",
        "LF after the size": b"5\nhello\r\n0\r\n\r\n", "CR x after the size": b"5\rxhello\r\n0\r\n\r\n", "CR CR LF after the size": b"5\r\r\nhello\r\n0\r\n\r\n",
        "no CRLF after the data": b"5\r\nhello0\r\n\r\n", "LF after the data": b"5\r\nhello\n0\r\n\r\n", "CR after the data": b"5\r\nhello\r0\r\n\r\n",
        "any two bytes after the data": b"5\r\nhelloXX0\r\n\r\n", "data longer than said": b"5\r\nhello!\r\n0\r\n\r\n",
        "CR in an extension": b"5;a\rb\r\nhello\r\n0\r\n\r\n", "LF in an extension": b"5;a\nb\r\nhello\r\n0\r\n\r\n",
        "LF ends an extension": b"5;a\nhello\r\n0\r\n\r\n", "LF right after the semicolon": b"5;\nhello\r\n0\r\n\r\n",
        "NUL in an extension": b"5;a=\x00\r\nhello\r\n0\r\n\r\n",
        "control byte in an extension": b"5;a=\x01\r\nhello\r\n0\r\n\r\n",
        "LF after the last chunk": b"5\r\nhello\r\n0\n\r\n", "bare LF ends the message": b"5\r\nhello\r\n0\r\n\n",
        "CR x after the last chunk": b"5\r\nhello\r\n0\r\n\rX", "last chunk -": b"5\r\nhello\r\n-\r\n\r\n",
        "second chunk wrong": b"5\r\nhello\r\nZ\r\n\r\n"}.items():
    bad(name, chunked(body))
for name, size in {"2^63": b"8000000000000000", "2^64-1": b"FFFFFFFFFFFFFFFF", "2^64": b"10000000000000000", "2^64+5": b"10000000000000005",
                   "2^63-1": b"7fffffffffffffff", "2^32": b"100000000", "2^40": b"10000000000"}.items():
    bad(f"size {name}", chunked(size + b"\r\nhello\r\n0\r\n\r\n"), (400, 413))
bad("extensions of 17 KiB in one chunk", chunked(b"5;" + b"a" * (17 << 10) + b"\r\nhello\r\n0\r\n\r\n"), (400, 413, 431))
bad("an extension without end", chunked(b"5;" + b"a" * (64 << 10)), (400, 413, 431), tail=b"")
bad("extensions of 20 KiB over many chunks", chunked(b"".join(b"1;" + b"a" * 1000 + b"\r\nx\r\n" for _ in range(20)) + b"0\r\n\r\n"), (400, 413, 431))
row("unclosed quoted extension", chunked(b'5;a="b\r\nhello\r\n0\r\n\r\n'), [Answer((200, 400))], EITHER)
good("extension", chunked(b"5;a=b\r\nhello\r\n0\r\n\r\n", b"/echo"), body=b"hello")
good("extension without a value", chunked(b"5;a\r\nhello\r\n0;b\r\n\r\n", b"/echo"), body=b"hello")
good("two extensions", chunked(b"5;a=b;c\r\nhello\r\n0\r\n\r\n", b"/echo"), body=b"hello")
good("quoted extension", chunked(b'5;a="x y;z"\r\nhello\r\n0\r\n\r\n', b"/echo"), body=b"hello")
good("sixteen digits", chunked(b"0000000000000005\r\nhello\r\n0\r\n\r\n", b"/echo"), body=b"hello")
good("last chunk of many zeros", chunked(b"5\r\nhello\r\n000\r\n\r\n", b"/echo"), body=b"hello")
good("hexadecimal in both cases", chunked(b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", b"/echo"), body=b"0123456789" * 2)
good("empty chunked body", chunked(b"0\r\n\r\n", b"/echo"), body=b"")
good("a thousand chunks of one byte", chunked(b"1\r\nx\r\n" * 1000 + b"0\r\n\r\n", b"/echo"), body=b"x" * 1000)
good("chunk data that looks like a chunk end", chunked(b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", b"/echo"), body=b"0\r\n\r\n")
row("fault in a chunk while echoing", chunked(b"5\r\nhello\r\nZZ\r\n", b"/echo") + SMUGGLED, [Answer((400,))], CLOSED, aborted_is_fine=True)
row("body beyond its limit while echoing", chunked(b"40000\r\n" + b"x" * 0x40000 + b"\r\n", b"/echo") +
    (b"40000\r\n" + b"x" * 0x40000 + b"\r\n") * 4 + b"0\r\n\r\n", [Answer((413,))], CLOSED, aborted_is_fine=True)

table.group("trailer")
good("trailer", chunked(b"5\r\nhello\r\n0\r\nX: a\r\n\r\n", b"/echo"), body=b"hello")
for name in ("Content-Length: 999", "Transfer-Encoding: gzip", "Host: evil", "Connection: close", "Authorization: x", "Content-Type: text/html",
             "Trailer: x", "Content-Encoding: gzip", "Expect: 100-continue", "TE: x", "Upgrade: h2c"):
    good(f"{name} in a trailer is dropped", chunked(f"5\r\nhello\r\n0\r\n{name}\r\n\r\n".encode(), b"/echo"), body=b"hello")
for name, lines in {
        "fold": b"X: a\r\n b\r\n", "fold after the colon": b"X:\r\n b\r\n", "first line folded": b" X: a\r\n", "no colon": b"nonsense\r\n",
        "space before the colon": b"X : a\r\n", "empty name": b": a\r\n", "NUL in a value": b"X: \x00\r\n", "bare LF": b"X: a\nY: b\r\n",
        "bare CR": b"X: a\rb\r\n", "bad name": b"X@: a\r\n", "control byte": b"X: \x01\r\n"}.items():
    bad(f"{name} in a trailer", chunked(b"5\r\nhello\r\n0\r\n" + lines + b"\r\n"))
bad("bare LF ends the trailers", chunked(b"5\r\nhello\r\n0\r\nX: a\r\n\n"))
bad("bare CR ends the trailers", chunked(b"5\r\nhello\r\n0\r\nX: a\r\n\rX"))
bad("101 trailer fields", chunked(b"5\r\nhello\r\n0\r\n" + b"X: a\r\n" * 101 + b"\r\n"), (400, 431))
bad("trailers of 70 KiB", chunked(b"5\r\nhello\r\n0\r\nX: " + b"a" * (70 << 10) + b"\r\n\r\n"), (400, 431))
bad("trailers without end", chunked(b"5\r\nhello\r\n0\r\nX: " + b"a" * (70 << 10)), (400, 431), tail=b"")

# Bodies of requests whose answer does not need them; the bytes never become a request.
table.group("body is no request")
smuggled_length = f"Content-Length: {len(SMUGGLED)}\r\n"
good("POST with a request as its body", post(smuggled_length, SMUGGLED))
good("GET with a request as its body", get(smuggled_length) + SMUGGLED)
good("DELETE with a request as its body", get(smuggled_length, method=b"DELETE") + SMUGGLED)
good("GET with a chunked request as its body", get("Transfer-Encoding: chunked\r\n") + b"%x\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n0\r\n\r\n")
row("404 with a request as its body", post(smuggled_length, SMUGGLED, b"/nowhere"), [Answer((404,))], EITHER)
row("HEAD with a request as its body", get(smuggled_length, method=b"HEAD") + SMUGGLED, [Answer((200,), "HEAD")], EITHER)
row("404 with an unread body of 60 KiB", post("Content-Length: 61440\r\n", b"x" * 61440, b"/nowhere"), [Answer((404,))], EITHER)
row("404 with an unread body of 1 MiB", post(f"Content-Length: {MIB}\r\n", b"x" * MIB, b"/nowhere"), [Answer((404,))], EITHER)
bad("413 with a request as its body", post(f"Content-Length: {MIB + 1}\r\n", SMUGGLED), 413)
bad("413 with a large body already sent", post(f"Content-Length: {2 * MIB}\r\n", b"x" * (2 * MIB)), 413)

table.group("body limit")
good("exactly 1 MiB", post(f"Content-Length: {MIB}\r\n", b"x" * MIB))
good("exactly 1 MiB echoed", post(f"Content-Length: {MIB}\r\n", b"x" * MIB, b"/echo"), body=b"x" * MIB)
good("exactly 1 MiB, chunked", chunked(b"100000\r\n" + b"x" * MIB + b"\r\n0\r\n\r\n"))
good("exactly 1 MiB, in many chunks", chunked((b"8000\r\n" + b"x" * 0x8000 + b"\r\n") * 32 + b"0\r\n\r\n"))
bad("one byte more", post(f"Content-Length: {MIB + 1}\r\n"), 413)
bad("one byte more, chunked at once", chunked(b"100001\r\n"), 413, tail=b"")
bad("one byte more, in a later chunk", chunked(b"100000\r\n" + b"x" * MIB + b"\r\n1\r\nx\r\n0\r\n\r\n"), 413)

table.group("expect")
expect = "Expect: 100-continue\r\n"
row("100 before the body", [post(expect + "Content-Length: 5\r\n"), READ_100, b"hello"], [Answer((200,), body=HELLO)], OPEN)
row("100 before an echoed body", [post(expect + "Content-Length: 5\r\n", target=b"/echo"), READ_100, b"hello"], [Answer((200,), body=b"hello")], OPEN)
row("100 before a chunked body", [chunked(b"", b"/echo", expect.encode()), READ_100, ONE], [Answer((200,), body=b"hello")], OPEN)
row("Expect in capitals", [post("EXPECT: 100-CONTINUE\r\nContent-Length: 5\r\n"), READ_100, b"hello"], [Answer((200,), body=HELLO)], OPEN)
row("the body came with the head", post(expect + "Content-Length: 5\r\n", "hello"), [Answer((200,), body=HELLO)], OPEN)
row("no 100 to HTTP/1.0", [post(expect + "Content-Length: 5\r\n", version=b"HTTP/1.0"), SILENCE, b"hello"],
    [Answer((200,), body=HELLO, version=1.0)], CLOSED)
row("no 100 before a 413", [post(expect + f"Content-Length: {MIB + 1}\r\n")], [Answer((413,), no_informational=True)], CLOSED)
row("no 100 before a 400", [post(expect + "Content-Length: 5\r\nContent-Length: 5\r\n")], [Answer((400,), no_informational=True)], CLOSED)
row("no 100 before a 501", [post(expect + "Transfer-Encoding: gzip\r\n")], [Answer((501,), no_informational=True)], CLOSED)
row("no 100 without a body", get(expect), [Answer((200,), body=HELLO, no_informational=True)], OPEN)
row("no 100 for an empty body", post(expect + "Content-Length: 0\r\n"), [Answer((200,), body=HELLO, no_informational=True)], OPEN)
row("another expectation", post("Expect: cake\r\nContent-Length: 5\r\n", "hello"), [Answer((200, 417))], EITHER)
row("Expect on a route that is not there", [post(expect + "Content-Length: 5\r\n", target=b"/nowhere"), b"hello"], [Answer((404,))], EITHER)
