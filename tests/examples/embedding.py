#!/usr/bin/env python3
"""The servers of examples/embedding, each over an event loop of somebody else's, as clients see them.

embedding.py --program P [--sanitized]: starts P, which prints its address, and drives it with curl and with raw sockets.
"""
import argparse
import hashlib
import pathlib
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
BIG = 32 << 20
PATIENCE = 60  # for a machine that is busy; nothing here waits for it to pass
LONGEST = {"poll.cpp": 59, "asio.cpp": 75, "uv.cpp": 120, "echo.hpp": 45}


def content(size):
    """Bytes that no other part of themselves equals, so that what is lost or doubled shows."""
    return b"".join(b"%015d\n" % i for i in range(size // 16))


class Server:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stderr=subprocess.PIPE, text=True)
        self.url = self.process.stderr.readline().strip()
        self.address = re.fullmatch(r"http://([\d.]+):(\d+)", self.url).groups()

    def connect(self):
        return socket.create_connection((self.address[0], int(self.address[1])), timeout=PATIENCE)

    def curl(self, *arguments, data=None):
        command = ["curl", "--silent", "--show-error", "--max-time", str(PATIENCE), *arguments]
        done = subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True)
        return done.stdout

    def peak_memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) << 10


def read_all(connection, size=None):
    """Until the peer ends, or `size` bytes."""
    found = []
    left = size
    while left != 0:
        piece = connection.recv(65536 if left is None else min(left, 65536))
        if not piece:
            break
        found.append(piece)
        left = None if left is None else left - len(piece)
    return b"".join(found)


def check(what, condition):
    if not condition:
        raise AssertionError(what)


def check_curl(server):
    check("GET", server.curl(server.url) == b"hello\n")
    head = server.curl("--head", server.url)
    check("HEAD", head.startswith(b"HTTP/1.1 200 OK") and b"Content-Length: 6" in head)
    body = content(20 << 20)
    for name, options in {
            "a declared length, with Expect": ("--header", "Expect: 100-continue"),
            "chunks": ("--header", "Transfer-Encoding: chunked")}.items():
        back = server.curl("--data-binary", "@-", *options, server.url, data=body)
        check(f"POST, {name}", back == body)
    connects = server.curl("--write-out", "%{num_connects}\n", server.url, server.url, "--data", "x")
    check("the connection is used again", connects == b"x1\nx0\n")


def check_many_requests(server):
    answers = server.curl(f"{server.url}/[1-2000]")
    check("2000 requests", answers.count(b"hello\n") == 2000)


def check_many_connections(server):
    connections = [server.connect() for _ in range(200)]
    for _ in range(3):
        for connection in connections:
            connection.sendall(GET)
        for connection in reversed(connections):
            check("200 connections", read_all(connection, len(HELLO)) == HELLO)
    for connection in connections:
        connection.close()


def check_pipeline(server):
    connection = server.connect()
    echo = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    connection.sendall(GET + echo + GET + b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    connection.shutdown(socket.SHUT_WR)
    back = read_all(connection)
    check("pipelined, then half closed", back.replace(b"Connection: close\r\n", b"") == HELLO + HELLO.replace(
        b"6", b"3").replace(b"hello\n", b"abc") + HELLO + HELLO)


def check_faults(server):
    connection = server.connect()
    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n")
    check("a bad request", read_all(connection).startswith(b"HTTP/1.1 400 "))
    connection = server.connect()
    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
    connection.shutdown(socket.SHUT_WR)
    check("a truncated request", b"\r\n\r\nab" in read_all(connection))


def check_backpressure(server, sanitized):
    """Who sends and does not read is not read from; what was sent comes back when it reads."""
    body = content(BIG)
    connection = server.connect()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body))
    connection.setblocking(False)
    sent = 0
    # A server without bounds would take everything. When this gives up early on a slow machine, it only sent less.
    while sent < len(body) and select.select([], [connection], [], 0.5)[1]:
        sent += connection.send(body[sent:sent + (1 << 20)])
    check(f"the server stops reading ({sent} bytes taken)", sent < len(body) // 2)
    connection.settimeout(PATIENCE)
    sender = threading.Thread(target=connection.sendall, args=(body[sent:],))
    sender.start()
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read_all(connection, 1)
    back = read_all(connection, len(body))
    sender.join()
    check("the echo", hashlib.sha256(back).digest() == hashlib.sha256(body).digest())
    peak = server.peak_memory()
    check(f"bounded memory ({peak >> 20} MiB)", sanitized or peak < 16 << 20)
    print(f"backpressure: {sent >> 20} MiB taken before reading, {peak >> 20} MiB of memory at most")


def check_lines(folder):
    for name, most in LONGEST.items():
        lines = len((folder / name).read_text().splitlines())
        check(f"{name} has {lines} lines, {most} are allowed", lines <= most)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--sanitized", action="store_true")
    args = parser.parse_args()
    check_lines(args.source / "examples/embedding")
    server = Server(args.program)
    try:
        slow = server.connect()
        slow.sendall(b"GET / HT")
        check_curl(server)
        check_many_requests(server)
        check_many_connections(server)
        check_pipeline(server)
        check_faults(server)
        check_backpressure(server, args.sanitized)
        check("a slow head", read_all(slow).startswith(b"HTTP/1.1 408 "))
        check("it still runs", server.process.poll() is None)
    finally:
        server.process.terminate()
        print(server.process.stderr.read(), end="")
        server.process.wait()
    print("served")


if __name__ == "__main__":
    sys.exit(main())
