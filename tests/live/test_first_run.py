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
