"""The ground the live tests stand on: start a program, talk to it over raw sockets, stop it, look at its exit.

Nothing here knows how a program works inside. A `Server` is a process that printed a URL; a `Wire` is one connection
with bounded reads and a parser that accepts only what RFC 9112 lets a server send. Every wait has a deadline, no
readiness is guessed by sleeping. Times are multiplied by FACTOR (flag --slow-factor, environment POUNCE_LIVE_FACTOR)
so that a sanitizer build can be slow without being wrong.
"""

import argparse
import atexit
import errno
import glob
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from wire import Wire

SANITIZER_REPORT = re.compile(
    r"(ERROR: (Address|Leak|Memory)Sanitizer|WARNING: ThreadSanitizer|: runtime error: ).*")
URL = re.compile(r"https?://(\[[0-9A-Fa-f:.%]+\]|[0-9A-Za-z.-]+):(\d+)")


class Settings:
    """What the command line said; filled once by main() before the first test runs."""
    program = os.environ.get("POUNCE_LIVE_PROGRAM", "")
    app = os.environ.get("POUNCE_LIVE_APP", "")
    modules = os.environ.get("POUNCE_LIVE_MODULES", "")
    factor = float(os.environ.get("POUNCE_LIVE_FACTOR", "0"))
    sanitizer = ""

    @classmethod
    def is_sync(cls):
        return os.path.basename(cls.program) == "pounce-sync"


def scaled(seconds):
    """A generous wait, in this build's seconds."""
    return seconds * Settings.factor


def sanitizer_of(path):
    with open(path, "rb") as file:
        image = file.read()
    # Calls that instrumented code makes: the names of the libraries' beginnings stand in every program, which looks for them in modules.
    for name, mark in (("thread", b"__tsan_func_entry"), ("address", b"__asan_report_load")):
        if mark in image:
            return name
    return ""


def module(name):
    """A fixture module of tests/live/modules, or a skip where the build did not make it."""
    path = os.path.join(Settings.modules or "", f"lib{name}.so")
    if not Settings.modules or not os.path.exists(path):
        raise unittest.SkipTest(f"fixture module lib{name}.so is not built")
    return path


