#!/usr/bin/env python3
"""Reload: SIGHUP makes the next generation beside the one that serves. Nobody is refused, reset or left without an answer, whatever is
asked for; new code is new; what cannot be served leaves everything as it was; memory, descriptors and counters stay honest."""

import fcntl
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import threading
import time

import harness
from harness import Server, Settings, eventually, module, scaled
from scratch import Scratch
from secure import Ground
from visitors import Crowd, Visitor1, rounds
from wire import Ended, Reset, Wire
from ws_wire import CLOSE, WebSocket, close_payload

REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
UPLOAD = "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhello"  # 995 bytes are still to come
ROUNDS = rounds()


def reload(server, generation, how="serving"):
    server.signal(signal.SIGHUP)
    server.wait_output(f"generation {generation}, {how}", 30)


def ended(server, generation):
    server.wait_output(f"notice: generation {generation} has ended", 30)


def begin(server, text, target="/"):
    """A connection with a request under way that the generation that serves has certainly seen."""
    wire = server.connect(timeout=30)
    wire.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")
    wire.response()
    wire.send(text)
    time.sleep(0.1)
    return wire


class Reloads(Scratch):
    """Builds of an application, to be replaced in the working directory."""

    def install(self, build):
        """As a linker or an installer does: a new file takes the place of the old one."""
        shutil.copy(module(f"generation_{build}"), self.path("app.so.new"))
        os.rename(self.path("app.so.new"), self.path("app.so"))
        return self.path("app.so")

    def serve(self, *flags, **options):
        return Server(*flags, cwd=self.folder, **options)

    def body(self, server, target="/"):
        return server.get(target).body.decode()


class Load(Reloads):
    def reload_under_load(self, server, crowd):
        """Rounds of reloads; what is counted never falls, and what is held stays as it was."""
        counted, held = {}, []
        for generation in range(2, ROUNDS + 2):
            served = crowd.served()
            reload(server, generation)
            ended(server, generation - 1)
            eventually(lambda served=served: crowd.served() > served, what="answers")
            now = self.metrics(server)
            fallen = [name for name, value in counted.items() if "_total" in name and now.get(name, 0) < value]
            self.assertFalse(fallen)
            counted = now
            held.append((server.rss(), server.descriptors()))
        self.assertEqual(counted["pounce_generation"], ROUNDS + 1)
        self.assertEqual(counted['pounce_reloads_total{result="done"}'], ROUNDS)
        if harness.Settings.sanitizer != "thread":  # ThreadSanitizer has a thread of its own, which might run in a module for all that is known
            self.assertLessEqual(counted["pounce_modules_kept"], 2)  # the first: it has unique symbols; a machine that is very busy may keep one more
        return held

    def check_held(self, held):
        """Flat: the second half holds what the first one held. Sanitizers keep what is freed."""
        half = len(held) // 2
        self.assertLessEqual(max(one[1] for one in held[half:]), max(one[1] for one in held[:half]) + 20)  # the crowd comes and goes
        if not Settings.sanitizer:
            self.assertLess(max(one[0] for one in held[half:]), max(one[0] for one in held[:half]) * 1.3 + (4 << 20))

    def check_events(self, log):
        with open(log, encoding="utf-8") as file:
            seen = [json.loads(line) for line in file]
        started = [one["generation"] for one in seen if one["event"] == "generation_started"]
        stopped = {one["generation"]: one for one in seen if one["event"] == "generation_stopped"}
        self.assertEqual(sorted(started), list(range(1, ROUNDS + 2)))  # lines of different workers may change places
        self.assertEqual(sorted(stopped), sorted(started))
        self.assertEqual(sum(one["cut"] for one in stopped.values()), 0)
        requests = sum(1 for one in seen if one["event"] == "response_completed")
        self.assertGreaterEqual(sum(one["requests"] for one in stopped.values()), requests)  # a log may drop lines, and counts them
        self.assertEqual([one for one in seen if one["event"] in ("request_failed", "connection_refused")], [])

    def test_in_the_clear(self):
        log = self.path("events")
        with self.serve("--event-log", log, "--metrics-path", "/-/metrics", workers=3) as server:
            with Crowd(server) as crowd:
                held = self.reload_under_load(server, crowd)
            self.assertEqual(server.stop(), 0)
        self.check_held(held)
        self.check_events(log)

    def test_wrk(self):
        """Its connections never rest: each of them crosses each reload."""
        wrk = shutil.which("wrk")
        if not wrk:
            self.skipTest("wrk is not installed")
        with self.serve(workers=2) as server:
            seconds = 3
            load = subprocess.Popen([wrk, "-t1", "-c16", f"-d{seconds}s", f"http://{server.host}:{server.port}/hello"],
                                    stdout=subprocess.PIPE, text=True)
            generation = 1
            ends = time.monotonic() + seconds - 0.5
            while time.monotonic() < ends:
                generation += 1
                reload(server, generation)
            said, _ = load.communicate(timeout=scaled(30))
            self.assertNotIn("Socket errors", said)
            self.assertNotIn("Non-2xx", said)
            self.assertGreater(generation, 2)


