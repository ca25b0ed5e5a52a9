#!/usr/bin/env python3
"""Good clients beside others that await and block in turn, on the same kept connections.

bench/blocking.py [--program build/release/bin/pounce-sync] [--app build/debug/tests/live/modules/libblocking.so]

Eight clients ask for /wait (a coroutine that sleeps for 1 ms) and /block (a plain handler that sleeps for 20 ms, blocking its
thread) in turn. Beside them, good clients' latency: of /wait, which a reactor ends, and of /hello on a connection that
asks for both in turn. With --alone the eight stay away.
Last, the CPU time per request of 16 clients that ask for /wait and /hello in turn, and of 16 that ask for /wait only.
"""

import argparse
import os
import re
import socket
import subprocess
import threading
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


def connect(port):
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def ask(client, path):
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: b\r\n\r\n".encode())
    if not client.recv(4096).startswith(b"HTTP/1.1 200"):
        raise SystemExit("a client was not served")


def rounds(port, paths, stop, count):
    client, asked = connect(port), 0
    while not stop.is_set():
        ask(client, paths[asked % len(paths)])
        asked += 1
    count.append(asked)


def crowd(port, size, paths):
    stop, count = threading.Event(), []
    threads = [threading.Thread(target=rounds, args=(port, paths, stop, count)) for _ in range(size)]
    for one in threads:
        one.start()

    def end():
        stop.set()
        for one in threads:
            one.join()
        return sum(count)
    return end


def latency(port, seconds):
    """In milliseconds, of /wait and of /hello in turn on one connection: two lists, sorted."""
    client, took = connect(port), {"/wait": [], "/hello": []}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path, times in took.items():
            began = time.perf_counter()
            ask(client, path)
            times.append((time.perf_counter() - began) * 1000)
            time.sleep(0.001)
    return [sorted(times) for times in took.values()]


def cpu(pid):
    """Seconds that its threads have run, to the nanosecond: /proc/PID/stat counts whole ticks."""
    return sum(int(one.read_text().split()[0]) for one in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(TOP / "build/release/bin/pounce-sync"))
    parser.add_argument("--app", default=str(TOP / "build/debug/tests/live/modules/libblocking.so"))
    parser.add_argument("--workers", default="16")
    parser.add_argument("--seconds", type=float, default=3)
    options = parser.parse_args()
    command = [options.program, options.app, "--port", "0", "--workers", options.workers]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)", server.stderr.readline())[1])
        for name, size in (("alone", 0), ("beside eight that block", 8)):
            end = crowd(port, size, ("/wait", "/block"))
            for path, times in zip(("/wait", "/hello"), latency(port, options.seconds)):
                print(f"{name:24} {path:7} p50 {times[len(times) // 2]:6.2f} ms   p99 {times[len(times) * 99 // 100]:6.2f} ms")
            end()
        for paths in (("/wait", "/hello"), ("/wait",)):
            end, before, began = crowd(port, 16, paths), cpu(server.pid), time.monotonic()
            time.sleep(options.seconds)
            used = cpu(server.pid) - before
            print(f"16 kept clients, {' and '.join(paths):17} {used / end() * 1e6:6.1f} us of CPU per request")
        server.terminate()
        server.stderr.read()


if __name__ == "__main__":
    main()
