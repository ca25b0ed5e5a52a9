#!/usr/bin/env python3
"""Content codings as others read them: curl --compressed, gzip, zstd, Python's zlib, Node, over HTTP/1.1 and HTTP/2; Chromium with a
dictionary. Who is not installed is left out with a notice."""

import base64
import gzip
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
import unittest
import zlib

import harness
from harness import Server, module, scaled

PROTOCOLS = ("--http1.1", "--http2-prior-knowledge")
MIB = 1 << 20
VARY = "accept-encoding, available-dictionary"  # of an application with dictionaries

NODE = """
const [url, path, coding, version] = process.argv.slice(1);
const zlib = require('zlib');
const decoders = {gzip: zlib.createGunzip, deflate: zlib.createInflate, zstd: zlib.createZstdDecompress};
function take(stream, fields) {
  if (fields['content-encoding'] !== coding) { console.error('coding', fields['content-encoding']); process.exit(1); }
  stream.pipe(decoders[coding]()).pipe(process.stdout);
}
if (decoders[coding] === undefined) process.exit(77);
if (version === '2') {
  const client = require('http2').connect(url);
  const stream = client.request({':path': path, 'accept-encoding': coding});
  stream.on('response', fields => take(stream, fields));
  stream.on('close', () => client.close());
} else {
  require('http').get(url + path, {headers: {'accept-encoding': coding}}, answer => take(answer, answer.headers));
}
"""


def need(tool):
    if not shutil.which(tool):
        raise unittest.SkipTest(f"no {tool} here")


def bomb(mebibytes):
    """A gzip member of so many MiB of zeros, some 1 KiB each: blocks between full flushes can be repeated."""
    coder = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(MIB)
    first = coder.compress(zeros) + coder.flush(zlib.Z_FULL_FLUSH)
    return first + (coder.compress(zeros) + coder.flush(zlib.Z_FULL_FLUSH)) * (mebibytes - 1)


