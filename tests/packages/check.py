#!/usr/bin/env python3
"""The Debian packages: what is in them, what lintian says, and what happens when they are installed, used, upgraded and removed.

check.py --packages FOLDER-WITH-DEBS --source TOP-LEVEL-FOLDER

They are installed for real, by dpkg, in a copy of this system: an overlay over its root that is gone afterwards. That takes root and
the packages that ours depend on.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PACKAGES = ("libpounce-compression", "libpounce-dev", "libpounce-protocol", "pounce-doc", "pounce-server")


class Given:
    packages = source = None


def run(*command, good=True, **options):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300,
                          stdin=subprocess.DEVNULL, **options)
    if good and done.returncode != 0:
        raise AssertionError(f"{' '.join(str(part) for part in command)}: {done.returncode}\n{done.stdout}")
    return done.stdout if good else done


def debs():
    return sorted(Given.packages.glob("*.deb"))


def deb(name):
    return next(path for path in debs() if path.name.startswith(name))


class Contents(unittest.TestCase):
    def test_names(self):
        names = [run("dpkg-deb", "-f", path, "Package").strip() for path in debs()]
        self.assertEqual([re.sub(r"[\d.]+$", "", name) for name in names], list(PACKAGES))
        soversion = re.search(r"libpounce-protocol([\d.]+)", names[2]).group(1)
        files = run("dpkg-deb", "-c", deb("libpounce-protocol"))
        for library in ("core", "protocol"):
            self.assertRegex(files, rf"usr/lib/[\w-]+/libpounce_{library}\.so\.{re.escape(soversion)} ->")
        self.assertNotRegex(files, r"\.so$|\.so ->|\.a$")

    def test_dependencies(self):
        def field(name, which):
            return run("dpkg-deb", "-f", deb(name), which)
        self.assertIn("libnghttp2-14", field("libpounce-protocol", "Depends"))
        for unwanted in ("zlib", "zstd", "ssl"):
            self.assertNotIn(unwanted, field("libpounce-protocol", "Depends"))
        self.assertIn("libssl3", field("pounce-server", "Depends"))
        self.assertNotIn("-dev", field("pounce-server", "Depends"))
        self.assertRegex(field("libpounce-dev", "Depends"), r"libpounce-protocol[\d.]+ \(= ")
        self.assertEqual(field("pounce-doc", "Architecture").strip(), "all")
        self.assertEqual(field("pounce-doc", "Depends").strip(), "")

    def test_nothing_tells_where_it_was_built(self):
        # A whole path below the source folder: its name alone, say /workspace, is also the end of a path of ours.
        below = b"|".join(re.escape(os.fsencode(path.name)) for path in Given.source.iterdir())
        told = re.compile(rb"(?<![\w.}-])" + re.escape(bytes(Given.source)) + rb"/(?:" + below + rb")\b")
        self.assertRegex(b"=" + bytes(Given.source) + b"/protocol/core/output.hpp", told)
        with tempfile.TemporaryDirectory() as folder:
            for path in debs():
                run("dpkg-deb", "-x", path, folder)
            for path in pathlib.Path(folder).rglob("*"):
                if path.is_file() and not path.is_symlink():
                    self.assertNotRegex(path.read_bytes(), told, path)

    def test_lintian(self):
        if not shutil.which("lintian"):
            self.skipTest("lintian is not installed")
        done = run("lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags", "initial-upload-closes-no-bugs", *debs(),
                   good=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))


# A program for each component: it is compiled with what pkg-config says, linked and run.
USES = {
    "core": "#include <pounce/core/output.hpp>\nint main() { pounce::Output output; output.append(\"x\"); return 0; }\n",
    "protocol": pathlib.Path("tests/consumer/main.cpp"),
    "compression": pathlib.Path("tests/consumer/codings.cpp"),
    "events": "#include <pounce/events/server_state.hpp>\nusing namespace pounce::events;\n"
              "int main() { return reduce(ServerState{}, Action::start) == ServerState{} ? 1 : 0; }\n",
    "server": "#include <pounce/testing.hpp>\n#include <pounce/app.hpp>\n#include <string>\nint main() {\n"
              "  pounce::App app;\n  app.route(\"/\", [](const pounce::Request&) { return pounce::Response::text(\"hi\"); });\n"
              "  pounce::testing::Client client{app};\n  return client.get(\"/\").status == 200 ? 0 : 1;\n}\n",
    "tls": "#include <pounce/tls/ticket_keys.hpp>\nint main() { pounce::tls::TicketKeys keys; keys.rotate(); return 0; }\n",
    "posix": "#include <pounce/posix/journal.hpp>\n#include <string>\n"
             "int main() { return pounce::posix::with_priorities(\"a: error: b\\n\") == \"<3>a: error: b\\n\" ? 0 : 1; }\n",
    "runtime_sync": "#include <pounce/app.hpp>\n#include <pounce/config/config.hpp>\n#include <pounce/sync/runtime.hpp>\n#include <string>\nint main() {\n"
                    "  pounce::config::Config config;\n  config.port = 0;\n  pounce::App app;\n"
                    "  const auto server = pounce::sync::make_server(config, app, nullptr, nullptr);\n"
                    "  if (!server->start() || server->addresses().empty()) return 1;\n  server->drain(pounce::Drain::prompt);\n"
                    "  return server->join().cut.connections == 0 ? 0 : 1;\n}\n",
}


# What the API of Kubernetes calls the fields that a manifest of ours has (reference of apps/v1, v1 and policy/v1), and of which type they
# are: a folder of fields, a list of what follows, a type, or a choice. "*" is any name.
NAMES = {"*": str}
POD = {"metadata": {"labels": NAMES, "annotations": NAMES},
       "spec": {"terminationGracePeriodSeconds": int,
                "securityContext": {"runAsNonRoot": bool, "runAsUser": int, "seccompProfile": {"type": ("RuntimeDefault", "Localhost", "Unconfined")}},
                "containers": [{"name": str, "image": str, "args": [str], "ports": [{"name": str, "containerPort": int}],
                                **{f"{name}Probe": {"httpGet": {"path": str, "port": (int, str)}, "tcpSocket": {"port": (int, str)},
                                                    "periodSeconds": int, "failureThreshold": int} for name in ("startup", "readiness", "liveness")},
                                "lifecycle": {"preStop": {"exec": {"command": [str]}}},
                                "resources": {"requests": {"cpu": str, "memory": str}, "limits": {"cpu": str, "memory": str}},
                                "securityContext": {"allowPrivilegeEscalation": bool, "readOnlyRootFilesystem": bool,
                                                    "capabilities": {"drop": [str], "add": [str]}}}]}}
SELECTOR = {"matchLabels": NAMES}
KINDS = {
    "Deployment": {"apiVersion": ("apps/v1",), "kind": str, "metadata": {"name": str, "labels": NAMES},
                   "spec": {"replicas": int, "selector": SELECTOR, "strategy": {"type": str, "rollingUpdate": {"maxUnavailable": (int, str), "maxSurge": (int, str)}},
                            "template": POD}},
    "Service": {"apiVersion": ("v1",), "kind": str, "metadata": {"name": str, "labels": NAMES},
                "spec": {"selector": NAMES, "ports": [{"name": str, "port": int, "targetPort": (int, str)}]}},
    "PodDisruptionBudget": {"apiVersion": ("policy/v1",), "kind": str, "metadata": {"name": str, "labels": NAMES},
                            "spec": {"minAvailable": (int, str), "maxUnavailable": (int, str), "selector": SELECTOR}},
}


def strays(schema, value, place=""):
    """What the schema does not know."""
    if isinstance(schema, dict):
        if not isinstance(value, dict):
            return [f"{place}: has no fields"]
        return [stray for name, more in value.items()
                for stray in (strays(schema.get(name, schema.get("*")), more, f"{place}.{name}") if name in schema or "*" in schema else [f"{place}.{name}: unknown"])]
    if isinstance(schema, list):
        return [stray for more in value for stray in strays(schema[0], more, place)] if isinstance(value, list) else [f"{place}: no list"]
    good = any(type(value) is one if isinstance(one, type) else value == one for one in (schema if isinstance(schema, tuple) else (schema,)))
    return [] if good else [f"{place}: {value!r}"]


class Installed(unittest.TestCase):
    """Inside of the copy. The tests stand in the order of a package's life."""

    @classmethod
    def setUpClass(cls):
        cls.said = run("dpkg", "-i", *debs())
        cls.folder = tempfile.mkdtemp()
        os.chmod(cls.folder, 0o755)

    def path(self, name):
        return os.path.join(self.folder, name)

    def pkg_config(self, *components, static=False):
        names = [f"pounce-{name}" for name in components]
        return run("pkg-config", "--cflags", "--libs", *(["--static"] if static else []), *names).split()

    def module(self):
        """The application of README.md, compiled as it says."""
        readme = (Given.source / "README.md").read_text()
        pathlib.Path(self.path("app.cpp")).write_text(re.search(r"^```cpp\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL).group(1))
        line = re.search(r"^g\+\+ .*$", readme, re.MULTILINE).group(0)
        run("sh", "-c", line, cwd=self.folder)
        return self.path("libapp.so")

    def test_1_programs_and_pages(self):
        for name in ("pounce-async", "pounce-sync"):
            self.assertIn(name, run(f"/usr/bin/{name}", "--version"))
            self.assertNotRegex(run("readelf", "-dW", f"/usr/bin/{name}"), "RPATH|RUNPATH")
            self.assertTrue(run("man", "-w", "1", name).strip().endswith(f"{name}.1.gz"))
            self.assertTrue(os.path.exists(f"/usr/share/bash-completion/completions/{name}"))
        self.assertTrue(run("man", "-w", "5", "pounce.toml").strip().endswith(".gz"))
        self.assertTrue(os.path.exists("/usr/share/doc/pounce-doc/docs/operations.md"))
        self.assertTrue(os.path.exists("/usr/share/pounce/pounce.schema.json"))

    def test_2_units(self):
        for name in ("pounce-async", "pounce-sync"):
            units = [f"/lib/systemd/system/{name}.{kind}" for kind in ("service", "socket")]
            self.assertEqual(run("systemd-analyze", "verify", "--man=no", *units), "")
            # At most 2.0, which systemd calls OK; 10 is open to all.
            run("systemd-analyze", "security", "--offline=yes", "--threshold=20", units[0])
            run(f"/usr/bin/{name}", "--config", f"/etc/pounce/{name}.toml", "--check")
        self.assertIn("pounce", run("getent", "passwd", "pounce"))

    def test_3_every_component_compiles_links_and_runs(self):
        known = {path.name[len("pounce-"):-len(".pc")] for path in pathlib.Path("/usr/lib").rglob("pounce-*.pc")}
        self.assertLessEqual(set(USES) | {"app", "program", "runtime_async"}, known)
        for name, code in USES.items():
            source = Given.source / code if isinstance(code, pathlib.Path) else pathlib.Path(self.path(f"{name}.cpp"))
            if isinstance(code, str):
                source.write_text(code)
            static = name not in ("core", "protocol", "compression")  # archives, whose own needs are named
            standard = "-std=c++20" if name in ("core", "protocol", "compression", "events") else "-std=c++23"
            run("g++", standard, source, "-o", self.path(name), *self.pkg_config(name, static=static))
            run(self.path(name))
            needed = re.findall(r"NEEDED.*\[(libpounce\w+)\.so\.[\d.]+\]", run("readelf", "-dW", self.path(name)))
            if name in ("protocol", "compression"):
                self.assertIn(f"libpounce_{name}", needed)
        # A program with the servers in it.
        run("g++", "-std=c++23", Given.source / "examples/linked.cpp", "-o", self.path("linked"),
            *self.pkg_config("program", "runtime_async", static=True))
        self.assertIn("pounce-async", run(self.path("linked"), "--version"))
        # And by CMake.
        run("cmake", "-S", Given.source / "tests/consumer/find_package", "-B", self.path("cmake"), "-G", "Ninja")
        run("cmake", "--build", self.path("cmake"))
        run(self.path("cmake/consumer"))

    def start(self, listening, module):
        """As the units start it: as user pounce, with the socket and the configuration of /etc/pounce."""
        script = ('import os, sys; os.dup2(int(sys.argv[1]), 3, inheritable=True); os.environ.update(LISTEN_FDS="1", LISTEN_FDNAMES="http", '
                  'LISTEN_PID=str(os.getpid()), POUNCE_TARGET=sys.argv[2]); os.execv("/usr/bin/setpriv", ["setpriv", "--reuid=pounce", '
                  '"--regid=pounce", "--clear-groups", "/usr/bin/pounce-async", "--config", "/etc/pounce/pounce-async.toml"])')
        return subprocess.Popen([sys.executable, "-c", script, str(listening.fileno()), module], pass_fds=[listening.fileno()],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def test_4_upgraded_while_it_serves(self):
        """The socket is systemd's (here ours), so clients wait while the server is restarted; none is refused or reset, or has to ask
        twice: each is on a new connection, and that has a moment for its request."""
        module = self.module()
        listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
        port = listening.getsockname()[1]
        server = self.start(listening, module)
        served, failures, stopping = [0], [], threading.Event()

        def visit():
            while not stopping.is_set():
                try:
                    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                    connection.request("GET", "/")
                    assert connection.getresponse().read() == b"Hello, World!"
                    served[0] += 1
                except (OSError, http.client.HTTPException, AssertionError) as error:
                    failures.append(repr(error))
                finally:
                    connection.close()
        visitors = [threading.Thread(target=visit, daemon=True) for _ in range(4)]
        for visitor in visitors:
            visitor.start()

        def more():
            goal, limit = served[0] + 100, time.monotonic() + 60
            while served[0] < goal and not failures and time.monotonic() < limit:
                time.sleep(0.01)
        more()
        inode = os.stat("/usr/bin/pounce-async").st_ino
        run("dpkg", "-i", deb("pounce-server"))
        self.assertNotEqual(os.stat("/usr/bin/pounce-async").st_ino, inode)
        more()  # the old program goes on
        for _ in range(3):  # what postinst asks systemd for
            server.send_signal(signal.SIGTERM)
            self.assertEqual((server.wait(30), failures), (0, []))
            server.stderr.close()
            server = self.start(listening, module)
            more()
        stopping.set()
        for visitor in visitors:
            visitor.join(60)
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(30), 0)
        server.stderr.close()
        listening.close()
        self.assertEqual(failures, [])
        self.assertGreater(served[0], 400)

    def test_5_what_an_operator_has_written_stays(self):
        with open("/etc/pounce/pounce-async.toml", "a", encoding="ascii") as file:
            file.write("workers = 1\n")
        run("dpkg", "-i", deb("pounce-server"))
        self.assertIn("workers = 1", pathlib.Path("/etc/pounce/pounce-async.toml").read_text())

    def test_6_lines_of_the_dockerfile(self):
        text = (Given.source / "examples/deploy/Dockerfile").read_text()
        for _, source, place in re.findall(r"^(COPY) (build\S+|examples\S+) (\S+)$", text, re.MULTILINE):
            if source.startswith("examples"):
                os.makedirs(place, exist_ok=True)
                shutil.copy(Given.source / source, place)
            else:
                self.assertTrue(list(Given.packages.glob(os.path.basename(source))), source)
        compile_line = re.search(r"^RUN (g\+\+ .*)$", text, re.MULTILINE).group(1)
        run("sh", "-c", compile_line)
        entry, command = (json.loads(re.search(rf"^{word} (.*)$", text, re.MULTILINE).group(1)) for word in ("ENTRYPOINT", "CMD"))
        self.assertIn("configuration ok", run(*entry, *command, "--check"))
        user = re.search(r"^USER (.*)$", text, re.MULTILINE).group(1)
        process = subprocess.Popen(["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *entry, *command, "--port", "0"],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.assertEqual(json.loads(process.stderr.readline())["state"], "serving")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(30), 0)
        process.stderr.close()

    def test_7_the_manifest_of_kubernetes(self):
        code = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))"
        documents = json.loads(run("/usr/bin/python3", "-c", code, Given.source / "examples/deploy/kubernetes.yaml"))
        self.assertEqual([document["kind"] for document in documents], ["Deployment", "Service", "PodDisruptionBudget"])
        for document in documents:
            self.assertEqual(strays(KINDS[document["kind"]], document), [])
        self.assertEqual(strays(KINDS["Service"], {"spec": {"port": 1, "ports": [{"port": "80"}]}}), [".spec.port: unknown", ".spec.ports.port: '80'"])
        pod = documents[0]["spec"]["template"]["spec"]
        container = pod["containers"][0]
        self.assertIn("configuration ok", run("/usr/bin/pounce-async", *container["args"], "--check"))
        arguments = dict(argument.removeprefix("--").split("=", 1) for argument in container["args"] if argument.startswith("--"))
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        self.assertEqual(str(ports["http"]), arguments["port"])
        self.assertTrue(arguments["admin-bind"].endswith(f":{ports['admin']}"))
        self.assertEqual(container["readinessProbe"]["httpGet"]["path"], arguments["health-path"])
        pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
        self.assertGreater(pod["terminationGracePeriodSeconds"], pause + int(arguments["shutdown-timeout"].removesuffix("s")))
        self.assertEqual(documents[1]["spec"]["selector"], documents[0]["spec"]["template"]["metadata"]["labels"])

    def test_8_removed_and_purged(self):
        names = [run("dpkg-deb", "-f", path, "Package").strip() for path in debs()]
        run("dpkg", "-r", *names)
        self.assertFalse(os.path.exists("/usr/bin/pounce-async"))
        self.assertTrue(os.path.exists("/etc/pounce/pounce-async.toml"))
        run("dpkg", "-P", *names)
        self.assertFalse(os.path.exists("/etc/pounce"))
        self.assertEqual(list(pathlib.Path("/usr").rglob("*pounce*")), [])


def enter():
    """Goes into the copy of this system, in a mount namespace that unshare(1) has made."""
    base = tempfile.mkdtemp()
    run("mount", "-t", "tmpfs", "none", base)
    for name in ("upper", "work", "root"):
        os.mkdir(f"{base}/{name}")
    run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={base}/upper,workdir={base}/work", f"{base}/root")
    for name in ("proc", "dev"):
        run("mount", "--rbind", f"/{name}", f"{base}/root/{name}")
    for folder in (Given.packages, Given.source):  # perhaps on another file system
        run("mount", "--bind", "-o", "ro", folder, f"{base}/root{folder}")
    os.chroot(f"{base}/root")
    os.chdir("/")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", type=pathlib.Path, required=True)
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--inside", action="store_true")
    args, rest = parser.parse_known_args()
    Given.packages, Given.source = args.packages.resolve(), args.source.resolve()
    if args.inside:
        enter()
        return unittest.main(argv=[sys.argv[0], *(rest or ["Installed"])], verbosity=2)
    good = unittest.main(argv=[sys.argv[0], "Contents", *rest], verbosity=2, exit=False).result.wasSuccessful()
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        print("packages: no mount namespaces here, nothing was installed")
        return sys.exit(0 if good else 1)
    done = subprocess.run(["unshare", "--mount", sys.executable, "-B", __file__, "--inside", "--packages", Given.packages, "--source",
                           Given.source])
    return sys.exit(0 if good and done.returncode == 0 else 1)


if __name__ == "__main__":
    main()