def clean_environment(extra=None):
    """The environment of a test: ours without any POUNCE_ setting of the person who runs it."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("POUNCE_")}
    environment.update(extra or {})
    return environment


def run(arguments, environment=None, cwd=None, timeout=40):
    """Run the program to its end; for everything that should not start serving."""
    with tempfile.TemporaryDirectory() as empty:
        process = subprocess.run(
            [Settings.program, *arguments], env=clean_environment(environment), cwd=cwd or empty,
            stdin=subprocess.DEVNULL, capture_output=True, timeout=scaled(timeout))
    process.stdout = process.stdout.decode("utf-8", "replace")
    process.stderr = process.stderr.decode("utf-8", "replace")
    report = SANITIZER_REPORT.search(process.stderr)
    assert not report, f"sanitizer report: {process.stderr}"
    return process


class Server:
    """One running program. Leave the `with` block and it is drained by SIGTERM and must exit with 0."""

    def __init__(self, *flags, target=None, listen=("--port", "0"), environment=None, cwd=None, urls=1,
                 workers=None, ready=None, preexec=None, pass_fds=(), exit_code=0):
        self.scratch = tempfile.TemporaryDirectory()
        target = Settings.app if target is None else target
        if workers is None:
            workers = 32 if Settings.is_sync() else 2
        arguments = [Settings.program]
        if target:
            arguments.append(target)
        arguments += [*listen, "--workers", str(workers), *flags]
        self.expected_exit = exit_code
        self.lines = []
        self.news = threading.Condition()
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            arguments, env=clean_environment(environment), cwd=cwd or self.scratch.name, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=preexec, pass_fds=pass_fds, start_new_session=True)
        self.listener = threading.Thread(target=self._collect, daemon=True)
        self.listener.start()
        atexit.register(self.kill)  # a test that fails half-way leaves no process behind
        self.urls = []
        try:
            self._await_ready(urls, ready)
        except BaseException:
            self.kill()
            raise

    def _collect(self):
        for raw in self.process.stdout:
            with self.news:
                self.lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.lines.append(None)
            self.news.notify_all()

    def _await_ready(self, urls, ready):
        def is_ready():
            if self.lines and self.lines[-1] is None:
                return True
            text = self.output()
            self.urls = list(dict.fromkeys((host.strip("[]"), int(port)) for host, port in URL.findall(text)))
            return len(self.urls) >= urls and (ready is None or ready in text)
        with self.news:
            done = self.news.wait_for(is_ready, scaled(40))
        if not done or (self.lines and self.lines[-1] is None):
            raise AssertionError(f"{self.process.args} did not become ready; it printed:\n{self.output()}")
        self.host, self.port = self.urls[0] if self.urls else ("127.0.0.1", 0)
        if self.host in ("0.0.0.0", "localhost"):
            self.host = "127.0.0.1"

    def output(self):
        return "\n".join(line for line in self.lines if line is not None)

    def wait_output(self, text, timeout=30):
        with self.news:
            found = self.news.wait_for(lambda: text in self.output(), scaled(timeout))
        assert found, f"{text!r} was never printed; output:\n{self.output()}\n{self.threads()}"

    def connect(self, timeout=30, **options):
        return Wire((self.host, self.port), scaled(timeout), **options)

    def get(self, target="/hello", fields="", timeout=30, method="GET"):
        """One request on a connection of its own."""
        with self.connect(timeout) as wire:
            wire.send(f"{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}\r\n")
            response = wire.response(method)
            wire.end()
            return response

    # What the kernel says about the process.

    def _status(self, key):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith(key + ":"):
                    return int(line.split()[1])
        raise KeyError(key)

    def rss(self):
        return self._status("VmRSS") * 1024

    def virtual_memory(self):
        return self._status("VmSize") * 1024

    def peak_rss(self):
        return self._status("VmHWM") * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def holds(self, client_port):
        """Does the process still own its side of the connection that this client port opened?"""
        with open("/proc/net/tcp", encoding="ascii") as file:
            for line in list(file)[1:]:
                part = line.split()
                local, remote = int(part[1].split(":")[1], 16), int(part[2].split(":")[1], 16)
                if local == self.port and remote == client_port:
                    return part[9] != "0"
        return False

    def threads(self):
        """For who asks why nothing happens: each thread of the process and of its children, its state, and the system call that it is in."""
        found, processes = [], [str(self.process.pid)]
        for process in processes:
            for task in sorted(glob.glob(f"/proc/{process}/task/*")):
                try:
                    told = {name: pathlib.Path(task, name).read_text("ascii", "replace") for name in ("stat", "syscall", "wchan", "children")}
                except OSError:  # it has ended
                    continue
                name, _, rest = told["stat"].rpartition(")")
                found.append(f"{name}) {rest.split()[0]} in {told['wchan']}, system call {told['syscall'].strip()}")
                processes += told["children"].split()
        return "\n".join(found)

    # The end.

    def is_alive(self):
        return self.process.poll() is None

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def wait(self, timeout=40):
        try:
            code = self.process.wait(scaled(timeout))
        except subprocess.TimeoutExpired:
            where = self.threads()
            self.kill()
            raise AssertionError(f"did not exit within {scaled(timeout)} s; output:\n{self.output()}\n{where}") from None
        self._release()
        report = SANITIZER_REPORT.search(self.output())
        assert not report, f"sanitizer report:\n{self.output()}"
        return code

    def stop(self, timeout=40):
        if self.is_alive():
            self.signal()
        return self.wait(timeout)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._release()

    def _release(self):
        self.listener.join(5)
        self.process.stdout.close()
        self.scratch.cleanup()
        atexit.unregister(self.kill)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind is not None:
                self.kill()
                return
            died = not self.is_alive()
            code = self.stop()
            assert not died or code == self.expected_exit, f"died with {code}:\n{self.output()}"
            assert code == self.expected_exit, f"exit code {code}, expected {self.expected_exit}:\n{self.output()}"
        finally:
            self.kill()


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(one) for one in file.read().split()]


def family_rss(pid):
    """Of a process and its children together; what they share counts for each of them."""
    def rss(one):
        with open(f"/proc/{one}/status", encoding="ascii", errors="replace") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:")) * 1024
    return sum(rss(one) for one in [pid, *children(pid)])


class GoodClient:
    """An honest visitor: /hello every 20 ms, by turns on a kept connection and on a fresh one. None may fail."""

    def __init__(self, server, target="/hello", body=b"Hello, World!"):
        self.server, self.target, self.body = server, target, body
        self.served, self.slowest, self.failures = 0, 0.0, []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._visit, daemon=True)

    def _visit(self):
        kept = None
        request = f"GET {self.target} HTTP/1.1\r\nHost: a\r\n\r\n"
        while len(self.failures) < 5 and not (self.served and self.stopping.wait(0.02)):
            fresh = self.served % 5 == 4
            began = time.monotonic()
            wire = None
            try:
                if fresh or kept is None:
                    wire = self.server.connect()
                    if not fresh:
                        kept = wire
                else:
                    wire = kept
                wire.send(request)
                answer = wire.response()
                assert answer.status == 200 and answer.body == self.body, answer
                self.served += 1
                self.slowest = max(self.slowest, time.monotonic() - began)
            except Exception as error:  # whatever it was, the good client was not served
                self.failures.append(f"after {self.served} good answers: {error!r}")
                kept = None
            finally:
                if fresh and wire is not None:
                    wire.close()
        if kept is not None:
            kept.close()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, error, trace):
        self.stopping.set()
        self.thread.join(scaled(30))
        if kind is None:
            assert not self.failures, f"the good client was not served: {self.failures}"
            assert self.served > 0, "the good client never got an answer"


def eventually(question, timeout=30, what="condition"):
    """Poll a question about the outside world until it is true; the only place that sleeps."""
    limit = time.monotonic() + scaled(timeout)
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < limit, f"never came true: {what}"
        time.sleep(0.02)


def in_parallel(tasks, width=16):
    """Run named callables on a few threads; gives {name: None or the exception}."""
    outcome, lock = {}, threading.Lock()
    queue = list(tasks.items())[::-1]

    def work():
        while True:
            with lock:
                if not queue:
                    return
                name, task = queue.pop()
            try:
                task()
                error = None
            except Exception as caught:
                error = caught
            with lock:
                outcome[name] = error

    threads = [threading.Thread(target=work, daemon=True) for _ in range(width)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcome


_given_ports = {}


def reserve(port):
    """So that no other test program, of those that run at the same time, is given it: as long as this process lives, one holds a name."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0pounce-test-port-{port}")
    except OSError:
        name.close()
        return False
    _given_ports[port] = name
    return True


