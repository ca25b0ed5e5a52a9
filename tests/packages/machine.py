#!/usr/bin/env python3
"""What docs/deployment.md tells an operator to type, typed: on a machine of its own, whose first process is systemd.

machine.py --packages FOLDER-WITH-DEBS --source TOP-LEVEL-FOLDER [--root FOLDER]

The machine is a set of namespaces over a copy of this system, or of one that debootstrap has made (an overlay that is gone afterwards): processes, mounts, network, names. It
has no network but its own, so ports and places are those of the pages. That takes root, and the packages that ours depend on.
"""
import argparse
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "examples"))
import documents

PAGE = "docs/deployment.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Given:
    packages = source = root = None


def run(*command, good=True, **options):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300,
                          stdin=subprocess.DEVNULL, **options)
    if good and done.returncode != 0:
        raise AssertionError(f"{' '.join(str(part) for part in command)}: {done.returncode}\n{done.stdout}")
    return done.stdout


def eventually(what, seconds, name):
    limit = time.monotonic() + seconds
    while not what():
        if time.monotonic() > limit:
            raise AssertionError(f"not within {seconds} s: {name}")
        time.sleep(0.05)


class Visitors:
    """Clients of the proxy, over TLS, each request on a connection of its own; and nobody may fail."""

    def __init__(self, count=3):
        self.context = ssl.create_default_context(cafile="/etc/haproxy/pounce-ca.pem")
        self.stopping, self.lock = threading.Event(), threading.Lock()
        self.served, self.failures = 0, []
        self.threads = [threading.Thread(target=self.visit, daemon=True) for _ in range(count)]

    def visit(self):
        while not self.stopping.is_set() and len(self.failures) < 20:
            connection = http.client.HTTPSConnection("localhost", 8443, timeout=60, context=self.context)
            try:
                connection.request("GET", "/?name=Ada")
                answer = connection.getresponse()
                text = answer.read()
                assert (answer.status, text) == (200, b"Hello, Ada!"), f"{answer.status} {text!r}"
                with self.lock:
                    self.served += 1
            except (OSError, http.client.HTTPException, AssertionError) as error:
                with self.lock:
                    self.failures.append(repr(error))
            finally:
                connection.close()

    def more(self, count=30):
        goal = self.served + count
        eventually(lambda: self.served >= goal or self.failures, 60, f"{count} more answers")
        assert not self.failures, self.failures

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)


