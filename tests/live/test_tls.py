#!/usr/bin/env python3
"""TLS as clients meet it: versions, ALPN, content in both directions, the end of a connection, handshakes that do not end, resumption."""

import base64
import hashlib
import itertools
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

import harness
from harness import Settings, eventually, scaled
from secure import Connection, Ground, ask, curl, need, openssl, s_client, said
from wire import Reset, Wire
from ws_wire import BINARY, CLOSE, close_payload, frame

MIB = 1 << 20


class Clients(Ground):
    def test_curl_in_both_versions_and_both_protocols(self):
        with self.server() as server:
            for version in ("1.2", "1.3"):
                for flag, protocol in (("--http1.1", "http/1.1"), ("--http2", "h2")):
                    with self.subTest(version=version, protocol=protocol):
                        done = curl(server, self.authority.path("ca.pem"), flag, "--tlsv" + version, "--tls-max", version, target="/wait")
                        self.assertEqual(done.returncode, 0, done.stderr)
                        answer = said(done.stdout)
                        self.assertEqual((answer["version"], answer["protocol"]), ("TLSv" + version, protocol))
                        self.assertEqual(answer["scheme"], "https")

    def test_alpn(self):
        with self.server() as server:
            for offered, chosen in ((["h2", "http/1.1"], "h2"), (["http/1.1", "h2"], "h2"), (["http/1.1"], "http/1.1"), (["http/1.0"], "http/1.0"), (["http/1.0", "http/1.1"], "http/1.1"), ([], None)):
                with Connection(server, self.context(protocols=offered)) as connection:
                    self.assertEqual(connection.tls.selected_alpn_protocol(), chosen)
                    if chosen != "h2":
                        self.assertEqual(connection.get()[0], 200)
            with self.assertRaisesRegex(ssl.SSLError, "no application protocol"):
                Connection(server, self.context(protocols=["spdy/3"]))
        with self.server("--no-http2") as server, Connection(server, self.context(protocols=["h2", "http/1.1"])) as connection:
            self.assertEqual(connection.tls.selected_alpn_protocol(), "http/1.1")

    def test_the_oldest_version(self):
        with self.server() as server:
            # Security level 0, or the client would not try.
            self.assertIn("Cipher is (NONE)", s_client(server, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"))
        with self.server("--tls-min", "1.3") as server:
            self.assertIn("Cipher is (NONE)", s_client(server, "-tls1_2"))
            self.assertEqual(ask(server, self.context())[0]["version"], "TLSv1.3")

    def test_ciphers_and_groups(self):
        with self.server("--tls-ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384", "--tls-groups", "P-384") as server:
            answer, _ = ask(server, self.context(version=ssl.TLSVersion.TLSv1_2))
            self.assertEqual(answer["cipher"], "ECDHE-ECDSA-AES256-GCM-SHA384")
            self.assertIn("Cipher is (NONE)", s_client(server, "-tls1_3", "-groups", "X25519"))
            self.assertIn("secp384r1", s_client(server, "-tls1_3"))
        with self.server() as server:
            order = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256"
            self.assertIn("Cipher is ECDHE-ECDSA-AES128-GCM-SHA256", s_client(server, "-tls1_2", "-cipher", order))
            self.assertIn("Cipher is TLS_CHACHA20_POLY1305_SHA256",
                          s_client(server, "-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"))
            for weak in ("AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "DHE-RSA-AES128-GCM-SHA256"):
                self.assertIn("Cipher is (NONE)", s_client(server, "-tls1_2", "-cipher", weak + ":@SECLEVEL=0"), weak)

    def test_no_renegotiation(self):
        with self.server() as server:
            output = s_client(server, "-tls1_2", stdin=b"R\n")
            self.assertIn("no renegotiation", output)

    def test_content_both_ways(self):
        content = os.urandom(MIB)
        with tempfile.NamedTemporaryFile() as file, self.server(app=Settings.app) as server:
            file.write(content)
            file.flush()
            for version in ("1.2", "1.3"):
                for flag in ("--http1.1", "--http2"):
                    with self.subTest(version=version, flag=flag):
                        done = curl(server, self.authority.path("ca.pem"), flag, "--tlsv" + version, "--tls-max", version,
                                    "--data-binary", "@" + file.name, target="/echo")
                        self.assertEqual(done.returncode, 0, done.stderr)
                        self.assertTrue(done.stdout == content, f"{len(done.stdout)} bytes came back")

    def test_files(self):
        content = os.urandom(3 * MIB)
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "file.bin"), "wb") as file:
                file.write(content)
            with self.server(app=folder) as server:
                for flag in ("--http1.1", "--http2"):
                    done = curl(server, self.authority.path("ca.pem"), flag, target="/file.bin")
                    self.assertTrue(done.stdout == content, f"{flag}: {done.stderr} {len(done.stdout)}")

    def test_a_websocket(self):
        example = os.path.join(os.path.dirname(os.path.dirname(Settings.app)), "websocket", "libwebsocket.so")
        if not os.path.exists(example):
            self.skipTest("the example websocket is not built")
        with self.server(app=example) as server, Connection(server, self.context()) as connection:
            connection.send("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            while b"\r\n\r\n" not in connection.rest:
                connection.read()
            head, connection.rest = connection.rest.split(b"\r\n\r\n", 1)
            self.assertTrue(head.startswith(b"HTTP/1.1 101 "), head)
            for size in (0, 125, 126, 65535, 65536, MIB // 2):
                data = os.urandom(size)
                connection.send(frame(BINARY, data))
                expected = frame(BINARY, data, mask=None)
                while len(connection.rest) < len(expected):
                    connection.read()
                self.assertTrue(connection.rest == expected, size)
                connection.rest = b""
            connection.send(frame(CLOSE, close_payload(1000)))
            expected = frame(CLOSE, close_payload(1000), mask=None)
            while len(connection.rest) < len(expected):
                connection.read()
            self.assertEqual(connection.rest, expected)
            self.assertTrue(connection.ends())

    def test_requests_in_a_row_wait_and_do_not(self):
        """On pounce-sync the connection goes to a reactor and back, and its TLS with it."""
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.server(app=Settings.app) as server, Connection(server, self.context(version=version)) as connection:
                for target in ["/hello", "/sleep?ms=5"] * 20:
                    self.assertEqual(connection.get(target)[0], 200)
                connection.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /sleep?ms=1 HTTP/1.1\r\nHost: a\r\n\r\n" * 50)
                for _ in range(100):
                    self.assertEqual(connection.response()[0], 200)

    def test_node(self):
        node = need("node")
        script = """
            const tls = require('https'), http2 = require('http2'), fs = require('fs');
            const [url, ca] = [process.argv[1], fs.readFileSync(process.argv[2])];
            tls.get(url, {ca, ALPNProtocols: ['http/1.1']}, answer => answer.on('data', data => process.stdout.write(data)).on('end', () => {
              const session = http2.connect(url, {ca});
              const stream = session.request({':path': '/wait'});
              stream.on('data', data => process.stdout.write(data)).on('end', () => session.close());
              stream.end();
            }));"""
        with self.server() as server:
            done = subprocess.run([node, "-e", script, f"https://localhost:{server.port}/", self.authority.path("ca.pem")],
                                  capture_output=True, text=True, timeout=scaled(60))
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual([line for line in done.stdout.splitlines() if line.startswith("protocol")],
                             ["protocol: http/1.1", "protocol: h2"])


    def test_chromium(self):
        """A page over HTTP/2. The certificate is trusted by its key alone: the profile's store is not ours to fill."""
        chromium = need("chromium")
        public = openssl("x509", "-in", "server.pem", "-noout", "-pubkey", cwd=self.scratch.name)
        der = openssl("pkey", "-pubin", "-outform", "der", cwd=self.scratch.name, stdin=public)
        pin = base64.b64encode(hashlib.sha256(der).digest()).decode()
        with self.server() as server, tempfile.TemporaryDirectory() as profile:
            done = subprocess.run(
                [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                 f"--user-data-dir={profile}", f"--ignore-certificate-errors-spki-list={pin}", "--dump-dom", f"https://localhost:{server.port}/wait"],
                capture_output=True, text=True, timeout=scaled(90))
            self.assertIn("protocol: h2", done.stdout, done.stderr[-500:])
            self.assertIn("version: TLSv1.3", done.stdout)


class Ends(Ground):
    def test_the_last_answer_is_followed_by_close_notify(self):
        with self.server() as server:
            for target in ("/", "/wait"):
                ask(server, self.context(), target)

    def test_an_end_without_close_notify_is_no_end_of_content(self):
        """Chunked content that is cut is an incomplete request, as on a clear connection; the server stays."""
        with self.server(app=Settings.app) as server:
            connection = Connection(server, self.context())
            connection.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            os.close(connection.tls.detach())
            with Connection(server, self.context()) as good:
                self.assertEqual(good.get("/hello")[0], 200)

    def test_a_client_that_leaves_gets_the_rest(self):
        """Its close_notify ends its side alone (RFC 8446, section 6.1)."""
        with self.server() as server:
            made = self.context()
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = made.wrap_bio(incoming, outgoing, server_hostname="localhost")
            with socket.create_connection((server.host, server.port), scaled(20)) as raw:
                def go(action):
                    while True:
                        try:
                            result = action()
                        except ssl.SSLWantReadError:
                            result = None
                        if outgoing.pending:
                            raw.sendall(outgoing.read())
                        if result is not None:
                            return result
                        got = raw.recv(65536)
                        incoming.write(got) if got else incoming.write_eof()
                go(lambda: tls.do_handshake() or True)
                tls.write(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
                try:
                    tls.unwrap()
                except ssl.SSLWantReadError:
                    pass
                raw.sendall(outgoing.read())
                raw.shutdown(socket.SHUT_WR)
                answer = b""
                while True:
                    got = raw.recv(65536)
                    if not got:
                        break
                    answer += got
                self.assertGreater(len(answer), 200)  # sealed; Python's ssl reads nothing behind its own close_notify

    def test_a_drain_ends_idle_connections_with_close_notify(self):
        with self.server() as server, Connection(server, self.context()) as connection:
            self.assertEqual(connection.get()[0], 200)
            server.signal()
            self.assertTrue(connection.ends())
            self.assertEqual(server.wait(), 0)


class Handshakes(Ground):
    def test_one_that_does_not_end_in_time(self):
        with self.server("--tls-handshake-timeout", "300ms") as server:
            hello = first_flight(self.context())
            for start in (b"", hello[:1], hello[:100], hello):
                with Wire((server.host, server.port), scaled(20)) as wire:
                    wire.send(start)
                    read_out(wire)  # an alert may come
            # It had nothing to do with those who are through.
            with Connection(server, self.context()) as connection:
                time.sleep(0.5)
                self.assertEqual(connection.get()[0], 200)

    def test_they_are_bounded(self):
        with self.server("--tls-max-handshakes", "2", workers=1) as server:
            silent = [Wire((server.host, server.port), scaled(20)) for _ in range(2)]
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                eventually(lambda: Connection(server, self.context()).__exit__(), what="a refusal")
            for wire in silent:
                wire.close()
            def served():
                try:
                    return ask(server, self.context())[0]["version"]
                except (ssl.SSLError, ConnectionError):
                    return None
            self.assertEqual(eventually(served, what="an answer"), "TLSv1.3")

    def test_500_slow_ones_do_not_delay_a_good_client(self):
        """Prints what it took; nothing is asserted of times but that all is answered."""
        hello = first_flight(self.context())
        with self.server("--tls-handshake-timeout", "5m", workers=2) as server:
            alone = self.times(server)
            crowd = [Wire((server.host, server.port), scaled(20)) for _ in range(500)]
            for wire in crowd:
                wire.send(hello[:1])
            turns = itertools.count()

            def drip():
                turn = next(turns)
                for wire in crowd[turn % 10::10]:
                    wire.send(hello[1 + turn // 10:2 + turn // 10])

            beside = self.times(server, drip)
            for wire in crowd:
                wire.close()
        name = os.path.basename(Settings.program)
        print(f"{name}: p99 of a request on a kept connection, and on a fresh one: alone {p99(alone[0])}, {p99(alone[1])}; beside 500 slow handshakes "
              f"{p99(beside[0])}, {p99(beside[1])}", file=sys.stderr)

    def times(self, server, between=lambda: None, rounds=150):
        made, kept_times, fresh_times = self.context(), [], []
        with Connection(server, made) as kept:
            for _ in range(rounds):
                between()
                began = time.monotonic()
                self.assertEqual(kept.get()[0], 200)
                kept_times.append(time.monotonic() - began)
                began = time.monotonic()
                with Connection(server, made) as fresh:
                    self.assertEqual(fresh.get()[0], 200)
                fresh_times.append(time.monotonic() - began)
        return kept_times, fresh_times

    def test_garbage(self):
        with self.server() as server:
            for garbage in (b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"\0" * 1000, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\x80\x2e\x01\x00\x02",
                            b"\x15\x03\x01\x00\x02\x02\x28", b"\x17\x03\x03\x00\x10" + b"\0" * 16):
                with Wire((server.host, server.port), scaled(20)) as wire:
                    wire.send(garbage)
                    wire.socket.shutdown(socket.SHUT_WR)
                    read_out(wire)
            self.assertEqual(ask(server, self.context())[0]["version"], "TLSv1.3")


class Failures(Ground):
    def test_they_are_counted_by_reason_and_told_in_openssl_s_words(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "events")
            with self.server("--event-log", path, "--metrics-path", "/-/metrics", "--tls-min", "1.3") as server:
                stranger = ssl.create_default_context()
                for _ in range(2):
                    with self.assertRaises(ssl.SSLError):
                        Connection(server, stranger)
                    with self.assertRaises(ssl.SSLError):
                        Connection(server, self.context(version=ssl.TLSVersion.TLSv1_2))
                Wire((server.host, server.port), scaled(20)).close()
                wanted = ('reason="peer_refused_certificate"} 2', 'reason="no_common_version"} 2', 'reason="peer_left"} 1',
                          'version="TLSv1.3",resumed="no"}')

                def counted():
                    with Connection(server, self.context()) as connection:
                        page = connection.get("/-/metrics")[1].decode()
                    return all(text in page for text in wanted)
                eventually(counted, what="the counts")
                output = server.output()
            with open(path, encoding="utf-8") as file:
                events = [json.loads(line) for line in file]
        told = [(event["reason"], event["what"]) for event in events if event["event"] == "tls_failed"]
        self.assertEqual(told.count(("no_common_version", "unsupported protocol")), 2, told)
        self.assertEqual(told.count(("peer_refused_certificate", "tlsv1 alert unknown ca")), 2, told)
        agreed = next(event for event in events if event["event"] == "tls_established")
        self.assertEqual((agreed["version"], agreed["server_name"], agreed["resumed"]), ("TLSv1.3", "localhost", False))
        self.assertEqual(output.count("TLS failed: peer_refused_certificate (tlsv1 alert unknown ca); said once"), 1)
        self.assertEqual(output.count("TLS failed: no_common_version"), 1)


class Mistaken(Ground):
    def test_a_clear_request_on_a_port_for_tls(self):
        with self.server() as server:
            for request in ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"):
                with Wire((server.host, server.port), scaled(20)) as wire:
                    wire.send(request)
                    answer = wire.response()
                    self.assertEqual(answer.status, 400)
                    self.assertIn(b"a request without TLS came to a port for TLS", answer.body)
                    self.assertTrue(answer.closes())
            server.wait_output("a request without TLS came to a port for TLS; said once")
            self.assertEqual(server.output().count("said once"), 1)

    def test_a_hello_on_a_clear_port(self):
        with self.server(bind="127.0.0.1:0", certificate=False) as server:
            for _ in range(2):
                with self.assertRaises(ssl.SSLError):
                    Connection(server, self.context())
            server.wait_output("a TLS handshake came to a port without TLS; said once")
            self.assertEqual(server.output().count("said once"), 1)

    def test_clear_and_tls_side_by_side(self):
        with self.server("--bind", "127.0.0.1:0", urls=2) as server:
            self.assertEqual(ask(server, self.context())[0]["scheme"], "https")
            with Wire(server.urls[1], scaled(20)) as wire:
                wire.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(wire.response().body, b"clear\n")

    def test_behind_a_proxy_header(self):
        """The header comes before the handshake, in the clear."""
        with self.server("--trusted-proxies", "127.0.0.1", bind="127.0.0.1:0,proxy,tls") as server:
            for pieces in ((1 << 20,), (1, 5)):
                raw = socket.create_connection((server.host, server.port), scaled(20))
                header = b"PROXY TCP4 192.0.2.7 192.0.2.8 1234 443\r\n"
                for at in range(0, len(header), pieces[0]):
                    raw.sendall(header[at:at + pieces[0]])
                with self.context().wrap_socket(raw, server_hostname="localhost") as tls:
                    tls.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                    answer = b"".join(iter(lambda: tls.recv(65536), b""))
                    self.assertIn(b"scheme: https", answer)


class Resumption(Ground):
    VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)

    def resume(self, server, made, session, target="/"):
        return ask(server, made, target, session=session)[0]["resumed"]

    def test_a_ticket_is_taken(self):
        with self.server() as server:
            for version in self.VERSIONS:
                made = self.context(version=version)
                answer, session = ask(server, made)
                self.assertEqual(answer["resumed"], "no")
                self.assertEqual(self.resume(server, made, session), "yes")
                # What was made at a waiting handler's is the same.
                self.assertEqual(self.resume(server, made, session, "/wait"), "yes")

    def test_a_chain_of_resumptions(self):
        """A client of TLS 1.3 shows each ticket once, and gets a fresh one for it."""
        with self.server() as server:
            for version in self.VERSIONS:
                made = self.context(version=version)
                _, session = ask(server, made)
                for _ in range(4):
                    answer, session = ask(server, made, session=session)
                    self.assertEqual(answer["resumed"], "yes")

    def test_a_fleet_shares_its_keys_through_a_file(self):
        """Two processes, and one that joins them; the tickets of each are good for all."""
        keys = self.authority.write("fleet", os.urandom(160))
        for version in self.VERSIONS:
            made = self.context(version=version)
            with self.server("--tls-ticket-keys", keys) as one, self.server("--tls-ticket-keys", keys) as other, self.server() as stranger:
                _, session = ask(one, made)
                for server in (other, one, other):
                    answer, session = ask(server, made, session=session)
                    self.assertEqual(answer["resumed"], "yes")
                self.assertEqual(self.resume(stranger, made, session), "no")

    def test_keys_from_a_file_outlive_a_process(self):
        keys = self.authority.write("tickets", os.urandom(80))
        for version in self.VERSIONS:
            made = self.context(version=version)
            with self.server("--tls-ticket-keys", keys) as server:
                _, session = ask(server, made)
            with self.server("--tls-ticket-keys", keys) as server:
                self.assertEqual(self.resume(server, made, session), "yes")
            with self.server() as server:
                self.assertEqual(self.resume(server, made, session), "no")

    def test_a_fresh_key_in_the_file(self):
        old, new = os.urandom(80), os.urandom(80)
        path = self.authority.write("rotated", old)
        made = self.context()
        with self.server("--tls-ticket-keys", path) as server:
            _, session = ask(server, made)
            self.authority.write("rotated", new + old)
            server.signal(harness.signal.SIGHUP)
            server.wait_output("generation 2, serving")
            self.assertEqual(self.resume(server, made, session), "yes")
            self.authority.write("rotated", new)
            server.signal(harness.signal.SIGHUP)
            server.wait_output("generation 2 has ended", 30)  # until then, what comes may still be taken by it
            self.assertEqual(self.resume(server, made, session), "no")

    def test_s_client(self):
        with self.server() as server:
            with tempfile.NamedTemporaryFile() as file:
                for version in ("-tls1_2", "-tls1_3"):
                    request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                    first = s_client(server, version, "-ign_eof", "-sess_out", file.name, stdin=request)
                    self.assertIn("New, TLS", first)
                    self.assertIn("resumed: no", first)
                    again = s_client(server, version, "-ign_eof", "-sess_in", file.name, stdin=request)
                    self.assertIn("Reused, TLS", again)
                    self.assertIn("resumed: yes", again)

    def test_no_early_data(self):
        with self.server() as server:
            self.assertIn("Max Early Data: 0", s_client(server, "-tls1_3", "-ign_eof", stdin=b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))


def p99(times):
    return f"{sorted(times)[len(times) * 99 // 100] * 1000:.1f} ms"


def read_out(wire):
    """To the end; a reset is one, too."""
    wire.limit = time.monotonic() + wire.timeout
    try:
        while wire.fill():
            pass
    except Reset:
        pass


def first_flight(made):
    """What a client says first."""
    outgoing = ssl.MemoryBIO()
    try:
        made.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


if __name__ == "__main__":
    harness.main()
