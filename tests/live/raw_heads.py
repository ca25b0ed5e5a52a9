"""Rows about the head: request line, target, version, method, line ends, field names and values, Host."""

from raw_rows import (Answer, CLOSED, EITHER, OPEN, GET, HELLO, SMUGGLED, Table, get, shown)

table = Table()
row, bad, good = table.row, table.bad, table.good

# Continuation lines (obs-fold), RFC 9112 section 5.2: refused everywhere.
table.group("obs-fold")
bad("fold with a space", get("X: a\r\n b\r\n"))
bad("fold with a tab", get("X: a\r\n\tb\r\n"))
bad("fold right after the colon", get("X:\r\n b\r\n"))
bad("fold that hides a coding", get("X: a\r\n Transfer-Encoding: chunked\r\n"))
bad("folded Content-Length", get("Content-Length:\r\n 5\r\n", method=b"POST"))
bad("folded Transfer-Encoding", get("Transfer-Encoding:\r\n chunked\r\n", method=b"POST"))
bad("Content-Length with a digit in a fold", get("Content-Length: 1\r\n 0\r\n", method=b"POST"))
bad("first field line folded", b"GET /hello HTTP/1.1\r\n Host: a\r\n\r\n")
bad("fold in Host", get(host=b"Host:\r\n a\r\n"))
bad("fold of nothing but blanks", get("X: a\r\n \r\n"))
bad("fold in the last field", b"GET /hello HTTP/1.1\r\nHost: a\r\nX: b\r\n \r\n\r\n")

# Field names are tokens, directly followed by the colon.
table.group("field name")
bad("empty name", get(": x\r\n"))
bad("empty name, nothing else", get(":\r\n"))
bad("space before the colon", get("X : a\r\n"))
bad("tab before the colon", get("X\t: a\r\n"))
bad("space before the colon of Content-Length", get("Content-Length : 5\r\n", method=b"POST"))
bad("space before the colon of Transfer-Encoding", get("Transfer-Encoding : chunked\r\n", method=b"POST"))
bad("space before the colon of Host", get(host=b"Host : a\r\n"))
bad("line without a colon", get("nonsense\r\n"))
bad("line without a colon, first", b"GET /hello HTTP/1.1\r\nnonsense\r\nHost: a\r\n\r\n")
bad("space inside a name", get("X Y: a\r\n"))
for byte in b'"(),/;<=>?@[\\]{}':
    bad(f"name with {chr(byte)!r}", get(b"X" + bytes([byte]) + b"Y: a\r\n"))
for byte in (0x00, 0x01, 0x0b, 0x0c, 0x1f, 0x7f, 0x80, 0xa0, 0xff):
    bad(f"name with {shown(byte)}", get(b"X" + bytes([byte]) + b"Y: a\r\n"))
good("name of every token character", get("!#$%&'*+-.^_`|~09AZaz: a\r\n"))
good("colon inside the value belongs to the value", get("x:y: z\r\n"))
good("no blank after the colon", get("x:y\r\n"))
good("empty value", get("x:\r\n"))
good("blanks around a value", get("x: \t y \t \r\n"))
good("underscore in a name", get("transfer_encoding: chunked\r\ncontent_length: 5\r\n"))

# Values hold no control byte but HTAB.
table.group("field value")
for byte in (0x00, 0x01, 0x07, 0x08, 0x0b, 0x0c, 0x0e, 0x1b, 0x1f, 0x7f):
    bad(f"value with {shown(byte)}", get(b"X: a" + bytes([byte]) + b"b\r\n"))
bad("value that begins with NUL", get(b"X: \x00a\r\n"))
bad("value that ends with NUL", get(b"X: a\x00\r\n"))
good("value with a tab inside", get("X: a\tb\r\n"))
good("value with bytes above 0x7f", get(b"X: caf\xc3\xa9 \xff\r\n"))

# A line ends with CRLF and with nothing else.
table.group("line end")
bad("bare LF after the request line", b"GET /hello HTTP/1.1\nHost: a\r\n\r\n")
bad("bare LF after a field", b"GET /hello HTTP/1.1\r\nHost: a\nX: b\r\n\r\n")
bad("bare LF ends the head", b"GET /hello HTTP/1.1\r\nHost: a\r\n\n")
bad("all bare LF", b"GET /hello HTTP/1.1\nHost: a\n\n")
bad("LF LF after a CRLF field", b"GET /hello HTTP/1.1\r\nHost: a\n\r\n")
bad("CR CR LF after a field", b"GET /hello HTTP/1.1\r\nHost: a\r\r\n\r\n")
bad("bare CR after the request line", b"GET /hello HTTP/1.1\rHost: a\r\n\r\n")
bad("bare CR in a value", get("X: a\rb\r\n"))
bad("bare CR that hides a coding", get("X: a\rTransfer-Encoding: chunked\r\n"))
bad("bare CR then x then coding", get("X: a\rxTransfer-Encoding: chunked\r\n", method=b"POST"))
bad("bare CR before the colon", get("X\r: a\r\n"))
bad("bare CR as line end of the head", b"GET /hello HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n")
bad("LF in a value", get("X: a\nY: b\r\n"))
bad("0.9-like line with bare LF and a length", b"GET /hello\nHost: a\r\nContent-Length: 5\r\n\r\nhello")