class Machine(unittest.TestCase):
    """The tests stand in the order of the page."""
    typed, shell = set(), None

    @classmethod
    def setUpClass(cls):
        cls.text = (Given.source / PAGE).read_text()
        cls.folder = tempfile.mkdtemp(dir="/var/tmp")
        os.chmod(cls.folder, 0o755)
        for deb in Given.packages.glob("*.deb"):
            os.symlink(deb, f"{cls.folder}/{deb.name}")
        # One shell for all, as on a terminal: what a line defines, the next one has.
        cls.shell = subprocess.Popen(["bash"], cwd=cls.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                     env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": cls.folder, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
                                          "APT_CONFIG": f"{cls.folder}/apt.conf", "SYSTEMD_PAGER": ""})
        pathlib.Path(f"{cls.folder}/.curlrc").write_text("silent\nshow-error\nfail\n")
        # Nobody is there to say yes; and no network.
        pathlib.Path(f"{cls.folder}/apt.conf").write_text('APT::Get::Assume-Yes "true";\nAcquire::http::Timeout "1";\nAPT::Sandbox::User "root";\n')

    @classmethod
    def tearDownClass(cls):
        cls.shell.stdin.close()
        cls.shell.wait(30)
        cls.shell.stdout.close()

    def type(self, line, good=True, terminal=False):
        """What a line printed."""
        self.typed.add(line)
        command = f"script -qec '{line}' /dev/null" if terminal else line
        self.shell.stdin.write(f"{{\n{command}\n}} </dev/null\necho \"<<$?>>\"\n")
        self.shell.stdin.flush()
        patience = threading.Timer(120, self.shell.kill)
        patience.start()
        self.addCleanup(patience.cancel)
        text = ""
        while True:
            more = self.shell.stdout.readline()
            if not more:
                self.fail(f"the shell has ended\n{text}")
            if end := re.search(r"<<(\d+)>>$", more):
                patience.cancel()
                text += more[:end.start()]
                if good:
                    self.assertEqual(int(end.group(1)), 0, f"{line}\n{text}")
                return text
            text += more

    def lines(self, first, kind="sh"):
        """The lines of the block that has this text."""
        block = next(code for words, code in BLOCK.findall(self.text) if words == kind and first in code)
        return [line for line in re.sub(r"\\\n\s*", "", block).splitlines() if line]

    def block(self, first):
        return [self.type(line) for line in self.lines(first)]

    def serial(self, port, hello=b""):
        context = ssl.create_default_context(cafile="/etc/haproxy/pounce-ca.pem")
        with socket.create_connection(("127.0.0.1", port), 20) as raw:
            raw.sendall(hello)
            with context.wrap_socket(raw, server_hostname="localhost") as tls:
                return tls.getpeercert()["serialNumber"]

    def servers(self):
        return self.serial(8001, b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n")

    def main_process(self):
        return int(run("systemctl", "show", "-P", "MainPID", "pounce-async"))

    def metric(self, name):
        text = run("curl", "-sS", "http://127.0.0.1:9001/-/metrics")
        return float(re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE).group(1))

    def test_1_installed(self):
        self.block("apt install ./libpounce-")
        self.assertTrue(os.path.exists("/srv/app/libapp.so"))
        # Nothing runs and nothing is enabled yet.
        for unit in ("pounce-async.service", "pounce-async.socket", "pounce-sync.service", "pounce-sync.socket"):
            self.assertEqual(run("systemctl", "is-active", unit, good=False), "inactive\n")
            self.assertEqual(run("systemctl", "is-enabled", unit, good=False), "disabled\n")

    def test_2_serves_https_behind_the_proxy(self):
        self.block("openssl req")
        self.assertEqual(os.stat("/etc/pounce/server.key").st_mode & 0o777, 0o640)
        pathlib.Path("/etc/pounce/pounce-async.toml").write_text("\n".join(self.lines("tls_cert", "toml")) + "\n")
        editor = pathlib.Path(f"{self.folder}/editor")
        editor.write_text("#!/bin/sh\ncat >\"$1\" <<EOF\n" + "\n".join(self.lines("[Socket]", "ini")) + "\nEOF\n")
        editor.chmod(0o755)
        self.type(f"export SYSTEMD_EDITOR={editor}")
        self.type(re.search(r"`(systemctl edit pounce-async.socket)`", self.text).group(1), terminal=True)
        self.assertEqual(self.block("systemctl restart haproxy")[-1].splitlines()[-1].strip(), "Hello, World!")
        self.assertEqual(run("systemctl", "is-active", "pounce-async.service"), "active\n")
        status = pathlib.Path(f"/proc/{self.main_process()}/status").read_text()
        self.assertRegex(status, r"CapEff:\s+0000000000000400")  # CAP_NET_BIND_SERVICE
        self.assertRegex(status, r"NoNewPrivs:\s+1")
        self.assertRegex(status, r"Seccomp:\s+2")

    def test_3_logs_and_metrics(self):
        eventually(lambda: os.stat("/var/log/pounce/access.log").st_size, 30, "a line in the access log")
        status, journal, log, health, metrics = self.block("systemctl status pounce-async")
        self.assertIn("active (running)", status)
        self.assertIn("serving /srv/app/libapp.so on https://127.0.0.1:8001", journal)
        self.assertRegex(log, r'^127\.0\.0\.1 - - \[.*\] "GET / HTTP/1\.1" 200 13 ')
        self.assertIn('{"status":"ok","state":"serving"}', health)
        self.assertIn('pounce_requests_total{method="GET",status="200"}', metrics)
        self.assertEqual(self.type(next(line for line in self.lines("journalctl -u pounce-async -p") if "-p " in line)).strip(), "-- No entries --")

    def test_4_certificates_and_logs_while_it_serves(self):
        renew, rotate = self.lines("systemctl reload")
        with Visitors() as visitors:
            visitors.more()
            process, before, generation = self.main_process(), self.servers(), self.metric("pounce_generation")
            self.type(renew)
            eventually(lambda: self.metric("pounce_generation") == generation + 1, 30, "the next generation")
            visitors.more()
            self.assertNotEqual(self.servers(), before)
            self.type(rotate)
            eventually(lambda: os.path.exists("/var/log/pounce/access.log"), 30, "a new access log")
            visitors.more()
            self.rotate_as_the_package_does()
            visitors.more()
        self.assertEqual((visitors.failures, self.main_process()), ([], process))
        self.assertGreater(os.stat("/var/log/pounce/access.log").st_size, 0)

    def rotate_as_the_package_does(self):
        if not shutil.which("logrotate"):
            self.assertNotIn("POUNCE_NO_SKIPS", os.environ, "no logrotate here: scripts/setup ci")
            print("no logrotate here: its configuration was not tried")
            return
        eventually(lambda: os.stat("/var/log/pounce/access.log").st_size, 30, "something to rotate")
        first = os.stat("/var/log/pounce/access.log").st_ino
        self.assertEqual(run("logrotate", "--force", "/etc/logrotate.d/pounce-server"), "")
        eventually(lambda: os.path.exists("/var/log/pounce/access.log"), 30, "a new access log")
        self.assertNotEqual(os.stat("/var/log/pounce/access.log").st_ino, first)
        self.assertEqual(os.stat("/var/log/pounce/access.log.1").st_ino, first)

    def test_5_keys_of_tickets_are_changed(self):
        line = next(line for _, code in BLOCK.findall((Given.source / "docs/tls.md").read_text()) for line in code.splitlines() if "umask" in line)
        pathlib.Path("/etc/pounce/keys").write_bytes(os.urandom(320))
        generation, before = self.metric("pounce_generation"), pathlib.Path("/etc/pounce/keys").read_bytes()
        self.type("cd /etc/pounce")
        self.type(line)
        self.type(f"cd {self.folder} && umask 022")
        after = pathlib.Path("/etc/pounce/keys").read_bytes()
        self.assertEqual((len(after), after[80:]), (320, before[:240]))
        eventually(lambda: self.metric("pounce_generation") == generation + 1, 30, "the next generation")

    def test_6_a_mistake_in_the_configuration_changes_nothing(self):
        path = pathlib.Path("/etc/pounce/pounce-async.toml")
        good = path.read_text()
        with Visitors() as visitors:
            visitors.more()
            process = self.main_process()
            path.write_text(good.replace("health_path", "helth_path"))
            self.type("systemctl reload pounce-async")
            eventually(lambda: "did you mean health_path" in run("journalctl", "-u", "pounce-async", "-p", "err"), 30, "words about it in the journal")
            visitors.more()
            path.write_text(good)
        self.assertEqual((visitors.failures, self.main_process()), ([], process))

    def test_7_upgraded_and_crashed_while_it_serves(self):
        """The package of the next version: this one's, with another number."""
        deb = next(Given.packages.glob("pounce-server_*.deb"))
        run("dpkg-deb", "-R", deb, f"{self.folder}/next")
        control = pathlib.Path(f"{self.folder}/next/DEBIAN/control")
        control.write_text(re.sub(r"^Version: .*$", "Version: 0.1.0+next", control.read_text(), flags=re.MULTILINE))
        os.unlink(f"{self.folder}/{deb.name}")
        run("dpkg-deb", "-b", f"{self.folder}/next", f"{self.folder}/pounce-server_0.1.0+next_amd64.deb")
        upgrade, _ = self.lines("apt purge")
        with Visitors() as visitors:
            visitors.more()
            process = self.main_process()
            self.type(upgrade)
            visitors.more()
            self.assertNotIn(self.main_process(), (0, process))
            self.assertEqual(run("systemctl", "is-active", "pounce-async.service"), "active\n")
        self.assertEqual(visitors.failures, [])
        self.assertIn("0.1.0+next", run("dpkg-query", "-W", "pounce-server"))
        self.assertIn("libapp.so", pathlib.Path("/etc/pounce/pounce-async.toml").read_text())
        # And what nobody has planned: systemd starts it again, on the same socket.
        process = self.main_process()
        os.kill(process, signal.SIGKILL)
        eventually(lambda: self.main_process() not in (0, process), 30, "another process")
        with Visitors() as visitors:
            visitors.more()
        self.assertEqual(visitors.failures, [])

    def test_8_purged(self):
        _, purge = self.lines("apt purge")
        self.type(purge)
        self.assertEqual(run("systemctl", "is-active", "pounce-async.service", "pounce-async.socket", good=False), "inactive\ninactive\n")
        left = {str(path) for folder in ("/etc", "/lib/systemd", "/usr/bin", "/usr/share/man", "/var/lib/systemd", "/var/log")
                for path in pathlib.Path(folder).rglob("*pounce*") if "pounce-doc" not in str(path)}
        # What the operator made.
        self.assertEqual(left, {"/etc/pounce", "/etc/systemd/system/pounce-async.socket.d", "/etc/haproxy/pounce-ca.pem"})
        self.assertEqual(sorted(os.listdir("/etc/pounce")), ["keys", "server.key", "server.pem"])
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", 8001), 5).close()

    def test_9_nothing_was_left_out(self):
        """Every line of every page that needs a machine."""
        missing = []
        for page in documents.pages_of(Given.source):
            for kind, code in BLOCK.findall(page.read_text()):
                for line in re.sub(r"\\\n\s*", "", code).splitlines() if kind == "sh" else ():
                    line = re.sub(r"\s+# .*", "", line)
                    if line.split() and documents.needs_machine(line) and line not in self.typed:
                        missing.append(f"{page.relative_to(Given.source)}: {line}")
        self.assertEqual(missing, [])


