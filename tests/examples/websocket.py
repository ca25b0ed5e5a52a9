#!/usr/bin/env python3
"""examples/embedding/websocket.cpp as clients see it: websocket.py --program P --source S.

A strict reader of frames, in any cut, with messages that do not fit into its output; python3-websockets where it is installed.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import threading
import time

from embedding import PATIENCE, Server, check

LONGEST = 80


def python_with_websockets():
    for python in dict.fromkeys((sys.executable, "/usr/bin/python3", shutil.which("python3"))):
        if python and subprocess.run([python, "-c", "import websockets"], capture_output=True, check=False).returncode == 0:
            return python
    return None


def check_frames(server, wire):
    where = (server.address[0], int(server.address[1]))
    for cut in (1, 7, 1 << 20):
        sent = wire.frame(wire.TEXT, "first") + wire.frame(wire.PING, b"p") + wire.frame(wire.BINARY, b"x" * 5000)
        with wire.WebSocket(where, timeout=PATIENCE) as peer:
            for at in range(0, len(sent), cut):
                peer.send(sent[at:at + cut])
            got = sorted((peer.receive(), peer.receive(), peer.receive()))  # a ping is answered at once
            check(f"cut at {cut}", got == [("binary", b"x" * 5000), ("pong", b"p"), ("text", "first")])
            check("a closing handshake", peer.goodbye(3000) == [])
    with wire.WebSocket(where, timeout=PATIENCE) as peer:
        count, size = 300, 100_000
        sender = threading.Thread(target=lambda: [peer.binary(bytes([n % 251]) * size) for n in range(count)])
        sender.start()
        for n in range(count):
            check(f"message {n}", peer.receive() == ("binary", bytes([n % 251]) * size))
        sender.join()
        check("a closing handshake behind a flood", peer.goodbye() == [])
    with wire.WebSocket(where, timeout=PATIENCE) as peer:
        peer.send(b"\x81\x01x")  # not masked
        check("a fault", peer.receive()[:2] == ("close", 1002))
    with wire.Wire(where, PATIENCE) as plain:
        plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        plain.limit = time.monotonic() + PATIENCE
        check("a request that is for no WebSocket", plain.head().status == 426)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    args = parser.parse_args()
    lines = len((args.source / "examples/embedding/websocket.cpp").read_text().splitlines())
    check(f"{lines} lines, fewer than {LONGEST} are allowed", lines < LONGEST)
    sys.path.insert(0, str(args.source / "tests/live"))
    import ws_wire  # pylint: disable=import-outside-toplevel
    server = Server(args.program)
    try:
        check_frames(server, ws_wire)
        python = python_with_websockets()
        if python:
            done = subprocess.run([python, str(args.source / "tests/live/peers/websockets_peer.py"),
                                   f"ws://{server.address[0]}:{server.address[1]}/", "none"],
                                  capture_output=True, text=True, timeout=PATIENCE * 2, check=False)
            check(f"python3-websockets: {done.stderr}", done.stdout.strip() == "1000 messages, closed 1000")
        else:
            print("python3-websockets is not there: left out")
        check("it still runs", server.process.poll() is None)
    finally:
        server.process.terminate()
        server.process.wait(PATIENCE)
    print("echoed")


if __name__ == "__main__":
    main()
