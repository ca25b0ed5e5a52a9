#!/usr/bin/env python3
"""Servers side by side on this machine: CPU time per request, requests a second, latency, memory of idle connections.

bench/compare.py [WORKLOAD ...] [--rounds 5] [--seconds 2]     (no workload: all of them)

Builds what it needs (build/bench). The server has one core, the load another, and rounds are interleaved, so that what else the
machine does hits everybody. Medians; the spread stands beside them: a difference within it is none. nginx takes part where it is
installed; `epoll floor` and `block floor` parse nothing and say what the kernel alone costs.
"""

import argparse
import json
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
BUILD = TOP / "build" / "bench"
CONNECTIONS = 64
BROWSER = [
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Safari/537.36",
    "Accept: */*;q=0.8,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng",
    "Accept-Encoding: gzip, deflate, br", "Accept-Language: en-US,en;q=0.9,de;q=0.8", "Cache-Control: max-age=0",
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark", "Upgrade-Insecure-Requests: 1",
]

METRICS, LOGGED = "pounce-async with metrics", "pounce-async with metrics and json log"
ASYNC, SYNC64, SYNC2, NGINX, EPOLL, BLOCK = "pounce-async", "pounce-sync, 64 workers", "pounce-sync, 2 workers", "nginx", "epoll floor", "block floor"

# name: (who takes part, what the load generator is told)
WORKLOADS = {
    "keep-alive": ([ASYNC, NGINX, EPOLL], []),
    "browser": ([ASYNC, NGINX, EPOLL], [f"field={line}" for line in BROWSER]),
    "pipeline": ([ASYNC, NGINX, EPOLL], ["depth=16"]),
    "churn": ([ASYNC, NGINX, EPOLL], ["close"]),
    "rate": ([ASYNC, NGINX, EPOLL], ["rate=20000"]),
    "workers": ([SYNC64, SYNC2, ASYNC, BLOCK], []),
    "watched": ([ASYNC, METRICS, LOGGED], []),
    "idle": ([ASYNC, SYNC2, NGINX], None),
}


