#!/usr/bin/env python3
"""A directory as TARGET: what stands in it is served with its type, and nothing outside can be read. No TARGET: a welcome."""

import os
import shutil
import tempfile
import time
import unittest

import harness
from harness import GoodClient, Server, eventually, scaled
from raw_rows import SMUGGLED
from scratch import Scratch

MIB = 1 << 20
SECRET = b"outside of the served directory"

FILES = {
    "index.html": b"<!doctype html><title>index</title>",
    "style.css": b"body { color: black }",
    "app.js": b"'use strict';",
    "data.json": b"{}",
    "note.txt": b"note",
    "picture.png": b"\x89PNG\r\n\x1a\n",
    "picture.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "code.wasm": b"\0asm",
    "plain": b"no extension",
    "empty.txt": b"",
    "two words.txt": b"two words",
    "caf\u00e9.txt": b"coffee",
    "a%2eb.txt": b"percent in the name",
    ".well-known/thing": b"well known",
    "sub/index.html": b"<title>sub</title>",
    "sub/deep/leaf.txt": b"leaf",
    "no-index/leaf.txt": b"leaf",
}
TYPES = {"index.html": "text/html", "style.css": "text/css", "app.js": "text/javascript", "data.json": "application/json",
         "note.txt": "text/plain", "picture.png": "image/png", "picture.svg": "image/svg+xml", "code.wasm": "application/wasm"}

ESCAPES = [
    "/../secret.txt", "/sub/../../secret.txt", "/./../secret.txt", "/..", "/../", "/sub/deep/../../../secret.txt",
    "/%2e%2e/secret.txt", "/%2E%2E/secret.txt", "/.%2e/secret.txt", "/%2e./secret.txt", "/%2e%2e%2fsecret.txt", "/..%2fsecret.txt",
    "/..%2Fsecret.txt", "/sub%2f..%2f..%2fsecret.txt", "/%252e%252e/secret.txt", "/..%252fsecret.txt", "/..%5csecret.txt", "/..\\secret.txt",
    "/%c0%ae%c0%ae/secret.txt", "/%c0%2e%c0%2e/secret.txt", "/%e0%80%ae%e0%80%ae/secret.txt", "/..;/secret.txt", "/..%00/secret.txt",
    "/....//secret.txt", "//../secret.txt", "/sub//../../secret.txt", "/%2f..%2fsecret.txt", "/%2fetc%2fpasswd", "//etc/passwd", "/%2f%2fetc/passwd",
    "/etc/passwd", "/..%c0%afsecret.txt", "/..%u2215secret.txt", "/?/../secret.txt", "/note.txt/../../secret.txt", "/note.txt%00.html",
    "/%00", "/..?x", "/../secret.txt?x=.html", "/link-to-secret.txt", "/link-to-outside/secret.txt", "/link-chain", "/link-up/../secret.txt",
    "/proc-link/self/environ", "http://a/../secret.txt", "/sub/..%2f..%2fsecret.txt", "/%2e%2e%5csecret.txt", "/\u2025/secret.txt".encode().decode("latin-1"),
]


class DirectoryCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.outer = tempfile.TemporaryDirectory()
        outer = cls.outer.name
        with open(os.path.join(outer, "secret.txt"), "wb") as file:
            file.write(SECRET)
        root = cls.root = os.path.join(outer, "root")
        for name, content in FILES.items():
            path = os.path.join(root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
        with open(os.path.join(root, "large.bin"), "wb") as file:
            cls.large = os.urandom(1024) * (8 * 1024)
            file.write(cls.large)
        os.symlink(os.path.join(outer, "secret.txt"), os.path.join(root, "link-to-secret.txt"))
        os.symlink("..", os.path.join(root, "link-to-outside"))
        os.symlink("link-to-secret.txt", os.path.join(root, "link-chain"))
        os.symlink("sub/..", os.path.join(root, "link-up"))
        os.symlink("/proc", os.path.join(root, "proc-link"))
        os.mkfifo(os.path.join(root, "pipe"))
        # Beside the root, a directory whose name only begins like it.
        os.makedirs(root + "-other")
        with open(os.path.join(root + "-other", "secret.txt"), "wb") as file:
            file.write(SECRET)
        cls.server = Server(target=root)

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)
        cls.outer.cleanup()


