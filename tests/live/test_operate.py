#!/usr/bin/env python3
"""A program as its operator meets it: every option right and wrong, its three sources, where it listens, how it fails to start."""

import json
import os
import re
import resource
import socket
import tempfile
import time
import unittest

import harness
from harness import GoodClient, Server, Settings, eventually, free_port, run, scaled
from wire import Broken, Wire

HELLO = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

RIGHT = [
    ("--host", "127.0.0.1"), ("--host", "localhost"), ("--host", "::1"), ("--port", "0"), ("--port", "65535"), ("--bind", "127.0.0.1:0"),
    ("--bind", "[::1]:0"), ("--bind", "unix:p.sock"), ("--workers", "1"), ("--workers", "auto"), ("--backlog", "1"), ("--backlog", "4096"),
    ("--max-connections", "1"), ("--max-connections", "100000"), ("--max-requests-per-connection", "none"), ("--max-requests-per-connection", "1"),
    ("--max-request-line", "8192"), ("--max-request-line", "4KiB"), ("--max-header-size", "128KiB"), ("--max-headers", "50"), ("--max-request-size", "10MiB"),
    ("--max-request-size", "2GiB"), ("--header-timeout", "5s"), ("--header-timeout", "250ms"), ("--request-timeout", "2m"), ("--min-rate", "500"),
    ("--min-rate", "1KiB/s"), ("--write-timeout", "1h"), ("--keep-alive-timeout", "75s"), ("--shutdown-timeout", "10s"),
    ("--server-header", "thing"), ("--server-header", "none"), ("--no-date-header",)]

WRONG = [
    ("--port", "65536"), ("--port", "-1"), ("--port", "http"), ("--port", ""), ("--port", "80x"), ("--port", "8 0"), ("--port", "+80"),
    ("--bind", "nonsense"), ("--bind", "127.0.0.1"), ("--bind", "127.0.0.1:"), ("--bind", "127.0.0.1:99999"), ("--bind", "[::1]"), ("--bind", "::1:80"),
    ("--bind", "unix:"), ("--bind", "unix:" + "x" * 200), ("--bind", ""), ("--workers", "0"), ("--workers", "-1"), ("--workers", "many"), ("--workers", "1.5"),
    ("--workers", "99999999999999999999"), ("--backlog", "0"), ("--backlog", "x"), ("--max-connections", "0"), ("--max-connections", "none"),
    ("--max-requests-per-connection", "0"), ("--max-request-line", "0"), ("--max-request-line", "8KB"), ("--max-request-line", "8 KiB"),
    ("--max-header-size", "-1"), ("--max-header-size", "1e3"), ("--max-headers", "0"), ("--max-headers", "1,000"), ("--max-request-size", "huge"),
    ("--max-request-size", "99999999999999999999"), ("--max-request-size", "1.5MiB"), ("--header-timeout", "0"), ("--header-timeout", "0s"),
    ("--header-timeout", "5"), ("--header-timeout", "5 s"), ("--header-timeout", "-5s"), ("--header-timeout", "5sec"), ("--request-timeout", "forever"),
    ("--min-rate", "fast"), ("--write-timeout", "9999999999999h"), ("--keep-alive-timeout", ""), ("--shutdown-timeout", "10q"), ("--no-such-option",),
    ("--prot", "80"), ("--server-header", "a\r\nX: y"), ("--server-header", "a\nb"), ("--config", "no/such/file.toml")]


def variable(flag):
    return "POUNCE_" + flag.lstrip("-").upper().replace("-", "_")


def values(text):
    """--print-config as {name: (value, comment)}."""
    found = {}
    for line in text.splitlines():
        match = re.match(r"(?:# )?([a-z_]+) = ?(.*?)\s+#\s*(.*)$", line)
        if match:
            found[match[1]] = (match[2].strip().strip('"'), match[3])
    return found


