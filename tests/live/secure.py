"""What the tests of TLS stand on: certificates by the openssl command, and clients by curl and Python's ssl."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

from harness import Server, module, scaled

CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]


def need(tool):
    """The path of a tool, or a skip that says what is missing."""
    found = shutil.which(tool)
    if not found:
        raise unittest.SkipTest(f"{tool} is not installed")
    return found


def openssl(*arguments, cwd, stdin=None):
    done = subprocess.run([need("openssl"), *arguments], cwd=cwd, input=stdin, capture_output=True, timeout=scaled(60))
    assert done.returncode == 0, f"openssl {arguments}: {done.stderr.decode()}"
    return done.stdout


class Authority:
    """A certificate authority in a folder of its own; `issue` leaves NAME.pem, NAME.key there."""

    def __init__(self, folder, name="ca", subject="/CN=Test CA"):
        self.folder, self.name = folder, name
        openssl("req", "-x509", *CURVE, "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "30", "-subj", subject,
                cwd=folder)

    def issue(self, name, subject="/CN=localhost", names="DNS:localhost,IP:127.0.0.1", days=30, key=None):
        if key is None:
            openssl("req", "-new", *CURVE, "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject, cwd=self.folder)
        else:
            openssl("req", "-new", "-key", key, "-out", f"{name}.csr", "-subj", subject, cwd=self.folder)
        with open(os.path.join(self.folder, f"{name}.ext"), "w", encoding="ascii") as file:
            file.write(f"subjectAltName={names}\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{self.name}.pem", "-CAkey", f"{self.name}.key", "-CAcreateserial",
                "-days", str(days), "-out", f"{name}.pem", "-extfile", f"{name}.ext", cwd=self.folder)
        return self.path(f"{name}.pem"), self.path(f"{name}.key")

    def path(self, name):
        return os.path.join(self.folder, name)

    def text(self, name):
        with open(self.path(name), encoding="ascii") as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode("utf-8"))
        return self.path(name)


class Ground(unittest.TestCase):
    """One authority and one good certificate for a whole class of tests."""

    @classmethod
    def setUpClass(cls):
        need("openssl")
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.authority = Authority(cls.scratch.name)
        cls.certificate, cls.key = cls.authority.issue("server")

    def server(self, *flags, bind="127.0.0.1:0,tls", app="secured", certificate=True, **options):
        mine = ["--tls-cert", self.certificate, "--tls-key", self.key] if certificate else []
        target = module(app) if app == "secured" else app
        return Server(*mine, *flags, target=target, listen=("--bind", bind), **options)

    def context(self, **options):
        return context(self.authority.path("ca.pem"), **options)


def context(authority, protocols=("http/1.1",), version=None, certificate=None):
    """A client's settings; `version` is the only one it speaks."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(authority)
    if protocols:
        made.set_alpn_protocols(list(protocols))
    if version:
        made.minimum_version = made.maximum_version = version
    if certificate:
        made.load_cert_chain(*certificate)
    return made


class Connection:
    """A client by Python's ssl. An end of the connection without close_notify is an error here."""

    def __init__(self, server, made, name="localhost", session=None):
        raw = socket.create_connection((server.host, server.port), scaled(20))
        try:
            self.tls = made.wrap_socket(raw, server_hostname=name, session=session, suppress_ragged_eofs=False)
        except BaseException:
            raw.close()
            raise
        self.rest = b""

    def send(self, text):
        self.tls.sendall(text if isinstance(text, bytes) else text.encode("latin-1"))

    def get(self, target="/", fields=""):
        self.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n")
        return self.response()

    def response(self):
        """Status and content, by Content-Length."""
        while b"\r\n\r\n" not in self.rest:
            self.read()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1])
        while len(self.rest) < length:
            self.read()
        body, self.rest = self.rest[:length], self.rest[length:]
        return int(head.split()[1]), body

    def read(self):
        got = self.tls.recv(65536)
        assert got, f"it ended; what came before: {self.rest[:200]!r}"
        self.rest += got

    def ends(self):
        """Waits for close_notify."""
        return self.tls.recv(1) == b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tls.close()


def said(body):
    """What the application `secured` said, by name."""
    return dict(line.split(": ", 1) for line in body.decode().splitlines())


def ask(server, made, target="/", name="localhost", session=None):
    """One request on a connection of its own; what the application said, and the session."""
    with Connection(server, made, name, session) as connection:
        status, body = connection.get(target, "Connection: close\r\n")
        assert status == 200, body
        assert connection.ends()
        return said(body), connection.tls.session


def curl(server, authority, *arguments, target="/", host="localhost"):
    return subprocess.run(
        [need("curl"), "-sS", "--max-time", str(int(scaled(30))), "--cacert", authority, "--resolve", f"{host}:{server.port}:127.0.0.1",
         *arguments, f"https://{host}:{server.port}{target}"], capture_output=True, timeout=scaled(60))


def s_client(server, *arguments, stdin=b"", timeout=20):
    """openssl s_client; everything it printed."""
    done = subprocess.run([need("openssl"), "s_client", "-connect", f"{server.host}:{server.port}", *arguments], input=stdin,
                          capture_output=True, timeout=scaled(timeout))
    return (done.stdout + done.stderr).decode("utf-8", "replace")
