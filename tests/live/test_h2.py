#!/usr/bin/env python3
"""HTTP/2 in the clear: real peers, malformed frames by section of RFC 9113, what each option changes, and both protocols on one port."""

import json
import shutil
import subprocess
import sys
import unittest

import frames
import harness
from frames import (ACK, CANCEL, COMPRESSION_ERROR, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR,
                    FRAME_SIZE_ERROR, GOAWAY, HEADERS, HELLO, NO_ERROR, PADDED, PING, PREFACE, PRIORITY, PROTOCOL_ERROR, PUSH_PROMISE,
                    REFUSED_STREAM, RST_STREAM, SETTINGS, STREAM_CLOSED, WINDOW_UPDATE, Frames, block, frame, headers, request,
                    settings, word)
from harness import Server, scaled

NODE = """
const http2 = require('http2');
const url = process.argv[1];
const client = http2.connect(url);
const ask = (path, body) => new Promise((done, fail) => {
  const stream = client.request({':path': path, ':method': body === undefined ? 'GET' : 'POST'});
  let text = '', status = 0, trailers = null;
  stream.on('response', h => status = h[':status']);
  stream.on('trailers', h => trailers = Object.assign({}, h));
  stream.setEncoding('utf8');
  stream.on('data', d => text += d);
  stream.on('end', () => done({status, text, trailers}));
  stream.on('error', fail);
  stream.end(body);
});
const cancelled = () => new Promise(done => {
  const stream = client.request({':path': '/sleep?ms=60000'});
  stream.on('close', () => done(stream.rstCode));
  setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), 20);
});
(async () => {
  const out = {};
  out.hello = await ask('/hello');
  out.echo = (await ask('/echo', 'x'.repeat(300000))).text.length;
  out.many = (await Promise.all(Array.from({length: 90}, (_, i) => ask(i % 3 ? '/hello' : '/sleep?ms=5')))).map(a => a.status);
  out.cancelled = await cancelled();
  out.after = (await ask('/hello')).text;
  console.log(JSON.stringify(out));
  client.close();
})().catch(e => { console.error(e); process.exit(1); });
"""


def tool(name):
    path = shutil.which(name)
    if path is None:
        raise unittest.SkipTest(f"{name} is not installed")
    return path


def call(*command, timeout=30, text=None):
    done = subprocess.run(command, capture_output=True, timeout=scaled(timeout), input=text, check=False)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout[-2000:]!r}\n{done.stderr[-2000:]!r}"
    return done.stdout


class Peers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().__enter__()
        cls.url = f"http://{cls.server.host}:{cls.server.port}"

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)

    def test_nghttp(self):
        self.assertEqual(call(tool("nghttp"), f"{self.url}/hello"), b"Hello, World!")
        statistics = call(tool("nghttp"), "-nsm", "50", f"{self.url}/hello")
        self.assertEqual(statistics.count(b" 200 "), 50)

    def test_h2load(self):
        for path in ("/hello", "/big", "/sleep?ms=1"):
            count = 200 if path == "/big" else 2000
            said = call(tool("h2load"), "-n", str(count), "-c", "4", "-m", "50", f"{self.url}{path}", timeout=120)
            self.assertIn(b"%d succeeded, 0 failed, 0 errored, 0 timeout" % count, said)

    def test_curl(self):
        for command, expected in ((["/hello"], b"Hello, World!"), (["-d", "abc", "/echo"], b"abc")):
            said = call(tool("curl"), "-s", "--http2-prior-knowledge", "-w", "|%{http_version} %{http_code}", *command[:-1],
                        self.url + command[-1])
            self.assertEqual(said, expected + b"|2 200")
        said = call(tool("curl"), "-s", "--http2", "-w", "|%{http_version}", f"{self.url}/hello")
        self.assertEqual(said, b"Hello, World!|1.1")  # an Upgrade is ignored

    def test_node(self):
        said = json.loads(call(tool("node"), "-e", NODE, self.url, timeout=60))
        self.assertEqual((said["hello"]["status"], said["hello"]["text"]), (200, "Hello, World!"))
        self.assertEqual(said["echo"], 300000)
        self.assertEqual(said["many"], [200] * 90)
        self.assertEqual(said["cancelled"], CANCEL)
        self.assertEqual(said["after"], "Hello, World!")

    def test_python_h2(self):
        sys.path.append("/usr/lib/python3/dist-packages")  # where Debian's is, also for another interpreter than Debian's
        try:
            import h2.connection
            import h2.events
        except ImportError:
            self.skipTest("python3-h2 is not installed")
        finally:
            sys.path.pop()
        body = b"0123456789" * 40_000
        with self.server.connect(timeout=30) as wire:
            peer = h2.connection.H2Connection()
            peer.initiate_connection()
            peer.send_headers(1, [(":method", "POST"), (":scheme", "http"), (":path", "/echo"), (":authority", "a")])
            peer.send_headers(3, [(":method", "GET"), (":scheme", "http"), (":path", "/trailers"), (":authority", "a")], end_stream=True)
            got, trailers, ended, sent = b"", None, set(), 0
            while ended != {1, 3}:
                while sent < len(body) and peer.local_flow_control_window(1) > 0:
                    piece = body[sent:sent + min(peer.local_flow_control_window(1), peer.max_outbound_frame_size)]
                    sent += len(piece)
                    peer.send_data(1, piece, end_stream=sent == len(body))
                wire.send(peer.data_to_send())
                wire.limit = harness.time.monotonic() + wire.timeout
                self.assertTrue(wire.fill())
                events = peer.receive_data(bytes(wire.buffer))
                wire.buffer.clear()
                for event in events:
                    if isinstance(event, h2.events.DataReceived):
                        got += event.data if event.stream_id == 1 else b""
                        peer.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, h2.events.TrailersReceived):
                        trailers = event.headers
                    elif isinstance(event, h2.events.StreamEnded):
                        ended.add(event.stream_id)
            self.assertEqual(got, body)
            self.assertTrue(trailers)