class Options(unittest.TestCase):
    def test_right_values_pass_the_check(self):
        for arguments in RIGHT:
            with self.subTest(arguments):
                done = run([*arguments, "--check"])
                self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)

    def test_wrong_values_are_exit_2_and_named(self):
        for arguments in WRONG:
            with self.subTest(arguments):
                done = run([*arguments, "--check"])
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertIn(arguments[0].lstrip("-").replace("-", "_"), done.stderr.replace("-", "_"))
                self.assertNotIn("terminate", done.stderr)

    def test_wrong_values_never_start_a_server(self):
        for arguments in WRONG[::7]:
            with self.subTest(arguments):
                self.assertEqual(run([*arguments]).returncode, 2)

    def test_all_problems_at_once(self):
        done = run(["--port", "99999", "--workers", "0", "--header-timeout", "soon"], {"POUNCE_MAX_HEADERS": "none", "POUNCE_BACKLOG": "0"})
        self.assertEqual(done.returncode, 2)
        for name in ("port", "workers", "header", "POUNCE_MAX_HEADERS", "POUNCE_BACKLOG"):
            self.assertIn(name, done.stderr)
        self.assertEqual(len(done.stderr.strip().splitlines()), 5, done.stderr)

    def test_all_problems_as_json(self):
        done = run(["--log-format", "json", "--port", "99999", "--workers", "0"])
        self.assertEqual(done.returncode, 2)
        said = [json.loads(line) for line in done.stderr.splitlines()]
        self.assertEqual([one["level"] for one in said], ["error", "error"])
        for name, one in zip(("--port: '99999'", "--workers: '0'"), said):
            self.assertTrue(one["message"].startswith(name), one)

    def test_a_missing_value_and_a_second_target(self):
        self.assertEqual(run(["--port"]).returncode, 2)
        self.assertEqual(run(["one", "two"]).returncode, 2)

    def test_an_unknown_option_gets_a_suggestion(self):
        done = run(["--max-heders", "5"])
        self.assertEqual(done.returncode, 2)
        self.assertIn("--max-headers", done.stderr)

    def test_an_option_of_the_other_program(self):
        done = run(["--async-workers", "2", "--check"])
        if Settings.is_sync():
            self.assertEqual(done.returncode, 0, done.stderr)
        else:
            self.assertEqual(done.returncode, 2)
            self.assertIn("pounce-sync", done.stderr)

    def test_host_and_port_beside_bind(self):
        self.assertEqual(run(["--port", "1234", "--bind", "127.0.0.1:0", "--check"]).returncode, 2)

    def test_request_line_and_header_section_are_limited_each_for_itself(self):
        self.assertEqual(run(["--max-request-line", "64KiB", "--max-header-size", "1KiB", "--check"]).returncode, 0)

    def test_help(self):
        done = run(["--help"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for line in done.stdout.splitlines():
            self.assertLessEqual(len(line), 80, line)
        for flag in {arguments[0] for arguments in RIGHT} | {"--check", "--print-config", "--version", "--help", "--config"}:
            self.assertIn(flag, done.stdout)
            if flag not in ("--check", "--print-config", "--version", "--help", "--no-date-header"):
                self.assertIn(variable(flag), re.sub(r"\s+", " ", done.stdout))
        for value in ("8KiB", "64KiB", "100", "1MiB", "10s", "30s", "75s", "4096", "10000"):
            self.assertIn(value, done.stdout)
        self.assertEqual("--async-workers" in done.stdout, Settings.is_sync())

    def test_version(self):
        done = run(["--version"])
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\d+\.\d+\.\d+")
        self.assertIn("llhttp", done.stdout)

    def test_check(self):
        self.assertEqual(run([Settings.app, "--check"]).returncode, 0)
        self.assertIn(run(["./no-such-module.so", "--check"]).returncode, (2, 3))
        with tempfile.TemporaryDirectory() as scratch:
            self.assertEqual(run([scratch, "--check"]).returncode, 0)


class Sources(unittest.TestCase):
    """Flag, then environment, then file, then default; each value knows where it came from."""

    def config(self, arguments=(), environment=None, toml=None):
        with tempfile.TemporaryDirectory() as scratch:
            if toml is not None:
                with open(os.path.join(scratch, "pounce.toml"), "w", encoding="utf-8") as file:
                    file.write(toml)
            done = run([*arguments, "--print-config"], environment, cwd=scratch)
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            return values(done.stdout)

    def test_defaults(self):
        found = self.config()
        for name, value in {"port": "8000", "host": "127.0.0.1", "backlog": "4096", "max_connections": "10000", "max_request_line": "8KiB",
                            "max_header_size": "64KiB", "max_headers": "100", "max_request_size": "1MiB", "header_timeout": "10s",
                            "request_timeout": "30s", "min_rate": "500B/s", "write_timeout": "30s", "keep_alive_timeout": "75s",
                            "shutdown_timeout": "10s", "max_requests_per_connection": "none", "workers": "auto"}.items():
            self.assertEqual(found[name][0], value, name)
            self.assertIn("default", found[name][1], name)

    def test_precedence(self):
        name, toml, environment, flag = "max_headers", "max_headers = 11\n", {"POUNCE_MAX_HEADERS": "12"}, ("--max-headers", "13")
        self.assertEqual(self.config(toml=toml)[name][0], "11")
        self.assertIn("pounce.toml", self.config(toml=toml)[name][1])
        self.assertEqual(self.config(toml=toml, environment=environment)[name][0], "12")
        self.assertIn("POUNCE_MAX_HEADERS", self.config(toml=toml, environment=environment)[name][1])
        self.assertEqual(self.config(flag, environment, toml)[name][0], "13")

    def test_a_flag_that_equals_the_default_still_wins(self):
        self.assertEqual(self.config(("--max-headers", "100"), {"POUNCE_MAX_HEADERS": "12"}, "max_headers = 11\n")["max_headers"][0], "100")

    def test_what_is_printed_can_be_read_again(self):
        first = run(["--print-config", "--max-headers", "77", "--header-timeout", "1500ms", "--server-header", 'a"b\\c', "--no-date-header"])
        again = self.config(toml=first.stdout)
        self.assertEqual({k: v[0] for k, v in again.items()}, {k: v[0] for k, v in values(first.stdout).items()})
        self.assertEqual(again["max_headers"][0], "77")

    def test_every_option_through_the_environment(self):
        for arguments in RIGHT:
            if len(arguments) == 2 and arguments[0] != "--bind":
                with self.subTest(arguments):
                    done = run(["--check"], {variable(arguments[0]): arguments[1]})
                    self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_wrong_values_in_the_environment_name_the_variable(self):
        for arguments in WRONG[::3]:
            if len(arguments) == 2 and arguments[1] and arguments[0] not in ("--prot",):
                with self.subTest(arguments):
                    done = run(["--check"], {variable(arguments[0]): arguments[1]})
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertIn(variable(arguments[0]), done.stderr)

    def toml_fault(self, text, *expected):
        with tempfile.TemporaryDirectory() as scratch:
            with open(os.path.join(scratch, "pounce.toml"), "w", encoding="utf-8") as file:
                file.write(text)
            done = run(["--check"], cwd=scratch)
        self.assertEqual(done.returncode, 2, done.stderr)
        for part in expected:
            self.assertIn(part, done.stderr)

    def test_faults_in_the_file(self):
        self.toml_fault("port = 8001\n\nmax_heders = 5\n", "max_heders", "3", "max_headers")
        self.toml_fault("port = 8001\nworkers = 0\n", "pounce.toml", "2", "workers")
        self.toml_fault("port = \n", "pounce.toml", "1")
        self.toml_fault("[server]\nport = 1\n", "server")
        self.toml_fault("port = \"eight\"\n", "port")
        self.toml_fault("header_timeout = 5\n", "header_timeout")
        self.toml_fault("port = 1\nport = 2\n", "port")
        self.toml_fault("workers = 0\nport = 99999\nnonsense = 1\n", "workers", "port", "nonsense")

    def test_config_names_another_file(self):
        with tempfile.TemporaryDirectory() as scratch:
            path = os.path.join(scratch, "other.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write("max_headers = 33\n")
            done = run(["--config", path, "--print-config"])
            self.assertEqual(values(done.stdout)["max_headers"][0], "33")

    def test_the_file_reaches_the_running_server(self):
        with tempfile.TemporaryDirectory() as scratch:
            with open(os.path.join(scratch, "pounce.toml"), "w", encoding="utf-8") as file:
                file.write(f'target = "{Settings.app}"\nport = 0\nworkers = 2\nserver_header = "from-the-file"\n')
            with Server(target="", listen=(), cwd=scratch) as server:
                answer = server.get()
                self.assertEqual((answer.body, answer.get("Server")), (b"Hello, World!", "from-the-file"))


class Answers(unittest.TestCase):
    def test_server_header(self):
        for value, expected in (("thing/1", ["thing/1"]), ("none", [])):
            with Server("--server-header", value) as server:
                self.assertEqual(server.get().all("Server"), expected)
                self.assertEqual(server.get("/nowhere").all("Server"), expected)
        with Server() as server:
            self.assertEqual(server.get().all("Server"), ["pounce"])

    def test_no_date_header(self):
        with Server("--no-date-header") as server:
            for data in (HELLO, "BAD\r\n\r\n", "GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"):
                with server.connect() as wire:
                    wire.send(data)
                    wire.response(date=False)
                    wire.end()

    def test_workers_are_threads(self):
        def threads(number):
            with Server(workers=number) as server:
                return server._status("Threads")
        self.assertEqual(threads(5) - threads(1), 4)


class Listening(unittest.TestCase):
    def hello(self, where):
        with Wire(where, scaled(10)) as wire:
            wire.send(HELLO)
            answer = wire.response()
            wire.end()
            self.assertEqual(answer.body, b"Hello, World!")

    def need_ipv6(self):
        try:
            free_port("::1", socket.AF_INET6)
        except OSError:
            self.skipTest("no IPv6 loopback here")

    def test_port_0_is_one_port_for_all_workers(self):
        with Server(listen=("--port", "0"), workers=4) as server:
            self.assertGreater(server.port, 0)
            self.assertEqual(len({port for _, port in server.urls}), 1)
            for _ in range(20):
                self.assertEqual(server.get().status, 200)

    def test_a_port_of_ones_choice(self):
        port = free_port()
        with Server(listen=("--port", str(port))) as server:
            self.assertEqual(server.port, port)
            self.hello(("127.0.0.1", port))

    def test_localhost(self):
        with Server(listen=("--host", "localhost", "--port", "0")) as server:
            self.assertEqual(server.get().status, 200)

    def test_ipv6(self):
        self.need_ipv6()
        with Server(listen=("--bind", "[::1]:0")) as server:
            self.assertEqual(server.host, "::1")
            self.hello(("::1", server.port))
        with Server(listen=("--host", "::1", "--port", "0")) as server:
            self.hello(("::1", server.port))

    def test_unix_socket(self):
        with tempfile.TemporaryDirectory() as scratch:
            path = os.path.join(scratch, "p.sock")
            with Server(listen=("--bind", f"unix:{path}"), urls=0, ready=path):
                for _ in range(20):
                    self.hello(path)
                self.assertEqual(os.stat(path).st_mode & 0o002, 0, "writable for the world")

    def test_a_stale_socket_file_is_replaced(self):
        with tempfile.TemporaryDirectory() as scratch:
            path = os.path.join(scratch, "p.sock")
            with socket.socket(socket.AF_UNIX) as stale:
                stale.bind(path)
            with Server(listen=("--bind", f"unix:{path}"), urls=0, ready=path):
                self.hello(path)

    def test_a_living_socket_is_left_alone(self):
        with tempfile.TemporaryDirectory() as scratch:
            path = os.path.join(scratch, "p.sock")
            with socket.socket(socket.AF_UNIX) as living:
                living.bind(path)
                living.listen()
                self.assertEqual(run([Settings.app, "--bind", f"unix:{path}"]).returncode, 3)
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(path)

    def test_a_file_in_the_way_is_not_removed(self):
        with tempfile.TemporaryDirectory() as scratch:
            path = os.path.join(scratch, "precious")
            with open(path, "w", encoding="ascii") as file:
                file.write("precious")
            self.assertEqual(run([Settings.app, "--bind", f"unix:{path}"]).returncode, 3)
            with open(path, encoding="ascii") as file:
                self.assertEqual(file.read(), "precious")

    def test_several_at_once(self):
        self.need_ipv6()
        with tempfile.TemporaryDirectory() as scratch:
            path = os.path.join(scratch, "p.sock")
            flags = ("--bind", "127.0.0.1:0", "--bind", "127.0.0.1:0", "--bind", "[::1]:0", "--bind", f"unix:{path}")
            with Server(listen=flags, urls=3, ready=path) as server:
                self.assertEqual(len(server.urls), 3)
                for where in [*server.urls, path]:
                    self.hello(where)


class Failing(unittest.TestCase):
    """Whatever keeps it from starting: exit 3 and one clear line."""

    def fails(self, arguments, *expected, code=3, environment=None):
        done = run(arguments, environment)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        lines = done.stderr.strip().splitlines()
        self.assertTrue(1 <= len(lines) <= 2, done.stderr)
        for part in expected:
            self.assertIn(part, done.stderr)
        self.assertNotIn("terminate called", done.stderr)

    def test_port_in_use_by_another_program(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = str(other.getsockname()[1])
            self.fails([Settings.app, "--port", port], port)

    def test_port_in_use_by_ourselves(self):
        with Server() as server:
            self.fails([Settings.app, "--port", str(server.port)], str(server.port))
            self.assertEqual(server.get().status, 200)

    def test_one_of_several_in_use(self):
        with Server() as server:
            self.fails([Settings.app, "--bind", "127.0.0.1:0", "--bind", f"127.0.0.1:{server.port}"], str(server.port))

    def test_address_that_is_not_ours(self):
        self.fails([Settings.app, "--bind", "192.0.2.1:0"], "192.0.2.1")

    def test_socket_in_a_directory_that_is_not_there(self):
        self.fails([Settings.app, "--bind", "unix:/no/such/directory/p.sock"], "/no/such/directory")

    def test_no_such_target(self):
        self.fails(["./no-such-module.so", "--port", "0"], "no-such-module.so")
        self.fails(["./no-such-directory/", "--port", "0"], "no-such-directory")

    def test_a_target_that_is_no_module(self):
        with tempfile.TemporaryDirectory() as scratch:
            for name, content in (("text.so", b"no ELF"), ("empty.so", b""), ("cut.so", b"\x7fELF\x02\x01\x01")):
                path = os.path.join(scratch, name)
                with open(path, "wb") as file:
                    file.write(content)
                self.fails([path, "--port", "0"], name)

    def test_a_module_without_the_symbol(self):
        self.fails([harness.module("nosymbol"), "--port", "0"], "nosymbol")

    def test_a_module_of_another_build(self):
        self.fails([harness.module("wrongstamp"), "--port", "0"], "wrongstamp")

    def test_a_module_whose_constructor_throws(self):
        self.fails([harness.module("throwing"), "--port", "0"], "the constructor says no")

    def test_a_module_whose_start_hook_fails(self):
        self.fails([harness.module("nostart"), "--port", "0"])


class Scarcity(unittest.TestCase):
    def test_the_soft_limit_of_descriptors_is_raised(self):
        with Server("--max-connections", "300", preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (80, 1000))) as server:
            with open(f"/proc/{server.process.pid}/limits", encoding="ascii") as limits:
                line = next(line for line in limits if line.startswith("Max open files"))
            self.assertEqual(line.split()[3:5], ["556", "1000"])
            self.assertNotIn("warning", server.output())

    def test_too_few_descriptors_are_said(self):
        with Server("--max-connections", "300", preexec=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))) as server:
            self.assertIn("warning: 200 descriptors are allowed (ulimit -n), too few for 300 connections", server.output())

    def test_descriptors_run_out(self):
        """More connections than descriptors: it does not die, does not spin, and serves again when there is room."""
        limit = 160 if Settings.is_sync() else 64

        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        with Server(preexec=few) as server:
            server.get()
            crowd = [server.connect() for _ in range(limit + 40)]
            time.sleep(0.3)
            before = server.cpu_seconds()
            time.sleep(1.0)  # what is measured is a second of scarcity
            self.assertLess(server.cpu_seconds() - before, 0.3 * Settings.factor, "spins on accept")
            self.assertTrue(server.is_alive())
            for wire in crowd:
                wire.close()

            def served():
                try:
                    return server.get(timeout=2).status == 200
                except (Broken, OSError):
                    return False
            eventually(served, 15, "served again")
            with GoodClient(server):
                for _ in range(50):
                    server.get()


if __name__ == "__main__":
    harness.main()