def build():
    subprocess.run([TOP / "scripts/setup", "build"], check=True)
    options = ["-DCMAKE_BUILD_TYPE=Release", "-DPOUNCE_BUILD_TESTS=OFF", "-DPOUNCE_BUILD_BENCH=ON"]
    subprocess.run(["cmake", "-S", TOP, "-B", BUILD, "-G", "Ninja", "--log-level=WARNING", *options], check=True,
                   stdout=subprocess.DEVNULL)
    targets = ["pounce-async", "pounce-sync", "tour", "bench-load", "bench-floor"]
    subprocess.run(["cmake", "--build", BUILD, "--target", *targets], check=True, stdout=subprocess.DEVNULL)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def nginx_command(port, folder):
    conf = folder / "nginx.conf"
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                         ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    conf.write_text(f"""daemon off; worker_processes 1; pid {folder}/pid; error_log /dev/null crit; worker_rlimit_nofile 20000;
events {{ worker_connections 18000; multi_accept on; }}
http {{ default_type text/plain; access_log off; keepalive_requests 1000000000; keepalive_timeout 900s; {temporary}
server {{ listen 127.0.0.1:{port} backlog=4096; location / {{ return 200 "Hello, World!"; }} }} }}
""")
    return [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-p", folder, "-c", conf]


def command(name, port, folder):
    tour = BUILD / "examples/tour/libtour.so"
    if name == NGINX:
        return nginx_command(port, folder)
    if name in (EPOLL, BLOCK):
        return [BUILD / "bench/bench-floor", name.split()[0], str(port)]
    watched = {METRICS: ["--metrics-path", "/-/metrics"],
               LOGGED: ["--metrics-path", "/-/metrics", "--access-log", folder / "access.log", "--access-log-format", "json"]}
    if name in watched:
        return [BUILD / "bin/pounce-async", tour, "--port", str(port), "--workers", "1", *watched[name]]
    program, workers = {ASYNC: ("pounce-async", 1), SYNC64: ("pounce-sync", 64), SYNC2: ("pounce-sync", 2)}[name]
    return [BUILD / "bin" / program, tour, "--port", str(port), "--workers", str(workers)]


class Server:
    def __init__(self, name, folder):
        self.name, self.rows, self.port = name, [], free_port()
        folder.mkdir()
        self.start(command(name, self.port, folder))

    def start(self, argv):
        self.process = subprocess.Popen(["taskset", "-c", "0", *argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    raise SystemExit(f"{self.name} did not start") from None
                time.sleep(0.02)

    def processes(self):
        mine = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [str(self.process.pid), *mine]

    def cpu(self):
        """Nanoseconds on a processor, of all its threads."""
        files = [file for pid in self.processes() for file in Path(f"/proc/{pid}/task").glob("*/schedstat")]
        return sum(int(file.read_text().split()[0]) for file in files)

    def memory(self):
        """KiB that it has for itself."""
        rows = [row for pid in self.processes() for row in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()]
        return sum(int(row.split()[1]) for row in rows if row.startswith("Pss:"))

    def measure(self, words, seconds):
        before = self.cpu()
        load = ["taskset", "-c", "1", BUILD / "bench/bench-load", str(self.port), str(CONNECTIONS), str(seconds), *words]
        row = json.loads(subprocess.run(load, check=True, capture_output=True, text=True).stdout)
        row["cpu"] = (self.cpu() - before) / 1000 / max(1, row["answers"])
        row["rps"] = row["answers"] / row["seconds"]
        return row

    def idle(self, count):
        """KiB per connection that has had an answer and says nothing more."""
        request = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode()
        before, clients = self.memory(), []
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", self.port))
            client.sendall(request)
            client.recv(4096)
            clients.append(client)
        each = (self.memory() - before) / count
        for client in clients:
            client.close()
        return each

    def stop(self):
        self.process.terminate()
        self.process.wait()


def show(name, servers):
    print(f"\n| {name} | us of CPU per request | min..max | requests/s | p50 us | p99 us | errors |\n|---|--:|--:|--:|--:|--:|--:|")
    for server in servers:
        values = {key: [row[key] for row in server.rows] for key in server.rows[0]}
        middle = {key: statistics.median(column) for key, column in values.items()}
        print(f"| {server.name} | {middle['cpu']:.2f} | {min(values['cpu']):.2f}..{max(values['cpu']):.2f} | {middle['rps']:.0f} | "
              f"{middle['p50']:.0f} | {middle['p99']:.0f} | {sum(values['errors'])} |")
    show_ratios(servers)


def show_ratios(servers):
    first = servers[0]
    for other in servers[1:]:
        # Each round for itself: what the machine did in it hit both.
        ratio = statistics.median(b["cpu"] / a["cpu"] for a, b in zip(first.rows, other.rows, strict=True))
        print(f"{first.name}: {ratio:.2f} times the requests per CPU second of {other.name}")


def options_of(doc, what, names):
    """(which of the names, the other options); all of them where none is given."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[[], *names], metavar=what, help=", ".join(names))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    return options.names or list(names), options


def interleave(servers, options, measure):
    for server in servers:
        measure(server, 0.3)  # warm
    for _ in range(options.rounds):
        for server in servers:
            server.rows.append(measure(server, options.seconds))


def main():
    names, options = options_of(__doc__, "WORKLOAD", WORKLOADS)
    build()
    for name in names:
        who, words = WORKLOADS[name]
        if shutil.which("nginx", path="/usr/sbin:/usr/bin") is None:
            who = [one for one in who if one != NGINX]
        with tempfile.TemporaryDirectory() as folder:
            servers = [Server(one, Path(folder) / str(i)) for i, one in enumerate(who)]
            try:
                if words is None:
                    print(f"\n| {name} | KiB per idle connection, 900 of them |\n|---|--:|")
                    for server in servers:
                        print(f"| {server.name} | {server.idle(900):.2f} |")
                    continue
                interleave(servers, options, lambda server, seconds, words=words: server.measure(words, seconds))
                show(name, servers)
            finally:
                for server in servers:
                    server.stop()


if __name__ == "__main__":
    main()
