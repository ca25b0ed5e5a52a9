#!/usr/bin/env python3
"""--worker-patience: what it costs and saves, for clients that are slow by different amounts.

bench/patience.py [--program build/release/bin/pounce-sync] [--app build/release/examples/tour/libtour.so]

On kept connections, one client or sixteen send a request with half its content, wait for a while, and send the rest; then they ask for /hello, which is a
worker's. 2 workers. Beside them a good client asks for /hello. Each patience in turn, then again: medians and, of CPU time, the spread. With strace, the
hand-offs of another short run (registrations at a reactor's poller).
"""

import argparse
import multiprocessing
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PATIENCE = ("1ms", "5ms", "20ms", "100ms")
SLOWNESS = (0.0002, 0.005, 0.02, 0.05)
HEAD = b"POST /echo HTTP/1.1\r\nHost: b\r\nContent-Length: 6\r\n\r\nabc"


def connect(port):
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def slow(port, count, pause, seconds, result):
    """`count` slow clients, staggered; each sends its second half `pause` after its first one."""
    clients = [connect(port) for _ in range(count)]
    asked, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        for one in clients:
            one.sendall(HEAD)
            time.sleep(pause / count)
        for one in clients:
            one.sendall(b"def")
            got = b""
            while not got.endswith(b"abcdef"):
                piece = one.recv(4096)
                if not piece:
                    raise SystemExit("a slow client was not served")
                got += piece
            one.sendall(b"GET /hello HTTP/1.1\r\nHost: b\r\n\r\n")
            if not one.recv(4096).endswith(b"Hello, World!"):
                raise SystemExit("a slow client was not served")
            asked += 1
    result.put(asked)


def cpu(pid):
    """Seconds that its threads have run, to the nanosecond: /proc/PID/stat counts whole ticks."""
    return sum(int(one.read_text().split()[0]) for one in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def run(options, patience, count, pause, traced=False):
    """(us of CPU per request, the good client's p99 in ms); traced: (hand-offs per slow request, 0)."""
    command = [options.program, options.app, "--port", "0", "--workers", "2", "--worker-patience", patience]
    trace = Path(tempfile.gettempdir()) / f"pounce-patience.{os.getpid()}"
    if traced:
        command = ["strace", "-f", "-qq", "-e", "trace=epoll_ctl", "-o", str(trace)] + command
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)", server.stderr.readline())[1])
        good, took, result = connect(port), [], multiprocessing.Queue()
        before = cpu(server.pid)
        seconds = options.seconds / 2 if traced else options.seconds
        load = multiprocessing.Process(target=slow, args=(port, count, pause, seconds, result))
        load.start()
        while result.empty():
            began = time.perf_counter()
            good.sendall(b"GET /hello HTTP/1.1\r\nHost: b\r\n\r\n")
            good.recv(4096)
            took.append((time.perf_counter() - began) * 1000)
            time.sleep(0.005)
        asked = result.get()
        load.join()
        used = cpu(server.pid) - before
        if traced:  # strace stands between
            children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
            os.kill(int(children[0]), signal.SIGTERM)
        else:
            server.terminate()
        server.stderr.read()
    if traced:
        text = trace.read_text()
        trace.unlink()
        return sum("EPOLL_CTL_ADD" in line and "EPOLLOUT" in line for line in text.splitlines()) / asked, 0
    took.sort()
    return used / (2 * asked + len(took)) * 1e6, took[len(took) * 99 // 100]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(TOP / "build/release/bin/pounce-sync"))
    parser.add_argument("--app", default=str(TOP / "build/release/examples/tour/libtour.so"))
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("slow clients  pause  patience   us of CPU (spread)      good client p99   hand-offs per slow request")
    for count in (1, 16):
        for pause in SLOWNESS:
            rounds = [{patience: run(options, patience, count, pause) for patience in PATIENCE} for _ in range(options.rounds)]
            for patience in PATIENCE:
                used = sorted(one[patience][0] for one in rounds)
                p99 = statistics.median(one[patience][1] for one in rounds)
                moved = f"{run(options, patience, count, pause, True)[0]:.2f}" if shutil.which("strace") else "?"
                print(f"{count:12}  {pause * 1000:4g} ms  {patience:>6}   {statistics.median(used):6.1f} "
                      f"({used[0]:.1f}..{used[-1]:.1f})   {p99:10.2f} ms   {moved:>10}", flush=True)


if __name__ == "__main__":
    main()