# (section of RFC 9113, what it is, what is sent behind the hello, what comes of it). ("goaway", code): the connection ends so; ("reset",
# code): stream 1 does, and the connection goes on; "answer": stream 1 has one, and the connection goes on; "goes on": nothing happens.
OPEN = headers(flags=END_HEADERS, fields=request(b"POST", b"/echo"))
ROWS = (
    ("4.1", "unknown frame type", frame(0x55, 0xff, 0, b"abc"), "goes on"),
    ("4.1", "unknown flags on PING", frame(PING, 0xfe, 0, b"12345678"), "goes on"),
    ("4.2", "frame larger than allowed", frame(DATA, 0, 1, b"", 16385), ("goaway", FRAME_SIZE_ERROR)),
    ("4.2", "PING of 7 octets", frame(PING, 0, 0, b"1234567"), ("goaway", FRAME_SIZE_ERROR)),
    ("4.2", "SETTINGS of 5 octets", frame(SETTINGS, 0, 0, b"12345"), ("goaway", FRAME_SIZE_ERROR)),
    ("4.3", "block that cannot be decoded", headers(fields=b"\xff\xff\xff\xff\xff\xff\xff"), ("goaway", COMPRESSION_ERROR)),
    ("4.3", "index 0", headers(fields=b"\x80"), ("goaway", COMPRESSION_ERROR)),
    ("4.3", "table size above ours", headers(fields=b"\x3f\xff\xff\x7f" + request()), ("goaway", COMPRESSION_ERROR)),
    ("5.1", "DATA on an idle stream", frame(DATA, 0, 1, b"x"), ("goaway", PROTOCOL_ERROR)),
    ("5.1", "RST_STREAM on an idle stream", frame(RST_STREAM, 0, 1, word(8)), ("goaway", PROTOCOL_ERROR)),
    ("5.1", "WINDOW_UPDATE on an idle stream", frame(WINDOW_UPDATE, 0, 1, word(8)), ("goaway", PROTOCOL_ERROR)),
    ("5.1", "DATA behind END_STREAM", headers(fields=request(path=b"/sleep?ms=60000")) + frame(DATA, 0, 1, b"x"), ("reset", STREAM_CLOSED)),
    ("5.1", "DATA behind a RST_STREAM", OPEN + frame(RST_STREAM, 0, 1, word(8)) + frame(DATA, 0, 1, b"x"), ("reset", STREAM_CLOSED)),
    ("5.1.1", "even stream", headers(2), ("goaway", PROTOCOL_ERROR)),
    ("5.1.1", "stream 0", headers(0), ("goaway", PROTOCOL_ERROR)),
    ("5.1.1", "a smaller number than before", headers(5) + headers(3), ("goaway", PROTOCOL_ERROR)),
    ("5.3.1", "stream that depends on itself", frame(HEADERS, 0x25, 1, word(1) + b"\x10" + request()), ("reset", PROTOCOL_ERROR)),
    ("6.1", "DATA on stream 0", frame(DATA, 0, 0, b"x"), ("goaway", PROTOCOL_ERROR)),
    ("6.1", "padding as long as the frame", OPEN + frame(DATA, PADDED, 1, b"\x02x"), ("goaway", PROTOCOL_ERROR)),
    ("6.2", "padding longer than HEADERS", frame(HEADERS, PADDED | END_HEADERS | END_STREAM, 1, b"\xff" + request()), ("goaway", PROTOCOL_ERROR)),
    ("6.3", "PRIORITY on stream 0", frame(PRIORITY, 0, 0, b"12345"), ("goaway", PROTOCOL_ERROR)),
    ("6.3", "PRIORITY of 4 octets", OPEN + frame(PRIORITY, 0, 1, b"1234"), ("reset", FRAME_SIZE_ERROR)),
    ("6.4", "RST_STREAM on stream 0", frame(RST_STREAM, 0, 0, word(8)), ("goaway", PROTOCOL_ERROR)),
    ("6.4", "RST_STREAM of 3 octets", OPEN + frame(RST_STREAM, 0, 1, b"123"), ("goaway", FRAME_SIZE_ERROR)),
    ("6.5", "SETTINGS on stream 1", frame(SETTINGS, 0, 1), ("goaway", PROTOCOL_ERROR)),
    ("6.5", "acknowledgement with settings", frame(SETTINGS, ACK, 0, b"123456"), ("goaway", FRAME_SIZE_ERROR)),
    ("6.5.2", "ENABLE_PUSH of 2", settings((2, 2)), ("goaway", PROTOCOL_ERROR)),
    ("6.5.2", "window above 2^31-1", settings((4, 1 << 31)), ("goaway", FLOW_CONTROL_ERROR)),
    ("6.5.2", "frame size below 16384", settings((5, 16383)), ("goaway", PROTOCOL_ERROR)),
    ("6.5.2", "unknown setting", settings((0x99, 7)), "goes on"),
    ("6.6", "PUSH_PROMISE from a client", frame(PUSH_PROMISE, END_HEADERS, 1, word(2) + request()), ("goaway", PROTOCOL_ERROR)),
    ("6.7", "PING on stream 1", frame(PING, 0, 1, b"12345678"), ("goaway", PROTOCOL_ERROR)),
    ("6.8", "GOAWAY on stream 1", frame(GOAWAY, 0, 1, word(0) + word(0)), ("goaway", PROTOCOL_ERROR)),
    ("6.9", "increment 0 for the connection", frame(WINDOW_UPDATE, 0, 0, word(0)), ("goaway", PROTOCOL_ERROR)),
    ("6.9", "increment 0 for a stream", OPEN + frame(WINDOW_UPDATE, 0, 1, word(0)), ("reset", PROTOCOL_ERROR)),
    ("6.9", "increment of 3 octets", frame(WINDOW_UPDATE, 0, 0, b"123"), ("goaway", FRAME_SIZE_ERROR)),
    ("6.9.1", "window of the connection above 2^31-1", frame(WINDOW_UPDATE, 0, 0, word(0x7fffffff)), ("goaway", FLOW_CONTROL_ERROR)),
    ("6.9.1", "window of a stream above 2^31-1", OPEN + frame(WINDOW_UPDATE, 0, 1, word(0x7fffffff)), ("reset", FLOW_CONTROL_ERROR)),
    ("6.10", "CONTINUATION without HEADERS", frame(CONTINUATION, END_HEADERS, 1, request()), ("goaway", PROTOCOL_ERROR)),
    ("6.10", "a frame between HEADERS and CONTINUATION", headers(flags=END_STREAM) + frame(PING, 0, 0, b"12345678"), ("goaway", PROTOCOL_ERROR)),
    ("6.10", "CONTINUATION of another stream", headers(flags=END_STREAM) + frame(CONTINUATION, END_HEADERS, 3), ("goaway", PROTOCOL_ERROR)),
    ("8.1", "trailers without END_STREAM", OPEN + frame(HEADERS, END_HEADERS, 1, block((b"x", b"y"))), ("reset", PROTOCOL_ERROR)),
    ("8.1.1", "less content than declared", headers(flags=END_HEADERS, fields=request(b"POST", b"/echo", more=((b"content-length", b"5"),)))
     + frame(DATA, END_STREAM, 1, b"1234"), ("reset", PROTOCOL_ERROR)),
    ("8.2.1", "upper case in a name", headers(fields=request(more=((b"X-y", b"z"),))), ("reset", PROTOCOL_ERROR)),
    ("8.2.1", "CR in a value", headers(fields=request(more=((b"x", b"a\rb"),))), ("reset", PROTOCOL_ERROR)),
    ("8.2.2", "connection field", headers(fields=request(more=((b"connection", b"close"),))), ("reset", PROTOCOL_ERROR)),
    ("8.2.2", "te: gzip", headers(fields=request(more=((b"te", b"gzip"),))), ("reset", PROTOCOL_ERROR)),
    ("8.2.2", "te: trailers", headers(fields=request(more=((b"te", b"trailers"),))), "answer"),
    ("8.3", "unknown pseudo-header", headers(fields=request(more=((b":x", b"y"),))), ("reset", PROTOCOL_ERROR)),
    ("8.3", "pseudo-header behind a field", headers(fields=block((b"x", b"y")) + request()), ("reset", PROTOCOL_ERROR)),
    ("8.3.1", "no method", headers(fields=request(method=None)), ("reset", PROTOCOL_ERROR)),
    ("8.3.1", "no path", headers(fields=request(path=None)), ("reset", PROTOCOL_ERROR)),
    ("8.3.1", "empty path", headers(fields=request(path=b"")), ("reset", PROTOCOL_ERROR)),
    ("8.3.1", "two methods", headers(fields=block((b":method", b"GET")) + request()), ("reset", PROTOCOL_ERROR)),
    ("8.3.1", "Host and :authority differ", headers(fields=request(more=((b"host", b"b"),))), ("reset", PROTOCOL_ERROR)),
    ("8.5", "CONNECT is answered", headers(fields=request(b"CONNECT", None, None, b"a:80")), "answer"),
)