class Coding(unittest.TestCase):
    def curl(self, server, path, *options, protocol="--http1.1"):
        """(fields, those of one name joined; content as it was sent, or decoded with --compressed)"""
        need("curl")
        with tempfile.NamedTemporaryFile() as head:
            done = subprocess.run(["curl", "-sS", "-g", protocol, "-D", head.name, "--max-time", str(scaled(20)), *options,
                                   f"http://{server.host}:{server.port}{path}"], capture_output=True, check=True)
            lines = head.read().decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        fields = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if colon:
                fields[name.lower()] = ", ".join(filter(None, (fields.get(name.lower()), value.strip())))
        return fields, done.stdout

    def accepting(self, server, path, coding, protocol="--http1.1"):
        return self.curl(server, path, "-H", f"Accept-Encoding: {coding}", protocol=protocol)

    def test_curl_compressed(self):
        with Server(target=module("coded")) as server:
            for protocol in PROTOCOLS:
                for path in ("/page", "/long", "/stream", "/hello"):
                    plain_fields, plain = self.curl(server, path, protocol=protocol)
                    self.assertNotIn("content-encoding", plain_fields)
                    fields, content = self.curl(server, path, "--compressed", protocol=protocol)
                    self.assertEqual(content, plain, path)
                    if path != "/hello":
                        self.assertEqual(fields["content-encoding"], "zstd")
                        self.assertEqual((fields["vary"], plain_fields["vary"]), (VARY, VARY))
                    if path == "/page":
                        self.assertEqual((fields["etag"], plain_fields["etag"]), ('W/"1"', '"1"'))

    def test_reference_decoders(self):
        decoders = {"gzip": [gzip.decompress], "deflate": [zlib.decompress], "zstd": []}
        for tool in ("gzip", "zstd"):
            if shutil.which(tool):
                decoders[tool].append(lambda data, t=tool: subprocess.run([t, "-dc"], input=data, capture_output=True,
                                                                          check=True).stdout)
        with Server(target=module("coded")) as server:
            for protocol in PROTOCOLS:
                for path in ("/page", "/long", "/stream"):
                    plain = self.curl(server, path, protocol=protocol)[1]
                    for coding, ways in decoders.items():
                        fields, coded = self.accepting(server, path, coding, protocol)
                        self.assertEqual(fields["content-encoding"], coding)
                        self.assertLess(len(coded) * 4, len(plain))
                        for way in ways:
                            self.assertEqual(way(coded), plain, (path, coding))

    def test_node(self):
        need("node")
        with Server(target=module("coded")) as server:
            for path in ("/page", "/long", "/stream"):
                plain = self.curl(server, path)[1]
                for version in ("1", "2"):
                    for coding in ("gzip", "deflate", "zstd"):
                        done = subprocess.run(["node", "-e", NODE, f"http://{server.host}:{server.port}", path, coding, version],
                                              capture_output=True, timeout=scaled(30), check=False)
                        if done.returncode == 77:
                            continue  # an older Node knows no zstd
                        self.assertEqual((done.returncode, done.stderr), (0, b""))
                        self.assertEqual(done.stdout, plain, (path, coding, version))

    def test_each_write_can_be_read_before_the_next(self):
        """The client sends a piece only when it has read the one before, out of the coding."""
        with Server(target=module("coded")) as server, server.connect() as wire:
            wire.send("POST /pieces HTTP/1.1\r\nHost: a\r\nAccept-Encoding: deflate\r\nTransfer-Encoding: chunked\r\n\r\n")
            wire.send("5\r\nfirst\r\n")
            wire.limit = time.monotonic() + wire.timeout
            decoder, said, heard = zlib.decompressobj(), b"first", b""
            self.assertEqual(wire.head().get("content-encoding"), "deflate")
            for piece in (b"second", b"third", b""):
                while heard != said:
                    heard += decoder.decompress(wire.chunk())
                wire.send(b"%x\r\n%b\r\n" % (len(piece), piece))
                said += piece
            while data := wire.chunk():
                heard += decoder.decompress(data)
            self.assertTrue(decoder.eof)
            self.assertEqual(heard, b"firstsecondthird")

    def test_uploads(self):
        need("curl")
        with Server(target=module("coded")) as server, tempfile.TemporaryDirectory() as folder:
            def upload(path, content, coding, protocol):
                name = os.path.join(folder, "content")
                with open(name, "wb") as file:
                    file.write(content)
                return self.curl(server, path, "-H", f"Content-Encoding: {coding}", "--data-binary", f"@{name}", protocol=protocol)
            text = b"some text, and more of it\n" * 1000
            for protocol in PROTOCOLS:
                self.assertEqual(upload("/upload", gzip.compress(text), "gzip", protocol)[1], b"%d" % len(text))
                self.assertEqual(upload("/upload", zlib.compress(text), "deflate", protocol)[1], b"%d" % len(text))
                coded = gzip.compress(text)
                self.assertEqual(upload("/upload-as-is", coded, "gzip", protocol)[1], b"%d" % len(coded))
                fields, _ = upload("/upload", text, "br", protocol)
                self.assertEqual((self.status, fields["accept-encoding"]), (415, "zstd, gzip, deflate"))
                upload("/upload", text, "gzip", protocol)
                self.assertEqual(self.status, 400)
            # A GiB from a MiB costs no GiB.
            before = server.peak_rss()
            for protocol in PROTOCOLS:
                upload("/upload", bomb(1024), "gzip", protocol)
                self.assertEqual(self.status, 413)
            self.assertLess(server.peak_rss() - before, 64 * MIB)

    def test_what_each_option_changes(self):
        with Server("--compression", "gzip", "--compression-min-size", "1MiB", "--compression-types", "text/plain",
                    target=module("coded")) as server:
            for path in ("/page", "/long"):
                self.assertNotIn("content-encoding", self.accepting(server, path, "zstd, gzip")[0])
        with Server("--compression", "gzip", "--compression-min-size", "1MiB", target=module("coded")) as server:
            self.assertNotIn("content-encoding", self.accepting(server, "/page", "zstd, gzip")[0])
            self.assertEqual(self.accepting(server, "/long", "zstd, gzip")[0]["content-encoding"], "gzip")
        with Server("--compression", "none", target=module("coded")) as server:
            fields, _ = self.accepting(server, "/page", "zstd, gzip")
            self.assertNotIn("content-encoding", fields)
            self.assertNotIn("vary", fields)
        with Server("--compression-max-streams", "1", target=module("coded")) as server, server.connect() as wire:
            wire.send("GET /wait HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            wire.limit = time.monotonic() + wire.timeout
            self.assertEqual(wire.head().get("content-encoding"), "gzip")
            self.assertNotIn("content-encoding", self.accepting(server, "/stream", "gzip")[0])
            self.assertEqual(self.accepting(server, "/page", "gzip")[0]["content-encoding"], "gzip")
        sizes = []
        for level in ("1", "9"):
            with Server("--compression-gzip-level", level, "--compression-zstd-level", level, target=module("coded")) as server:
                sizes.append([len(self.accepting(server, "/page", coding)[1]) for coding in ("gzip", "zstd")])
        for fast, small in zip(*sizes):
            self.assertLess(small, fast)

    def test_files(self):
        """A file is compressed whole and never in part; its validators fit the form that the client has."""
        with tempfile.TemporaryDirectory() as folder:
            text = b"".join(b"line %d of a page\n" % i for i in range(20000))
            for name in ("page.html", "picture.png"):
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(text)
            with Server(target=folder) as server:
                for protocol in PROTOCOLS:
                    fields, coded = self.accepting(server, "/page.html", "gzip", protocol)
                    self.assertEqual((fields["content-encoding"], gzip.decompress(coded)), ("gzip", text))
                    self.assertTrue(fields["etag"].startswith("W/"))
                    self.assertNotIn("accept-ranges", fields)
                    accepts = ("-H", "Accept-Encoding: gzip")
                    same, _ = self.curl(server, "/page.html", *accepts, "-H", f"If-None-Match: {fields['etag']}", protocol=protocol)
                    self.assertEqual((self.status, same["etag"]), (304, fields["etag"]))
                    part, content = self.curl(server, "/page.html", *accepts, "-r", "5-9", protocol=protocol)
                    self.assertEqual((self.status, content), (206, text[5:10]))
                    self.assertNotIn("content-encoding", part)
                    # A weak validator is no ground for a part of something else.
                    self.assertEqual(self.curl(server, "/page.html", "-r", "5-9", "-H", f"If-Range: {fields['etag']}",
                                               protocol=protocol)[1], text)
                    head, _ = self.curl(server, "/page.html", *accepts, "-I", protocol=protocol)
                    self.assertNotIn("content-length", head)
                    self.assertEqual(head["vary"], fields["vary"])
                    self.assertNotIn("content-encoding", self.accepting(server, "/picture.png", "gzip", protocol)[0])

    def test_opt_out(self):
        with Server(target=module("coded")) as server:
            fields, _ = self.accepting(server, "/secret", "zstd, gzip")
            self.assertNotIn("content-encoding", fields)
            self.assertNotIn("vary", fields)

    def test_a_dictionary_taken_apart(self):
        """dcz by the letter of RFC 9842: eight octets, the SHA-256 of the dictionary, and a frame that `zstd -D` reads."""
        need("zstd")
        with Server(target=module("coded")) as server, tempfile.TemporaryDirectory() as folder:
            fields, dictionary = self.curl(server, "/dictionary")
            self.assertEqual(fields["use-as-dictionary"], 'match="/fresh*"')
            digest = hashlib.sha256(dictionary).digest()
            raw = os.path.join(folder, "dictionary")
            with open(raw, "wb") as file:
                file.write(dictionary)
            plain = self.curl(server, "/fresh")[1]
            for protocol in PROTOCOLS:
                fields, coded = self.curl(
                    server, "/fresh", "-H", "Accept-Encoding: gzip, br, zstd, dcb, dcz",
                    "-H", f"Available-Dictionary: :{base64.b64encode(digest).decode()}:", protocol=protocol)
                self.assertEqual((fields["content-encoding"], fields["vary"]), ("dcz", VARY))
                self.assertEqual(coded[:40], b"\x5e\x2a\x4d\x18\x20\x00\x00\x00" + digest)
                decoded = subprocess.run(["zstd", "-dcq", "-D", raw], input=coded[40:], capture_output=True, check=True).stdout
                self.assertEqual(decoded, plain)
                self.assertLess(len(coded) * 4, len(self.accepting(server, "/fresh", "zstd")[1]))

    def test_chromium_uses_the_dictionary(self):
        """The browser keeps the dictionary, names it, and reads the answer in dcz. localhost is a secure context."""
        need("chromium")
        with Server(target=module("coded")) as server, tempfile.TemporaryDirectory() as profile:
            with subprocess.Popen(
                    ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-background-networking", f"--user-data-dir={profile}", "--remote-debugging-port=0",
                     f"http://localhost:{server.port}/browse"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as browser:
                try:
                    server.wait_output("report: coding=", 60)
                finally:
                    os.killpg(browser.pid, 9)
            size = len(self.curl(server, "/fresh")[1])
            self.assertIn(f"report: coding=dcz&size={size}&good=true", server.output())


if __name__ == "__main__":
    harness.main()
