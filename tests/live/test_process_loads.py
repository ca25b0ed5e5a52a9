#!/usr/bin/env python3
"""Worker processes under mixed traffic, HTTP/1.1, HTTP/2 and WebSockets, in the clear and over TLS: twenty reloads in a row, a worker that is killed with
streams and sockets under way, and logs that are rotated while the next workers prepare."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import unittest

import frames
import harness
from harness import Server, Settings, children, eventually, module, scaled
from scratch import Scratch
from secure import Ground, need
from test_processes import has_stopped
from visitors import Crowd, Talker, Visitor2, rounds


def reload_again_and_again(server, crowd, workers, each=lambda: None):
    """What a program holds stays as it was, and nobody has died."""
    held = []
    for generation in range(2, rounds() + 2):
        served = crowd.served()
        server.signal(signal.SIGHUP)
        server.wait_output(f"generation {generation}, serving", 30)
        server.wait_output(f"notice: generation {generation - 1} has ended", 30)
        eventually(lambda served=served: crowd.served() > served, what="answers")
        each()
        held.append((server.rss(), server.descriptors()))
    half = len(held) // 2
    assert max(one[1] for one in held[half:]) <= max(one[1] for one in held[:half]) + 2, held
    if not Settings.sanitizer:
        assert max(one[0] for one in held[half:]) < max(one[0] for one in held[:half]) * 1.2 + (2 << 20), held
    assert len(children(server.process.pid)) == workers


class Reloads(Scratch):
    def test_in_the_clear(self):
        shutil.copy(module("alone"), self.path("app.so"))
        with Server("--metrics-path", "/-/metrics", target=self.path("app.so"), cwd=self.folder, workers=3) as server:
            counted = {}

            def never_falls():
                now = self.metrics(server)
                self.assertEqual([name for name, value in counted.items() if "_total" in name and now.get(name, 0) < value], [])
                counted.update(now)
            with Crowd(server, target="/", talkers=3) as crowd:
                reload_again_and_again(server, crowd, 3, never_falls)
            self.assertEqual(counted['pounce_reloads_total{result="done"}'], rounds())
            self.assertEqual(counted["pounce_worker_deaths_total"], 0)


class SecureReloads(Ground):
    def test_over_tls(self):
        with self.server(app=module("alone"), workers=3) as server:
            with Crowd(server, target="/", context=self.context(), context2=self.context(protocols=("h2",)), talkers=3) as crowd:
                reload_again_and_again(server, crowd, 3)


class Tool:
    """A load generator, run again and again until told to stop; what it says of each run is kept."""

    def __init__(self, *command):
        self.command, self.said, self.stopping = command, [], threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        while not self.stopping.is_set():
            done = subprocess.run(self.command, capture_output=True, text=True, timeout=scaled(60), check=False)
            self.said.append(done.stdout + done.stderr)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join(scaled(90))

    def counts(self, what):
        """Of each run: what stands before a word of h2load's, in the line of its requests."""
        return [int(re.search(rf"requests: .*?(\d+) {what}", said)[1]) for said in self.said]


