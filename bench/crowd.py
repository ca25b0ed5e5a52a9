#!/usr/bin/env python3
"""A good client beside a crowd: what 2 workers make of 200 keep-alive clients, 500 event streams and 50 slow heads.

bench/crowd.py [--program build/release/bin/pounce-sync] [--app build/release/examples/tour/libtour.so] [--workers 2]

Prints the good client's latency without and with the crowd, and how evenly the 200 were served. The crowd runs in a process of
its own; where there are two cores, pin the server to one: the figures are of a shared machine otherwise.
"""

import argparse
import multiprocessing
import os
import re
import selectors
import socket
import subprocess
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
STREAMS, SLOW, KEPT = 500, 50, 200
EVERY = 0.1  # seconds between the requests of one kept client, and between the bytes of a slow head


def connect(port):
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def crowd(port, ready, stop, result):
    """Bounded by `stop`; every connection is made once."""
    wait = selectors.DefaultSelector()
    streams = [connect(port) for _ in range(STREAMS)]
    for one in streams:
        one.sendall(b"GET /events?n=100000&ms=200 HTTP/1.1\r\nHost: b\r\n\r\n")
        one.setblocking(False)
        wait.register(one, selectors.EVENT_READ, None)
    slow = [connect(port) for _ in range(SLOW)]
    kept = [connect(port) for _ in range(KEPT)]
    served = [0] * KEPT
    due = [time.monotonic() + EVERY * i / KEPT for i in range(KEPT)]
    for i, one in enumerate(kept):
        wait.register(one, selectors.EVENT_READ, i)
    drip, position = time.monotonic(), 0
    head = b"GET /hello HTTP/1.1\r\nHost: b\r\nX-Slow: " + b"x" * 1000
    ready.set()
    while not stop.is_set():
        now = time.monotonic()
        for i in range(KEPT):
            if due[i] <= now:
                due[i] = float("inf")
                kept[i].sendall(b"GET /hello HTTP/1.1\r\nHost: b\r\n\r\n")
        if now >= drip:
            for n, one in enumerate(slow):
                try:
                    one.sendall(head[position:position + 1])
                except OSError:  # its head's deadline came: another one takes its place
                    slow[n] = connect(port)
            drip, position = now + EVERY, (position + 1) % len(head)
        for key, _ in wait.select(0.005):
            got = key.fileobj.recv(65536)
            if not got:
                wait.unregister(key.fileobj)
            elif key.data is not None:
                served[key.data] += 1
                due[key.data] = time.monotonic() + EVERY
    result.put((min(served), max(served)))


def latency(port, seconds):
    """Of requests on one kept connection and on fresh ones in turn, in milliseconds: (p50, p99, most)."""
    took, end = [], time.monotonic() + seconds
    kept = connect(port)
    while time.monotonic() < end:
        for client in (kept, None):
            began = time.perf_counter()
            fresh = client or connect(port)
            fresh.sendall(b"GET /hello HTTP/1.1\r\nHost: b\r\n\r\n")
            if not fresh.recv(4096).startswith(b"HTTP/1.1 200"):
                raise SystemExit("the good client was not served")
            took.append((time.perf_counter() - began) * 1000)
            if client is None:
                fresh.close()
        time.sleep(0.002)
    took.sort()
    return took[len(took) // 2], took[len(took) * 99 // 100], took[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(TOP / "build/release/bin/pounce-sync"))
    parser.add_argument("--app", default=str(TOP / "build/release/examples/tour/libtour.so"))
    parser.add_argument("--workers", default="2")
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    command = [options.program, options.app, "--port", "0", "--workers", options.workers]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)", server.stderr.readline())[1])
        alone = latency(port, options.seconds)
        ready, stop, result = multiprocessing.Event(), multiprocessing.Event(), multiprocessing.Queue()
        load = multiprocessing.Process(target=crowd, args=(port, ready, stop, result))
        load.start()
        ready.wait(60)
        beside = latency(port, options.seconds)
        stop.set()
        least, most = result.get(timeout=30)
        load.join()
        server.terminate()
        server.stderr.read()
    for name, (p50, p99, worst) in (("alone", alone), ("beside the crowd", beside)):
        print(f"{name:17} p50 {p50:6.2f} ms   p99 {p99:6.2f} ms   most {worst:6.2f} ms")
    print(f"{KEPT} kept clients: {least} to {most} requests each in {options.seconds:g} s")


if __name__ == "__main__":
    main()
