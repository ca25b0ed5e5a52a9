#!/usr/bin/env python3
"""A rate limit among a million clients: what a good client notices, and what memory it takes.

bench/addresses.py [--addresses 1000000] [--release build/release] [--app build/release/examples/tour/libtour.so] [--rounds 3]

Behind a trusted proxy, which is this program, every request of the flood comes from another address: four connections, 64 requests at a time on each. Meanwhile
one good client asks every 10 ms on a connection of its own, from a process of its own. The same without `--rate-limit`, and with worker processes. The limit is
100/s for each client, with room for 65,536 that owe something at a time.
"""

import argparse
import multiprocessing
import re
import socket
import subprocess
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
WIRES, TOGETHER = 4, 64


def family(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def memory(pid):
    """MiB of a program, what its processes share counted once."""
    return sum(int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{one}/smaps_rollup").read_text(), re.M)[1]) for one in family(pid)) / 1024


def cpu(pid):
    return sum(sum(int(tick) for tick in Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[11:13]) for one in family(pid)) / 100


def flood(port, first, last, result):
    wire = socket.create_connection(("127.0.0.1", port))
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    served = refused = 0
    for at in range(first, last, TOGETHER):
        some = range(at, min(at + TOGETHER, last))
        wire.sendall(b"".join(b"GET /hello HTTP/1.1\r\nHost: b\r\nX-Forwarded-For: 10.%d.%d.%d\r\n\r\n" % (one >> 16, one >> 8 & 255, one & 255) for one in some))
        got = b""
        while got.count(b"\r\n\r\n") < len(some) or not got.endswith(b"\n") and not got.endswith(b"!"):
            more = wire.recv(1 << 18)
            assert more, "the server has closed"
            got += more
        served += got.count(b"HTTP/1.1 200")
        refused += got.count(b"HTTP/1.1 429")
    result.put((served, refused))


def visit(port, stop, result):
    wire = socket.create_connection(("127.0.0.1", port))
    took, refused = [], 0
    while not stop.is_set():
        began = time.perf_counter()
        wire.sendall(b"GET /hello HTTP/1.1\r\nHost: b\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
        refused += not wire.recv(65536).startswith(b"HTTP/1.1 200")
        took.append(time.perf_counter() - began)
        time.sleep(max(0, 0.01 - took[-1]))
    result.put((took, refused))


def measure(arguments, addresses):
    server = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    try:
        port = int(re.search(r":(\d+) with", server.stderr.readline())[1])
        stop, told, said = multiprocessing.Event(), multiprocessing.Queue(), multiprocessing.Queue()
        good = multiprocessing.Process(target=visit, args=(port, stop, told))
        good.start()
        warm = min(addresses, 1 << 14)  # what a worker takes for its first requests it keeps
        flood(port, 0xF00000, 0xF00000 + warm, said)
        said.get()
        before, used, began = memory(server.pid), cpu(server.pid), time.perf_counter()
        crowd = [multiprocessing.Process(target=flood, args=(port, n * addresses // WIRES, (n + 1) * addresses // WIRES, said)) for n in range(WIRES)]
        for one in crowd:
            one.start()
        answers = [said.get() for _ in crowd]
        seconds, used, grown = time.perf_counter() - began, cpu(server.pid) - used, memory(server.pid) - before
        stop.set()
        took, refused = told.get()
        for one in [*crowd, good]:
            one.join()
    finally:
        server.terminate()
        server.communicate()
    took.sort()
    return {"served": sum(one[0] for one in answers), "429": sum(one[1] for one in answers), "a second": round(addresses / seconds),
            "us CPU": round(used / addresses * 1e6, 2), "p50 ms": round(took[len(took) // 2] * 1e3, 2), "p99 ms": round(took[len(took) * 99 // 100] * 1e3, 2),
            "refused": refused, "MiB": round(before, 1), "MiB more": round(grown, 2)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--addresses", type=int, default=1_000_000)
    parser.add_argument("--release", type=Path, default=TOP / "build/release")
    parser.add_argument("--app", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    app = options.app or options.release / "examples/tour/libtour.so"
    limit = ["--rate-limit", "100/s", "--rate-limit-burst", "200"]
    for round_ in range(options.rounds):
        for program in ("async", "sync"):
            for name, flags in (("no limit", []), ("limit", limit), ("processes", [*limit, "--worker-mode", "processes"])):
                workers = "2" if program == "async" else "8"
                figures = measure([options.release / "bin" / f"pounce-{program}", app, "--port", "0", "--workers", workers,
                                   "--trusted-proxies", "127.0.0.1", *flags], options.addresses)
                print(f"pounce-{program:5} {name:9}", *(f"{key} {value}" for key, value in figures.items()), sep="  ", flush=True)


if __name__ == "__main__":
    main()
