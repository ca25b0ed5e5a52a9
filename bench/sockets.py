#!/usr/bin/env python3
"""Idle WebSockets, and a message to all of them: what they cost, and how long it takes until the last one has it.

bench/sockets.py [--program build/release/bin/pounce-async] [--app build/release/examples/chat/libchat.so] [-n 10000] [--workers 1] [--rounds 5]

They are opened one after the other, each with an own connection; then one of them says something in the room of examples/chat.cpp. Prints the memory
of the server for each (Pss, before and with them), the time from the message to its last arrival, by round, and what was lost. With
`--rounds 0` any application that accepts WebSockets will do. The clients are one process that reads as fast as it can, on the same machine: its work is in the time.
"""

import argparse
import os
import re
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
OPENING = (b"GET / HTTP/1.1\r\nHost: b\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\n\r\n")
PATIENCE = 60


def memory(pid):
    """Proportional set size, in bytes."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    return int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) * 1024


def masked(text):
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text


def open_socket(port):
    one = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    one.sendall(OPENING)
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        piece = one.recv(4096)
        assert piece, answer
        answer += piece
    assert answer.startswith(b"HTTP/1.1 101 "), answer
    one.setblocking(False)
    return one


def broadcast(sockets, selector, text):
    """Says `text` on one of them; the seconds until all have it, and how many have not. Frames are short: 2 octets of head."""
    left = {one.fileno(): b"" for one in sockets}
    start = time.monotonic()
    sockets[0].sendall(masked(text))
    last = start
    while left and time.monotonic() < start + PATIENCE:
        for key, _ in selector.select(1):
            got = left.get(key.fd, b"") + key.fileobj.recv(4096)
            left[key.fd] = got
            if len(got) >= 2 and len(got) >= 2 + got[1]:
                assert got.endswith(text) and len(got) == 2 + got[1], got
                del left[key.fd]
                last = time.monotonic()
    return last - start, len(left)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", default=str(TOP / "build/release/bin/pounce-async"))
    parser.add_argument("--app", default=str(TOP / "build/release/examples/chat/libchat.so"))
    parser.add_argument("-n", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 2 * args.n + 1000),) * 2)
    flags = ["--async-workers", str(args.workers)] if os.path.basename(args.program) == "pounce-sync" else []
    server = subprocess.Popen([args.program, args.app, "--port", "0", "--workers", str(args.workers), *flags], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    try:
        port = None
        while port is None:
            line = server.stdout.readline()
            assert line, "the server did not start"
            found = re.search(r"http://[^:]+:(\d+)", line)
            port = found and int(found[1])
        open_socket(port).close()  # what is made once
        before = memory(server.pid)
        start = time.monotonic()
        sockets = [open_socket(port) for _ in range(args.n)]
        opened = time.monotonic() - start
        idle = memory(server.pid) - before
        selector = selectors.DefaultSelector()
        for one in sockets:
            selector.register(one, selectors.EVENT_READ)
        times, lost = [], 0
        for n in range(args.rounds):
            seconds, missing = broadcast(sockets, selector, b"message %d" % n)
            times.append(seconds)
            lost += missing
        print(f"{args.n} sockets, opened in {opened:.1f} s: {idle / args.n:.0f} bytes each")
        if not times:
            return 0
        after = memory(server.pid) - before
        print(f"after {args.rounds} messages to all: {after / args.n:.0f} bytes each")
        print(f"a message to all: {statistics.median(times) * 1000:.0f} ms ({min(times) * 1000:.0f} to {max(times) * 1000:.0f}), {lost} lost")
        return 1 if lost else 0
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
