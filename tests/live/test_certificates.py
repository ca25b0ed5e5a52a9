#!/usr/bin/env python3
"""Who a server says it is and whom it asks: certificates, names, clients' certificates, staples; what start-up refuses; reading again."""

import json
import os
import re
import signal
import ssl
import unittest

import harness
from harness import eventually, run
from secure import Authority, Connection, Ground, ask, context, openssl, s_client

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def subject(server, made, name="localhost"):
    """The common name that a server shows for a name."""
    with Connection(server, made, name) as connection:
        return dict(pair[0] for pair in connection.tls.getpeercert()["subject"])["commonName"]


class Names(Ground):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sni = []
        for name, pattern in (("exact", "a.example.org"), ("wild", "*.example.org"), ("other", "example.net")):
            certificate, key = cls.authority.issue(name, f"/CN={name}", f"DNS:{pattern}")
            cls.sni += ["--tls-sni", f"{pattern}={certificate},{key}"]

    def test_each_name_gets_its_own(self):
        made = self.context()
        made.check_hostname = False
        with self.server(*self.sni) as server:
            for name, shown in (("a.example.org", "exact"), ("A.EXAMPLE.ORG", "exact"), ("b.example.org", "wild"), ("example.net", "other"),
                                ("a.b.example.org", "localhost"), ("example.org", "localhost"), ("nowhere.test", "localhost")):
                with self.subTest(name):
                    self.assertEqual(subject(server, made, name), shown)
            self.assertEqual(subject(server, made, None), "localhost")
            self.assertEqual(ask(server, made, name="b.example.org")[0]["name"], "b.example.org")

    def test_unknown_names_may_be_refused(self):
        made = self.context()
        made.check_hostname = False
        with self.server(*self.sni, "--tls-reject-unknown-names") as server:
            self.assertEqual(subject(server, made, "b.example.org"), "wild")
            self.assertEqual(subject(server, made, "localhost"), "localhost")
            with self.assertRaisesRegex(ssl.SSLError, "UNRECOGNIZED_NAME"):
                Connection(server, made, "nowhere.test")

    def test_a_ticket_is_no_way_around_a_name(self):
        """A session of one name, resumed for another, shows no other's certificate."""
        made = self.context()
        made.check_hostname = False
        with self.server(*self.sni) as server:
            _, session = ask(server, made, name="a.example.org")
            answer, _ = ask(server, made, name="example.net", session=session)
            self.assertEqual(answer["name"], "example.net")


class ClientCertificates(Ground):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.right = cls.authority.issue("right", "/O=Example/CN=alice", "DNS:alice.example.org,email:alice@example.org")
        cls.expired = cls.authority.issue("expired", "/CN=old", "DNS:old.example.org", days=-1)
        cls.stranger = Authority(cls.scratch.name, "stranger", "/CN=Stranger").issue("wrong", "/CN=mallory", "DNS:mallory.example.org")
        cls.ca = ["--tls-client-ca", cls.authority.path("ca.pem"), "--tls-client-auth"]

    def test_request_leaves_the_verdict_to_the_application(self):
        with self.server(*self.ca, "request") as server:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                for certificate, who, verdict in ((None, "", ""), (self.right, "CN=alice,O=Example", "ok"), (self.expired, "CN=old", "certificate has expired"),
                                                  (self.stranger, "CN=mallory", "unable to verify the first certificate")):
                    with self.subTest(version=version, who=who):
                        answer, _ = ask(server, self.context(version=version, certificate=certificate))
                        self.assertEqual((answer["subject"], answer["verdict"]), (who, verdict))
            answer, _ = ask(server, self.context(certificate=self.right))
            self.assertEqual(answer["names"], "DNS:alice.example.org, email:alice@example.org")

    def test_require(self):
        with self.server(*self.ca, "require") as server:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                answer, _ = ask(server, self.context(version=version, certificate=self.right), "/wait")
                self.assertEqual(answer["subject"], "CN=alice,O=Example")
                for certificate, alert in ((None, "CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE"), (self.expired, "CERTIFICATE_EXPIRED"),
                                           (self.stranger, "UNKNOWN_CA")):
                    with self.subTest(version=version, alert=alert), self.assertRaisesRegex(ssl.SSLError, alert):
                        # With TLS 1.3 the client's own handshake has ended before the server's verdict.
                        ask(server, self.context(version=version, certificate=certificate))

    def test_a_resumed_session_remembers_who_it_was(self):
        with self.server(*self.ca, "require") as server:
            made = self.context(certificate=self.right)
            _, session = ask(server, made)
            answer, _ = ask(server, made, session=session)
            self.assertEqual((answer["resumed"], answer["subject"], answer["verdict"]), ("yes", "CN=alice,O=Example", "ok"))

    def test_s_client(self):
        with self.server(*self.ca, "require") as server:
            output = s_client(server, "-cert", self.right[0], "-key", self.right[1], "-ign_eof", stdin=GET)
            self.assertIn("verdict: ok", output)
            self.assertIn("Acceptable client certificate CA names\nCN = Test CA", output)
            self.assertIn("alert certificate required", s_client(server, "-ign_eof", stdin=GET))

    def test_nobody_is_asked_without_being_told_to(self):
        with self.server() as server:
            self.assertEqual(ask(server, self.context(certificate=self.right))[0]["subject"], "")


