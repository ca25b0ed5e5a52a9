#!/usr/bin/env python3
"""Worker processes: what a supervisor does when one of them is killed, dies again and again, or never becomes ready; drains, reloads, and more
and fewer workers under load; and that all of them together count, log and answer like one server."""

import json
import os
import resource
import re
import shutil
import signal
import socket
import ssl
import threading

import harness
from harness import Server, Settings, children, eventually, module, run, scaled
from scratch import Scratch
from visitors import Crowd, Visitor1
from wire import Broken

ASK = "GET {} HTTP/1.1\r\nHost: a\r\n\r\n"


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def has_stopped(pid):
    states = set()
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii") as file:
            states.add(file.read().rpartition(")")[2].split()[0])
    return states == {"T"}


class Kept:
    """A connection that stays, and knows which process serves it."""

    def __init__(self, server):
        self.wire = server.connect()
        self.pid = int(self.ask("/").split()[0])

    def ask(self, target):
        self.wire.send(ASK.format(target))
        answer = self.wire.response()
        assert answer.status == 200, answer
        return answer.body.decode()


def one_of_each(server, workers):
    """A kept connection to every worker process; others are closed."""
    found = {}

    def look():
        for kept in found.values():  # who is busy lets others accept
            kept.wire.send(ASK.format("/work"))
        kept = Kept(server)
        for one in found.values():
            one.wire.response()
        if kept.pid in found:
            kept.wire.close()
        else:
            found[kept.pid] = kept
        return len(found) == workers
    eventually(look, 20, f"{workers} workers that serve")
    return found


def close(found):
    for kept in found.values():
        kept.wire.close()


class Ground(Scratch):
    def serve(self, *flags, workers=3, target=None, **options):
        return Server(*flags, target=target or module("alone"), workers=workers, **options)


