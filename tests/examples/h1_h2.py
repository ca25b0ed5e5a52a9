#!/usr/bin/env python3
"""examples/embedding/h1_h2.cpp as clients see it: h1_h2.py --program P --source S.

One port, both protocols: curl speaks each, with and without content; many streams share a connection; the preface may come byte by byte.
"""
import argparse
import pathlib
import socket
import subprocess
import sys

from embedding import PATIENCE, Server, check, read_all

LONGEST = 79
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\0\0\0\4\0\0\0\0\0"
# :method GET, :scheme http, :path / from the static table; :authority as a literal without an index.
GET = b"\0\0\x0c\1\5\0\0\0\1\x82\x86\x84\1\7example"


def frames(data):
    while len(data) >= 9:
        length = int.from_bytes(data[:3], "big")
        if len(data) >= 9 + length:
            yield data[3], data[4], int.from_bytes(data[5:9], "big"), data[9:9 + length]
        data = data[9 + length:]


def check_curl(server, flag, version):
    show = ["--output", "/dev/null", "--write-out", "%{http_version} %{http_code} %{num_connects} %{size_download}\\n"]
    once = server.curl(flag, *show, server.url).decode()
    check(f"GET: {once}", once == f"{version} 200 1 3\n")
    posted = server.curl(flag, "--data-binary", "@-", *show, server.url, data=b"x" * 900_000).decode()
    check(f"POST: {posted}", posted == f"{version} 200 1 3\n")
    large = server.curl(flag, "--data-binary", "@-", *show, server.url, data=b"x" * 2_000_000).decode()
    if flag == "--http2-prior-knowledge":  # HTTP/1.1 is not limited in this example
        check(f"a large POST: {large}", large.startswith(f"{version} 413 "))


def get(stream):
    return GET[:5] + stream.to_bytes(4, "big") + GET[9:]


def read_ends(connection, count):
    """Reads until so many streams have ended; what is not a whole frame yet stays unread."""
    found = b""
    while sum(1 for kind, flags, _, _ in frames(found) if kind == 0 and flags & 1) < count:
        found += connection.recv(65536) or sys.exit("the server closed")
    return list(frames(found))


def check_many_streams(server):
    """Raw, for curl 7.88 does not use a connection of this kind twice."""
    connection = server.connect()
    connection.sendall(PREFACE + SETTINGS)
    for first in range(1, 2001, 200):
        connection.sendall(b"".join(get(stream) for stream in range(first, first + 200, 2)))
        ended = sorted(stream for kind, flags, stream, _ in read_ends(connection, 100) if kind == 0 and flags & 1)
        check(f"the streams from {first} on", ended == list(range(first, first + 200, 2)))
    connection.close()


def check_byte_by_byte(server):
    connection = server.connect()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in PREFACE + SETTINGS + GET:
        connection.sendall(bytes([byte]))
    check("the content", [body for kind, _, _, body in read_ends(connection, 1) if kind == 0] == [b"hi\n"])
    connection.close()


def check_upgrade_is_ignored(server):
    connection = server.connect()
    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\n"
                       b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")
    check("h2c is ignored", read_all(connection).startswith(b"HTTP/1.1 200 OK\r\n"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    args = parser.parse_args()
    lines = len((args.source / "examples/embedding/h1_h2.cpp").read_text().splitlines())
    check(f"{lines} lines, {LONGEST} are allowed", lines <= LONGEST)
    server = Server(args.program)
    try:
        check_curl(server, "--http1.1", "1.1")
        check_curl(server, "--http2-prior-knowledge", "2")
        check_many_streams(server)
        check_byte_by_byte(server)
        check_upgrade_is_ignored(server)
        check("it still runs", server.process.poll() is None)
    finally:
        server.process.terminate()
        server.process.wait(PATIENCE)
    print("served")


if __name__ == "__main__":
    sys.exit(main())
