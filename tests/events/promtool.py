#!/usr/bin/env python3
"""promtool's opinion of our metrics: promtool.py TEST_PROGRAM. Skipped (77) where Debian's prometheus is not installed."""
import os
import shutil
import subprocess
import sys
import tempfile

promtool = shutil.which("promtool")
if promtool is None and os.environ.get("POUNCE_NO_SKIPS"):
    sys.exit("no promtool here: scripts/setup ci")
if promtool is None:
    print("no promtool here: install Debian's prometheus to have the metrics judged")
    sys.exit(77)
with tempfile.TemporaryDirectory() as scratch:
    path = os.path.join(scratch, "metrics")
    subprocess.run([sys.argv[1], "--test-case=events become metrics"], check=True, env={**os.environ, "POUNCE_METRICS_OUT": path})
    with open(path, "rb") as text:
        metrics = text.read()
    assert metrics.startswith(b"# HELP"), "nothing was written"
    sys.exit(subprocess.run([promtool, "check", "metrics"], input=metrics).returncode)
