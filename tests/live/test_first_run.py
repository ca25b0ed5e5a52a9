#!/usr/bin/env python3
"""The first minutes with a program: what it says when something is not as it should be. Each message has what, where, why and what to
do; it is the same line in a file, in a pipe and on a terminal."""

import fcntl
import os
import pty
import shutil
import socket
import subprocess
import tempfile
import termios
import unittest

import harness
from harness import Server, Settings, clean_environment, run, scaled



class Messages(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = os.path.realpath(scratch.name)
        os.chmod(self.folder, 0o755)
        self.name = os.path.basename(Settings.program)

    def path(self, name):
        return os.path.join(self.folder, name)

    def says(self, code, *lines, arguments, user=None):
        """It ends with this code, and its last lines are these."""
        program = Settings.program
        if user is not None:
            if os.geteuid() != 0 or not shutil.which("setpriv"):
                self.skipTest("only root may become somebody else")
            program = shutil.copy(program, self.folder)  # what somebody else can reach
            arguments = ["setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups", program, *arguments]
        else:
            arguments = [program, *arguments]
        with open(self.path("log"), "w+", encoding="utf-8") as log:
            done = subprocess.run(arguments, cwd=self.folder, env=clean_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                  timeout=scaled(20))
            log.seek(0)
            text = log.read()
        self.assertEqual(done.returncode, code, text)
        for found, wanted in zip(text.splitlines()[-len(lines):], lines, strict=True):
            self.assertEqual(found, f"{self.name}: error: {wanted}")

    def test_without_a_target_there_is_a_page_that_says_what_to_do(self):
        with Server(target="", workers=2) as server:
            self.assertIn("serving a welcome page on http://127.0.0.1:", server.output())
            page = server.get("/", "Accept: text/html\r\n")
            self.assertIn(b"POUNCE_APP(hello);", page.body)
            self.assertIn(b"g++ -std=c++20", server.get("/").body)

    def test_a_wrong_flag(self):
        self.says(2, "--prot: is no option (from command line; hint: did you mean --port?)", arguments=["--prot", "80"])
        self.says(2, "--gzip: is no option (from command line; hint: see --help)", arguments=["--gzip"])

    def test_a_port_in_use_and_who_holds_it(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            place = f"127.0.0.1:{other.getsockname()[1]}"
            with open("/proc/self/comm", encoding="ascii") as comm:
                holder = f"{comm.read().strip()}, process {os.getpid()} of user {os.geteuid()}"
            advice = "(hint: stop what listens there, or choose another port (--port, --bind, --admin-bind); port 0 is any free one)"
            self.says(3, f"{place}: Address already in use by {holder} {advice}", arguments=["--bind", place])
            # Whose processes it may not look into, it knows the user of.
            self.says(3, f"{place}: Address already in use by a process of user {os.geteuid()} {advice}", arguments=["--bind", place],
                      user=65534)

    def test_one_that_listens_everywhere(self):
        with socket.create_server(("0.0.0.0", 0)) as other:
            port = other.getsockname()[1]
            with open("/proc/self/comm", encoding="ascii") as comm:
                holder = f"{comm.read().strip()}, process {os.getpid()} of user {os.geteuid()}"
            self.says(3, f"127.0.0.1:{port}: Address already in use by {holder} "
                      "(hint: stop what listens there, or choose another port (--port, --bind, --admin-bind); port 0 is any free one)",
                      arguments=["--port", str(port)])

    def test_a_unix_socket_in_use(self):
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(self.path("app.sock"))
            other.listen()
            with open("/proc/self/comm", encoding="ascii") as comm:
                holder = f"{comm.read().strip()}, process {os.getpid()} of user {os.geteuid()}"
            self.says(3, f"unix:{self.path('app.sock')}: Address already in use by {holder} "
                      "(hint: stop what listens there, or choose another path)", arguments=["--bind", f"unix:{self.path('app.sock')}"])

    def test_a_privileged_port(self):
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
            if int(file.read()) <= 80:
                self.skipTest("here port 80 is for everybody")
        self.says(3, "127.0.0.1:80: Permission denied (hint: ports below 1024 are for who has CAP_NET_BIND_SERVICE: let systemd pass the "
                  "socket (--bind systemd:NAME) or grant it (AmbientCapabilities=), or choose a port from 1024 on)",
                  arguments=["--port", "80"], user=65534)

    def test_an_address_of_another_machine(self):
        self.says(3, "192.0.2.7:8000: Cannot assign requested address (hint: this machine has no such address; 0.0.0.0 and [::] are all "
                  "that it has)", arguments=["--host", "192.0.2.7"])

    def test_a_missing_file(self):
        self.says(3, f"./libapp.so: no such file (hint: looked for in {self.folder})", arguments=["./libapp.so"])
        self.says(3, f"srv/libapp.so: no such file (hint: there is no srv in {self.folder})", arguments=["srv/libapp.so"])
        self.says(3, f"{self.folder}/srv/libapp.so: no such file (hint: there is no {self.folder}/srv)",
                  arguments=[f"{self.folder}/srv/libapp.so"])
        self.says(2, "--config: cannot read 'my.toml': No such file or directory (from command line; hint: looked for in "
                  f"{self.folder})", "--tls-cert: cannot read 'my.pem': No such file or directory (from command line; hint: looked for in "
                  f"{self.folder})", arguments=["--config", "my.toml", "--tls-cert", "my.pem"])
        self.says(3, f"unix:/no/such/app.sock: No such file or directory (hint: there is no /no)", arguments=["--bind", "unix:/no/such/app.sock"])
        self.says(2, f"--access-log: cannot write 'logs/access': No such file or directory (from command line; hint: there is no logs in {self.folder})",
                  arguments=["--port", "0", "--access-log", "logs/access"])

    def test_all_that_is_named_and_is_not_there(self):
        with open(self.path("pounce.toml"), "w", encoding="ascii") as file:
            file.write('mime_types = "/no/types"\nport = 70000\nstatic = ["/a=srv/a", "/b=pounce.toml"]\n')
        lines = ("port: '70000' is above 65535 (from pounce.toml line 2; hint: from 0 to 65535)",
                 f"static: cannot serve 'srv/a': no such directory (from pounce.toml line 3; hint: there is no srv in {self.folder})",
                 "static: cannot serve 'pounce.toml': not a directory (from pounce.toml line 3)",
                 "mime_types: cannot read '/no/types': No such file or directory (from pounce.toml line 1; hint: there is no /no)")
        self.says(2, *lines, arguments=[])
        self.says(2, *lines, arguments=["--check"])
        os.mkdir(self.path("site"))
        self.says(2, "--static: cannot serve 'site' at /: the TARGET is there already (from command line)",
                  arguments=["--config", "/dev/null", "--static", "/=site", "site"])

    def test_types_that_are_none(self):
        with open(self.path("types"), "w", encoding="ascii") as file:
            file.write("nonsense txt\ntext/plain txt\nworse txt\n")
        done = subprocess.run([Settings.program, "--check", "--mime-types", "types"], cwd=self.folder, env=clean_environment(), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=scaled(20))
        self.assertEqual(done.returncode, 2, done.stderr)
        found = done.stderr.splitlines()
        self.assertEqual(len(found), 2, done.stderr)
        for line, number in zip(found, (1, 3), strict=True):
            self.assertRegex(line, rf"^{self.name}: error: --mime-types: 'types': line {number}: .* \(from command line\)$")

    def test_pages_that_are_not_there_yet(self):
        os.mkdir(self.path("site"))
        arguments = ["--check", "site", "--static-fallback", "app.html", "--static-not-found", "404.html"]
        def said():
            done = subprocess.run([Settings.program, *arguments], cwd=self.folder, env=clean_environment(), text=True,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=scaled(20))
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stderr.splitlines()
        missing = [f"{self.name}: warning: {option}: there is no '{name}' in what is served (from command line; hint: it is sent as soon as there "
                   "is one)" for option, name in (("--static-fallback", "app.html"), ("--static-not-found", "404.html"))]
        self.assertEqual(said(), missing)
        with open(self.path("site/app.html"), "w", encoding="ascii") as file:
            file.write("app")
        self.assertEqual(said(), missing[1:])
        os.mkdir(self.path("site/404.html"))  # no file
        self.assertEqual(said(), missing[1:])
        os.rename(self.path("site/app.html"), self.path("404.html"))
        arguments += ["--static", "/x=."]  # it is below one of them
        self.assertEqual(said(), missing[:1])

    def test_a_file_that_is_no_module(self):
        with open(self.path("app.cpp"), "w", encoding="ascii") as file:
            file.write("int main() {}\n")
        self.says(3, "./app.cpp: not a shared library (no ELF file)", arguments=["./app.cpp"])

    def test_an_unreadable_key(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                        "-keyout", "server.key", "-out", "server.pem"], cwd=self.folder, check=True, capture_output=True)
        self.says(2, "--tls-key: cannot read 'server.key': Permission denied (from command line; hint: server.key belongs to user 0, group 0, "
                  "mode 0600; this program runs as user 65534)", arguments=["--tls-cert", "server.pem", "--tls-key", "server.key"], user=65534)
        self.says(2, "--tls-cert: server.pem: holds no private key in PEM (from command line; hint: name the key's file with tls_key)",
                  arguments=["--tls-cert", "server.pem"])
        os.mkdir(self.path("keys"), 0o700)
        os.rename(self.path("server.key"), self.path("keys/server.key"))
        self.says(2, "--tls-key: cannot read 'keys/server.key': Permission denied (from command line; hint: keys belongs to user 0, group 0, "
                  "mode 0700; this program runs as user 65534)", arguments=["--tls-cert", "server.pem", "--tls-key", "keys/server.key"],
                  user=65534)

    def test_a_folder_that_may_not_be_written(self):
        self.says(2, f"--access-log: cannot write '{self.folder}/access.log': Permission denied (from command line; hint: {self.folder} belongs "
                  "to user 0, group 0, mode 0755; "
                  "this program runs as user 65534)", arguments=["--port", "0", "--access-log", f"{self.folder}/access.log"], user=65534)

    def test_no_control_character_comes_through(self):
        done = run(["./a\x1b[31mb.so"])
        self.assertNotIn("\x1b", done.stderr)


class Terminal(unittest.TestCase):
    """The same on a terminal, whose line discipline ends lines with CR LF."""

    def on_terminal(self, *arguments, ends=True):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)

        def become():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        process = subprocess.Popen([Settings.program, *arguments], env={**clean_environment(), "TERM": "xterm"}, stdin=theirs, stdout=theirs,
                                   stderr=theirs, preexec_fn=become)
        self.addCleanup(process.kill)
        os.close(theirs)
        text = b""
        while ends or b"Ctrl+C" not in text:
            try:
                text += os.read(ours, 4096)
            except OSError:
                break  # nobody has the terminal any more
        return process, ours, text.decode()

    def test_a_mistake(self):
        process, _, text = self.on_terminal("--prot", "80")
        self.assertEqual(process.wait(scaled(20)), 2)
        name = os.path.basename(Settings.program)
        self.assertEqual(text, f"{name}: error: --prot: is no option (from command line; hint: did you mean --port?)\r\n")

    def test_the_banner_and_control_c(self):
        process, ours, text = self.on_terminal("--port", "0", ends=False)
        self.assertIn("a welcome page on", text)
        self.assertRegex(text, r"\x1b\[36mhttp://127\.0\.0\.1:\d+\x1b\[0m")
        os.write(ours, b"\x03")
        self.assertEqual(process.wait(scaled(20)), 0)


if __name__ == "__main__":
    harness.main()