class Staples(Ground):
    def test_a_response_from_a_file_is_stapled(self):
        folder = self.scratch.name
        serial = openssl("x509", "-in", "server.pem", "-noout", "-serial", cwd=folder).decode().strip().partition("=")[2]
        self.authority.write("index.txt", f"V\t391231235959Z\t\t{serial}\tunknown\t/CN=localhost\n")
        self.authority.write("index.txt.attr", "unique_subject = no\n")
        openssl("ocsp", "-issuer", "ca.pem", "-cert", "server.pem", "-reqout", "request.der", cwd=folder)
        openssl("ocsp", "-index", "index.txt", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key", "-reqin", "request.der", "-respout",
                "staple.der", "-ndays", "7", cwd=folder)
        with self.server("--tls-staple", self.authority.path("staple.der")) as server:
            for version in ("-tls1_2", "-tls1_3"):
                self.assertIn("Cert Status: good", s_client(server, version, "-status"))
        with self.server() as server:
            self.assertIn("OCSP response: no response sent", s_client(server, "-status"))
        # Of another certificate: a client that looks at it would break off.
        other, key = self.authority.issue("other")
        with self.server("--tls-cert", other, "--tls-key", key, "--tls-staple", self.authority.path("staple.der"), certificate=False) as server:
            self.assertIn("staple.der: is about another certificate, and is not sent", server.output())
            self.assertIn("OCSP response: no response sent", s_client(server, "-status"))
        done = run(["--tls-cert", self.certificate, "--tls-key", self.key, "--tls-staple", self.key, "--check"])
        self.assertEqual(done.returncode, 2)
        self.assertIn("--tls-staple: " + self.key, done.stderr)