class SecureLoad(Ground):
    def test_over_tls(self):
        context, context2 = self.context(), self.context(protocols=("h2",))
        with self.server(app=Settings.app, workers=3) as server:
            with Crowd(server, context=context, context2=context2) as crowd:
                for generation in range(2, max(ROUNDS // 2, 3) + 2):
                    served = crowd.served()
                    reload(server, generation)
                    ended(server, generation - 1)
                    eventually(lambda served=served: crowd.served() > served, what="answers")


class UnderWay(Reloads):
    """What the old generation had begun ends there."""

    def test_an_upload(self):
        with self.serve() as server:
            wire = begin(server, UPLOAD, "/hello")
            reload(server, 2)
            self.assertEqual(server.get().status, 200)
            wire.send("x" * 995)
            answer = wire.response()
            self.assertEqual((answer.status, answer.body), (200, b"Hello, World!"))
            wire.end()  # with that answer, or a moment later: that there is a drain may reach its reactor behind the rest of the upload
            ended(server, 1)

    def test_a_stream_is_told(self):
        with self.serve() as server:
            wire = begin(server, "GET /events?n=9&ms=3600000 HTTP/1.1\r\nHost: a\r\n\r\n", "/hello")
            reload(server, 2)
            self.assertTrue(wire.response().body.endswith(b"event: goodbye\ndata: shutting down\n\n"))
            wire.end()
            ended(server, 1)

    def test_an_idle_connection_may_ask_once_more(self):
        with self.serve() as server:
            wire = server.connect()
            fresh = server.connect()  # that has asked for nothing yet
            wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertFalse(wire.response().closes())
            reload(server, 2)
            for one in (wire, fresh):
                one.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                try:
                    self.assertEqual(one.response().status, 200)
                except (Ended, Reset):  # on a machine that took longer than that moment
                    self.assertFalse(one.buffer)
                    continue
                one.end()  # with that answer, or a moment later
            ended(server, 1)

    def test_an_idle_connection_that_stays_silent_is_closed(self):
        with self.serve() as server:
            wire = server.connect()
            wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            wire.response()
            reload(server, 2)
            wire.end()
            ended(server, 1)

    def test_a_websocket_gets_its_goodbye(self):
        path = os.path.join(os.path.dirname(os.path.dirname(Settings.app)), "websocket", "libwebsocket.so")
        if not os.path.exists(path):
            self.skipTest("the example websocket is not built")
        with self.serve(target=path) as server:
            with WebSocket((server.host, server.port), timeout=scaled(20)) as peer:
                peer.text("before")
                self.assertEqual(peer.receive(), ("text", "before"))
                reload(server, 2)
                self.assertEqual(peer.receive(), ("close", 1001, ""))
                peer.frame(CLOSE, close_payload(1001))
                self.assertEqual(peer.receive(), ("end",))
            ended(server, 1)  # until then it may take what the kernel had queued, and say goodbye to it
            with WebSocket((server.host, server.port), timeout=scaled(20)) as peer:
                peer.text("behind")
                self.assertEqual(peer.receive(), ("text", "behind"))

    def test_who_takes_too_long_is_cut_and_counted(self):
        with self.serve("--reload-timeout", "300ms") as server:
            wire = begin(server, UPLOAD, "/hello")
            reload(server, 2)
            server.wait_output("generation 1 has ended: 1 request, 1 connection with 1 request cut")
            wire.gone()
            wire.close()

    def test_only_so_many_drain_at_a_time(self):
        with self.serve("--min-rate", "1B/s") as server:
            left = {}
            for generation in range(2, 6):
                left[begin(server, UPLOAD, "/hello")] = 995
                reload(server, generation)
                for wire in left:  # and none is too slow, however long that took
                    wire.send("x" * 100)
                    left[wire] -= 100
            server.signal(signal.SIGHUP)
            server.wait_output("warning: the reload waits: 4 generations still drain")
            for wire, missing in left.items():
                wire.send("x" * missing)
                self.assertEqual(wire.response().status, 200)
                wire.close()
            server.wait_output("generation 6, serving")


class Code(Reloads):
    def test_new_code_is_new_and_old_requests_end_with_the_old(self):
        with self.serve(target=self.install("one")) as server:
            self.assertEqual(self.body(server), "one")
            wire = server.connect(timeout=30)
            wire.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n")
            time.sleep(0.1)
            self.install("two")
            reload(server, 2)
            self.assertEqual(wire.response().body, b"later, by one")
            wire.close()
            ended(server, 1)
            self.assertEqual(self.body(server), "two")
            self.install("one")
            reload(server, 3)
            ended(server, 2)
            self.assertEqual(self.body(server), "one")
            self.assertEqual(server.stop(), 0)
        hooks = [line for line in server.output().splitlines() if line.startswith("hook: ")]
        self.assertEqual(hooks, ["hook: start one", "hook: start two", "hook: drain one", "hook: stop one", "hook: start one",
                                 "hook: drain two", "hook: stop two", "hook: drain one", "hook: stop one"])

    def test_the_same_file_begins_anew(self):
        with self.serve(target=self.install("one")) as server:
            for generation in range(2, 6):
                self.assertEqual([self.body(server, "/count") for _ in range(3)], ["1", "2", "3"])
                reload(server, generation)
                ended(server, generation - 1)
            with open(f"/proc/{server.process.pid}/maps", encoding="ascii") as maps:
                held = {line.split()[4:6][-1] for line in maps if "app.so" in line}
            self.assertLessEqual(len(held), 2, held)  # the loader keeps the first, for its unique symbols

    def test_who_connects_once_it_is_said_to_serve_meets_it(self):
        with self.serve(target=self.install("one"), workers=4) as server:
            for generation in range(2, 12):
                reload(server, generation)
                self.assertEqual([self.body(server, "/count") for _ in range(3)], ["1", "2", "3"])
                ended(server, generation - 1)

    def test_a_handler_that_blocks_its_thread_holds_up_no_reload(self):
        for mode in ("threads", "processes"):
            with self.subTest(mode), self.serve("--worker-mode", mode, target=self.install("one"), workers=1) as server:
                self.write("hold")
                wire = server.connect(timeout=60)
                wire.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
                server.wait_output("held by one")
                self.install("two")
                reload(server, 2)
                self.assertEqual(self.body(server), "two")
                os.unlink(self.path("hold"))
                self.assertEqual(wire.response().body, b"held by one")
                wire.close()
                ended(server, 1)

    def test_code_that_a_thread_may_run_is_kept(self):
        self.write("thread")
        with self.serve("--metrics-path", "/-/metrics", target=self.install("one")) as server:
            self.install("two")
            reload(server, 2)
            ended(server, 1)
            eventually(lambda: "\npounce_modules_kept 1\n" in self.body(server, "/-/metrics"), what="one was kept")


class Knocking:
    """Asks again and again while something else goes on; what goes wrong is one of the answers."""

    def __init__(self, ask):
        self.ask, self.answers, self.stopping = ask, set(), threading.Event()
        self.threads = [threading.Thread(target=self.knock) for _ in range(4)]

    def knock(self):
        while not self.stopping.is_set():
            try:
                self.answers.add(self.ask())
            except Exception as error:
                self.answers.add(repr(error))

    def __enter__(self):
        for one in self.threads:
            one.start()

    def __exit__(self, *_):
        self.stopping.set()
        for one in self.threads:
            one.join()


class Failures(Reloads):
    """Whatever fails, the generation that serves goes on; and the next reload may succeed."""

    def fails(self, server, *said):
        before = server.output().count("the reload failed: generation 1 goes on")
        server.signal(signal.SIGHUP)
        eventually(lambda: server.output().count("the reload failed: generation 1 goes on") > before, what="the failure")
        for text in said:
            self.assertIn(text, server.output())
        self.assertEqual(self.body(server), "one")

    def test_configuration(self):
        self.write("pounce.toml", "keep_alive_timeout = '5s'\n")
        with self.serve(target=self.install("one")) as server:
            self.write("pounce.toml", "keep_alive_timeout = 'long'\nmax_headers = 0\nnonsense = 1\n")
            self.fails(server, "keep_alive_timeout", "max_headers", "nonsense")
            # Nobody has named the file; but the generation that serves came from it, so this is a file that is missing.
            os.unlink(self.path("pounce.toml"))
            self.fails(server, "config: cannot read 'pounce.toml': No such file or directory (from pounce.toml")
            self.write("pounce.toml", "")
            reload(server, 2)

    def test_a_configuration_that_came_through_a_pipe(self):
        """As a shell's <(…) gives it: it is there once, and nothing is no configuration."""
        reading, writing = os.pipe()
        os.write(writing, b"keep_alive_timeout = '5s'\n")
        os.close(writing)
        try:
            with self.serve("--config", f"/dev/fd/{reading}", target=self.install("one"), pass_fds=(reading,)) as server:
                self.fails(server, f"--config: cannot read '/dev/fd/{reading}': No data available (from command line; hint: a pipe can be "
                                   "read once: a reload needs a file)")
        finally:
            os.close(reading)

    def test_module(self):
        with self.serve(target=self.install("one")) as server:
            self.write("app.so.new", "no library")
            os.rename(self.path("app.so.new"), self.path("app.so"))
            self.fails(server, "app.so: not a shared library")
            shutil.copy(module("nosymbol"), self.path("app.so.new"))
            os.rename(self.path("app.so.new"), self.path("app.so"))
            self.fails(server, "it has no POUNCE_APP")
            os.unlink(self.path("app.so"))
            self.fails(server, "app.so: no such file")
            self.install("two")
            reload(server, 2)
            ended(server, 1)
            self.assertEqual(self.body(server), "two")

    def test_a_module_that_would_end_the_process(self):
        """It is tried in another one first."""
        with self.serve(target=self.install("one")) as server:
            for name, said in (("fatal_static", "a constructor threw an exception: not today"), ("fatal_crash", "was ended by signal 6"),
                               ("fatal_exit", "the module calls exit()"), ("fatal_hang", "took too long")):
                shutil.copy(module(name), self.path("app.so.new"))
                os.rename(self.path("app.so.new"), self.path("app.so"))
                self.fails(server, said)

    def test_start_hook(self):
        with self.serve(target=self.install("one")) as server:
            self.install("two")
            self.write("fail")
            self.fails(server, "on_start: there is a file `fail`")
            os.unlink(self.path("fail"))
            reload(server, 2)

    def test_address(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with self.serve(target=self.install("one")) as server:
                self.write("pounce.toml", f"admin_bind = '127.0.0.1:{taken.getsockname()[1]}'\nhealth_path = '/-/health'\n")
                self.fails(server, "Address already in use")
                os.unlink(self.path("pounce.toml"))
                reload(server, 2)
                self.assertEqual(self.body(server), "one")


    def test_one_more_worker_and_an_address_in_use(self):
        """A worker more has sockets more, and the kernel deals connections to each: none may be left behind."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            events = self.path("events")
            with self.serve("--event-log", events, target=self.install("one"), workers=1) as server:
                self.write("pounce.toml", f"admin_bind = '127.0.0.1:{taken.getsockname()[1]}'\nhealth_path = '/-/health'\n")
                self.fails(server, "Address already in use")
                before = server.output().count("the reload failed")
                server.signal(signal.SIGTTIN)
                eventually(lambda: server.output().count("the reload failed") > before, what="the failure")
                os.unlink(self.path("pounce.toml"))
                self.write("pounce.toml", f"bind = ['127.0.0.1:{server.port}', '127.0.0.1:{taken.getsockname()[1]}']\n")
                server.signal(signal.SIGTTIN)
                eventually(lambda: server.output().count("the reload failed") > before + 1, what="the failure")
                for _ in range(40):
                    self.assertEqual(self.body(server), "one")
            with open(events, encoding="utf-8") as file:
                said = [json.loads(line)["event"] for line in file]
            self.assertEqual(said.count("generation_started"), said.count("generation_stopped"))

    def test_no_descriptor_is_free(self):
        """However many there are, the server goes on: with its generation, or with the next one."""
        if Settings.sanitizer:
            self.skipTest("sanitizers need descriptors of their own")
        with self.serve(target=self.install("one"), workers=1) as server, server.connect(timeout=30) as kept:
            (soft, hard), generation = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE), 1
            kept.send(REQUEST)
            self.assertEqual(kept.response().body, b"one")
            for free in range(12):
                held = {int(name) for name in os.listdir(f"/proc/{server.process.pid}/fd")}
                unused = [number for number in range(len(held) + 20) if number not in held]
                resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (unused[free], hard))
                before = server.output()
                server.signal(signal.SIGHUP)
                eventually(lambda: re.search(r"the reload failed|generation \d+, serving", server.output()[len(before):]),
                           30, f"an end of the reload with {free} free descriptors")
                resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (soft, hard))
                said = server.output()[len(before):]
                if "the reload failed" in said:
                    self.assertRegex(said, "Too many open files|too few")
                    kept.send(REQUEST)
                    self.assertEqual(kept.response().body, b"one")
                else:
                    generation += 1
                    break
                self.assertEqual(self.body(server), "one")
            self.assertEqual(generation, 2)

    def test_no_thread_can_be_made(self):
        """There is no room for another stack: what was begun of the next generation ends."""
        if Settings.sanitizer:
            self.skipTest("sanitizers reserve the address space")
        one_arena = {"MALLOC_ARENA_MAX": "1"}  # else each thread reserves for one when it first needs memory, and there is none
        with self.serve(target=self.install("one"), workers=12, environment=one_arena) as server:
            self.assertEqual(self.body(server), "one")
            with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
                size = int(re.search(r"VmSize:\s+(\d+)", status.read())[1]) * 1024
            resource.prlimit(server.process.pid, resource.RLIMIT_AS, (size + (48 << 20), resource.RLIM_INFINITY))
            knocking = Knocking(lambda: self.body(server))
            with knocking:  # what was begun lets nobody in, for it would have to turn him out again
                for _ in range(20):
                    self.fails(server, "Resource temporarily unavailable")
            resource.prlimit(server.process.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            self.assertEqual(knocking.answers, {"one"})
            reload(server, 2)

    def test_nobody_reads_what_it_says(self):
        """A pipe that is full holds nobody up: not the requests, not the end."""
        port, (reader, writer) = harness.free_port(), os.pipe()
        self.addCleanup(os.close, reader)
        os.write(writer, bytes(fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)))
        command = [Settings.program, Settings.app, "--port", str(port), "--workers", "1"]
        with subprocess.Popen(command, cwd=self.folder, env=harness.clean_environment(), stdin=subprocess.DEVNULL, stderr=writer) as server:
            os.close(writer)
            try:
                eventually(lambda: can_connect(port), 20, "the start")
                self.write("pounce.toml", "".join(f"{'nonsense' * 8}{i} = 1\n" for i in range(60)))
                server.send_signal(signal.SIGHUP)
                for _ in range(5):
                    with Wire(("127.0.0.1", port), scaled(20)) as wire:
                        wire.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
                        self.assertEqual(wire.response().status, 200)
                server.send_signal(signal.SIGTERM)
                self.assertEqual(server.wait(scaled(30)), 0)
            finally:
                server.kill()


def can_connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True


class Listening(Reloads):
    def test_addresses_come_and_go(self):
        one, two = self.path("one.sock"), self.path("two.sock")
        port = harness.free_port()
        config = "bind = ['127.0.0.1:{}', 'unix:{}']\nworkers = {}\n"
        self.write("pounce.toml", config.format(port, one, 1))

        def ask(path):
            with Wire(path, scaled(10)) as wire:
                wire.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                self.assertEqual(wire.response().status, 200)

        # No flag for workers or addresses: the file says it.
        program = subprocess.Popen([Settings.program, Settings.app], cwd=self.folder, env=harness.clean_environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(program.stderr.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)

        def until(text):
            for line in program.stderr:
                if text in line:
                    return
            self.fail(f"{text!r} was never printed")

        until(one)
        ask(one)
        self.write("pounce.toml", config.format(port, two, 3))
        program.send_signal(signal.SIGHUP)
        until(two)
        until("generation 1 has ended")
        ask(two)
        self.assertFalse(os.path.exists(one))
        for _ in range(20):
            ask(("127.0.0.1", port))
        self.write("pounce.toml", config.format(port, two, 2))
        program.send_signal(signal.SIGHUP)
        until("generation 2 has ended")
        for _ in range(20):
            ask(("127.0.0.1", port))
        ask(two)
        program.send_signal(signal.SIGTERM)
        self.assertEqual(program.wait(scaled(20)), 0)
        self.assertFalse(os.path.exists(two))

    def test_the_port_that_was_found_stays(self):
        with self.serve() as server:
            reload(server, 2)
            self.assertEqual(len({port for _, port in re.findall(r"http://([0-9.]+):(\d+)", server.output())}), 1)

    def test_the_door_for_the_operator(self):
        with self.serve("--admin-bind", "127.0.0.1:0", "--health-path", "/-/health", "--info-path", "/-/info", urls=2) as server:
            def information():
                with Wire(server.urls[1], scaled(10)) as wire:
                    wire.send("GET /-/info HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    return json.loads(wire.response().body)
            self.assertEqual(information()["generation"], 1)
            reload(server, 2)
            told = information()
            self.assertEqual((told["generation"], told["state"]), (2, "serving"))


class Signals(Reloads):
    def test_many_at_once_are_few_reloads(self):
        self.write("slow")
        with self.serve(target=self.install("one")) as server:
            server.signal(signal.SIGHUP)
            eventually(lambda: server.output().count("hook: start") == 2, what="the next generation's hook")
            for _ in range(50):
                server.signal(signal.SIGHUP)
            server.wait_output("generation 2, serving", 30)
            os.unlink(self.path("slow"))
            server.wait_output("generation 3, serving", 30)
            self.assertEqual(self.body(server), "one")
            self.assertEqual(server.stop(), 0)
        self.assertNotIn("generation 4", server.output())

    def test_an_end_while_a_generation_is_being_prepared(self):
        with self.serve(target=self.install("one")) as server:
            self.write("slow")
            self.install("two")
            server.signal(signal.SIGHUP)
            server.wait_output("hook: start two")
            server.signal(signal.SIGTERM)
            self.assertEqual(server.wait(), 0)
        self.assertNotIn("generation 2, serving", server.output())
        self.assertEqual(server.output().count("hook: stop"), 2)  # its start hook had run, or was under way

    def test_an_end_while_the_old_one_drains(self):
        server = self.serve("--shutdown-timeout", "300ms")
        wire = begin(server, UPLOAD, "/hello")
        reload(server, 2)
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 4)
        self.assertIn("cut 1 connection", server.output())
        wire.close()

    def test_a_manager_is_told(self):
        path = self.path("notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(scaled(20))
            with self.serve(environment={"NOTIFY_SOCKET": path}) as server:
                self.assertTrue(manager.recv(4096).startswith(b"READY=1\n"))
                reload(server, 2)
                self.assertRegex(manager.recv(4096), rb"^RELOADING=1\nMONOTONIC_USEC=\d+\nSTATUS=preparing generation 2\n$")
                self.assertRegex(manager.recv(4096), rb"^READY=1\nSTATUS=generation 2, \d+ (reactors|workers) on ")

    def test_as_json(self):
        with self.serve("--log-format", "json", ready='"state":"serving"') as server:
            server.signal(signal.SIGHUP)
            server.wait_output('"generation":2')

    def test_what_is_wrong_comes_as_json_too(self):
        with self.serve("--log-format", "json", ready='"state":"serving"') as server:
            self.write("pounce.toml", "nonsense = 1\nmax_headers = 0\n")
            server.signal(signal.SIGHUP)
            server.wait_output("the reload failed", 30)
            os.remove(self.path("pounce.toml"))
            server.signal(signal.SIGHUP)
            server.wait_output('"generation":2', 30)
        errors = [one["message"] for one in map(json.loads, server.lines[:-1]) if one.get("level") == "error"]
        self.assertEqual(len(errors), 3, errors)
        self.assertIn("nonsense", errors[0])
        self.assertIn("max_headers: '0'", errors[1])
        self.assertEqual(errors[2], "the reload failed: generation 1 goes on")

    def test_what_a_module_says_in_its_trial_comes_as_json_too(self):
        with self.serve("--log-format", "json", target=self.install("one"), ready='"state":"serving"') as server:
            shutil.copy(module("throwing"), self.path("app.so.new"))
            os.rename(self.path("app.so.new"), self.path("app.so"))
            server.signal(signal.SIGHUP)
            server.wait_output("the reload failed", 30)
        said = [json.loads(line) for line in server.lines[:-1] if not line.startswith("hook: ")]  # that is the module itself
        self.assertIn("the constructor says no", " ".join(one.get("message", "") for one in said))


class Development(Reloads):
    def test_what_has_changed_is_served(self):
        os.mkdir(self.path("below"))
        with self.serve("--reload", "--reload-directory", "below", target=self.install("one")) as server:
            self.install("two")
            server.wait_output("generation 2, serving", 30)
            ended(server, 1)
            self.assertEqual(self.body(server), "two")
            self.write("below/page.html", "new")
            server.wait_output("generation 3, serving", 30)
            self.write("pounce.toml", "nonsense = 1\n")
            server.wait_output("the reload failed: generation 3 goes on", 30)
            self.write("pounce.toml", "max_headers = 50\n")
            server.wait_output("generation 4, serving", 30)


if __name__ == "__main__":
    harness.main()
