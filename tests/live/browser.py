"""Chromium without a window, by its debugging protocol over a pipe. Python's standard library is enough for that."""

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from harness import scaled


class Browser:
    """One page at a time. Everything that the page complained of (errors of scripts, of loading) is in `complaints`."""

    def __init__(self, width=1280, height=900, phone=False):
        chromium = shutil.which("chromium")
        if not chromium:
            raise unittest.SkipTest("chromium is not installed")
        self.scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        ours = [*os.pipe(), *os.pipe()]
        # Above 9, out of the way of the descriptors 3 and 4 on which the protocol is spoken.
        from_us, self.to_browser, self.from_browser, to_us = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ours)
        for end in ours:
            os.close(end)
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe",
                 f"--user-data-dir={self.scratch.name}"]
        script = f'exec "$@" 3<&{from_us} 4>&{to_us} {from_us}<&- {to_us}>&-'
        self.process = subprocess.Popen(["bash", "-c", script, "bash", chromium, *flags], pass_fds=[from_us, to_us],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(from_us)
        os.close(to_us)
        self.number, self.session, self.complaints, self.events, self.buffer = 0, None, [], [], b""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_browser, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def _next(self):
        while b"\0" not in self.buffer:
            more = os.read(self.from_browser, 1 << 16)
            assert more, "the browser has gone"
            self.buffer += more
        text, _, self.buffer = self.buffer.partition(b"\0")
        message = json.loads(text)
        self._listen(message.get("method"), message.get("params", {}))
        return message

    def _listen(self, method, parameters):
        if method == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            self.complaints.append(f"{parameters['entry'].get('url', '')}: {parameters['entry']['text']}")
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"]["text"])
        elif method == "Network.loadingFailed" and not parameters.get("canceled"):
            self.complaints.append(parameters["errorText"])
        elif method:
            self.events.append(method)

    def visit(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        limit = time.monotonic() + scaled(30)
        while "Page.loadEventFired" not in self.events:
            assert time.monotonic() < limit, f"{url} was never loaded"
            self._next()

    def ask(self, expression):
        """The value of an expression, or of its promise."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, f"{expression}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def wait_for(self, expression, seconds=60):
        """Until it is true; an AssertionError if it never is."""
        return self.ask(f"""new Promise((done, failed) => {{
            const limit = performance.now() + {int(scaled(seconds) * 1000)};
            const look = () => {{
              const found = {expression};
              if (found) done(found);
              else if (performance.now() > limit) failed(new Error("never"));
              else setTimeout(look, 100);
            }};
            look();
          }})""")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.to_browser)
        os.close(self.from_browser)
        self.scratch.cleanup()
