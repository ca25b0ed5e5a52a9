#!/usr/bin/env python3
"""Three processes behind HAProxy, in the clear and over TLS, and behind nginx, with the configurations of examples/deploy: all are restarted
in turn, one is killed, certificates are renewed, while clients ask without a pause."""

import http.client
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

import harness
from harness import Server, clean_environment, eventually, free_port, module, scaled
from secure import Authority, context, need

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples/deploy"
NAMES = ("one", "two", "three")


class Load:
    """Clients that ask one thing after the other, each on connections that it keeps as long as it may."""

    def __init__(self, connect, method, path, clients=3):
        self.connect, self.method, self.path = connect, method, path
        self.lock, self.stopping = threading.Lock(), threading.Event()
        self.served, self.failures, self.servers = 0, [], set()
        self.threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(clients)]

    def _ask(self):
        connection = None
        while not self.stopping.is_set() and len(self.failures) < 50:
            try:
                if connection is None:
                    connection = self.connect()
                connection.request(self.method, self.path, body=b"x" if self.method == "POST" else None)
                answer = connection.getresponse()
                words = answer.read().decode().split()
                assert answer.status == 200 and len(words) == 4, f"{answer.status} {words}"
                with self.lock:
                    self.served += 1
                    self.servers.add(int(words[3]))
                if answer.will_close:
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException, AssertionError) as error:
                with self.lock:
                    self.failures.append(f"{self.method} {self.path}: {error!r}")
                if connection is not None:
                    connection.close()
                connection = None

    def asked(self, more):
        """So many more have been served."""
        goal = self.served + more
        eventually(lambda: self.served >= goal or self.failures, 30, f"{more} more answers")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(scaled(60))


class Fleet(unittest.TestCase):
    properties = ""  # of the listeners
    public = 8080  # in the example

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = scratch.name
        self.port, self.ports, self.admin = free_port(), [free_port() for _ in NAMES], [free_port() for _ in NAMES]
        self.servers = []
        self.addCleanup(lambda: [server.kill() for server in self.servers])
        for index in range(len(NAMES)):
            self.servers.append(self.start(index))

    def start(self, index):
        bind = f"127.0.0.1:{self.ports[index]}{self.properties}"
        return Server(*self.flags(), "--trusted-proxies", "127.0.0.1", "--admin-bind", f"127.0.0.1:{self.admin[index]}", "--health-path", "/-/health",
                      target=module("whois"), listen=("--bind", bind), workers=4, urls=2)

    def flags(self):
        return ()

    def connect(self, **more):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=scaled(30), **more)

    def load(self, method, path, clients=3):
        return Load(self.connect, method, path, clients)

    def configuration(self, name):
        """The example, with ports and places of this test, and nothing else changed."""
        text = (EXAMPLES / name).read_text()
        places = {self.public: self.port, **dict(zip((8001, 8002, 8003), self.ports)), **dict(zip((9001, 9002, 9003), self.admin))}
        used = set()

        def port(match):
            used.add(int(match.group(0)))
            return str(places[int(match.group(0))])
        text = re.sub(rf"\b({self.public}|800[123]|900[123])\b", port, text)
        self.assertLessEqual({self.public, 8001, 8002, 8003}, used)
        text = re.sub(r"/(run|var/log|etc)/((haproxy|nginx)/)?", self.folder + "/", text)
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def proxy(self, *command):
        with open(os.path.join(self.folder, "proxy.log"), "w", encoding="utf-8") as log:
            process = subprocess.Popen(command, env=clean_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)

        def all_answer():
            self.assertIsNone(process.poll(), "the proxy has ended: " + pathlib.Path(self.folder, "proxy.log").read_text(encoding="utf-8"))
            try:
                return {self.ask()[3] for _ in range(12)} >= {str(server.process.pid) for server in self.servers}
            except (OSError, http.client.HTTPException, IndexError):
                return False
        eventually(all_answer, 30, "all three behind the proxy")

    def ask(self, **fields):
        """From an address that nobody trusts."""
        connection = self.connect(source_address=("127.0.0.2", 0))
        connection.request("GET", "/", headers=fields)
        words = connection.getresponse().read().decode().split()
        connection.close()
        return words

    def restart_all(self, loads, before=lambda name: None, after=lambda name: None):
        old = {server.process.pid for server in self.servers}
        for index, name in enumerate(NAMES):
            before(name)
            self.assertEqual(self.servers[index].stop(), 0)
            self.servers[index] = self.start(index)
            after(name)
            for load in loads:
                load.asked(30)
        new = {server.process.pid for server in self.servers}
        for load in loads:
            load.servers.clear()
            eventually(lambda load=load: new <= load.servers or load.failures, 30, "all new ones asked")
            self.assertFalse(old & load.servers)

    def kill_one(self, failures):
        """Requests that may not be sent twice fail as `failures` says, no more than were under way; others do not."""
        with self.load("GET", "/") as fast, self.load("GET", "/slow", 4) as slow, self.load("POST", "/slow", 6) as posts:
            for load in (fast, slow, posts):
                load.asked(20)
            self.servers[1].kill()
            for load in (fast, slow, posts):
                load.asked(100)
            self.servers[1] = self.start(1)
            for load in (fast, slow, posts):
                load.asked(100)
        self.assert_served(fast, slow)
        self.assertLessEqual(len(posts.failures), 6, posts.failures)  # one for each client
        for failure in posts.failures:
            self.assertRegex(failure, failures, posts.failures)

    def assert_served(self, *loads):
        for load in loads:
            self.assertEqual(load.failures, [])
            self.assertGreater(load.served, 90)