class Malformed(unittest.TestCase):
    def test_every_row(self):
        with Server() as server:
            def check(sent, expected):
                with server.connect() as wire:
                    wire.send(HELLO + sent)
                    peer = Frames(wire)
                    if expected == "answer":
                        self.assertIsNotNone(peer.until(lambda kind, _f, stream, _p: kind == HEADERS and stream == 1))
                    elif expected != "goes on":
                        wanted, code = {"goaway": GOAWAY, "reset": RST_STREAM}[expected[0]], expected[1]
                        found = peer.until(lambda kind, *_: kind in (GOAWAY, RST_STREAM))
                        self.assertIsNotNone(found, "nothing was said")
                        self.assertEqual((found[0], found[3][4:8] if found[0] == GOAWAY else found[3]), (wanted, word(code)))
                    if expected[0] == "goaway":
                        self.assertIsNone(peer.until(lambda *_: False))
                    else:
                        wire.send(headers(99))
                        self.assertIsNotNone(peer.until(lambda kind, _f, stream, _p: kind == HEADERS and stream == 99))
            tasks = {f"{section} {name}": (lambda s=sent, e=expected: check(s, e)) for section, name, sent, expected in ROWS}
            failed = {name: error for name, error in harness.in_parallel(tasks).items() if error}
            self.assertEqual(failed, {})