# Host: exactly one on 1.1, valid everywhere.
table.group("host")
bad("no Host on 1.1", get(host=b""))
bad("two equal Hosts", get(host=b"Host: a\r\nHost: a\r\n"))
bad("two different Hosts", get(host=b"Host: a\r\nHost: b\r\n"))
bad("two Hosts in different case", get(host=b"Host: a\r\nhOST: a\r\n"))
bad("two Hosts on 1.0", get(host=b"Host: a\r\nHost: b\r\n", version=b"HTTP/1.0"))
for value in ("a b", "a/b", "u@a", "u:p@a", "a:b", "a:80:80", "a:-1", "a: 80", "a#b", "a?b", "a\\b", 'a"b', "a<b", "a>b", "a^b",
              "a{b", "a|b", "a`b", "[::1", "::1]", "[gg::1]", "[]", "[::1]x", "http://a", "%zz", "%4", "caf\xe9",
              "a\tb"):
    bad(f"Host {value!r}", get(host=f"Host: {value}\r\n".encode("latin-1")))
bad("invalid Host on 1.0", get(host=b"Host: a b\r\n", version=b"HTTP/1.0"))
for value in ("a", "a:80", "a:", "127.0.0.1", "127.0.0.1:8000", "[::1]", "[::1]:80", "a.b-c_d~e", "%41", "xn--caf-dma.example"):
    good(f"Host {value!r}", get(host=f"Host: {value}\r\n".encode()))
row("empty Host", get(host=b"Host:\r\n"), [Answer((200, 400))], EITHER)
row("Host with a comma", get(host=b"Host: a,b\r\n"), [Answer((200, 400))], EITHER)
row("Host with a port beyond 65535", get(host=b"Host: a:99999\r\n"), [Answer((200, 400))], EITHER)

# Absolute form: its authority wins, and Host must still be valid.
table.group("absolute form")
good("absolute form", get(target="http://a/hello"))
good("absolute form, another Host", get(target="http://b/hello"))
good("absolute form with a port", get(target="http://a:8000/hello"))
good("absolute form, scheme in capitals", get(target="HTTP://A/hello"))
good("absolute form without a path", get(target="http://a"))
good("absolute form with a query only", get(target="http://a?x=1"))
good("absolute form, IPv6", get(target="http://[::1]:80/hello"))
bad("absolute form without Host", get(target="http://a/hello", host=b""))
bad("absolute form, two Hosts", get(target="http://a/hello", host=b"Host: a\r\nHost: a\r\n"))
bad("absolute form, invalid Host", get(target="http://a/hello", host=b"Host: a b\r\n"))
bad("absolute form, no authority", get(target="http:///hello"))
bad("absolute form, empty", get(target="http://"))
bad("absolute form, userinfo", get(target="http://u@a/hello"))
bad("absolute form, userinfo with password", get(target="http://u:p@a/hello"))
bad("absolute form, bad port", get(target="http://a:b/hello"))
bad("absolute form, bad address", get(target="http://[::1/hello"))
bad("absolute form, fragment", get(target="http://a/hello#x"))

