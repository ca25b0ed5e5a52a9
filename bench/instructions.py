#!/usr/bin/env python3
"""Instructions per request in user space, counted by callgrind: repeatable, whatever else the machine does.

bench/instructions.py [--program build/release/bin/pounce-async] [--app build/release/examples/tour/libtour.so] [--target /]

Two runs of different length; the difference leaves start and stop out. One keep-alive connection, so the kernel's wake-ups are
not shared between requests as they are under load: what a busy server spends is somewhat less. With --streams N the requests go
over HTTP/2, so many at a time, by h2load. What stands behind `--` are flags for the server.
"""

import argparse
import re
import socket
import subprocess
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


def run(program, app, target, requests, streams, flags):
    """Total instructions of a server that answered so many requests."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program, app, "--port", "0", "--workers", "1", *flags]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
            port = None
            for line in server.stderr:
                if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                    port = int(found[1])
                    break
            if port is None:
                raise SystemExit("the server did not start")
            if streams:
                subprocess.run(["h2load", "-n", str(requests), "-c", "1", "-m", str(streams), f"http://127.0.0.1:{port}{target}"],
                               check=True, stdout=subprocess.DEVNULL)
                server.terminate()
                server.stderr.read()
                return total_of(server, out)
            with socket.create_connection(("127.0.0.1", port)) as client:
                request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
                client.sendall(request)
                size = len(client.recv(1 << 20))
                for _ in range(requests - 1):
                    client.sendall(request)
                    got = 0
                    while got < size:
                        got += len(client.recv(1 << 20))
            server.terminate()
            server.stderr.read()
            return total_of(server, out)


def total_of(server, out):
    server.wait()
    return int(re.search(r"^totals: (\d+)", out.read_text(), re.MULTILINE)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default=str(TOP / "build/release/bin/pounce-async"))
    parser.add_argument("--app", default=str(TOP / "build/release/examples/tour/libtour.so"))
    parser.add_argument("--target", default="/")
    parser.add_argument("--streams", type=int, default=0)
    parser.add_argument("flags", nargs="*", help="for the server")
    options = parser.parse_args()
    few, many = 1000, 11000
    total = [run(options.program, options.app, options.target, n, options.streams, options.flags) for n in (few, many)]
    print(f"{(total[1] - total[0]) / (many - few):.0f} instructions per request (GET {options.target})")


if __name__ == "__main__":
    main()