def hello_settings(wire):
    """What the server's first SETTINGS frame says, by name."""
    wire.send(HELLO)
    found = Frames(wire).until(lambda kind, flags, *_: kind == SETTINGS and not flags & ACK)
    payload = found[3]
    pairs = [(int.from_bytes(payload[i:i + 2], "big"), int.from_bytes(payload[i + 2:i + 6], "big")) for i in range(0, len(payload), 6)]
    return {frames.SETTING_NAMES[key]: value for key, value in pairs if key in frames.SETTING_NAMES}


class Options(unittest.TestCase):
    def test_what_is_announced(self):
        flags = ("--h2-max-streams", "7", "--h2-stream-window", "128KiB", "--h2-connection-window", "2MiB", "--h2-max-frame-size", "32KiB",
                 "--h2-max-header-list", "8KiB")
        with Server(*flags) as server, server.connect() as wire:
            self.assertEqual(hello_settings(wire), {"streams": 7, "window": 131072, "frame": 32768, "list": 8192})
            credit = Frames(wire).until(lambda kind, *_: kind == WINDOW_UPDATE)
            self.assertEqual(credit[2:], (0, word((2 << 20) - 65535)))

    def test_what_is_enforced(self):
        flags = ("--h2-max-streams", "2", "--h2-max-header-list", "300B", "--h2-max-frame-size", "20000B")
        with Server(*flags) as server:
            with server.connect() as wire:
                wire.send(HELLO + b"".join(headers(i, request(path=b"/sleep?ms=60000")) for i in (1, 3, 5)))
                found = Frames(wire).until(lambda kind, *_: kind == RST_STREAM)
                self.assertEqual(found[2:], (5, word(REFUSED_STREAM)))
            with server.connect() as wire:
                wire.send(HELLO + headers(fields=request(more=((b"x", b"y" * 120),) * 2)))
                found = Frames(wire).until(lambda kind, *_: kind == HEADERS)
                self.assertEqual(found[3][:1], b"\x48")  # a status that has no entry of its own: 431
            with server.connect() as wire:
                wire.send(HELLO + OPEN + frame(DATA, 0, 1, bytes(20000)) + frame(DATA, 0, 1, b"", 20001))
                found = Frames(wire).until(lambda kind, *_: kind == GOAWAY)
                self.assertEqual(found[3][4:8], word(FRAME_SIZE_ERROR))

    def test_a_silent_client_is_asked(self):
        with Server("--h2-ping-interval", "200ms", "--h2-ping-timeout", "300ms") as server, server.connect() as wire:
            wire.send(HELLO + headers(fields=request(path=b"/sleep?ms=60000")))
            peer = Frames(wire)
            ping = peer.until(lambda kind, flags, *_: kind == PING and not flags & ACK)
            wire.send(frame(PING, ACK, 0, ping[3]))
            self.assertIsNotNone(peer.until(lambda kind, flags, *_: kind == PING and not flags & ACK))
            self.assertIsNotNone(peer.until(lambda kind, *_: kind == GOAWAY))  # not answered this time

    def test_switched_off(self):
        with Server("--no-http2") as server, server.connect() as wire:
            wire.send(PREFACE)
            self.assertEqual(wire.response().status, 505)

    def test_limits_of_requests_hold_here_too(self):
        with Server("--max-request-size", "1000B", "--keep-alive-timeout", "300ms", "--max-requests-per-connection", "3") as server:
            with server.connect() as wire:
                wire.send(HELLO + OPEN + frame(DATA, 0, 1, bytes(1001)))
                found = Frames(wire).until(lambda kind, _f, stream, _p: kind == HEADERS and stream == 1)
                self.assertEqual(found[3][:1], b"\x48")  # 413
            with server.connect() as wire:
                wire.send(HELLO + b"".join(headers(i) for i in (1, 3, 5)))
                self.assertIsNotNone(Frames(wire).until(lambda kind, *_: kind == GOAWAY))
            with server.connect() as wire:
                wire.send(HELLO + headers())
                found = Frames(wire).until(lambda kind, *_: kind == GOAWAY)
                self.assertEqual(found[3], word(1) + word(NO_ERROR) + b"keep_alive_timeout")