class Haproxy(Fleet):
    properties = ",proxy"
    example = "haproxy.cfg"

    def setUp(self):
        need("haproxy")
        super().setUp()
        path = self.configuration(self.example)
        done = subprocess.run(["haproxy", "-c", "-f", path], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.proxy("haproxy", "-db", "-f", path)

    def command(self, text):
        with socket.socket(socket.AF_UNIX) as admin:
            admin.connect(os.path.join(self.folder, "admin.sock"))
            admin.sendall(text.encode() + b"\n")
            answer = b""
            while more := admin.recv(4096):
                answer += more
        return answer.decode().strip()


class BehindHaproxy(Haproxy):
    def test_the_client_is_known(self):
        self.assertEqual(self.ask(Host="example.org")[:3], ["127.0.0.2", "http", "example.org"])
        # The proxy's word counts, not the client's.
        self.assertEqual(self.ask(Host="example.org", **{"X-Forwarded-For": "192.0.2.1"})[0], "127.0.0.2")

    def test_restart_of_all_three(self):
        with self.load("GET", "/") as fast, self.load("GET", "/slow") as slow:
            self.restart_all([fast, slow])
        self.assert_served(fast, slow)

    def test_restart_where_nothing_may_be_sent_twice(self):
        """Each is taken out first; then not even a POST is lost."""
        def before(name):
            self.assertEqual(self.command(f"set server pounce/{name} state drain"), "")
            # Idle connections to it are closed, requests under way have their answers.
            eventually(lambda: " 0\n" in self.sessions(name) + "\n", 20, f"no sessions at {name}")

        def after(name):
            self.assertEqual(self.command(f"set server pounce/{name} state ready"), "")
        with self.load("POST", "/") as fast, self.load("POST", "/slow") as slow:
            self.restart_all([fast, slow], before, after)
        self.assert_served(fast, slow)

    def sessions(self, name):
        for line in self.command("show stat pounce 4 -1").splitlines():
            fields = line.split(",")
            if fields[:2] == ["pounce", name]:
                return f"{name}: {fields[4]}"
        return ""

    def test_one_is_killed(self):
        """What may be sent twice is sent to another one; of the rest only what was under way is lost."""
        self.kill_one("502|RemoteDisconnected")


class BehindHaproxyWithTls(Haproxy):
    """TLS from the clients to the proxy, and from there to the servers."""
    properties = ",proxy,tls"
    public = 8443
    example = "haproxy-tls.cfg"

    def configuration(self, name):
        self.site()
        return super().configuration(name)

    def start(self, index):
        if not hasattr(self, "authority"):
            self.authority = Authority(self.folder, "pounce-ca")
            self.certificate, self.key = self.authority.issue("server")
        return super().start(index)

    def flags(self):
        return ("--tls-cert", self.certificate, "--tls-key", self.key)

    def connect(self, **more):
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=scaled(30), context=context(self.authority.path("pounce-ca.pem")), **more)

    def site(self):
        """A new certificate of the proxy, with its key in one file, and what is in it."""
        certificate, key = self.authority.issue("public")
        with open(certificate, encoding="ascii") as first, open(key, encoding="ascii") as second:
            text = first.read() + second.read()
        return self.authority.write("site.pem", text), text

    def serial(self, port, hello=b""):
        with socket.create_connection(("127.0.0.1", port), scaled(20)) as raw:
            raw.sendall(hello)
            with context(self.authority.path("pounce-ca.pem")).wrap_socket(raw, server_hostname="localhost") as tls:
                return tls.getpeercert()["serialNumber"]

    def serials(self):
        """Of the proxy and of the three behind it."""
        return [self.serial(self.port), *(self.serial(port, b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n") for port in self.ports)]

    def test_the_client_is_known(self):
        self.assertEqual(self.ask(Host="example.org")[:3], ["127.0.0.2", "https", "example.org"])

    def test_restart_of_all_three(self):
        with self.load("GET", "/") as fast, self.load("GET", "/slow") as slow:
            self.restart_all([fast, slow])
        self.assert_served(fast, slow)

    def test_certificates_are_renewed(self):
        with self.load("GET", "/") as fast, self.load("GET", "/slow") as slow:
            for generation in (2, 3):
                before = self.serials()
                path, text = self.site()
                self.assertIn("Transaction created", self.command(f"set ssl cert {path} <<\n{text}"))
                self.assertIn("Success", self.command(f"commit ssl cert {path}"))
                self.authority.issue("server", key=self.key)
                for server in self.servers:
                    server.signal(signal.SIGHUP)
                for server in self.servers:
                    server.wait_output(f"generation {generation}, serving", 45)
                for load in (fast, slow):
                    load.asked(60)
                after = self.serials()
                self.assertFalse(set(before) & set(after), (before, after))
                self.assertEqual(len(set(after)), 2)
        self.assert_served(fast, slow)


class BehindNginx(Fleet):
    def setUp(self):
        need("nginx")
        super().setUp()
        path = self.configuration("nginx.conf")
        done = subprocess.run(["nginx", "-t", "-q", "-c", path, "-p", self.folder], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.proxy("nginx", "-c", path, "-p", self.folder, "-g", "daemon off;")

    def test_the_client_is_known(self):
        self.assertEqual(self.ask(Host="example.org")[:3], ["127.0.0.2", "http", "example.org"])
        self.assertEqual(self.ask(Host="example.org", **{"X-Forwarded-For": "192.0.2.1"})[0], "127.0.0.2")

    def test_restart_of_all_three(self):
        with self.load("GET", "/") as fast, self.load("GET", "/slow") as slow:
            self.restart_all([fast, slow])
        self.assert_served(fast, slow)

    def test_one_is_killed(self):
        self.kill_one("502")


if __name__ == "__main__":
    harness.main()