class Directory(DirectoryCase):
    def test_every_file(self):
        quoted = {"two words.txt": "two%20words.txt", "caf\u00e9.txt": "caf%C3%A9.txt", "a%2eb.txt": "a%252eb.txt"}
        for name, content in FILES.items():
            answer = self.server.get("/" + quoted.get(name, name))
            self.assertEqual((answer.status, answer.body, answer.framing), (200, content, "length"), name)

    def test_types(self):
        for name, expected in TYPES.items():
            self.assertEqual(self.server.get("/" + name).get("Content-Type").split(";")[0], expected, name)

    def test_an_unknown_type_is_not_guessed_from_the_content(self):
        kind = self.server.get("/plain").get("Content-Type")
        self.assertIn((kind or "application/octet-stream").split(";")[0], ("application/octet-stream", "text/plain"))

    def test_index(self):
        for target in ("/", "/?x=1", "/sub/"):
            answer = self.server.get(target)
            self.assertEqual(answer.status, 200, target)
            self.assertEqual(answer.get("Content-Type").split(";")[0], "text/html")
        self.assertEqual(self.server.get("/sub/").body, FILES["sub/index.html"])

    def test_a_directory_without_its_slash(self):
        answer = self.server.get("/sub")
        self.assertIn(answer.status, (200, 301, 302, 307, 308))
        if answer.status >= 300:
            self.assertEqual(answer.get("Location"), "/sub/")

    def test_a_redirect_never_leads_to_another_host(self):
        os.makedirs(os.path.join(self.root, "evil.example"), exist_ok=True)
        for target in ("//evil.example", "//evil.example/", "/%2fevil.example", "///evil.example"):
            answer = self.server.get(target)
            self.assertFalse((answer.get("Location") or "").startswith("//"), answer)
            self.assertNotIn("://", answer.get("Location") or "")

    def test_a_directory_without_an_index_is_not_listed(self):
        answer = self.server.get("/no-index/")
        self.assertIn(answer.status, (403, 404))
        self.assertNotIn(b"leaf", answer.body)

    def test_missing(self):
        for target in ("/nowhere", "/sub/nowhere.html", "/note.txt/", "/note.txt/x", "/sub/deep/leaf.txt/index.html", "/NOTE.TXT"):
            self.assertEqual(self.server.get(target).status, 404, target)

    def test_a_query_is_no_part_of_the_name(self):
        self.assertEqual(self.server.get("/note.txt?a=/../b").body, b"note")

    def test_head(self):
        for target, length in (("/note.txt", "4"), ("/large.bin", str(8 * MIB)), ("/empty.txt", "0")):
            answer = self.server.get(target, method="HEAD")
            self.assertEqual((answer.status, answer.get("Content-Length"), answer.body), (200, length, b""))
        self.assertEqual(self.server.get("/nowhere", method="HEAD").status, 404)

    def test_other_methods(self):
        for method in ("POST", "PUT", "DELETE", "PATCH", "FROB"):
            answer = self.server.get("/note.txt", method=method)
            self.assertIn(answer.status, (405, 501), method)
            if answer.status == 405:
                self.assertIn("GET", answer.get("Allow") or "", "405 names what is allowed")
        with open(os.path.join(self.root, "note.txt"), "rb") as file:
            self.assertEqual(file.read(), b"note")

    def test_a_post_with_a_request_as_its_body(self):
        with self.server.connect() as wire:
            wire.send(f"POST /note.txt HTTP/1.1\r\nHost: a\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n".encode() + SMUGGLED)
            answer = wire.response()
            self.assertIn(answer.status, (405, 501))
            if answer.closes():
                wire.end()
            else:
                wire.send("GET /note.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                self.assertEqual(wire.response().body, b"note")
                wire.end()

    def test_large_file_arrives_whole(self):
        self.assertTrue(self.server.get("/large.bin", timeout=30).body == self.large, "not the bytes of the file")

    def test_large_files_pipelined(self):
        with self.server.connect(timeout=30) as wire:
            wire.send("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\nGET /note.txt HTTP/1.1\r\nHost: a\r\n\r\n" * 2)
            for _ in range(2):
                self.assertEqual(len(wire.response().body), len(self.large))
                self.assertEqual(wire.response().body, b"note")

    def test_a_reader_leaves_in_the_middle_of_a_file(self):
        before = self.server.descriptors()
        for _ in range(50):
            wire = self.server.connect()
            wire.send("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            wire.limit = harness.time.monotonic() + wire.timeout
            wire.fill()
            wire.reset()
        harness.eventually(lambda: self.server.descriptors() <= before + 1, what="files and sockets closed")

    def test_a_pipe_is_no_file_and_stops_nobody(self):
        with GoodClient(self.server, "/note.txt", b"note"):
            self.assertIn(self.server.get("/pipe").status, (403, 404))

    def test_nothing_outside_is_readable(self):
        with GoodClient(self.server, "/note.txt", b"note"):
            for target in ESCAPES:
                with self.subTest(target), self.server.connect() as wire:
                    wire.send(b"GET " + target.encode("latin-1") + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    answer = wire.response()
                    wire.end()
                    if answer.status == 200:  # then it was something that is ours to see, such as the index
                        self.assertIn(answer.body, FILES.values(), target)
                    else:
                        self.assertIn(answer.status, (301, 308, 400, 403, 404), target)
                    self.assertNotIn(SECRET, answer.body)
                    self.assertNotIn(b"root:", answer.body)

    def test_a_link_inside_to_outside_stays_shut(self):
        for target in ("/link-to-secret.txt", "/link-to-outside/secret.txt", "/link-chain", "/proc-link/version"):
            self.assertIn(self.server.get(target).status, (403, 404), target)

    def test_an_error_page_does_not_reflect_the_request(self):
        answer = self.server.get("/<script>alert(1)</script>")
        self.assertNotIn(b"<script>alert", answer.body)

    def test_a_file_that_changes_is_served_as_it_is(self):
        path = os.path.join(self.root, "changing.txt")
        for content in (b"one", b"two and more", b""):
            with open(path, "wb") as file:
                file.write(content)
            self.assertEqual(self.server.get("/changing.txt").body, content)
        os.remove(path)
        self.assertEqual(self.server.get("/changing.txt").status, 404)


class Moved(Scratch):
    """The directory is the one that its path names: recreated, renamed, or at the other end of a link."""

    def site(self, name, text):
        os.makedirs(self.path(name), exist_ok=True)
        self.write(f"{name}/v.txt", text)
        self.write(f"{name}/same.txt", "same")

    def point(self, link, to):
        """As a deployment does it: in one step."""
        os.symlink(to, self.path("next"))
        os.rename(self.path("next"), self.path(link))

    def becomes(self, server, status, body=None, target="/v.txt"):
        eventually(lambda: (answer := server.get(target)).status == status and body in (None, answer.body), what=f"{target} {status} {body}")

    def goes_through_all(self, server, site, target):
        self.becomes(server, 200, b"one", target)
        shutil.rmtree(self.path(site))
        self.site(site, "recreated")
        self.becomes(server, 200, b"recreated", target)
        os.rename(self.path(site), self.path(f"{site}.old"))
        self.becomes(server, 404, target=target)
        self.site(site, "anew")
        self.becomes(server, 200, b"anew", target)
        shutil.rmtree(self.path(site))
        self.becomes(server, 404, target=target)
        os.rename(self.path(f"{site}.old"), self.path(site))
        self.becomes(server, 200, b"recreated", target)

    def test_a_target(self):
        self.site("site", "one")
        with Server(target=self.path("site")) as server:
            self.goes_through_all(server, "site", "/v.txt")

    def test_relative_paths_beside_an_application_and_nothing_kept_in_memory(self):
        self.site("a", "one")
        self.site("b", "one")
        with Server("--static", "/a=a", "--static", "/b=./b", "--static-contents", "none", cwd=self.folder) as server:
            self.goes_through_all(server, "a", "/a/v.txt")
            self.goes_through_all(server, "b", "/b/v.txt")

    def test_a_link_leads_to_the_next_release_while_all_are_served(self):
        self.site("one", "one")
        self.site("two", "two")
        os.symlink("one", self.path("current"))
        with Server(target=self.path("current")) as server, GoodClient(server, "/same.txt", b"same"):
            for name in ("two", "one", "two"):
                self.point("current", name)
                self.becomes(server, 200, name.encode())

    def test_a_download_goes_on_from_the_old_one(self):
        large = os.urandom(1024) * 8192
        self.site("site", "one")
        with open(self.path("site/large"), "wb") as file:
            file.write(large)
        with Server(target=self.path("site")) as server:
            with server.connect(rcvbuf=65536) as wire:
                wire.send(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
                wire.limit = time.monotonic() + scaled(30)
                answer = wire.head()
                shutil.rmtree(self.path("site"))
                self.site("site", "two")
                self.becomes(server, 200, b"two")
                self.assertEqual(wire.body_of(answer).body, large)
            self.becomes(server, 404, target="/large")

    def test_every_worker_process_sees_it(self):
        self.site("site", "one")
        with Server("--worker-mode", "processes", target=self.path("site")) as server:
            self.goes_through_all(server, "site", "/v.txt")

    def test_descriptors_stay_as_many(self):
        self.site("one", "one")
        self.site("two", "two")
        os.symlink("one", self.path("current"))
        with Server(target=self.path("current")) as server:
            self.becomes(server, 200, b"one")
            before = server.descriptors()
            for name in ("two", "one", "two"):
                self.point("current", name)
                self.becomes(server, 200, name.encode())
            eventually(lambda: server.descriptors() <= before, what="no descriptor more")


class Welcome(unittest.TestCase):
    def test_without_a_target(self):
        with Server(target="") as server:
            answer = server.get("/", "Accept: text/html\r\n")
            self.assertEqual(answer.status, 200)
            self.assertIn(b"ounce", answer.body)
            self.assertEqual(server.get("/", method="HEAD").status, 200)
            self.assertEqual(server.get("/../../etc/passwd").status // 100, 4)


if __name__ == "__main__":
    harness.main()