def boot():
    """Becomes the first process of the machine. unshare(1) has made the namespaces."""
    base = tempfile.mkdtemp()
    run("mount", "-t", "tmpfs", "none", base)
    for name in ("upper", "work", "root"):
        os.mkdir(f"{base}/{name}")
    root = f"{base}/root"
    run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={Given.root},upperdir={base}/upper,workdir={base}/work", root)
    for kind, place in (("proc", "proc"), ("sysfs", "sys"), ("tmpfs", "run"), ("tmpfs", "tmp"), ("tmpfs", "dev"), ("cgroup2", "sys/fs/cgroup")):
        run("mount", "-t", kind, kind, f"{root}/{place}")
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        pathlib.Path(f"{root}/dev/{name}").touch()
        run("mount", "--bind", f"/dev/{name}", f"{root}/dev/{name}")
    for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
        os.symlink(target, f"{root}/dev/{name}")
    for kind, name, options in (("tmpfs", "shm", "mode=1777"), ("devpts", "pts", "newinstance,ptmxmode=0666")):
        os.mkdir(f"{root}/dev/{name}")
        run("mount", "-t", kind, "-o", options, kind, f"{root}/dev/{name}")
    os.symlink("pts/ptmx", f"{root}/dev/ptmx")
    for folder in (Given.packages, Given.source):  # perhaps on another file system, or below /tmp
        os.makedirs(f"{root}{folder}", exist_ok=True)
        run("mount", "--bind", "-o", "ro", folder, f"{root}{folder}")
    for wants in pathlib.Path(f"{root}/etc/systemd/system").glob("*.wants"):  # what this system has enabled is its own affair
        for unit in wants.iterdir():
            unit.unlink()
    pathlib.Path(f"{root}/etc/hosts").write_text("127.0.0.1 localhost\n")  # an installer writes it, debootstrap does not
    pathlib.Path(f"{root}/usr/sbin/policy-rc.d").unlink(missing_ok=True)  # of images for containers: packages may not restart anything
    os.chroot(root)
    os.chdir("/")
    os.execve("/lib/systemd/systemd", ["systemd", "--system", "--show-status=no", "--unit=multi-user.target"], {"container": "pounce", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


def make_group():
    """A control group for all of the machine's processes: its systemd takes it for the root."""
    mounts = [line.split() for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    place = next((pathlib.Path(mount[1]) for mount in mounts if mount[2] == "cgroup2"), None)
    try:
        return pathlib.Path(tempfile.mkdtemp(prefix="pounce-machine-", dir=place)) if place else None
    except OSError:
        return None


def remove_group(group):
    for folder, _, _ in os.walk(group, topdown=False):
        try:
            os.rmdir(folder)
        except OSError:
            return False
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path("/"), help="what it is a copy of, with python3 in it; default: this system")
    parser.add_argument("--step", choices=("boot", "inside"))
    args, rest = parser.parse_known_args()
    Given.packages, Given.source, Given.root = args.packages.resolve(), args.source.resolve(), args.root.resolve()
    if args.step == "boot":
        boot()
    if args.step == "inside":
        os.chdir("/")
        return unittest.main(argv=[sys.argv[0], *rest], verbosity=2, failfast=True)
    again = ["-B", os.path.realpath(__file__), "--packages", Given.packages, "--source", Given.source, "--root", Given.root, "--step"]
    namespaces = ["unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child"]
    group = make_group()
    if group is None or subprocess.run([*namespaces, "mount", "-t", "cgroup2", "none", "/mnt"], capture_output=True).returncode != 0:
        print("packages: no machine can be made here, nothing of docs/deployment.md was typed")
        return None
    with tempfile.TemporaryFile("w+") as console:
        outer = subprocess.Popen([*namespaces, sys.executable, *again, "boot"], stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                                 preexec_fn=lambda: (group / "cgroup.procs").write_text(str(os.getpid())))
        try:
            children = pathlib.Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
            eventually(lambda: outer.poll() is not None or children.read_text().strip(), 30, "a first process")
            first = children.read_text().split()[0]
            enter = ["nsenter", "-t", first, "--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--root"]

            def is_up():
                assert outer.poll() is None, "systemd has ended"
                done = subprocess.run([*enter, "systemctl", "is-system-running"], capture_output=True, text=True)
                return done.stdout.strip() in ("running", "degraded")
            eventually(is_up, 120, "systemd has started")
            return sys.exit(subprocess.run([*enter, "/usr/bin/python3", *again, "inside", *rest]).returncode)
        except (AssertionError, IndexError) as error:  # not every place that has namespaces lets a systemd start in them
            console.seek(0)
            print(f"packages: no machine can be made here, nothing of docs/deployment.md was typed: {error!r}\n{console.read()}")
            return None
        finally:
            outer.kill()  # --kill-child: the first process ends with it, and with that everything
            outer.wait()
            eventually(lambda: remove_group(group), 30, "the end of all processes of the machine")


if __name__ == "__main__":
    main()
