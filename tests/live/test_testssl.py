#!/usr/bin/env python3
"""What testssl.sh (Debian: testssl.sh) finds: protocols, ciphers, defaults of the server, forward secrecy, known vulnerabilities."""

import json
import os
import subprocess
import tempfile

import harness
from harness import scaled
from secure import Ground, need

# About the tool's own openssl, and about what a private authority does not publish.
NOT_THE_SERVERS = {"engine_problem", "cert_revocation", "cert_chain_of_trust", "OCSP_stapling", "DNS_CAArecord"}
WEIGHT = ["OK", "INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL"]


class Testssl(Ground):
    def test_it_finds_nothing_of_medium_weight_or_more(self):
        tool = need("testssl")
        certificate, key = self.authority.issue("lasting", days=300)
        with self.server("--tls-sni", f"localhost={certificate},{key}") as server, tempfile.TemporaryDirectory() as folder:
            report = os.path.join(folder, "report.json")
            done = subprocess.run(
                [tool, "--quiet", "--warnings", "off", "--color", "0", "--nodns", "min", "--ip", server.host, "--add-ca", self.authority.path("ca.pem"),
                 "--jsonfile", report, "-p", "-s", "-f", "-P", "-S", "-U", f"localhost:{server.port}"],
                capture_output=True, text=True, timeout=scaled(300))
            self.assertTrue(os.path.exists(report), done.stdout + done.stderr)
            with open(report, encoding="utf-8") as file:
                findings = json.load(file)
        # It has looked: both versions, and what is not spoken.
        seen = {one["id"]: one for one in findings}
        for version, offered in (("TLS1", False), ("TLS1_1", False), ("TLS1_2", True), ("TLS1_3", True)):
            self.assertEqual(seen[version]["finding"].startswith("offered"), offered, seen[version])
        for weakness in ("heartbleed", "ROBOT", "secure_renego", "CRIME_TLS", "POODLE_SSL", "SWEET32", "FREAK", "DROWN", "LOGJAM", "BEAST", "LUCKY13", "RC4"):
            self.assertEqual(seen[weakness]["severity"], "OK", seen[weakness])
        # `openssl s_client </dev/null` may leave before the ticket has come that it is to show then; test_tls.py resumes for certain.
        findings = [one for one in findings if (one["id"], one["severity"]) != ("sessionresumption_ticket", "WARN")]
        bad = [one for one in findings if one["id"].split(" ")[0] not in NOT_THE_SERVERS
               and (one["severity"] not in WEIGHT or WEIGHT.index(one["severity"]) >= WEIGHT.index("MEDIUM"))]
        self.assertEqual(bad, [])


if __name__ == "__main__":
    harness.main()
