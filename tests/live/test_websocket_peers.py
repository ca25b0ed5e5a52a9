"""WebSockets with other people's clients: python3-websockets, Node's `ws` and undici, Chromium; also over TLS, and Chromium over HTTP/2."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import harness
from harness import Server, module, scaled
from secure import Ground, need, openssl
from test_websocket import serve

PEERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers")
NODE_PATH = os.pathsep.join(filter(None, (os.environ.get("POUNCE_NPM"), "/usr/share/nodejs")))


def python_with_websockets():
    for python in dict.fromkeys((sys.executable, "/usr/bin/python3", shutil.which("python3"))):
        if python and subprocess.run([python, "-c", "import websockets"], capture_output=True).returncode == 0:
            return python
    raise unittest.SkipTest("python3-websockets is not there")


class Python(unittest.TestCase):
    def test_websockets(self):
        python = python_with_websockets()
        with serve() as server:
            for compression in ("deflate", "none"):
                done = subprocess.run([python, os.path.join(PEERS, "websockets_peer.py"), f"ws://{server.host}:{server.port}/", compression],
                                      capture_output=True, text=True, timeout=scaled(60))
                self.assertEqual((done.returncode, done.stdout.strip()), (0, "1000 messages, closed 1000"), done.stderr)


class Node(unittest.TestCase):
    """Debian's packages, or those in the folder node_modules that POUNCE_NPM names."""

    def talk(self, kind, compression, *flags):
        node = need("node")
        environment = {**os.environ, "NODE_PATH": NODE_PATH}
        wanted = {"ws": "require('ws')", "builtin": "if (typeof WebSocket === 'undefined') throw 0",
                  # Before 6 it was an experiment, whose frames have wrong lengths.
                  "undici": "if (parseInt(require('undici/package.json').version) < 6) throw 0"}[kind]
        if subprocess.run([node, *flags, "-e", wanted], env=environment, capture_output=True).returncode:
            self.skipTest(f"Node has no {kind} WebSocket here")
        with serve() as server:
            done = subprocess.run([node, *flags, os.path.join(PEERS, "node_peer.js"), kind, f"ws://{server.host}:{server.port}/", compression],
                                  env=environment, capture_output=True, text=True, timeout=scaled(90))
            self.assertEqual((done.returncode, done.stdout.strip()), (0, "1000 messages, closed 1000"), done.stderr)

    def test_ws_with_compression(self):
        self.talk("ws", "deflate")

    def test_ws_without_compression(self):
        self.talk("ws", "none")

    def test_undici(self):
        self.talk("undici", "none")

    def test_undici_as_node_has_it(self):
        major = int(subprocess.run([need("node"), "-p", "process.versions.node"], capture_output=True, text=True, check=True)
                    .stdout.partition(".")[0])
        self.talk("builtin", "none", *(["--experimental-websocket"] if 20 <= major < 22 else []))


class Chromium(Ground):
    """A page echoes a thousand messages. Of TLS the certificate is trusted by its key alone: the profile's store is not ours to fill."""

    RESULT = "report: received=1000&wrong=0&code=3001&clean=true&protocol=chat&extensions=permessage-deflate"

    def browse(self, server, url, *flags):
        chromium = need("chromium")
        with tempfile.TemporaryDirectory() as profile, subprocess.Popen(
                [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                 "--disable-background-networking", f"--user-data-dir={profile}", "--remote-debugging-port=0", *flags, url],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as browser:
            try:
                server.wait_output("report: ", 90)
            finally:
                os.killpg(browser.pid, 9)
        self.assertIn(self.RESULT, server.output())
        self.assertIn("socket: ended 3001", server.output())
        return [line for line in server.output().splitlines() if line.startswith("socket: ")][0]

    def pin(self):
        public = openssl("x509", "-in", "server.pem", "-noout", "-pubkey", cwd=self.scratch.name)
        der = openssl("pkey", "-pubin", "-outform", "der", cwd=self.scratch.name, stdin=public)
        return "--ignore-certificate-errors-spki-list=" + base64.b64encode(hashlib.sha256(der).digest()).decode()

    def test_in_the_clear(self):
        need("chromium")
        with Server(target=module("sockets")) as server:
            self.assertEqual(self.browse(server, f"http://localhost:{server.port}/"), "socket: GET")

    def test_over_http2(self):
        """The browser has a connection of HTTP/2 that offers extended CONNECT, and takes it: the request is a CONNECT."""
        need("chromium")
        with self.server(app=module("sockets")) as server:
            self.assertEqual(self.browse(server, f"https://localhost:{server.port}/", self.pin()), "socket: CONNECT")

    def test_over_tls_without_http2(self):
        need("chromium")
        with self.server("--no-http2", app=module("sockets")) as server:
            self.assertEqual(self.browse(server, f"https://localhost:{server.port}/", self.pin()), "socket: GET")


if __name__ == "__main__":
    harness.main()