class StartUp(Ground):
    def refused(self, *flags, count=1):
        done = run([*flags, "--check"])
        self.assertEqual(done.returncode, 2, done.stderr + done.stdout)
        self.assertEqual(len(done.stderr.splitlines()), count, done.stderr)
        return done.stderr

    def test_what_is_right(self):
        bundle = self.authority.write("bundle.pem", self.authority.text("server.pem") + self.authority.text("ca.pem") + self.authority.text("server.key"))
        openssl("ec", "-in", "server.key", "-aes256", "-passout", "pass:open sesame", "-out", "locked.key", cwd=self.scratch.name)
        phrase = self.authority.write("phrase", "open sesame\nnothing\n")
        for flags in (["--tls-cert", bundle], ["--tls-cert", self.certificate, "--tls-key", self.key, "--bind", "127.0.0.1:0,tls"],
                      ["--tls-cert", self.certificate, "--tls-key", self.authority.path("locked.key"), "--tls-passphrase-file", phrase],
                      ["--tls-self-signed"]):
            done = run([*flags, "--check"])
            self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_files_that_are_not_there_or_not_readable(self):
        said = self.refused("--tls-cert", "/no/such.pem", "--tls-key", "/no/such.key", count=2)
        self.assertIn("--tls-cert: cannot read '/no/such.pem': No such file or directory (from command line", said)
        self.assertIn("--tls-key: cannot read '/no/such.key': No such file or directory (from command line", said)
        self.assertIn("Is a directory", self.refused("--tls-cert", self.scratch.name, "--tls-key", self.key))

    def test_a_key_of_another_certificate(self):
        _, key = self.authority.issue("another")
        self.assertRegex(self.refused("--tls-cert", self.certificate, "--tls-key", key), r"--tls-key: .*another\.key: is not the key of .*server\.pem")

    def test_a_wrong_passphrase(self):
        openssl("ec", "-in", "server.key", "-aes256", "-passout", "pass:right", "-out", "shut.key", cwd=self.scratch.name)
        phrase = self.authority.write("guess", "wrong")
        self.assertIn("shut.key", self.refused("--tls-cert", self.certificate, "--tls-key", self.authority.path("shut.key"),
                                               "--tls-passphrase-file", phrase))
        self.assertIn("shut.key", self.refused("--tls-cert", self.certificate, "--tls-key", self.authority.path("shut.key")))

    def test_broken_pem_is_named_with_its_line(self):
        lines = self.authority.text("server.pem").splitlines(keepends=True)
        lines[3] = "!" + lines[3][1:]
        broken = self.authority.write("broken.pem", "# a comment\n" + "".join(lines))
        self.assertRegex(self.refused("--tls-cert", broken, "--tls-key", self.key), r"broken\.pem:\d+: ")

    def test_dates(self):
        for name, days, word in (("gone", -1, "expired"), ("soon", 3, "expires")):
            certificate, key = self.authority.issue(name, days=days)
            done = run(["--tls-cert", certificate, "--tls-key", key, "--check"])
            self.assertEqual((done.returncode, done.stdout), (0, "configuration ok\n"))
            self.assertRegex(done.stderr, rf"^pounce-\w+: warning: --tls-cert: .*{name}\.pem: {word} at \d{{4}}-\d\d-\d\d \d\d:\d\d UTC \(from")

    def test_a_chain_in_the_wrong_order(self):
        stranger = Authority(self.scratch.name, "unrelated", "/CN=Unrelated")
        chain = self.authority.write("chain.pem", self.authority.text("server.pem") + stranger.text("unrelated.pem"))
        self.assertRegex(self.refused("--tls-cert", chain, "--tls-key", self.key), r"chain\.pem: certificate 2 \(CN=Unrelated\) did not issue the one before it \(CN=localhost\)")

    def test_lists_of_openssl(self):
        mine = ["--tls-cert", self.certificate, "--tls-key", self.key]
        self.assertIn("--tls-ciphers: \"NONSENSE\"", self.refused(*mine, "--tls-ciphers", "NONSENSE"))
        self.assertIn("--tls-groups: \"P-256:NONSENSE\"", self.refused(*mine, "--tls-groups", "P-256:NONSENSE"))
        keys = self.authority.write("short", b"x" * 79)
        self.assertIn("holds 79 bytes", self.refused(*mine, "--tls-ticket-keys", keys))

    def test_options_that_need_or_exclude_others(self):
        self.assertIn("no certificate", self.refused("--bind", "127.0.0.1:0,tls"))
        self.assertIn("used by no address", self.refused("--bind", "127.0.0.1:0", "--tls-cert", self.certificate, "--tls-key", self.key))
        self.assertIn("together", self.refused("--tls-self-signed", "--tls-cert", self.certificate, "--tls-key", self.key))
        self.assertIn("add tls_client_ca", self.refused("--tls-self-signed", "--tls-client-auth", "require"))
        self.assertIn("add tls_cert", self.refused("--tls-key", self.key))

    def test_all_problems_at_once(self):
        said = self.refused("--port", "99999", "--tls-cert", "/no/such.pem", "--tls-ciphers", "NONSENSE", "--tls-min", "1.1", count=4)
        for name in ("--port", "--tls-cert", "--tls-ciphers", "--tls-min"):
            self.assertIn(name, said)

    def test_a_certificate_for_development(self):
        with self.server("--tls-self-signed", certificate=False) as server:
            found = re.search(r"a certificate was made for this run, SHA-256 ([0-9A-F:]{95})", server.output() or "")
            if not found:
                server.wait_output("SHA-256 ")
                found = re.search(r"SHA-256 ([0-9A-F:]{95})", server.output())
            pem = ssl.get_server_certificate((server.host, server.port))
            self.authority.write("shown.pem", pem)
            shown = openssl("x509", "-in", "shown.pem", "-noout", "-fingerprint", "-sha256", cwd=self.scratch.name).decode()
            self.assertEqual(shown.strip().partition("=")[2], found[1])
            answer, _ = ask(server, context(self.authority.path("shown.pem")))
            self.assertEqual(answer["scheme"], "https")