def free_port(host="127.0.0.1", family=socket.AF_INET):
    """A port for somebody who starts later. Not one of those that the kernel gives away, to the port 0 and the outgoing connections of
    everything that runs at the same time, nor one that another test has: it might be taken by then."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        first_of_the_kernel = int(file.read().split()[0])
    for _ in range(1000):
        port = random.randrange(10000, max(first_of_the_kernel, 11000))
        if port in _given_ports or not reserve(port):
            continue
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                return port
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
    raise AssertionError("no port is free")


def main():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--program", default=Settings.program)
    parser.add_argument("--app", default=Settings.app)
    parser.add_argument("--modules", default=Settings.modules)
    parser.add_argument("--slow-factor", type=float, default=Settings.factor)
    known, rest = parser.parse_known_args()
    if not known.program or not os.path.exists(known.program):
        sys.exit(f"no such program: {known.program!r}; say --program build/<preset>/bin/pounce-async --app .../libtour.so")
    Settings.program = os.path.abspath(known.program)
    Settings.app = os.path.abspath(known.app) if known.app else ""
    Settings.modules = os.path.abspath(known.modules) if known.modules else ""
    Settings.sanitizer = sanitizer_of(Settings.program)
    Settings.factor = known.slow_factor or {"thread": 4.0, "address": 2.0}.get(Settings.sanitizer, 1.0)
    unittest.main(module="__main__", argv=[sys.argv[0], *rest], warnings="ignore")
