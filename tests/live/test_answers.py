#!/usr/bin/env python3
"""The table of tests/files/answers.table through a program, over every protocol it speaks, with curl; hostile paths; files that are replaced
while they are read, and slow readers of large ones."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import harness
from frames import DATA, END_STREAM, HEADERS, PREFACE, RST_STREAM, WINDOW_UPDATE, Frames, frame, headers, request, settings, word
from harness import Server, scaled

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "files", "answers.table")
THEN = 784111777
TWENTY = b"0123456789abcdefghij"
SECRET = b"outside of the served directory"
FILES = {
    "a.txt": (TWENTY, THEN), "empty.txt": (b"", THEN), "ahead.txt": (TWENTY, 4102444800), "page.html": (TWENTY, THEN),
    "page.html.zst": (b"zstd of the page", THEN), "page.html.br": (b"br of the page", THEN),
    "page.html.gz": (b"gzip of the page", THEN + 1), "stale.html": (TWENTY, THEN),
    "stale.html.gz": (b"gzip of an older page", THEN - 1), "photo.png": (TWENTY, THEN), "photo.png.gz": (b"gzip of a picture", THEN),
}
NEIGHBOURS = {"gzip": ".gz", "zstd": ".zst", "br": ".br"}


def rows():
    with open(TABLE, encoding="utf-8") as table:
        for number, line in enumerate(table, 1):
            if line.strip() and not line.startswith("#"):
                request, fields, status, answer, content = (part.strip() for part in line.split("|"))
                yield number, request, fields, int(status), answer, content


def curl(*arguments):
    return subprocess.run(["curl", "-s", "-S", *arguments], capture_output=True, timeout=scaled(60), check=True).stdout


class Site(unittest.TestCase):
    flags = ()

    @classmethod
    def setUpClass(cls):
        if not shutil.which("curl"):
            raise unittest.SkipTest("no curl")
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = os.path.join(cls.folder.name, "root")
        os.mkdir(cls.root)
        with open(os.path.join(cls.folder.name, "secret.txt"), "wb") as file:
            file.write(SECRET)
        for name, (content, modified) in FILES.items():
            cls.write(name, content, modified)
        cls.server = Server(*cls.flags, target=cls.root)
        cls.address = f"http://127.0.0.1:{cls.server.port}"

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)
        cls.folder.cleanup()

    @classmethod
    def write(cls, name, content, modified=None):
        path = os.path.join(cls.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        if modified is not None:
            os.utime(path, (modified, modified))

    @classmethod
    def tag(cls, name, coding=""):
        try:
            status = os.stat(os.path.join(cls.root, name + NEIGHBOURS.get(coding, "")))
        except FileNotFoundError:
            return f'"{coding}"'  # some other tag
        end = f"-{coding}" if coding else ""
        return f'"{status.st_size:x}-{status.st_mtime_ns:x}-{status.st_ino:x}{end}"'

    def filled(self, text, name):
        return re.sub(r"\{tag:?(\w*)\}", lambda match: self.tag(name, match.group(1)), text)


class Table(Site):
    """One curl plays all rows: each answer goes to files of its own."""

    def play(self, protocol):
        with tempfile.TemporaryDirectory() as folder:
            config, wanted = [], list(rows())
            for number, request, fields, *_ in wanted:
                method, target = request.split(" ", 1)
                name = target[1:].split("?")[0]
                # curl 7.88 fails when it goes on over a connection that it knew to speak HTTP/2: each row has a host, so a connection, of its own.
                address = self.address if protocol == "http1.1" else f"http://row{number}.test:{self.server.port}"
                lines = [f'url = "{address}{target}"', f'connect-to = "::127.0.0.1:{self.server.port}"', f'output = "{folder}/{number}.body"', f'dump-header = "{folder}/{number}.head"',
                         "silent", "path-as-is", 'header = "Accept:"', 'header = "User-Agent:"', protocol]
                lines.append("head" if method == "HEAD" else f'request = "{method}"')
                for field in filter(None, fields.split(" ~ ")):
                    key, value = self.filled(field, name).split(":", 1)
                    value = value.strip().replace("\\", "\\\\").replace('"', '\\"')
                    lines.append(f'header = "{key}: {value}"')
                config.append("\n".join(lines))
            with open(os.path.join(folder, "config"), "w", encoding="utf-8") as file:
                file.write("\nnext\n".join(config))
            curl("--config", os.path.join(folder, "config"))
            for row in wanted:
                with self.subTest(row=row[0], request=row[1], fields=row[2]):
                    self.judge(folder, *row)
            return len(wanted)

    def judge(self, folder, number, request, fields, status, answer, content):
        method, target = request.split(" ", 1)
        name = target[1:].split("?")[0]
        with open(f"{folder}/{number}.head", "rb") as file:
            head = file.read().decode("latin-1").split("\r\n")
        body = b""
        if os.path.exists(f"{folder}/{number}.body") and method != "HEAD":
            with open(f"{folder}/{number}.body", "rb") as file:
                body = file.read()
        got = {key.lower(): value.strip() for key, _, value in (line.partition(":") for line in head[1:] if ":" in line)}
        self.assertEqual(int(head[0].split(" ")[1]), status)
        for field in filter(None, answer.split(" ~ ")):
            key, colon, value = self.filled(field, name).partition(":")
            if key.startswith("-"):
                self.assertNotIn(key[1:], got)
            elif colon:
                # A client that holds the weak form, of an answer that was coded on its way, is told that one.
                weak = "W/" if key == "etag" and status == 304 and f"W/{value.strip()}" in self.filled(fields, name) else ""
                self.assertEqual(got.get(key), weak + value.strip())
            else:
                self.assertIn(key, got)
        coding, _, piece = content.rpartition(" ") if " " in content else ("", "", content)
        if content == "any":
            return
        if content == "none":
            self.assertEqual(body, b"")
        elif content in ("all", *NEIGHBOURS):
            self.assertEqual(body, FILES[name + NEIGHBOURS.get(content, "")][0])
        elif coding == "parts":
            boundary = re.fullmatch(r"multipart/byteranges; boundary=(\w+)", got["content-type"]).group(1)
            parts = b""
            for both in piece.split(","):
                first, last = map(int, both.split("-"))
                parts += (f"{'' if not parts else chr(13) + chr(10)}--{boundary}\r\nContent-Type: text/plain; charset=utf-8\r\n"
                          f"Content-Range: bytes {both}/20\r\n\r\n").encode() + TWENTY[first:last + 1]
            self.assertEqual(body, parts + f"\r\n--{boundary}--\r\n".encode())
        else:
            first, last = map(int, piece.split("-"))
            self.assertEqual(body, FILES[name + NEIGHBOURS.get(coding, "")][0][first:last + 1])

    def test_over_http1(self):
        self.assertGreaterEqual(self.play("http1.1"), 180)

    def test_over_http2(self):
        if "HTTP2" not in curl("--version").decode():
            self.skipTest("this curl speaks no HTTP/2")
        self.assertGreaterEqual(self.play("http2-prior-knowledge"), 180)


class NotKeptInMemory(Table):
    flags = ("--static-contents", "none")


class CurlsOwn(Site):
    def test_ranges_times_and_tags(self):
        large = os.urandom(300_000)
        self.write("large.bin", large, THEN)
        address = self.address + "/large.bin"
        with tempfile.TemporaryDirectory() as folder:
            out, tag = os.path.join(folder, "out"), os.path.join(folder, "tag")

            def status(*arguments):
                return curl(*arguments, "-o", out, "-w", "%{http_code} %{size_download}", address).decode()
            for protocol in ("--http1.1", "--http2-prior-knowledge"):
                self.assertEqual(curl(protocol, "-r", "0-99", address), large[:100])
                self.assertEqual(curl(protocol, "-r", "-1000", address), large[-1000:])
                self.assertEqual(curl(protocol, "-r", "100-250099", address), large[100:250_100])
                self.assertEqual(curl(protocol, "-r", "0-199999,250000-", address).count(b"Content-Range: bytes "), 2)
                with open(out, "wb") as file:
                    file.write(large[:123_456])
                curl(protocol, "-C", "-", "-o", out, address)
                with open(out, "rb") as file:
                    self.assertTrue(file.read() == large, "a resumed download")
                self.assertEqual(status(protocol, "-z", "Sun, 06 Nov 1994 08:49:37 GMT"), "304 0")
                self.assertEqual(status(protocol, "-z", "Sun, 06 Nov 1994 08:49:36 GMT"), "200 300000")
                self.assertEqual(status(protocol, "-z", "-Sun, 06 Nov 1994 08:49:36 GMT"), "412 24")
                self.assertEqual(status(protocol, "--etag-save", tag), "200 300000")
                self.assertEqual(status(protocol, "--etag-compare", tag), "304 0")
                head = curl(protocol, "-i", "--etag-compare", tag, address).lower()
                self.assertIn(b" 304", head)
                self.assertNotIn(b"content-length", head)  # 0 would be the length of the file


SEGMENTS = ["..", "%2e%2e", "%2E%2e", ".%2e", "%2e.", "..%2f", "..%5c", "..\\", "%c0%ae%c0%ae", "%252e%252e", "..;", "..%00", "....", ". .", "%2e%2e%2f",
            "%uff0e%uff0e", "..%c0%af", "..%255c", ".%00.", "%ff..", "%09..", "..%20", "..."]
ENDS = ["secret.txt", "/secret.txt", "root/a.txt/../../secret.txt", "%2fsecret.txt", "etc/passwd", "secret.txt%00.html"]
SINGLE = ["/link", "/linked/secret.txt", "/chain", "/absolute", "/loop", "/proc/self/environ", "/proc/version", "/pipe", "/socket", "/null", "/.hidden", "/.git/config",
          "/sub/.env", "/%2ehidden", "/%2Egit/config", "/.well-known/../.hidden", "/" + "n" * 300, "/" + "d/" * 2000, "/a.txt/", "/a.txt/x", "//a.txt", "/./a.txt", "/sub//x",
          "/a.txt%00", "/a.txt%0a", "/a%2ftxt", "/sub%5cx", "/~root", "/a.txt::$DATA", "/CON", "/%", "/%2", "/%zz", "/a.txt%", "/\x7f"]


class Hostile(Site):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.write(".hidden", SECRET)
        cls.write(".git/config", SECRET)
        cls.write("sub/.env", SECRET)
        for link, target in {"link": "../secret.txt", "linked": "..", "chain": "link", "absolute": os.path.join(cls.folder.name, "secret.txt"),
                             "loop": "loop", "proc": "/proc", "null": "/dev/null"}.items():
            os.symlink(target, os.path.join(cls.root, link))
        os.mkfifo(os.path.join(cls.root, "pipe"))
        listener = cls.socket = socket.socket(socket.AF_UNIX)
        listener.bind(os.path.join(cls.root, "socket"))

    @classmethod
    def tearDownClass(cls):
        cls.socket.close()
        super().tearDownClass()

    def check(self, server):
        targets = SINGLE + [f"/{'sub/' * depth}{segment}/{end}" for depth in (0, 1) for segment in SEGMENTS for end in ENDS]
        self.assertGreater(len(targets), 250)
        with server.connect(30) as wire:
            for target in targets:
                wire.send(b"GET " + target.encode("latin-1") + b" HTTP/1.1\r\nHost: a\r\n\r\n")
                answer = wire.response()
                self.assertIn(answer.status, (400, 403, 404), target)
                self.assertNotIn(SECRET, answer.body)
                self.assertNotIn(b"root:", answer.body)
                if answer.closes():  # what is no target at all
                    wire.end()
                    wire.__exit__(None, None, None)
                    wire.__init__((server.host, server.port), scaled(30))

    def test_nothing_outside_is_read(self):
        self.check(self.server)

    def test_nor_where_links_are_followed(self):
        with Server("--static-symlinks", "--static-listing", target=self.root) as server:
            self.check(server)


class Changing(Site):
    def test_replaced_a_thousand_times(self):
        def text(number):
            return bytes([97 + number % 26]) * (20_000 + 50_000 * (number % 3))
        self.write("changing.bin", text(0))
        ended, torn, read = threading.Event(), [], {1: 0, 2: 0}

        def look(protocol, status, body):
            read[protocol] += 1
            if status != 200 or body not in (body[:1] * size for size in (20_000, 70_000, 120_000)):
                torn.append((status, len(body)))

        def reader():
            with self.server.connect(30) as wire:
                while not ended.is_set():
                    wire.send(b"GET /changing.bin HTTP/1.1\r\nHost: a\r\n\r\n")
                    answer = wire.response()
                    look(1, answer.status, answer.body)

        def reader_of_streams():
            with self.server.connect(30) as wire:
                wire.send(PREFACE + settings((4, 1 << 20)))
                took, stream = Frames(wire), 1
                while not ended.is_set():
                    wire.send(frame(WINDOW_UPDATE, 0, 0, word(1 << 20)) + headers(stream, request(path=b"/changing.bin")))
                    status, body = 0, b""
                    while True:
                        kind, flags, number, payload = took.next()
                        if number != stream:
                            continue
                        if kind == HEADERS:
                            status = 200 if payload[0] == 0x88 else 500  # the indexed field `:status: 200`
                        elif kind == DATA:
                            body += payload
                        if kind == RST_STREAM or flags & END_STREAM and kind in (DATA, HEADERS):
                            break
                    look(2, status, body)
                    stream += 2
        threads = [threading.Thread(target=target) for target in (reader, reader, reader_of_streams)]
        for thread in threads:
            thread.start()
        for number in range(1000):
            self.write("fresh", text(number))
            os.rename(os.path.join(self.root, "fresh"), os.path.join(self.root, "changing.bin"))
        self.write("fresh", b"last")
        os.rename(os.path.join(self.root, "fresh"), os.path.join(self.root, "changing.bin"))
        self.assertEqual(self.server.get("/changing.bin").body, b"last")
        ended.set()
        for thread in threads:
            thread.join()
        self.assertEqual([entry for entry in torn if entry != (200, 4)], [])
        self.assertGreater(min(read.values()), 10)

    def test_what_is_kept_in_memory_is_seen_to_change(self):
        """Old files are kept; what a new one holds is sent within a second, here: before the test gives up."""
        for number in range(3):
            self.write("fresh", b"%d" % number, THEN + number)
            os.rename(os.path.join(self.root, "fresh"), os.path.join(self.root, "kept.txt"))
            harness.eventually(lambda wanted=b"%d" % number: self.server.get("/kept.txt").body == wanted, what="the new content")
        with open(os.path.join(self.root, "kept.txt"), "wb") as file:
            file.write(b"!")
        os.utime(os.path.join(self.root, "kept.txt"), (THEN + 2, THEN + 2))
        harness.eventually(lambda: self.server.get("/kept.txt").body == b"!", what="content that is as long and as old as what was there")

    def test_a_file_that_shrinks_while_it_is_sent_is_cut(self):
        path = os.path.join(self.root, "shrinking.bin")
        for protocol in ("http1", "http2"):
            with open(path, "wb") as file:
                file.truncate(64 << 20)
            if protocol == "http1":
                with self.server.connect(30) as wire:
                    wire.send(b"GET /shrinking.bin HTTP/1.1\r\nHost: a\r\n\r\n")
                    wire.limit = time.monotonic() + wire.timeout
                    wire.fill()
                    os.truncate(path, 1000)
                    with self.assertRaises(Exception):
                        wire.response()
            else:
                got = os.path.join(self.folder.name, "got")
                done = subprocess.Popen(["curl", "-s", "-N", "--http2-prior-knowledge", "--limit-rate", "1M", "-o", got, self.address + "/shrinking.bin"])
                harness.eventually(lambda: os.path.exists(got) and os.path.getsize(got), what="the first of its octets")
                os.truncate(path, 1000)
                self.assertNotEqual(done.wait(scaled(60)), 0)

    def test_a_file_that_grows_is_sent_as_long_as_it_was(self):
        self.write("growing.bin", b"x" * (4 << 20))
        with self.server.connect(30) as wire:
            wire.send(b"GET /growing.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            wire.limit = time.monotonic() + wire.timeout
            wire.fill()
            with open(os.path.join(self.root, "growing.bin"), "ab") as file:
                file.write(b"y" * (1 << 20))
            answer = wire.response()
            self.assertEqual(answer.body, b"x" * (4 << 20))


class Slow(Site):
    def test_memory_is_flat_while_many_download_slowly(self):
        self.download("HTTP/1.1", b"GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n", 32)

    def test_over_http2_however_much_the_client_would_take(self):
        """Then a connection's output is full, and the kernel's socket before that."""
        asked = headers(1, request(path=b"/large.bin"))
        self.download("HTTP/2", PREFACE + settings((4, 65535)) + asked, 128)
        self.download("HTTP/2 with a large window", PREFACE + settings((4, 1 << 30)) + frame(WINDOW_UPDATE, 0, 0, word(1 << 30)) + asked, 384)

    def download(self, name, asked, most):
        count = 1000 if harness.Settings.sanitizer == "" else 100
        self.write("large.bin", b"z" * (10 << 20))
        self.server.get("/large.bin")
        before = self.server.rss()
        wires = []
        try:
            for _ in range(count):
                wire = socket.create_connection(("127.0.0.1", self.server.port))
                wires.append(wire)
                wire.sendall(asked)
            for wire in wires:
                self.assertTrue(wire.recv(1000))
            if not harness.Settings.sanitizer:  # whose allocators keep what was freed
                each = (self.server.rss() - before) / count / 1024
                print(f"{each:.0f} KiB for each of {count} clients that download slowly, {name}", file=sys.stderr)
                self.assertLess(each, most)
        finally:
            for wire in wires:
                wire.close()


class Mounts(Site):
    def test_directories_beside_an_application(self):
        os.makedirs(os.path.join(self.root, "deep"), exist_ok=True)
        self.write("deep/b.txt", b"deep", THEN)
        with Server("--static", f"/files={self.root}", "--static", f"/files/d={self.root}/deep;cache-control=no-cache, private",
                    "--static-cache-control", "max-age=60", "--static-listing") as server:
            self.assertEqual(server.get("/hello").body, b"Hello, World!")
            self.assertEqual(server.get("/files/a.txt").body, TWENTY)
            self.assertEqual(server.get("/files/a.txt").get("Cache-Control"), "max-age=60")
            self.assertEqual(server.get("/files/d/b.txt").get("Cache-Control"), "no-cache, private")
            self.assertEqual(server.get("/files").get("Location"), "/files/")
            self.assertEqual(server.get("/files/deep?x=1").get("Location"), "/files/deep/?x=1")
            self.assertIn(b"b.txt", server.get("/files/deep/").body)
            self.assertEqual(server.get("/files/nowhere").status, 404)

    def test_what_is_not_there_is_asked_of_the_application(self):
        examples = os.path.dirname(os.path.dirname(harness.Settings.app))
        with Server("--static", f"/={self.root};pass", target=os.path.join(examples, "hello", "libhello.so")) as server:  # plain
            self.assertEqual(server.get("/a.txt").body, TWENTY)
            self.assertEqual(server.get("/nowhere?name=you").body, b"Hello, you!")
            self.assertEqual(server.get("/a.txt").body, TWENTY)
        with Server("--static", f"/={self.root};pass", target=os.path.join(examples, "echo", "libecho.so")) as server:  # a coroutine
            self.assertEqual(server.get("/a.txt").body, TWENTY)
            with server.connect() as wire:
                wire.send("POST /a.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + 300000 * "x" + "GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(wire.response().body, 300000 * b"x")
                self.assertEqual(wire.response().body, TWENTY)

    def test_types_and_stand_ins(self):
        types = os.path.join(self.folder.name, "types")
        with open(types, "w", encoding="ascii") as file:
            file.write("text/x-special txt\n")
        with Server("--mime-types", types, "--static-fallback", "a.txt", "--static-not-found", "page.html", "--static-index", "a.txt",
                    "--no-static-precompressed", "--static-immutable", target=self.root) as server:
            self.assertEqual(server.get("/").get("Content-Type"), "text/x-special; charset=utf-8")
            self.assertEqual((server.get("/users/7").status, server.get("/users/7").body), (200, TWENTY))
            self.assertEqual((server.get("/x.js").status, server.get("/x.js").get("Content-Type")), (404, "text/html; charset=utf-8"))
            self.assertIsNone(server.get("/page.html", "Accept-Encoding: gzip\r\n").get("Content-Encoding"))
            self.assertIsNone(server.get("/page.html").get("Vary"))

    def test_what_cannot_be_served_is_told_at_the_start(self):
        with open(os.path.join(self.folder.name, "bad"), "w", encoding="ascii") as file:
            file.write("nonsense\n")
        for flags, text in ((["--static", "/x=/nowhere/at/all"], "no such directory"), ([self.root, "--static", f"/={self.root}"], "TARGET"),
                            ([self.root, "--mime-types", os.path.join(self.folder.name, "bad")], "line 1")):
            done = harness.run([*flags, "--port", "0"])
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(text, done.stderr)


if __name__ == "__main__":
    harness.main()
