#!/usr/bin/env python3
"""The examples in a real program, over a socket: what they promise that simulated time cannot show.

    python3 tests/examples/program.py --program build/debug/bin/pounce-async --examples build/debug/examples
"""
import argparse
import http.client
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading
import unittest

args = None


class Server:
    """One example on a free port: a module in the program, or a program of its own."""

    def __init__(self, name, **environment):
        folder = args.examples / name
        command = [folder / name] if name == "linked" else [args.program, folder / f"lib{name}.so"]
        self.process = subprocess.Popen([*command, "--port", "0", "--workers", "2"], stderr=subprocess.PIPE, text=True,
                                        env={**os.environ, **environment})
        self.port = None
        self.drained = False
        for line in self.process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        self.reader = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.reader.start()

    def __enter__(self):
        if self.port is None:
            raise AssertionError(f"no banner, exit code {self.stop()}")
        return self

    def __exit__(self, *_):
        self.stop()

    def drain(self):
        """One signal, however often: a second one would cut."""
        if self.port is not None and not self.drained:
            self.process.send_signal(signal.SIGTERM)
        self.drained = True

    def stop(self):
        self.drain()
        try:
            return self.process.wait(timeout=30)
        finally:
            self.process.kill()
            self.reader.join()
            self.process.stderr.close()

    def get(self, target="/", method="GET", body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()


class Examples(unittest.TestCase):
    def test_each_is_loaded_and_answers(self):
        expected = {  # without hints_trailers: Python's client takes a 103 for the answer
            "hello": ("GET", "/", 200), "echo": ("PUT", "/", 200), "upload": ("PUT", "/", 200), "middleware": ("GET", "/public", 200),
            "lifespan": ("GET", "/", 200), "slowest": ("GET", "/slowest", 200), "sleepy": ("GET", "/tea?minutes=0", 200),
            "notify": ("GET", "/", 200), "websocket": ("GET", "/", 426), "chat": ("GET", "/", 426), "tour": ("GET", "/hello", 200),
        }
        for name, (method, target, status) in expected.items():
            with self.subTest(name), Server(name) as server:
                self.assertEqual(server.get(target, method, "content" if method == "PUT" else None)[0], status)
                self.assertEqual(server.stop(), 0)

    def test_notify_wakes_each_waiting_exchange(self):
        with Server("notify") as server:
            bodies = []

            def visit():
                for _ in range(10):
                    bodies.append(server.get()[1])
            visitors = [threading.Thread(target=visit) for _ in range(5)]
            for visitor in visitors:
                visitor.start()
            for visitor in visitors:
                visitor.join()
            self.assertEqual(sorted(bodies), sorted(f"dish {n}\n" for n in range(1, 51)))
            self.assertEqual(server.stop(), 0)

    def test_events_say_goodbye(self):
        with Server("events") as server:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            connection.request("GET", "/")
            response = connection.getresponse()
            self.assertEqual(response.readline(), b"event: count\n")
            server.drain()
            self.assertIn(b"event: goodbye\nretry: 2000\ndata: see you soon\n\n", response.read())
            connection.close()
            self.assertEqual(server.stop(), 0)

    def test_a_collector_of_a_module_hears_of_every_request(self):
        with Server("slowest") as server:
            self.assertEqual(server.get("/nowhere")[0], 404)
            for milliseconds in (5, 80, 40):
                self.assertEqual(server.get(f"/work?ms={milliseconds}"), (200, "done\n"))
            # Told when a response is complete, which its client may know first.
            for _ in range(1000):
                lines = server.get("/slowest")[1].splitlines()
                if len(lines) >= 4:
                    break
            self.assertRegex(lines[0], r"^\d+ requests$")
            self.assertEqual([re.sub(r"^\d+ ms ", "", line) for line in lines[1:3]], ["/work?ms=80", "/work?ms=40"])
            self.assertEqual(server.stop(), 0)

    def test_linked_needs_no_module(self):
        with Server("linked") as server:
            self.assertEqual(server.get(), (200, "Hello from within!\n"))
            self.assertEqual(server.stop(), 0)
        done = subprocess.run([args.examples / "linked/linked", "./libapp.so"], capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 2)
        done = subprocess.run([args.examples / "linked/linked", "--check"], capture_output=True, timeout=30)
        self.assertEqual((done.returncode, done.stdout), (0, b"configuration ok\n"))
        done = subprocess.run([args.examples / "linked/linked", "--worker-mode", "processes"], capture_output=True, timeout=30)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"--worker-mode processes: the application is linked in", done.stderr)

    def test_lifespan_reads_its_setting_or_refuses_to_start(self):
        with Server("lifespan", GREETING="Ahoy") as server:
            self.assertEqual(server.get(), (200, "Ahoy\n"))
        refused = Server("lifespan", GREETING="")
        self.assertIsNone(refused.port)
        self.assertEqual(refused.stop(), 3)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", type=pathlib.Path, required=True)
    parser.add_argument("--examples", type=pathlib.Path, required=True)
    args, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