class Reloads(Ground):
    def put(self, name, certificate, key):
        """Takes another certificate's place, as a tool that renews certificates does."""
        for end, path in (("pem", certificate), ("key", key)):
            with open(path, "rb") as file:
                self.authority.write(f"{name}.{end}.new", file.read())
            os.rename(self.authority.path(f"{name}.{end}.new"), self.authority.path(f"{name}.{end}"))

    def live(self, name):
        self.put(name, *self.authority.issue("first", "/CN=first"))
        return ["--tls-cert", self.authority.path(f"{name}.pem"), "--tls-key", self.authority.path(f"{name}.key")]

    def test_a_hangup_reads_them_again_and_ends_no_connection(self):
        made = self.context()
        with self.server(*self.live("live"), certificate=False) as server, Connection(server, made) as kept:
            self.assertEqual(kept.get()[0], 200)
            self.put("live", *self.authority.issue("second", "/CN=second"))
            self.assertEqual(subject(server, made), "first")
            server.signal(signal.SIGHUP)
            server.wait_output("generation 2, serving")
            self.assertEqual(kept.get("/wait")[0], 200)
            # What comes right behind a reload may still be taken by the generation that drains.
            eventually(lambda: subject(server, made) == "second", what="the new certificate")

    def test_a_reload_is_told_as_everything_else_is(self):
        with self.server(*self.live("told"), "--log-format", "json", certificate=False) as server:
            server.signal(signal.SIGHUP)
            server.wait_output('"generation":2')
        spoken = [json.loads(line) for line in server.lines if line]  # each line is an object
        self.assertEqual([one["generation"] for one in spoken if one.get("state") == "serving"], [1, 2])

    def test_a_bad_file_keeps_the_old_one(self):
        made = self.context()
        with self.server(*self.live("held"), certificate=False) as server:
            self.authority.write("held.pem", "-----BEGIN CERTIFICATE-----\nMII!\n-----END CERTIFICATE-----\n")
            server.signal(signal.SIGHUP)
            server.wait_output("the reload failed: generation 1 goes on")
            self.assertRegex(server.output(), r"error: --tls-cert: .*held\.pem:\d+: .*\(from command line\)")
            self.assertEqual(subject(server, made), "first")
            self.put("held", *self.authority.issue("third", "/CN=third"))
            server.signal(signal.SIGHUP)
            server.wait_output("generation 2, serving")
            eventually(lambda: subject(server, made) == "third", what="the new certificate")

    def test_files_are_watched_where_that_is_wanted(self):
        made = self.context()
        with self.server(*self.live("watched"), "--tls-watch", "100ms", certificate=False) as server:
            self.put("watched", *self.authority.issue("fourth", "/CN=fourth"))
            eventually(lambda: subject(server, made) == "fourth", what="the new certificate")


if __name__ == "__main__":
    harness.main()