class OnePort(unittest.TestCase):
    def test_the_preface_octet_by_octet(self):
        with Server() as server, server.connect() as wire:
            for octet in HELLO + headers():
                wire.send(bytes((octet,)))
            self.assertIsNotNone(Frames(wire).until(lambda kind, _f, stream, payload: kind == DATA and payload == b"Hello, World!"))
            self.assertEqual(server.get().body, b"Hello, World!")

    def test_a_drain_in_two_steps(self):
        server = Server()
        with server.connect() as wire:
            wire.send(HELLO + OPEN + frame(DATA, 0, 1, b"hi"))
            peer = Frames(wire)
            peer.until(lambda kind, *_: kind == HEADERS)
            server.signal()
            first = peer.until(lambda kind, *_: kind == GOAWAY)
            self.assertEqual(first[3][:8], word(0x7fffffff) + word(NO_ERROR))
            wire.send(headers(3))  # it was on its way
            self.assertIsNotNone(peer.until(lambda kind, _f, stream, _p: kind == HEADERS and stream == 3))
            second = peer.until(lambda kind, *_: kind == GOAWAY)
            self.assertEqual(second[3][:8], word(3) + word(NO_ERROR))
            wire.send(frame(DATA, END_STREAM, 1, b"bye"))
            self.assertEqual(peer.until(lambda kind, _f, stream, _p: kind == DATA and stream == 1)[3], b"bye")
            self.assertIsNone(peer.until(lambda *_: False))
        self.assertEqual(server.wait(), 0)

    def test_rapid_resets(self):
        with Server() as server, server.connect() as wire:
            wire.send(HELLO + b"".join(headers(i) + frame(RST_STREAM, 0, i, word(CANCEL)) for i in range(1, 1001, 2)))
            found = Frames(wire).until(lambda kind, *_: kind == GOAWAY)
            self.assertEqual(found[3][4:8], word(ENHANCE_YOUR_CALM))
            self.assertEqual(server.get().body, b"Hello, World!")


if __name__ == "__main__":
    harness.main()
