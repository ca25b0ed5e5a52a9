#!/usr/bin/env python3
"""A program where others stand in front of it or start it: trusted proxies, the PROXY protocol, systemd's sockets and notifications."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

import harness
from harness import Server, Settings, clean_environment, eventually, module, run, scaled
from wire import Wire

GET = "GET / HTTP/1.1\r\nHost: inner\r\nConnection: close\r\n"
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def words(response):
    return response.body.decode().split()


class Forwarded(unittest.TestCase):
    CLAIM = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: example.org\r\n"

    def ask(self, *flags, fields=CLAIM):
        with Server(*flags, target=module("whois")) as server:
            return words(server.get("/", fields))[:3]

    def test_nobody_is_believed_by_default(self):
        self.assertEqual(self.ask(), ["127.0.0.1", "http", "a"])

    def test_a_trusted_proxy_is(self):
        self.assertEqual(self.ask("--trusted-proxies", "127.0.0.0/8"), ["192.0.2.7", "https", "example.org"])

    def test_in_the_dialect_that_it_writes(self):
        fields = self.CLAIM + "Forwarded: for=\"[2001:db8::7]:1\";proto=http;host=b.example\r\n"
        self.assertEqual(self.ask("--trusted-proxies", "127.0.0.1,::1", "--forwarded", fields=fields), ["2001:db8::7", "http", "b.example"])


class ProxyProtocol(unittest.TestCase):
    def server(self, *flags, trusted="127.0.0.1"):
        return Server("--trusted-proxies", trusted, *flags, target=module("whois"), listen=("--bind", "127.0.0.1:0,proxy"))

    def ask(self, server, first, fields=""):
        with server.connect() as wire:
            wire.send(first + (GET + fields + "\r\n").encode())
            response = wire.response()
            wire.end()
            return words(response)[:3]

    def test_both_versions_name_the_client(self):
        v2 = SIGNATURE + b"\x21\x11\x00\x14\xc0\x00\x02\x07\x0a\x00\x00\x01\x12\x67\x00\x50\x20\x00\x05\x01\x00\x00\x00\x00"
        with self.server() as server:
            self.assertEqual(self.ask(server, b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\r\n"), ["192.0.2.7", "http", "inner"])
            self.assertEqual(self.ask(server, b"PROXY TCP6 2001:db8::7 ::1 4711 80\r\n"), ["2001:db8::7", "http", "inner"])
            self.assertEqual(self.ask(server, v2), ["192.0.2.7", "https", "inner"])
            self.assertEqual(self.ask(server, SIGNATURE + b"\x20\x00\x00\x00"), ["127.0.0.1", "http", "inner"])
            # What the client says itself counts for nothing, though its proxy is trusted.
            self.assertEqual(self.ask(server, b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\r\n", "X-Forwarded-For: 1.1.1.1\r\n"),
                             ["192.0.2.7", "http", "inner"])

    def test_bytewise(self):
        with self.server() as server, server.connect() as wire:
            for octet in b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\r\n" + (GET + "\r\n").encode():
                wire.send(bytes([octet]))
            self.assertEqual(words(wire.response())[0], "192.0.2.7")

    def test_without_a_header_nothing_is_answered(self):
        with self.server() as server:
            for first in (GET + "\r\n", "\x16\x03\x01\x02\x00\x01\x00", "PROXY TCP4 x\r\n"):
                with socket.create_connection((server.host, server.port), scaled(10)) as peer:
                    peer.sendall(first.encode("latin-1"))
                    self.assertEqual(drained(peer), b"")

    def test_a_header_that_does_not_come_has_a_deadline(self):
        with self.server() as server, socket.create_connection((server.host, server.port), scaled(20)) as peer:
            peer.sendall(b"PROXY TCP4 ")
            self.assertEqual(drained(peer), b"")
            self.assertEqual(self.ask(server, b"PROXY UNKNOWN\r\n")[0], "127.0.0.1")

    def test_a_stranger_is_not_let_in(self):
        with self.server(trusted="192.0.2.1") as server, socket.create_connection((server.host, server.port), scaled(10)) as peer:
            try:
                peer.sendall(b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\r\n" + GET.encode() + b"\r\n")
            except OSError:
                pass  # it was closed before
            self.assertEqual(drained(peer), b"")

    def test_it_is_never_guessed(self):
        with Server("--trusted-proxies", "127.0.0.1", target=module("whois")) as server, server.connect() as wire:
            wire.send("PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\r\n" + GET + "\r\n")
            self.assertEqual(wire.response().status, 400)

    def test_whom_to_believe_has_to_be_said(self):
        done = run(["--bind", "127.0.0.1:0,proxy"])
        self.assertEqual(done.returncode, 2)
        self.assertIn("--bind: '127.0.0.1:0,proxy' needs to know whose PROXY headers to believe", done.stderr)
        self.assertIn("trusted_proxies", done.stderr)

    def test_in_a_variable_too(self):
        with Server(target=module("whois"), listen=(), environment={"POUNCE_BIND": "127.0.0.1:0,proxy", "POUNCE_TRUSTED_PROXIES": "127.0.0.1"}) as server:
            self.assertEqual(self.ask(server, b"PROXY UNKNOWN\r\n")[0], "127.0.0.1")


def drained(peer):
    """What comes until the peer closes, or resets."""
    found = b""
    try:
        while True:
            more = peer.recv(4096)
            if not more:
                return found
            found += more
    except ConnectionResetError:
        return found


class PassedSockets(unittest.TestCase):
    def listener(self):
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)
        return listening

    def test_a_descriptor(self):
        listening = self.listener()
        os.set_inheritable(listening.fileno(), True)
        process = subprocess.Popen([Settings.program, module("whois"), "--bind", f"fd://{listening.fileno()}", "--workers", "2"],
                                   env=clean_environment(), stderr=subprocess.PIPE, pass_fds=[listening.fileno()], text=True)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)
        # Bound before, it takes connections from the start: nothing has to be waited for.
        with Wire(listening.getsockname(), scaled(20)) as wire:
            wire.send(GET + "\r\n")
            self.assertEqual(wire.response().status, 200)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(scaled(20)), 0)
        # It is still bound: a successor would serve who comes now.
        socket.create_connection(listening.getsockname(), scaled(10)).close()

    def test_restarts_while_clients_come(self):
        """Each client is new and asks once: whichever process has taken it answers it."""
        listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.addCleanup(listening.close)
        served, failures, stopping = [0] * 4, [], threading.Event()

        def visit(me):
            while not stopping.is_set() and not failures:
                try:
                    with Wire(listening.getsockname(), scaled(30)) as wire:
                        wire.send(GET + "\r\n")
                        assert wire.response().status == 200
                    served[me] += 1
                except (OSError, AssertionError) as error:
                    failures.append(repr(error))
        visitors = [threading.Thread(target=visit, args=(me,), daemon=True) for me in range(len(served))]
        for visitor in visitors:
            visitor.start()
        for _ in range(5):
            server = Server(target=module("whois"), listen=("--bind", f"fd://{listening.fileno()}"), pass_fds=[listening.fileno()], workers=2)
            goal = sum(served) + 50
            eventually(lambda goal=goal: sum(served) >= goal or failures, what="answers")
            self.assertEqual((server.stop(), failures), (0, []))
        stopping.set()
        listening.close()  # who waits in its queue is reset: that is no server's doing
        for visitor in visitors:
            visitor.join(scaled(30))

    def test_what_is_no_listener(self):
        for argument, why in (("fd://1000", "Bad file descriptor"), ("systemd:web", "no sockets were passed")):
            done = run(["--bind", argument])
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn(argument, done.stderr)
            self.assertIn(why, done.stderr)
        for argument in ("fd://0", "fd://x", "fd://", "systemd:", "systemd:a:b", "127.0.0.1:0,tsl"):
            self.assertEqual(run(["--bind", argument]).returncode, 2, argument)

    def test_systemd_socket_activate(self):
        activate = shutil.which("systemd-socket-activate")
        if not activate:
            self.skipTest("systemd-socket-activate is not installed (package systemd)")
        probe = socket.create_server(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        process = subprocess.Popen(
            [activate, "--listen", f"127.0.0.1:{port}", "--fdname", "web", Settings.program, module("whois"), "--bind", "systemd:web"],
            env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.kill)

        def answer():
            try:
                with Wire(("127.0.0.1", port), scaled(20)) as wire:
                    wire.send(GET + "\r\n")
                    return wire.response().status
            except ConnectionRefusedError:
                return None  # it does not listen yet

        self.assertEqual(eventually(answer, what="an answer"), 200)
        process.send_signal(signal.SIGTERM)  # it has become the program
        self.assertEqual(process.wait(scaled(20)), 0)


class Notify(unittest.TestCase):
    def test_ready_watchdog_stopping(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "notify")
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.bind(path)
                manager.settimeout(scaled(20))
                environment = {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"}
                with Server(environment=environment) as server:
                    said = manager.recv(4096).decode()
                    self.assertRegex(said, r"^READY=1\nSTATUS=\d+ (reactors|workers) on 127\.0\.0\.1:\d+\n$")
                    for _ in range(3):
                        self.assertEqual(manager.recv(4096), b"WATCHDOG=1\n")
                    server.signal()
                    while (said := manager.recv(4096)) == b"WATCHDOG=1\n":
                        pass
                    self.assertRegex(said.decode(), r"^STOPPING=1\nSTATUS=draining \d+ connections\nEXTEND_TIMEOUT_USEC=15000000\n$")
                    server.wait()

    def test_a_watchdog_of_somebody_else(self):
        name = f"\0pounce-test-{os.getpid()}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(name)
            manager.settimeout(scaled(20))
            with Server(environment={"NOTIFY_SOCKET": "@" + name[1:], "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}) as server:
                self.assertTrue(manager.recv(4096).startswith(b"READY=1\n"))
                server.signal()
                self.assertTrue(manager.recv(4096).startswith(b"STOPPING=1\n"))
                server.wait()

    def test_a_manager_that_is_not_there(self):
        for path in ("/no/such/socket", "relative", "@", ""):
            with Server(environment={"NOTIFY_SOCKET": path}) as server:
                self.assertEqual(server.get().status, 200)

    def test_the_journal_gets_priorities(self):
        # A pipe stands for the journal: it is known by its device and inode.
        script = ("import os, sys; there = os.fstat(2); os.environ['JOURNAL_STREAM'] = f'{there.st_dev}:{there.st_ino}'; "
                  "os.execv(sys.argv[1], sys.argv[1:])")
        done = subprocess.run([sys.executable, "-c", script, Settings.program, "--port", "http"], env=clean_environment(),
                              capture_output=True, text=True, timeout=scaled(20))
        self.assertEqual(done.returncode, 2)
        self.assertTrue(done.stderr.startswith("<3>" + os.path.basename(Settings.program) + ": error: --port"), done.stderr)


if __name__ == "__main__":
    harness.main()
