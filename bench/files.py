#!/usr/bin/env python3
"""Files of several sizes, side by side with nginx (sendfile, open_file_cache) and h2o: CPU time per request, megabytes a second.

bench/files.py [ROW ...] [--rounds 5] [--seconds 2]     (no row: all of them)

As bench/compare.py, which see: one core for the server, one for the load, interleaved rounds, medians. HTTP/2 and TLS by h2load.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

import compare

KIB, MIB = 1 << 10, 1 << 20
SIZES = {"4 KiB": 4 * KIB, "64 KiB": 64 * KIB, "1 MiB": MIB, "10 MiB": 10 * MIB}

# name: (size, protocol, connections, requests at once on each)
ROWS = {
    "h1-4k": ("4 KiB", "h1", 64, 1),
    "h1-64k": ("64 KiB", "h1", 16, 1),
    "h1-1m": ("1 MiB", "h1", 8, 1),
    "h1-10m": ("10 MiB", "h1", 4, 1),
    "h2c-4k": ("4 KiB", "h2c", 16, 32),
    "h2c-1m": ("1 MiB", "h2c", 4, 4),
    "tls-4k": ("4 KiB", "tls", 64, 1),
    "tls-1m": ("1 MiB", "tls", 8, 1),
    "h2-4k": ("4 KiB", "h2", 16, 32),
    "h2-1m": ("1 MiB", "h2", 4, 4),
    "h2-10m": ("10 MiB", "h2", 4, 1),
}
SPOKEN = {"h1": "HTTP/1.1", "h2c": "HTTP/2", "tls": "HTTP/1.1 over TLS", "h2": "HTTP/2 over TLS"}


def pounce(folder, clear, secure, _):
    return [compare.BUILD / "bin/pounce-async", folder / "www", "--bind", f"127.0.0.1:{clear}", "--bind", f"127.0.0.1:{secure},tls",
            "--tls-cert", folder / "cert.pem", "--tls-key", folder / "key.pem", "--workers", "1"]


def nginx(folder, clear, secure, protocol):
    conf = folder / "nginx.conf"
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    http2 = "http2" if protocol in ("h2", "h2c") else ""
    conf.write_text(f"""daemon off; worker_processes 1; pid {folder}/pid; error_log /dev/null crit; worker_rlimit_nofile 20000;
events {{ worker_connections 18000; multi_accept on; }}
http {{ default_type text/plain; access_log off; sendfile on; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 900s;
http2_max_concurrent_streams 256; open_file_cache max=100 inactive=600s; open_file_cache_valid 1s; {temporary}
server {{ listen 127.0.0.1:{clear} {http2} backlog=4096; listen 127.0.0.1:{secure} ssl {http2} backlog=4096; root {folder}/www;
ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem; ssl_protocols TLSv1.3; }} }}
""")
    return [shutil.which("nginx", path="/usr/sbin:/usr/bin"), "-p", folder, "-c", conf]


def h2o(folder, clear, secure, _):
    conf = folder / "h2o.conf"
    conf.write_text(f"""num-threads: 1
user: root
max-connections: 18000
http1-request-timeout: 900
http2-idle-timeout: 900
listen: {{host: 127.0.0.1, port: {clear}}}
listen: {{host: 127.0.0.1, port: {secure}, ssl: {{certificate-file: {folder}/cert.pem, key-file: {folder}/key.pem}}}}
hosts:
  default:
    paths:
      /: {{file.dir: {folder}/www}}
""")
    return [shutil.which("h2o"), "-c", conf]


PEERS = {"pounce-async": pounce, "nginx": nginx, "h2o": h2o}


class Server(compare.Server):
    def __init__(self, name, folder, protocol):
        self.name, self.rows, self.port, secure = name, [], compare.free_port(), compare.free_port()
        folder.mkdir()
        (folder / "www").mkdir()
        for title, size in SIZES.items():
            (folder / "www" / file_of(title)).write_bytes(os.urandom(size))
            os.utime(folder / "www" / file_of(title), (1_700_000_000, 1_700_000_000))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                        "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2"], check=True, capture_output=True)
        self.start(PEERS[name](folder, self.port, secure, protocol))
        if protocol in ("tls", "h2"):
            self.port = secure

    def measure_file(self, row, seconds):
        title, protocol, connections, at_once = ROWS[row]
        before = self.cpu()
        if protocol == "h1":
            load = [compare.BUILD / "bench/bench-load", str(self.port), str(connections), str(seconds), f"path=/{file_of(title)}"]
            done = json.loads(run_apart(load))
            answers, errors, took = done["answers"], done["errors"], done["seconds"]
        else:
            address = f"http{'s' if protocol != 'h2c' else ''}://127.0.0.1:{self.port}/{file_of(title)}"
            load = ["h2load", "-t1", "-c", str(connections), "-m", str(at_once), "-D", str(max(1, round(seconds))), address]
            said = run_apart(load + (["--h1"] if protocol == "tls" else []))
            answers, errors = (int(re.search(rf"(\d+) {word}", said)[1]) for word in ("done", "errored"))
            took = max(1, round(seconds))
        return {"cpu": (self.cpu() - before) / 1000 / max(1, answers), "errors": errors, "mb": answers * SIZES[title] / took / 1e6}


def file_of(title):
    return title.lower().replace(" ", "") + ".bin"


def run_apart(load):
    return subprocess.run(["taskset", "-c", "1", *load], check=True, capture_output=True, text=True).stdout


def show(row, servers):
    title, protocol, connections, at_once = ROWS[row]
    print(f"\n| {title}, {SPOKEN[protocol]}, {connections} x {at_once} | us of CPU per request | min..max | MB/s | min..max | errors |\n"
          "|---|--:|--:|--:|--:|--:|")
    for server in servers:
        cpu, mb = ([one[key] for one in server.rows] for key in ("cpu", "mb"))
        print(f"| {server.name} | {statistics.median(cpu):.2f} | {min(cpu):.2f}..{max(cpu):.2f} | {statistics.median(mb):.0f} | "
              f"{min(mb):.0f}..{max(mb):.0f} | {sum(one['errors'] for one in server.rows)} |")
    compare.show_ratios(servers)


def main():
    rows, options = compare.options_of(__doc__, "ROW", ROWS)
    compare.build()
    who = [name for name in PEERS if name == "pounce-async" or shutil.which(name, path="/usr/sbin:/usr/bin")]
    for row in rows:
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)  # nginx's worker is somebody else
            servers = [Server(name, Path(folder) / str(i), ROWS[row][1]) for i, name in enumerate(who)]
            try:
                compare.interleave(servers, options, lambda server, seconds, row=row: server.measure_file(row, seconds))
                show(row, servers)
            finally:
                for server in servers:
                    server.stop()


if __name__ == "__main__":
    main()