class Generators(Ground, Scratch):
    """wrk, and h2load with both protocols: not one request fails while worker processes are replaced."""

    FLAGS = ("--worker-mode", "processes", "--metrics-path", "/-/metrics", "--admin-bind", "127.0.0.1:0")

    def reload_under(self, server, scheme):
        url = f"{scheme}://{server.host}:{server.port}/"
        with Tool(need("wrk"), "-t1", "-c2", "-d1s", url) as wrk, \
                Tool(need("h2load"), "--h1", "-c", "2", "-n", "4000", url) as one, \
                Tool(need("h2load"), "-c", "2", "-m", "4", "-n", "4000", url) as two:
            for generation in range(2, max(rounds() // 2, 3) + 2):
                runs = len(two.said)
                server.signal(signal.SIGHUP)
                server.wait_output(f"generation {generation}, serving", 30)
                server.wait_output(f"notice: generation {generation - 1} has ended", 30)
                eventually(lambda runs=runs: len(two.said) > runs, 30, what="a run that is over")
        self.assertNotIn("Socket errors", "".join(wrk.said))
        self.assertNotIn("Non-2xx", "".join(wrk.said))
        self.assertEqual(set(one.counts("failed")), {0}, one.said)
        # A GOAWAY ends a run of h2load, which has counted requests then that it never sends: whatever has come to the server was answered, and has arrived.
        answered = sum(two.counts("succeeded"))
        self.assertGreater(answered, 0)
        self.assertEqual(set(two.counts("timeout")), {0}, two.said)
        server.host, server.port = server.urls[1]  # for its operator
        eventually(lambda: self.metrics(server)["pounce_streams_opened_total"] == answered, what="as many streams as answers")
        now = self.metrics(server)
        self.assertEqual({name: value for name, value in now.items() if name.startswith("pounce_requests_failed_total") and value}, {})
        self.assertEqual(now["pounce_worker_deaths_total"], 0)

    def test_in_the_clear(self):
        with Server(*self.FLAGS, target=module("alone"), workers=2, urls=2) as server:
            self.reload_under(server, "http")

    def test_over_tls(self):
        with self.server(*self.FLAGS, app=module("alone"), workers=2, urls=2) as server:
            self.reload_under(server, "https")


class Held:
    """What one worker process serves: streams of HTTP/2 that have no answer yet, and a WebSocket."""
    STREAMS = 5

    def __init__(self, server, pid):
        self.pid = pid
        self.streams, self.socket = Visitor2(server, "/"), Talker(server, "/socket")
        for one in (self.streams, self.socket):
            one.open()
            body, _ = one.ask()
            assert int(body.split()[0]) == pid, body

    def begin(self):
        """As many requests as there are streams, each answered in 700 ms."""
        block = frames.request(path=b"/slow", authority=b"localhost")
        self.first = self.streams.stream + 2
        self.streams.socket.sendall(b"".join(frames.headers(self.first + 2 * i, block) for i in range(self.STREAMS)))

    def answers(self):
        got = set()
        while len(got) < self.STREAMS:
            kind, flags, stream, payload = self.streams.next()
            assert kind not in (frames.RST_STREAM, frames.GOAWAY), (kind, payload)
            if kind in (frames.DATA, frames.HEADERS) and flags & frames.END_STREAM:
                got.add(stream)
        return got == {self.first + 2 * i for i in range(self.STREAMS)}

    def is_lost(self):
        for one in (self.streams, self.socket):
            try:
                while True:
                    one.fill()
            except (EOFError, ConnectionError):
                pass
        return True

    def close(self):
        for one in (self.streams, self.socket):
            one.socket.close()


class Death(Scratch):
    def one_of_each(self, server):
        """Something of every process: the others stand still while it comes."""
        held = []
        pids = children(server.process.pid)
        for pid in pids:
            others = [one for one in pids if one != pid]
            for one in others:
                os.kill(one, signal.SIGSTOP)
            for one in others:
                eventually(lambda one=one: has_stopped(one), what="a process that stands still")
            held.append(Held(server, pid))
            for one in others:
                os.kill(one, signal.SIGCONT)
        return held

    def test_with_streams_and_sockets_under_way(self):
        """Lost is what the dead one held, and nothing else."""
        with Server("--metrics-path", "/-/metrics", target=module("alone"), workers=3) as server:
            held = self.one_of_each(server)
            for one in held:
                one.begin()
            # All of the streams and sockets, and the question itself.
            eventually(lambda: self.metrics(server)["pounce_requests_in_flight"] == 3 * (Held.STREAMS + 1) + 1, what="requests under way")
            victim = held.pop()
            os.kill(victim.pid, signal.SIGKILL)
            server.wait_output(f"worker process {victim.pid} was ended by signal 9; it is started again")
            self.assertTrue(victim.is_lost())
            for one in held:
                self.assertTrue(one.answers())
                body, stays = one.socket.ask()
                self.assertEqual((int(body.split()[0]), stays), (one.pid, True))
            eventually(lambda: len(children(server.process.pid)) == 3, what="a successor")
            now = self.metrics(server)
            self.assertEqual(now["pounce_worker_deaths_total"], 1)
            self.assertEqual(now['pounce_requests_failed_total{reason="cut"}'], Held.STREAMS + 1)
            for one in [victim, *held]:
                one.close()


class Rotation(Scratch):
    def test_while_the_next_workers_prepare(self):
        """They have opened the file that is moved away; what they serve stands in the new one."""
        log = self.write("access")
        gate = self.write("gate")
        with Server("--access-log", log, "--access-log-format", "json", target=module("alone"), workers=2,
                    environment={"ALONE_START": "wait", "ALONE_FILE": gate}) as server:
            os.unlink(gate)
            server.signal(signal.SIGHUP)
            eventually(lambda: len(children(server.process.pid)) == 4, what="a second crew")

            def openers():
                """Processes that have the log open."""
                found = set()
                for pid in children(server.process.pid):
                    for one in os.listdir(f"/proc/{pid}/fd"):
                        try:
                            if os.readlink(f"/proc/{pid}/fd/{one}") == log:
                                found.add(pid)
                        except FileNotFoundError:
                            pass
                return found
            eventually(lambda: len(openers()) == 4, what="four that have opened it")
            os.rename(log, log + ".1")
            server.signal(signal.SIGUSR1)
            eventually(lambda: os.path.exists(log), what="a new file")
            self.write("gate")
            server.wait_output("generation 1 has ended", 30)
            tasks = {i: lambda: [server.get("/") for _ in range(5)] for i in range(8)}
            self.assertEqual([error for error in harness.in_parallel(tasks).values() if error], [])
            self.assertEqual(server.stop(), 0)
        with open(log, encoding="utf-8") as file:
            self.assertEqual(len([json.loads(line) for line in file]), 40)
        self.assertEqual(os.path.getsize(log + ".1"), 0)


if __name__ == "__main__":
    harness.main()
