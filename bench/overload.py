#!/usr/bin/env python3
"""Five times more requests than the application can do: what comes of those that are served, with a request queue and without, and beside
nginx with limit_conn in front of the same application.

bench/overload.py [--seconds 10] [--times 5] [--release build/release] [--app build/debug/tests/live/modules/libqueue.so]

The application is one database with 8 connections; a query takes 40 ms, so it can do 200 a second; who comes while all are busy waits inside the
application, in order. Requests come by the clock, whatever has become of those before (an open loop), each on an idle connection or a fresh one. A
client waits for 2 s, then it goes. In time: answered with 200 within 1 s. Latency is counted from when the request was due.
"""

import argparse
import heapq
import random
import re
import select
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PLACES, WORK = 8, 0.040
CAPACITY = PLACES / WORK
PATIENCE, IN_TIME = 2.0, 1.0


class Load:
    """Requests at a rate; one thread, as many connections as it takes."""

    def __init__(self, port, path, rate, seconds, seed=1):
        self.address, self.request = ("127.0.0.1", port), f"GET {path} HTTP/1.1\r\nHost: b\r\n\r\n".encode()
        dice = random.Random(seed)
        self.dues, due = [], 0.0
        while due < seconds:
            due += dice.expovariate(rate)
            self.dues.append(due)
        self.poll, self.busy, self.idle, self.limits = select.epoll(), {}, [], []
        self.took, self.refused, self.left, self.broken = [], [], 0, 0
        self.seconds = seconds

    def send(self, due):
        while True:
            fresh = not self.idle
            if fresh:
                wire = socket.socket()
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                wire.connect(self.address)
                wire.setblocking(False)
                self.poll.register(wire.fileno(), select.EPOLLIN)
            else:
                wire = self.idle.pop()
            try:
                wire.send(self.request)
            except OSError:
                self.drop(wire)
                if fresh:
                    self.broken += 1
                    return
                continue
            self.busy[wire.fileno()] = (wire, due)
            heapq.heappush(self.limits, (due + PATIENCE, wire.fileno(), due))
            return

    def drop(self, wire):
        self.poll.unregister(wire.fileno())
        wire.close()

    def receive(self, number):
        if number not in self.busy:  # closed between two requests
            for wire in self.idle:
                if wire.fileno() == number:
                    self.idle.remove(wire)
                    return self.drop(wire)
            return None
        wire, due = self.busy.pop(number)
        try:
            answer = wire.recv(65536)
        except OSError:
            answer = b""
        took = time.monotonic() - self.began - due
        if not answer:
            self.broken += 1
            return self.drop(wire)
        (self.took if answer.startswith(b"HTTP/1.1 200") else self.refused).append(took)
        if b"onnection: close" in answer:
            return self.drop(wire)
        return self.idle.append(wire)

    def run(self):
        self.began, at = time.monotonic(), 0
        while at < len(self.dues) or self.busy:
            now = time.monotonic() - self.began
            while at < len(self.dues) and self.dues[at] <= now:
                self.send(self.dues[at])
                at += 1
            while self.limits and self.limits[0][0] <= now:
                _, number, due = heapq.heappop(self.limits)
                if number in self.busy and self.busy[number][1] == due:
                    self.left += 1
                    self.drop(self.busy.pop(number)[0])
            soonest = min([self.dues[at]] if at < len(self.dues) else [now + 1], default=now + 1)
            if self.limits:
                soonest = min(soonest, self.limits[0][0])
            for number, _ in self.poll.poll(max(soonest - (time.monotonic() - self.began), 0)):
                self.receive(number)
        for wire in self.idle:
            wire.close()
        return self


def percentile(times, part):
    return sorted(times)[min(len(times) - 1, int(len(times) * part))] * 1000 if times else float("nan")


def rss(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


class Server:
    def __init__(self, program, options, flags):
        command = [str(TOP / options.release / "bin" / program), options.app, "--port", "0", *flags]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", self.process.stderr.readline())[1])

    def stop(self):
        self.process.terminate()
        self.process.stderr.read()
        self.process.wait()


class Nginx:
    """limit_conn counts the requests that it passes on, and has no line: one more is answered 503 at once."""

    def __init__(self, backend, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf = Path(folder) / "nginx.conf"
        conf.write_text(f"""daemon off; worker_processes 1; pid {folder}/pid; error_log /dev/null crit; worker_rlimit_nofile 20000;
events {{ worker_connections 18000; multi_accept on; }}
http {{ access_log off; keepalive_requests 1000000000; {temporary}
limit_conn_zone $server_port zone=places:1m;
upstream app {{ server 127.0.0.1:{backend}; keepalive {PLACES}; }}
server {{ listen 127.0.0.1:{self.port} backlog=4096; location / {{ limit_conn places {PLACES};
proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://app; }} }} }}
""")
        self.process = subprocess.Popen([shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-p", folder, "-c", str(conf)])
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def measure(name, server, path, rate, options):
    Load(server.port, path, CAPACITY / 2, 1).run()  # everything has been used once
    before = rss(server.process.pid)
    load = Load(server.port, path, rate, options.seconds).run()
    after = rss(server.process.pid)
    again = Load(server.port, path, rate, options.seconds, seed=2).run()
    twice = rss(server.process.pid)
    took = load.took + again.took
    in_time = sum(one <= IN_TIME for one in took) / (2 * options.seconds)
    refused = load.refused + again.refused
    print(f"{name:44} {in_time:6.0f}/s in time ({in_time / CAPACITY * 100:4.0f} %)   p50 {percentile(took, 0.5):6.0f}  p99 {percentile(took, 0.99):6.0f} ms"
          f"   503: {len(refused) / (2 * options.seconds):5.0f}/s, p99 {percentile(refused, 0.99):5.0f} ms   left {load.left + again.left:5}  broken {load.broken + again.broken}"
          f"   RSS {before:.1f} → {after:.1f} → {twice:.1f} MiB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--times", type=float, default=5)
    parser.add_argument("--release", default="build/release")
    parser.add_argument("--app", default=str(TOP / "build/debug/tests/live/modules/libqueue.so"))
    options = parser.parse_args()
    queue = ["--max-concurrency", str(PLACES), "--queue-timeout", "500ms"]
    ways = [("pounce-async", "/query?ms=40", ["--workers", "2"]), ("pounce-sync", "/query?ms=40", ["--workers", "4"]),
            ("pounce-sync, blocking handlers", "/query/blocking?ms=40", ["--workers", "32"])]
    for times in (0.8, options.times):
        rate = times * CAPACITY
        print(f"{times} times what the application can do ({rate:.0f} requests a second)")
        for name, path, flags in ways:
            for label, more in (("no queue", []), ("queue", queue)):
                server = Server(name.split(",")[0], options, flags + more)
                measure(f"{name}, {label}", server, path, rate, options)
                server.stop()
        if shutil.which("nginx", path="/usr/sbin:/usr/bin"):
            with tempfile.TemporaryDirectory() as folder:
                backend = Server("pounce-async", options, ["--workers", "1"])
                front = Nginx(backend.port, folder)
                measure("nginx, limit_conn, before pounce-async", front, "/query?ms=40", rate, options)
                front.stop()
                backend.stop()


if __name__ == "__main__":
    main()