# The request line: method SP target SP version, nothing else.
table.group("request line")
bad("two spaces after the method", b"GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n")
bad("two spaces before the version", b"GET /hello  HTTP/1.1\r\nHost: a\r\n\r\n")
bad("space at the end", b"GET /hello HTTP/1.1 \r\nHost: a\r\n\r\n")
bad("space at the start", b" GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
bad("tab at the start", b"\tGET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
bad("tab after the method", b"GET\t/hello HTTP/1.1\r\nHost: a\r\n\r\n")
bad("tab before the version", b"GET /hello\tHTTP/1.1\r\nHost: a\r\n\r\n")
bad("four words", b"GET /hello HTTP/1.1 x\r\nHost: a\r\n\r\n")
bad("space in the target", b"GET /he llo HTTP/1.1\r\nHost: a\r\n\r\n")
bad("missing version", b"GET /hello\r\nHost: a\r\n\r\n")
bad("missing version, space kept", b"GET /hello \r\nHost: a\r\n\r\n")
bad("missing version and fields (0.9)", b"GET /hello\r\n\r\n")
bad("method alone", b"GET\r\nHost: a\r\n\r\n")
bad("no method", b"/hello HTTP/1.1\r\nHost: a\r\n\r\n")
bad("no target", b"GET HTTP/1.1\r\nHost: a\r\n\r\n")
bad("fragment", get(target="/hello#x"))
bad("empty fragment", get(target="/hello#"))
bad("fragment after a query", get(target="/hello?a#b"))
for byte in (0x00, 0x01, 0x0b, 0x0c, 0x1f, 0x7f, 0x80, 0xc3, 0xff):
    bad(f"target with {shown(byte)}", get(target=b"/hello" + bytes([byte]) + b"x"))
bad("bare CR in the target", get(target=b"/hello\rx"))
bad("asterisk with more", get(target="*x"))
bad("asterisk with GET", get(target="*"))
bad("target without a slash", get(target="hello"))
bad("target that begins with a query", get(target="?x"))
good("query with reserved characters", get(target="/hello?a=b&c=/d?e:@!$'()*+,;"))
good("percent triplets", get(target="/hello?x=%20%0d%0a%00"))
good("empty query", get(target="/hello?"))
row("OPTIONS asterisk", get(target="*", method=b"OPTIONS"), [Answer((200, 204, 404, 405))], OPEN)
row("target of two slashes", get(target="//hello"), [Answer((200, 400, 404))], EITHER)
row("half a percent triplet", get(target="/hello?%4"), [Answer((200, 400))], EITHER)

table.group("version")
for version in ("HTTP/2.0", "HTTP/3.0", "HTTP/0.9", "HTTP/1.2", "HTTP/9.9"):
    bad(version, get(version=version.encode()), 505)
for version in ("HTTP/1", "HTTP/1.", "HTTP/11", "HTTP/1.10", "HTTP/01.1", "HTTP/1.1.1", "HTTP/.1", "HTTP/a.b", "http/1.1", "Http/1.1",
                "HTTP/-1.1", "HTTP /1.1", "HTTP/ 1.1", "HTTP\\1.1", "HTTPS/1.1", "H", "HTTP", "HTTP/1.1\x00", "HTTP/1\u00b91".encode("utf-8").decode("latin-1")):
    bad(f"version {version!r}", get(version=version.encode("latin-1")), (400, 505))
for version in ("RTSP/1.0", "ICE/1.0", "SIP/2.0"):
    bad(f"{version}", get(version=version.encode()), 400)
bad("RTSP request", b"DESCRIBE rtsp://a/b RTSP/1.0\r\nCSeq: 1\r\n\r\n")
bad("RTSP OPTIONS", b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nHost: a\r\n\r\n")
bad("RTSP PLAY", b"PLAY rtsp://a/b RTSP/1.0\r\nHost: a\r\n\r\n")
bad("ICE source", b"SOURCE /stream ICE/1.0\r\nHost: a\r\n\r\n")
bad("HTTP/2 preface with a wrong end", b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", (400, 505))
bad("PRI with fields", b"PRI * HTTP/2.0\r\nHost: a\r\n\r\n", (400, 505))
bad("PROXY line", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n")
bad("PROXY v2", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\x7f\x00\x00\x01\x7f\x00\x00\x01\x00\x01\x00\x02")
bad("TLS ClientHello", b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + b"\x5a" * 60 + b"\r\n\r\n")
bad("SSH banner", b"SSH-2.0-OpenSSH_9.2\r\n")
bad("random bytes", bytes(range(128, 256)) + b"\r\n\r\n")
bad("NUL bytes", b"\x00" * 64 + b"\r\n\r\n")

# Every token is a method; the application decides. CONNECT and TRACE are refused before it.
table.group("method")
for method in ("QUERY", "FROB", "M-SEARCH", "get", "PROPFIND", "X", "!#$%&'*+-.^_`|~09", "PURGE", "A" * 32, "GETT", "GE"):
    good(f"method {method}", get(method=method.encode()))
for method in ("G@T", "GE(T", "GE,T", 'G"T', "G{T", "GE/T", "GET:", "[GET]", "G\x00T", "G\x7fT", "G\xe9T"):
    bad(f"method {method!r}", get(method=method.encode("latin-1")))
row("TRACE", get(method=b"TRACE"), [Answer((405,), with_field=("Allow", None))], EITHER)
row("CONNECT", b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", [Answer((405,), with_field=("Allow", None))], EITHER)
row("CONNECT with a path", get(method=b"CONNECT"), [Answer((400, 405))], EITHER)
row("CONNECT with a body", b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\nContent-Length: 43\r\n\r\n" + SMUGGLED[:43], [Answer((400, 405))], EITHER)
row("TRACE with a body", b"TRACE /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", [Answer((400, 405))], EITHER)
row("RTSP method in an HTTP line", get(method=b"DESCRIBE"), [Answer((200, 400))], EITHER)

# Empty lines before a request line: ten are borne.
table.group("empty lines")
for lines in (1, 2, 9, 10):
    good(f"{lines} empty lines first", b"\r\n" * lines + GET)
bad("eleven empty lines", b"\r\n" * 11 + GET)
bad("a hundred empty lines", b"\r\n" * 100)
bad("an endless run of empty lines", b"\r\n" * 4000, tail=b"")
bad("bare LF as an empty line", b"\n" + GET)
bad("bare CR as an empty line", b"\r" + GET)
bad("blank line of a space", b" \r\n" + GET)
row("ten empty lines between requests", GET + b"\r\n" * 10 + GET, [Answer((200,), body=HELLO)] * 2, OPEN)
row("eleven empty lines between requests", GET + b"\r\n" * 11 + GET, [Answer((200,), body=HELLO), Answer((400,))], CLOSED)
