#!/usr/bin/env python3
"""How a program ends: SIGTERM and SIGINT let what runs finish, a deadline cuts the rest, a second signal cuts at once."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import harness
from harness import Server, children, eventually, scaled
from scratch import Scratch
from wire import Ended, Reset, Wire

REQUEST = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
UPLOAD = "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhello"  # 995 bytes are never sent


def refuses(server):
    try:
        with socket.create_connection((server.host, server.port), timeout=1):
            return False
    except OSError:
        return True


def begin(server, text):
    """A connection with a request under way that the server has certainly seen."""
    wire = server.connect(timeout=20)
    wire.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    wire.response()
    wire.send(text)
    time.sleep(0.1)
    return wire


class Drain(unittest.TestCase):
    def test_nothing_open(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = Server()
            server.signal(number)
            self.assertEqual(server.wait(), 0)

    def test_connections_that_fall_idle_in_that_moment_do_not_hold_it_up(self):
        """Between two requests a connection changes hands; wherever it is when the signal comes, it learns of the drain."""
        for _ in range(8):
            server = Server(workers=2)
            stop = threading.Event()

            def visit(server=server, stop=stop):
                wire = server.connect()
                try:
                    while not stop.is_set():
                        wire.send(REQUEST)
                        wire.response()
                    wire.end()
                except (Ended, OSError):
                    pass  # it was told to close behind a response
                wire.close()
            visitors = [threading.Thread(target=visit) for _ in range(16)]
            for visitor in visitors:
                visitor.start()
            time.sleep(0.15)
            stop.set()
            server.signal()
            self.assertEqual(server.wait(), 0)  # the deadline would have cut
            for visitor in visitors:
                visitor.join()

    def test_idle_connections_do_not_hold_it_up(self):
        server = Server()
        wires = []
        for number in range(8):
            wire = server.connect()
            if number % 2:
                wire.send(REQUEST)
                wire.response()
            wires.append(wire)
        time.sleep(0.1)
        server.signal()
        for wire in wires:
            wire.end()
            wire.close()
        self.assertEqual(server.wait(), 0)

    def test_a_request_under_way_is_finished(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = Server()
            wires = [begin(server, "GET /sleep?ms=900 HTTP/1.1\r\nHost: a\r\n\r\n") for _ in range(3)]
            server.signal(number)
            for wire in wires:
                answer = wire.response()
                self.assertEqual(answer.status, 200)
                self.assertTrue(answer.closes(), "a drained answer says that it is the last")
                wire.end()
                wire.close()
            self.assertEqual(server.wait(), 0)

    def test_an_upload_under_way_is_finished(self):
        server = Server()
        wire = begin(server, UPLOAD)
        server.signal()
        eventually(lambda: refuses(server), what="no new connections")
        wire.send("x" * 995)
        answer = wire.response()
        self.assertEqual((answer.status, answer.body), (200, b"Hello, World!"))
        wire.end()
        self.assertEqual(server.wait(), 0)

    def test_a_large_answer_under_way_is_finished(self):
        server = Server()
        wire = server.connect(rcvbuf=4096, timeout=20)
        wire.send("GET /big HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.limit = time.monotonic() + wire.timeout
        wire.fill()
        server.signal()
        self.assertEqual(len(wire.response().body), 1 << 20)
        self.assertEqual(server.wait(), 0)

    def test_no_new_connections(self):
        server = Server("--shutdown-timeout", "20s")
        wire = begin(server, UPLOAD)
        server.signal()
        eventually(lambda: refuses(server), what="no new connections")
        wire.send("x" * 995)
        wire.response()
        self.assertEqual(server.wait(), 0)

    def test_requests_that_had_arrived_are_served(self):
        """They wait in the kernel, on kept connections and on fresh ones, when the signal comes: none of them is dropped."""
        server = Server("--shutdown-timeout", "10s", workers=2)
        kept = [server.connect() for _ in range(100)]
        for wire in kept:
            wire.send(REQUEST)
            wire.response()
        server.signal(signal.SIGSTOP)
        time.sleep(0.1)
        fresh = [server.connect() for _ in range(200)]
        for wire in kept + fresh:
            wire.send(REQUEST)
        server.signal(signal.SIGTERM)
        time.sleep(0.1)
        server.signal(signal.SIGCONT)
        for wire in kept + fresh:
            self.assertEqual(wire.response().status, 200)
            wire.end()
        self.assertEqual(server.wait(), 0)

    def test_a_request_that_crosses_the_signal_is_no_reset(self):
        """Answered, or closed cleanly; a reset could have destroyed an answer."""
        for _ in range(5):
            server = Server()
            wires = [server.connect() for _ in range(8)]
            for wire in wires:
                wire.send(REQUEST)
                wire.response()
            server.signal()
            for wire in wires:
                wire.send_while_open(REQUEST)
            for wire in wires:
                try:
                    self.assertEqual(wire.response().status, 200)
                except Ended:
                    self.assertFalse(wire.buffer)
                wire.close()
            self.assertEqual(server.wait(), 0)

    def test_pipelined_requests_end_with_a_last_answer(self):
        server = Server()
        wire = begin(server, "GET /sleep?ms=600 HTTP/1.1\r\nHost: a\r\n\r\n" + REQUEST * 3)
        server.signal()
        count = 0
        while True:
            answer = wire.response()
            count += 1
            self.assertEqual(answer.status, 200)
            if answer.closes():
                break
        wire.end()
        self.assertGreaterEqual(count, 1)
        self.assertEqual(server.wait(), 0)

    def test_a_stream_is_told_and_takes_leave(self):
        server = Server("--shutdown-timeout", "60s")
        wires = [server.connect(timeout=20) for _ in range(8)]
        for wire in wires:
            wire.send("GET /events?n=9&ms=3600000 HTTP/1.1\r\nHost: a\r\n\r\n")
            wire.limit = time.monotonic() + wire.timeout
            while b"data: tick 1\n\n" not in wire.buffer:
                self.assertTrue(wire.fill())
        server.signal()
        for wire in wires:
            answer = wire.response()
            self.assertTrue(answer.body.endswith(b"event: goodbye\ndata: shutting down\n\n"), answer.body)
            wire.end()
        self.assertEqual(server.wait(), 0)

    def test_a_stream_ends_or_is_cut_in_time(self):
        server = Server("--shutdown-timeout", "1s")
        wire = begin(server, "GET /events?n=1000000&ms=20 HTTP/1.1\r\nHost: a\r\n\r\n")
        server.signal()
        complete = True
        try:
            wire.response()
        except (Ended, Reset):
            complete = False
        self.assertEqual(server.wait(), 0 if complete else 4)


class Deadline(unittest.TestCase):
    def cut(self, text, reader=True, target=None):
        server = Server("--shutdown-timeout", "500ms", target=target)
        wire = begin(server, text)
        began = time.monotonic()
        server.signal()
        self.assertEqual(server.wait(), 4)
        self.assertGreaterEqual(time.monotonic() - began, 0.4)
        if reader:
            wire.gone()
        wire.close()

    def test_an_upload_that_never_ends_is_cut(self):
        self.cut(UPLOAD)

    def test_a_handler_that_waits_too_long_is_cut(self):
        self.cut("GET /stubborn HTTP/1.1\r\nHost: a\r\n\r\n", target=harness.module("faults"))

    def test_a_reader_that_does_not_read_is_cut(self):
        self.cut("GET /big HTTP/1.1\r\nHost: a\r\n\r\n" * 60, reader=False)


class SecondSignal(unittest.TestCase):
    def test_cuts_at_once(self):
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGINT), (signal.SIGTERM, signal.SIGINT)):
            server = Server("--shutdown-timeout", "1h")
            wire = begin(server, UPLOAD)
            server.signal(first)
            eventually(lambda: refuses(server), what="no new connections")
            self.assertTrue(server.is_alive())
            server.signal(second)
            self.assertEqual(server.wait(), 4)
            wire.close()

    def test_a_storm_of_signals_is_one_end(self):
        server = Server()
        wires = [server.connect() for _ in range(4)]
        for _ in range(50):
            server.signal(signal.SIGTERM)
            server.signal(signal.SIGINT)
            if not server.is_alive():
                break
        self.assertIn(server.wait(), (0, 4))
        for wire in wires:
            wire.close()


class Hooks(unittest.TestCase):
    def test_start_drain_stop_once_each_and_in_order(self):
        server = Server(target=harness.module("lifespan"))
        self.assertEqual(server.output().count("hook: start"), 1)
        self.assertNotIn("hook: drain", server.output())
        self.assertEqual(server.get("/").status, 200)
        self.assertEqual(server.stop(), 0)
        hooks = [line for line in server.output().splitlines() if line.startswith("hook: ")]
        self.assertEqual(hooks, ["hook: start", "hook: drain", "hook: stop"])


    def test_a_stop_hook_that_fails_is_exit_1(self):
        server = Server(target=harness.module("badstop"))
        self.assertEqual(server.get("/").status, 200)
        server.signal()
        self.assertEqual(server.wait(), 1)
        self.assertIn("error: on_stop: the last lines are lost", server.output())


class StartHooks(Scratch):
    """A start hook that does not return keeps nobody from ending the program: with threads and with processes, at a start and in a reload."""

    MODES = (("threads", 1), ("processes", 2))

    def serve(self, mode, workers, *flags, **more):
        """The hook waits while there is a file `gate`."""
        return Server("--worker-mode", mode, *flags, target=self.target, cwd=self.folder, workers=workers,
                      environment={"ALONE_START": "wait_there", "ALONE_FILE": self.path("gate")}, **more)

    def waiting(self, mode, workers, *flags):
        self.write("gate")
        server = self.serve(mode, workers, *flags, urls=0, ready="hook: waits")
        eventually(lambda: server.output().count("hook: waits") == (workers if mode == "processes" else 1), what="all within their hook")
        return server

    def reloading(self, mode, workers, *flags):
        self.remove_gate()
        server = self.serve(mode, workers, *flags)
        self.write("gate")
        server.signal(signal.SIGHUP)
        server.wait_output("hook: waits", 40)
        self.assertEqual(server.get("/").status, 200)
        return server

    def remove_gate(self):
        if os.path.exists(self.path("gate")):
            os.unlink(self.path("gate"))

    def setUp(self):
        super().setUp()
        self.target = shutil.copy(harness.module("alone"), self.path("app.so"))

    def test_time_is_over(self):
        for begin in (self.waiting, self.reloading):
            for mode, workers in self.MODES:
                server = begin(mode, workers, "--shutdown-timeout", "300ms")
                server.signal()
                self.assertEqual(server.wait(), 4)
                self.assertRegex(server.output(), "on_start( of generation 2)? has not returned")

    def test_a_second_signal(self):
        for begin, said in ((self.waiting, ("notice: on_start runs: the program ends when it has returned, in 10m at the latest", ": draining 0 connections")),
                            (self.reloading, (": draining ", ": draining "))):
            for mode, workers in self.MODES:
                server = begin(mode, workers, "--shutdown-timeout", "10m")
                server.signal()
                server.wait_output(said[mode == "processes"])
                self.assertTrue(server.is_alive())
                server.signal(signal.SIGINT)
                self.assertEqual(server.wait(), 4)
                self.assertIn("has not returned", server.output())

    def test_one_that_returns_is_waited_for(self):
        """Nobody is let in any more, stop hooks run."""
        for begin in (self.waiting, self.reloading):
            for mode, workers in self.MODES:
                server = begin(mode, workers, "--shutdown-timeout", "10m")
                server.signal()
                server.wait_output("the program ends when it has returned" if begin == self.waiting and mode == "threads" else ": draining ")
                self.remove_gate()
                self.assertEqual(server.wait(), 0)
                self.assertRegex(server.output(), r": drained, [01] requests? served\Z")
                self.assertEqual("generation 2, serving" in server.output(), False)

    def test_other_signals_wait(self):
        """What a start hook keeps from being heard is heard when it has returned."""
        server = self.waiting("threads", 1, "--access-log", self.path("access"))
        os.rename(self.path("access"), self.path("access.1"))
        server.signal(signal.SIGUSR1)
        self.remove_gate()
        server.wait_output("serving")
        eventually(lambda: os.path.exists(self.path("access")), what="a new log")
        self.assertEqual(server.stop(), 0)

    def test_a_trial_that_hangs(self):
        for mode, workers in self.MODES:
            self.remove_gate()
            server = self.serve(mode, workers, "--shutdown-timeout", "10m")
            os.unlink(self.path("app.so"))
            shutil.copy(harness.module("fatal_hang"), self.path("app.so"))
            server.signal(signal.SIGHUP)
            server.wait_output("reloading: preparing generation 2")
            server.signal()
            self.assertEqual(server.wait(), 0)
            shutil.copy(harness.module("alone"), self.path("other.so"))
            os.replace(self.path("other.so"), self.path("app.so"))


class Stuck(Scratch):
    """What does not return: a drain hook, a stop hook, a handler that blocks its thread; with threads and with processes."""

    MODES = ("threads", "processes")
    PLACES = ("on_drain", "on_stop", "a handler")

    def setUp(self):
        super().setUp()
        self.gate = self.path("gate")
        self.write("gate")

    def serve(self, mode, place, *flags, **more):
        # Threads that are left behind are no leak of a program that says so.
        sanitizer = os.environ.get("TSAN_OPTIONS", "") + " report_thread_leaks=0"
        server = Server("--worker-mode", mode, *flags, target=harness.module("stuck"), workers=2,
                        environment={"STUCK_IN": place, "STUCK_FILE": self.gate, "TSAN_OPTIONS": sanitizer}, **more)
        if place == "a handler":
            server.stuck = server.connect()
            server.stuck.send(b"GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n")
            server.wait_output("stuck: a handler")
        return server

    def everywhere(self, *flags):
        return {(mode, place): self.serve(mode, place, *flags) for mode in self.MODES for place in self.PLACES}

    def test_is_left_behind(self):
        """By the deadline, or a second signal; five seconds after it."""
        servers = self.everywhere("--shutdown-timeout", "300ms")
        others = self.everywhere("--shutdown-timeout", "10m")
        for server in (*servers.values(), *others.values()):
            server.signal()
        for (mode, place), server in others.items():
            server.wait_output(": draining ")  # two signals that are under way at a time are one
            server.wait_output(f"stuck: {place}")
            server.signal()
        for (mode, place), server in (*servers.items(), *others.items()):
            self.assertEqual(server.wait(), 4, server.output())
            if mode == "threads":
                self.assertIn(f"error: {place} of generation 1 has not returned: the program ends without it", server.output())
            else:
                self.assertRegex(server.output(), "error: worker process [0-9]+ is killed: a handler, or a hook, has not returned")

    def test_is_waited_for(self):
        servers = self.everywhere("--shutdown-timeout", "10m")
        for (mode, place), server in servers.items():
            server.signal()
            server.wait_output(f"stuck: {place}")
        os.unlink(self.gate)
        for server in servers.values():
            self.assertEqual(server.wait(), 0, server.output())
            self.assertRegex(server.output(), r": drained, [01] requests? served\Z")

    def test_holds_up_nothing_else(self):
        """Of a generation that has been replaced: others come and go, signals are heard."""
        servers = self.everywhere("--reload-timeout", "300ms")
        for generation in (2, 3):
            for server in servers.values():
                server.signal(signal.SIGHUP)
            for server in servers.values():
                server.wait_output(f"generation {generation}, serving")
                self.assertEqual(server.get("/process").status, 200)
        for (mode, place), server in servers.items():
            server.wait_output(f"stuck: {place}")
        os.unlink(self.gate)
        for (mode, place), server in servers.items():
            server.signal()
            self.assertIn(server.wait(), (0, 4) if place == "a handler" else (0,), server.output())

    def test_a_drain_goes_on_beside_its_hooks(self):
        for mode in self.MODES:
            server = self.serve(mode, "on_drain", "--shutdown-timeout", "10m", "--admin-bind", "127.0.0.1:0", "--health-path", "/-/health", urls=2)
            kept = server.connect()
            kept.send("GET /process HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(kept.response().status, 200)
            server.signal()
            server.wait_output("stuck: on_drain")
            kept.end()
            kept.close()
            eventually(lambda: refuses(server), what="no new connections")
            with Wire(server.urls[1], scaled(20)) as wire:
                wire.send("GET /-/health HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(wire.response().status, 503)
            self.assertTrue(server.is_alive())
            os.unlink(self.gate)
            self.assertEqual(server.wait(), 0, server.output())
            self.write("gate")

    def test_does_not_outlive_a_supervisor_for_long(self):
        servers = [self.serve("processes", place, "--shutdown-timeout", "300ms", exit_code=-9) for place in self.PLACES]
        workers = [one for server in servers for one in children(server.process.pid)]
        self.assertEqual(len(workers), 6)
        for server in servers:
            server.signal(signal.SIGKILL)
            self.assertEqual(server.process.wait(), -9)
        eventually(lambda: not any(os.path.exists(f"/proc/{one}") for one in workers), 60, "the end of all workers")

    def test_is_told_of(self):
        servers = [self.serve("threads", place, "--reload-timeout", "1ms") for place in self.PLACES]
        for server in servers:
            server.signal(signal.SIGHUP)
        for server, place in zip(servers, self.PLACES):
            server.wait_output(f"warning: {place} of generation 1 has not returned: the generation stays")
            self.assertEqual(server.get("/process").status, 200)
        os.unlink(self.gate)
        for server in servers:
            server.wait_output("generation 1 has ended")
            self.assertEqual(server.stop(), 0)


class Odd(Scratch):
    """Surroundings that are not what a server would wish for."""

    def test_threads_of_an_application_that_was_loaded(self):
        """They do not block the signals that are the server's."""
        log = self.path("log")
        with Server("--access-log", log, target=harness.module("threaded")) as server:
            for count in range(3):
                self.assertEqual(server.get("/").status, 200)
                eventually(lambda: os.path.exists(log) and os.path.getsize(log), what="a line")
                os.rename(log, f"{log}.{count}")
                server.signal(signal.SIGUSR1)
                eventually(lambda: os.path.exists(log), what="a new file")
            server.signal(signal.SIGHUP)
            server.wait_output("generation 2, serving")
            self.assertEqual(server.get("/").status, 200)

    def test_a_reader_of_standard_error_that_has_gone_is_no_terminal(self):
        ours, theirs = socket.socketpair()
        where = self.path("socket")
        program = subprocess.Popen([harness.Settings.program, harness.module("lifespan"), "--bind", f"unix:{where}"], stderr=theirs, stdout=theirs)
        theirs.close()
        eventually(lambda: os.path.exists(where) and b"serving" in ours.recv(4096, socket.MSG_PEEK), what="it serves")
        ours.close()
        program.send_signal(signal.SIGHUP)
        for _ in range(5):
            with Wire(where, scaled(20)) as wire:
                wire.send(REQUEST)
                self.assertEqual(wire.response().status, 200)
            time.sleep(0.1)
        self.assertIsNone(program.poll())
        program.terminate()
        self.assertEqual(program.wait(scaled(40)), 0)

    def test_standard_descriptors_that_are_closed(self):
        """Nobody else gets their numbers."""
        where = self.path("socket")

        def close():
            for one in (0, 1, 2):
                os.close(one)
        program = subprocess.Popen([harness.Settings.program, harness.module("lifespan"), "--bind", f"unix:{where}"], preexec_fn=close)
        eventually(lambda: os.path.exists(where), what="it serves")
        for one in (0, 1, 2):
            self.assertEqual(os.readlink(f"/proc/{program.pid}/fd/{one}"), "/dev/null")
        program.terminate()
        self.assertEqual(program.wait(scaled(40)), 0)

    def test_the_socket_file_of_a_successor_stays(self):
        where = self.path("socket")
        bind = ("--bind", f"unix:{where}")
        server = Server(listen=bind, urls=0, ready="serving")
        os.unlink(where)
        with Server(listen=bind, urls=0, ready="serving"):
            self.assertEqual(server.stop(), 0)
            with Wire(where, scaled(20)) as wire:
                wire.send(REQUEST)
                self.assertEqual(wire.response().status, 200)
        self.assertFalse(os.path.exists(where))


class Restart(unittest.TestCase):
    def test_the_port_is_free_again_at_once(self):
        port = harness.free_port()
        for _ in range(5):
            with Server(listen=("--port", str(port))) as server:
                self.assertEqual(server.port, port)
                wire = begin(server, "")
                self.assertEqual(server.get().status, 200)
            wire.close()

    def test_a_unix_socket_is_taken_away(self):
        with tempfile.TemporaryDirectory() as scratch:
            path = os.path.join(scratch, "p.sock")
            for _ in range(2):
                with Server(listen=("--bind", f"unix:{path}"), urls=0, ready=path):
                    with Wire(path, scaled(10)) as wire:
                        wire.send(REQUEST)
                        self.assertEqual(wire.response().status, 200)
                self.assertFalse(os.path.exists(path), "the socket file is left behind")


if __name__ == "__main__":
    harness.main()