class Processes(Ground):
    def endless_in_each(self, server, workers):
        """A request under way in each, that nobody will answer."""
        kept = one_of_each(server, workers)
        for one in kept.values():
            one.wire.send(ASK.format("/endless"))
        eventually(lambda: self.metrics(server)["pounce_requests_in_flight"] == workers + 1, what="these, and the question")
        return kept

    # --- which mode ---

    def test_an_application_for_one_thread_gets_processes(self):
        with self.serve("--log-format", "json") as server:
            self.assertIn('"workers":3,"mode":"processes"', server.output())
            self.assertEqual(len(children(server.process.pid)), 3)
            close(one_of_each(server, 3))

    def test_others_get_threads_unless_somebody_says_so(self):
        with Server(workers=2) as server:
            self.assertEqual(children(server.process.pid), [])
        with Server("--worker-mode", "processes", workers=2) as server:
            self.assertIn("with 2 worker processes", server.output())
            self.assertEqual(len(children(server.process.pid)), 2)
            self.assertEqual(server.get("/hello").body, b"Hello, World!")

    def test_threads_for_such_an_application_are_a_mistake(self):
        result = run([module("alone"), "--port", "0", "--worker-mode", "threads", "--workers", "2"])
        self.assertEqual(result.returncode, 2)
        self.assertIn("--worker-mode threads: the application says that it is single_threaded (hint: --workers 1", result.stderr)
        with self.serve("--worker-mode", "threads", workers=1) as server:
            self.assertEqual(children(server.process.pid), [])
            self.nobody_meets(server)

    def test_nothing_of_it_runs_on_two_threads_at_once(self):
        with self.serve(workers=1) as server:
            self.nobody_meets(server)

    def nobody_meets(self, server):
        """Plain handlers, which pounce-sync runs on its worker, beside coroutines, which move to its reactor."""
        tasks = {i: lambda i=i: self.assertEqual(server.get("/work" if i % 2 else "/wait", timeout=30).status, 200)
                 for i in range(24)}
        self.assertEqual([error for error in harness.in_parallel(tasks, 12).values() if error], [])
        self.assertTrue(server.get("/").body.decode().endswith(" alone"))

    # --- the start ---

    def test_a_start_hook_that_throws_is_told_once(self):
        result = run([module("alone"), "--port", "0", "--workers", "4"], {"ALONE_START": "throw"})
        self.assertEqual(result.returncode, 3)
        self.assertEqual(result.stderr.count("on_start: no database"), 1, result.stderr)

    def test_an_address_that_is_taken_is_told_once(self):
        with self.serve(workers=1) as server:
            result = run([module("alone"), "--port", str(server.port), "--workers", "2"])
            self.assertEqual(result.returncode, 3)
            self.assertEqual(result.stderr.count(f"127.0.0.1:{server.port}"), 1, result.stderr)

    def test_a_worker_that_dies_before_it_is_ready_is_a_failed_start(self):
        result = run([module("alone"), "--port", "0", "--workers", "2"], {"ALONE_START": "crash"})
        self.assertEqual(result.returncode, 3)
        self.assertIn("was ended by signal 9 before it was ready", result.stderr)

    def test_a_worker_that_never_becomes_ready_is_a_failed_start(self):
        result = run([module("alone"), "--port", "0", "--workers", "2", "--worker-start-timeout", "300ms"], {"ALONE_START": "hang"})
        self.assertEqual(result.returncode, 3)
        self.assertIn("was not ready in time (--worker-start-timeout)", result.stderr)

    # --- death ---

    def test_killed_under_load(self):
        """Who is served by the others notices nothing, and nobody who comes is refused."""
        with self.serve("--metrics-path", "/-/metrics") as server:
            stop, wrong, lock = threading.Event(), [], threading.Lock()
            victims = set()
            answers = [0]

            def visit():
                kept = None
                while not stop.is_set():
                    deaths = len(victims)
                    try:
                        kept = kept or Kept(server)
                        kept.ask("/work")
                        with lock:
                            answers[0] += 1
                    except (Broken, OSError, AssertionError) as error:
                        with lock:
                            # Let in by somebody who died before he said who he was; or a victim's.
                            if len(victims) == deaths if kept is None else kept.pid not in victims:
                                wrong.append((kept and kept.pid, repr(error)))
                        if kept is not None:
                            kept.wire.close()
                        kept = None
                if kept is not None:
                    kept.wire.close()
            crowd = [threading.Thread(target=visit, daemon=True) for _ in range(9)]
            for one in crowd:
                one.start()
            for round_ in range(1, 4):
                victim = children(server.process.pid)[0]
                with lock:
                    victims.add(victim)
                os.kill(victim, signal.SIGKILL)
                server.wait_output(f"worker process {victim} was ended by signal 9; it is started again")
                before = answers[0]
                eventually(lambda: answers[0] > before + 20, what="answers")
                eventually(lambda: len(children(server.process.pid)) == 3, what="a successor")
            stop.set()
            for one in crowd:
                one.join(scaled(20))
            self.assertEqual(wrong, [])
            eventually(lambda: self.metrics(server)["pounce_workers"] == 3 * (2 if Settings.is_sync() else 1), what="workers")
            counted = self.metrics(server)
            self.assertEqual(counted["pounce_worker_deaths_total"], 3)
            self.assertEqual(counted["pounce_worker_processes"], 3)
            self.assertGreaterEqual(counted['pounce_requests_total{method="GET",status="200"}'], answers[0])
            self.assertEqual(server.stop(), 0)

    def test_the_last_line_counts_what_one_had_served_that_was_killed(self):
        """As it stood when the process told of itself, a second before at most."""
        with self.serve("--max-concurrency", "3", "--metrics-path", "/-/metrics", workers=1) as server:
            for _ in range(5):
                server.get("/")
            kept = self.endless_in_each(server, 1)
            # It has told of itself since then.
            eventually(lambda: self.metrics(server)["pounce_handlers_running"] == 1, what="a handler that has a place")
            victim = children(server.process.pid)[0]
            os.kill(victim, signal.SIGKILL)
            server.wait_output(f"worker process {victim} was ended by signal 9; it is started again")
            close(kept)
            eventually(lambda: children(server.process.pid) not in ([], [victim]), what="a successor")
            self.assertEqual(server.stop(), 0)
            self.assertNotIn("drained, 0 requests", server.output())

    def test_what_waits_in_the_queue_of_the_kernel_is_served_by_a_successor(self):
        with self.serve(workers=1) as server:
            worker = children(server.process.pid)[0]
            os.kill(worker, signal.SIGSTOP)
            eventually(lambda: has_stopped(worker), what="a process that stands still")
            wires = [server.connect() for _ in range(5)]
            for wire in wires:
                wire.send(ASK.format("/"))
            os.kill(worker, signal.SIGKILL)
            for wire in wires:
                self.assertNotEqual(int(wire.response().body.split()[0]), worker)
                wire.close()

    def test_a_budget_that_is_spent_ends_the_program(self):
        with self.serve("--worker-restarts", "2", exit_code=1) as server:
            for _ in range(3):
                worker = one_of_each(server, 3)
                os.kill(next(iter(worker)), signal.SIGKILL)
                close(worker)
            self.assertEqual(server.wait(), 1)
            self.assertIn("more than 2 within a minute (--worker-restarts), the program ends", server.output())
            self.assertIn("drained", server.output())

    def test_a_successor_that_cannot_start_spends_the_budget(self):
        with self.serve("--worker-restarts", "3", exit_code=1,
                        environment={"ALONE_START": "once", "ALONE_FILE": self.path("no more")}) as server:
            open(self.path("no more"), "w", encoding="utf-8").close()
            os.kill(children(server.process.pid)[0], signal.SIGKILL)
            self.assertEqual(server.wait(), 1)
            self.assertEqual(server.output().count("it is started again"), 3, server.output())

    def test_one_that_is_told_to_end_before_it_serves_has_not_died(self):
        gate = self.path("gate")
        with self.serve("--metrics-path", "/-/metrics", environment={"ALONE_START": "wait_there", "ALONE_FILE": gate}) as server:
            first = children(server.process.pid)
            open(gate, "w", encoding="utf-8").close()
            os.kill(first[0], signal.SIGKILL)
            server.wait_output("hook: waits")
            successor = next(one for one in children(server.process.pid) if one not in first)
            os.kill(successor, signal.SIGTERM)
            os.unlink(gate)
            server.wait_output(f"worker process {successor} was told to end; another one begins")
            # It may have begun to serve in that moment, and lets go of whom it has.
            eventually(lambda: successor not in children(server.process.pid), what="its end")
            close(one_of_each(server, 3))
            self.assertEqual(self.metrics(server)["pounce_worker_deaths_total"], 1)
            self.assertEqual(server.output().count("it is started again"), 1, server.output())

    def test_a_configuration_file_that_has_gone_refuses_a_reload(self):
        with open(self.path("pounce.toml"), "w", encoding="utf-8") as file:
            file.write("keep_alive_timeout = '5s'\n")
        with self.serve(workers=1, cwd=self.folder) as server:
            os.unlink(self.path("pounce.toml"))
            server.signal(signal.SIGHUP)
            server.wait_output("the reload failed: generation 1 goes on")
            self.assertIn("config: cannot read 'pounce.toml': No such file or directory (from pounce.toml", server.output())
            server.get("/")

    def test_a_handler_that_throws_ends_its_exchange_and_nothing_else(self):
        with self.serve(workers=1) as server:
            worker = children(server.process.pid)
            self.assertEqual(server.get("/throw").status, 500)
            self.assertEqual(server.get("/").status, 200)
            self.assertEqual(children(server.process.pid), worker)

    def test_workers_end_with_their_supervisor(self):
        server = self.serve("--shutdown-timeout", "5s")
        workers = children(server.process.pid)
        wire = server.connect()
        wire.send(ASK.format("/"))
        wire.response()
        wire.send(ASK.format("/slow"))
        server.process.kill()
        server.process.wait()
        self.assertEqual(wire.response().body, b"slow")  # what was accepted is answered
        wire.close()
        eventually(lambda: not any(is_alive(one) for one in workers), what="no worker left")
        server.kill()

    # --- the end ---

    def test_drained_under_load(self):
        server = self.serve()
        wires = []
        for kept in one_of_each(server, 3).values():
            kept.wire.send(ASK.format("/slow"))
            wires.append(kept.wire)
        visitors = [Visitor1(server, "/work") for _ in range(4)]
        for one in visitors:
            one.thread.start()
        eventually(lambda: all(one.served > 3 for one in visitors), what="answers")
        server.signal()
        server.wait_output(": draining ")
        for one in visitors:
            one.stopping.set()
        for wire in wires:
            answer = wire.response()
            self.assertEqual(answer.body, b"slow")
            self.assertTrue(answer.closes())
            wire.close()
        self.assertEqual(server.wait(), 0)
        for one in visitors:
            one.thread.join(scaled(10))
        self.assertIn("drained", server.output())

    def test_what_is_cut_is_summed(self):
        with self.serve("--shutdown-timeout", "300ms", "--metrics-path", "/-/metrics", exit_code=4) as server:
            kept = self.endless_in_each(server, 3)
            server.signal()
            self.assertEqual(server.wait(), 4)
            self.assertIn("cut 3 connections with 3 requests, ", server.output())
            close(kept)

    def test_shares_follow_the_number_of_processes(self):
        """Two connections for two processes are one for each; when one of them goes the other has both."""
        def answers(number):
            wires = [server.connect() for _ in range(number)]
            for wire in wires:
                wire.send_while_open(ASK.format("/"))
            try:
                return sorted(wire.response().status for wire in wires)
            finally:
                for wire in wires:
                    wire.close()
        with self.serve("--max-connections", "2", "--max-concurrency", "4", "--queue-depth", "8", workers=2) as server:
            server.wait_output("--max-concurrency is 2, --queue-depth 4 in each of 2 worker processes")
            server.signal(signal.SIGTTOU)
            server.wait_output("one worker process less: 1")
            eventually(lambda: len(children(server.process.pid)) == 1, what="one process")
            eventually(lambda: answers(2) == [200, 200], what="two connections in one process")
            eventually(lambda: answers(3) == [200, 200, 503], what="and no third")
            for number in (2, 3):
                server.signal(signal.SIGTTIN)
                server.wait_output(f"one worker process more: {number}")
            server.wait_output("--max-concurrency is 1, --queue-depth 2 in each of 3 worker processes")

    def test_health_says_no_from_every_process_during_the_delay(self):
        server = self.serve("--drain-delay", "1m", "--shutdown-timeout", "2m", "--health-path", "/-/health")
        self.assertEqual(server.get("/-/health").status, 200)
        server.signal()
        server.wait_output(": draining ")
        self.assertEqual({server.get("/-/health").status for _ in range(8)}, {503})
        server.signal()  # there is nothing to cut
        self.assertEqual(server.wait(), 0)

    def test_signals_to_all_processes(self):
        """As service managers and shells send them: the supervisor's word counts. Nobody stops, and the delay holds."""
        server = self.serve("--drain-delay", "2s", "--shutdown-timeout", "1m", "--health-path", "/-/health", workers=3)
        for stop in (signal.SIGTTIN, signal.SIGTTOU, signal.SIGUSR1):
            os.killpg(server.process.pid, stop)
        server.wait_output("one worker process less: 3")
        for _ in range(12):
            self.assertEqual(server.get("/").status, 200)
        os.killpg(server.process.pid, signal.SIGTERM)
        server.wait_output(": draining ")
        for _ in range(12):
            self.assertEqual(server.get("/").status, 200)
        self.assertEqual(server.wait(), 0)

    def test_ends_that_were_asked_for_are_no_deaths(self):
        with self.serve("--worker-restarts", "1", workers=2) as server:
            for _ in range(4):
                victim = children(server.process.pid)[0]
                os.kill(victim, signal.SIGTERM)
                server.wait_output(f"worker process {victim} was told to end; another one begins")
                eventually(lambda: not is_alive(victim), what="its end")
                eventually(lambda: len(children(server.process.pid)) == 2, 20, "two workers")
                close(one_of_each(server, 2))
            self.assertEqual(server.output().count("another one begins"), 4)

    def test_a_death_in_a_drain_is_told(self):
        server = self.serve("--shutdown-timeout", "10m", "--metrics-path", "/-/metrics", workers=1)
        kept = self.endless_in_each(server, 1)
        (victim,) = kept
        server.signal()
        server.wait_output(": draining ")
        os.kill(victim, signal.SIGKILL)
        self.assertIn(server.wait(), (1, 4))  # 4: it has told of the connection, which it does once a second
        self.assertIn(f"error: worker process {victim} was ended by signal 9 before it had drained", server.output())
        close(kept)

    def test_a_stop_hook_that_throws(self):
        server = Server("--worker-mode", "processes", target=module("badstop"), workers=2)
        server.signal()
        self.assertEqual(server.wait(), 1)
        self.assertIn("on_stop: the last lines are lost", server.output())

    def test_a_socket_file_stays_until_the_end(self):
        where = self.path("socket")
        server = self.serve(listen=("--bind", "unix:" + where), urls=0, ready="serving")
        os.kill(children(server.process.pid)[0], signal.SIGTERM)  # it retires, and is replaced
        server.wait_output("was told to end; another one begins")
        self.assertTrue(os.path.exists(where))
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(where)
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            self.assertIn(b" 200 ", client.recv(100))
        self.assertEqual(server.stop(), 0)
        self.assertFalse(os.path.exists(where))

    # --- more, fewer, others ---

    def test_more_and_fewer(self):
        with self.serve(workers=1) as server:
            with Crowd(server, one=3, two=0, target="/work"):
                server.signal(signal.SIGTTOU)
                server.wait_output("the last worker process stays")
                for count in (2, 3):
                    server.signal(signal.SIGTTIN)
                    server.wait_output(f"one worker process more: {count}")
                close(one_of_each(server, 3))
                server.signal(signal.SIGTTOU)
                server.wait_output("one worker process less: 2")
                eventually(lambda: len(children(server.process.pid)) == 2, what="two workers")

    def test_what_one_that_was_too_many_has_cut_is_no_cut_of_the_end(self):
        with self.serve("--reload-timeout", "300ms", "--metrics-path", "/-/metrics", workers=2) as server:
            kept = self.endless_in_each(server, 2)
            server.signal(signal.SIGTTOU)
            eventually(lambda: len(children(server.process.pid)) == 1, what="one worker")
            for one in kept.values():
                one.wire.reset()
            eventually(lambda: self.metrics(server)["pounce_requests_in_flight"] == 1, what="the question alone")
            self.assertEqual(server.stop(), 0)

    def test_descriptors_of_a_supervisor_are_enough(self):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (32, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        with self.serve(workers=8, preexec=few) as server:
            for generation in (2, 3):
                server.signal(signal.SIGHUP)
                server.wait_output(f"generation {generation}, serving")
            eventually(lambda: len(children(server.process.pid)) == 8, 30, "those of the last generation")
            close(one_of_each(server, 8))

    def test_more_and_fewer_threads(self):
        with Server(workers=2) as server:
            with Crowd(server):
                server.signal(signal.SIGTTIN)
                server.wait_output("notice: 3 workers from now on")
                server.wait_output("generation 2, serving")
                self.assertRegex(server.output(), "generation 2, .* with 3 (reactors|workers)")
                for generation, count in ((3, "2 (reactors|workers)"), (4, "1 (reactor|worker)$")):
                    server.signal(signal.SIGTTOU)
                    server.wait_output(f"generation {generation}, serving")
                    self.assertRegex(server.output(), re.compile(f"generation {generation}, .* with {count}", re.M))
                server.signal(signal.SIGTTOU)
                server.wait_output("the last worker stays")
                server.signal(signal.SIGHUP)
                server.wait_output("generation 5, serving")
                self.assertRegex(server.output(), "generation 5, .* with 2 (reactors|workers)")

    def test_reloaded_under_load(self):
        shutil.copy(module("alone"), self.path("app.so"))
        with self.serve("--metrics-path", "/-/metrics", target=self.path("app.so"), cwd=self.folder) as server:
            counted, held = {}, server.descriptors()
            with Crowd(server, target="/work") as crowd:
                for generation in range(2, 6):
                    served = crowd.served()
                    server.signal(signal.SIGHUP)
                    server.wait_output(f"generation {generation}, serving", 30)
                    server.wait_output(f"notice: generation {generation - 1} has ended", 30)
                    eventually(lambda served=served: crowd.served() > served, what="answers")
                    now = self.metrics(server)
                    self.assertEqual([name for name, value in counted.items() if "_total" in name and now.get(name, 0) < value], [])
                    counted = now
            self.assertEqual(counted["pounce_generation"], 5)
            self.assertEqual(counted['pounce_reloads_total{result="done"}'], 4)
            self.assertEqual(counted["pounce_worker_deaths_total"], 0)
            self.assertEqual(len(children(server.process.pid)), 3)
            self.assertLessEqual(server.descriptors(), held + 2)

    def test_what_has_changed_is_served(self):
        shutil.copy(module("alone"), self.path("app.so"))
        with self.serve("--reload", target=self.path("app.so"), cwd=self.folder) as server:
            with open(self.path("pounce.toml"), "w", encoding="utf-8") as file:
                file.write('metrics_path = "/-/metrics"\n')
            server.wait_output("generation 1 has ended", 30)
            self.assertEqual(self.metrics(server)["pounce_generation"], 2)

    def test_the_supervisor_speaks_for_all(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(self.path("notify"))
            manager.settimeout(scaled(20))
            with self.serve(environment={"NOTIFY_SOCKET": self.path("notify"), "WATCHDOG_USEC": "200000"}) as server:
                self.assertRegex(manager.recv(4096).decode(), r"^READY=1\nSTATUS=3 worker processes on 127\.0\.0\.1:\d+\n$")
                for _ in range(3):
                    self.assertEqual(manager.recv(4096), b"WATCHDOG=1\n")
                server.signal(signal.SIGHUP)

                def next_word():
                    while (said := manager.recv(4096)) == b"WATCHDOG=1\n":
                        pass
                    return said.split(b"\n")[0]
                self.assertEqual([next_word(), next_word()], [b"RELOADING=1", b"READY=1"])
                server.signal()
                self.assertEqual(next_word(), b"STOPPING=1")
                self.assertEqual(server.wait(), 0)

    def test_limits_that_are_parts_are_told(self):
        with self.serve("--rate-limit", "10/s", "--max-concurrency", "9") as server:
            server.wait_output("--max-concurrency is 3, --queue-depth 341 in each of 3 worker processes")
            self.assertNotIn("--rate-limit", server.output())  # it is no part, but one for all

    def test_who_connects_once_it_is_said_to_serve_meets_it(self):
        with self.serve() as server:
            for generation in range(2, 10):
                before = set(children(server.process.pid))
                server.signal(signal.SIGHUP)
                server.wait_output(f"generation {generation}, serving")
                for _ in range(5):
                    kept = Kept(server)
                    self.assertNotIn(kept.pid, before)
                    kept.wire.close()

    def test_a_reload_that_fails_leaves_everything(self):
        shutil.copy(module("alone"), self.path("app.so"))
        with self.serve(target=self.path("app.so"), cwd=self.folder) as server:
            workers = sorted(children(server.process.pid))
            for broken in ("nostart", "nosymbol"):  # its start hook throws in the workers; it fails its trial
                shutil.copy(module(broken), self.path("new"))
                os.rename(self.path("new"), self.path("app.so"))
                seen = server.output().count("the reload failed: generation 1 goes on")
                server.signal(signal.SIGHUP)
                eventually(lambda: server.output().count("the reload failed: generation 1 goes on") > seen, 30, "a failure")
            self.assertEqual(server.get("/").status, 200)
            eventually(lambda: sorted(children(server.process.pid)) == workers, what="the same workers")
            # A successor runs what this generation runs, whatever lies there now.
            os.kill(workers[0], signal.SIGKILL)
            server.wait_output("it is started again")
            close(one_of_each(server, 3))

    # --- as one server ---

    def test_metrics_are_of_all(self):
        with self.serve("--metrics-path", "/-/metrics", "--info-path", "/-/info") as server:
            kept = one_of_each(server, 3)
            for one in kept.values():
                for _ in range(5):
                    one.ask("/")
            least = 3 * 6
            name = 'pounce_requests_total{method="GET",status="200"}'
            seen = 0
            for _ in range(6):  # whoever answers
                now = self.metrics(server)
                self.assertGreaterEqual(now[name], max(least, seen))
                seen = now[name]
                self.assertEqual(now["pounce_worker_processes"], 3)
                self.assertGreaterEqual(now['pounce_connections_open{protocol="http1"}'], 3)
                self.assertGreater(now["process_threads"], 4)
            os.kill(next(iter(kept)), signal.SIGKILL)
            server.wait_output("it is started again")
            close(kept)
            close(one_of_each(server, 3))
            now = self.metrics(server)
            self.assertGreaterEqual(now[name], seen)
            information = json.loads(server.get("/-/info").body)
            self.assertEqual(information["configuration"]["workers"], "3")

    def test_an_admin_address_answers_for_all(self):
        with self.serve("--admin-bind", "127.0.0.1:0", "--metrics-path", "/-/metrics", "--health-path", "/-/health", urls=2) as server:
            kept = one_of_each(server, 3)
            for one in kept.values():
                one.ask("/")
            close(kept)
            host, port = server.urls[1]
            with harness.Wire((host, port), scaled(10)) as wire:
                wire.send(ASK.format("/-/metrics"))
                text = wire.response().body.decode()
            counted = re.search(r'pounce_requests_total\{method="GET",status="200"\} (\d+)', text)
            self.assertGreaterEqual(int(counted[1]), 6)

    def test_a_ticket_of_one_process_is_good_for_all(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with self.serve("--tls-self-signed") as server:
            held, seen, tickets = [], set(), []

            def visit():
                """Each is served by who is not busy with those before."""
                for one in held:
                    one.sendall(ASK.format("/work").encode())
                raw = socket.create_connection((server.host, server.port), scaled(10))
                wire = context.wrap_socket(raw, session=tickets[-1] if tickets else None)
                wire.sendall(ASK.format("/").encode())
                answer = b""
                while not answer.endswith(b"alone"):
                    answer += wire.recv(4096)
                self.assertEqual(wire.session_reused, bool(tickets))
                tickets.append(wire.session)
                pid = int(answer.rpartition(b"\n")[2].split()[0])
                for one in held:
                    one.recv(4096)
                if pid in seen:
                    wire.close()
                else:
                    held.append(wire)
                seen.add(pid)
                return len(seen) == 3
            eventually(visit, what="all three")
            for one in held:
                one.close()

    def test_logs_are_whole(self):
        log = self.path("access")
        with self.serve("--access-log", log, "--access-log-format", "json") as server:
            tasks = {i: lambda: [server.get("/") for _ in range(10)] for i in range(12)}
            self.assertEqual([error for error in harness.in_parallel(tasks).values() if error], [])
            os.rename(log, log + ".1")
            server.signal(signal.SIGUSR1)
            eventually(lambda: os.path.exists(log), what="a new file")
            tasks = {i: lambda: [server.get("/") for _ in range(10)] for i in range(12)}
            self.assertEqual([error for error in harness.in_parallel(tasks).values() if error], [])
            self.assertEqual(server.stop(), 0)
        lines = []
        for name in (log + ".1", log):
            with open(name, encoding="utf-8") as file:
                lines += [json.loads(line) for line in file]
        self.assertEqual(len(lines), 240)
        self.assertEqual(len({(one["connection"], one["request"]) for one in lines}), 240)  # nobody's ids are another's


class OneRateLimit(Ground):
    """What a client may ask is counted by all processes together, whoever of them dies, comes or goes. One an hour, so that no bucket fills
    while a test runs; whoever speaks for nobody is exempt."""
    FLAGS = ("--rate-limit", "1/h", "--trusted-proxies", "127.0.0.1", "--rate-limit-exempt", "127.0.0.1")

    def limited(self, burst):
        return self.serve(*self.FLAGS, "--rate-limit-burst", str(burst))

    @staticmethod
    def ask(wire, client, times=1):
        """Statuses, by wire."""
        wire.send(f"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: {client}\r\n\r\n" * times)
        return [wire.response().status for _ in range(times)]

    def everywhere(self, server, client, workers=3):
        """What each process says to that client once."""
        found = one_of_each(server, workers)
        said = [self.ask(kept.wire, client)[0] for kept in found.values()]
        close(found)
        return said

    def test_a_burst_is_there_once(self):
        with self.limited(100) as server:
            found = one_of_each(server, 3)
            wires = [kept.wire for kept in found.values()]
            self.assertEqual(self.ask(wires[0], "192.0.2.1"), [200])
            said, lock = [], threading.Lock()

            def flood(wire):
                for _ in range(10):
                    statuses = self.ask(wire, "192.0.2.1", 10)
                    with lock:
                        said.extend(statuses)
            self.assertEqual([error for error in harness.in_parallel({i: lambda i=i: flood(wires[i]) for i in range(3)}).values() if error], [])
            self.assertEqual((said.count(200), said.count(429)), (99, 201))
            self.assertEqual([self.ask(wire, "192.0.2.2")[0] for wire in wires], [200] * 3)
            # Who takes a dead one's place, or comes beside them, has not forgotten; a new generation begins anew.
            os.kill(next(iter(found)), signal.SIGKILL)
            server.wait_output("it is started again")
            close(found)
            self.assertEqual(self.everywhere(server, "192.0.2.1"), [429] * 3)
            server.signal(signal.SIGTTIN)
            server.wait_output("one worker process more: 4")
            self.assertEqual(self.everywhere(server, "192.0.2.1", 4), [429] * 4)
            server.signal(signal.SIGHUP)
            server.wait_output("notice: generation 1 has ended", 30)
            self.assertEqual(self.everywhere(server, "192.0.2.1"), [200] * 3)

    def test_killed_under_load(self):
        """Nobody gets a request more for it, and what is lost is what was on its way."""
        burst, rounds = 5000, 4
        with self.limited(burst) as server:
            with server.connect() as wire:
                self.assertEqual(self.ask(wire, "192.0.2.1"), [200])
            lock, done = threading.Lock(), threading.Event()
            seen = {200: 1, 429: 0, "lost": 0}

            def visit():
                wire, others = None, 0
                while not done.is_set():
                    asked = answered = 0
                    try:
                        wire = wire or server.connect()
                        others += 1
                        asked = 1
                        status = self.ask(wire, "192.0.2.1")[0]
                        answered = 1
                        with lock:
                            seen[status] += 1
                        self.ask(wire, f"198.51.{others // 256 % 256}.{others % 256}")
                    except (Broken, OSError):
                        with lock:
                            seen["lost"] += asked - answered
                        if wire is not None:
                            wire.close()
                        wire = None
                if wire is not None:
                    wire.close()
            crowd = [threading.Thread(target=visit, daemon=True) for _ in range(6)]
            for one in crowd:
                one.start()
            for round_ in range(rounds):
                before = sum(seen.values())
                eventually(lambda: sum(seen.values()) > before + 100, 20, "answers")
                victim = children(server.process.pid)[0]
                os.kill(victim, signal.SIGKILL)
                server.wait_output(f"worker process {victim} was ended by signal 9; it is started again")
                eventually(lambda: len(children(server.process.pid)) == 3, 20, "a successor")
            done.set()
            for one in crowd:
                one.join(scaled(20))
            with server.connect() as wire:
                while True:
                    said = self.ask(wire, "192.0.2.1", 50)
                    seen[200] += said.count(200)
                    if 429 in said:
                        break
            self.assertLessEqual(seen[200], burst)
            self.assertGreaterEqual(seen[200] + seen["lost"], burst, seen)


if __name__ == "__main__":
    harness.main()
