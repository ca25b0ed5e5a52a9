#!/usr/bin/env python3
"""A program as those see it who watch it: its logs, read back by the readers that operators use, and by what its signals do to them."""

import csv
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import frames
import harness
from frames import Frames
from harness import Server, eventually, module, run, scaled

HOSTILE = 'a"b\\c\x01\x1b[31m\xff\xe4'


def lines(path):
    with open(path, "rb") as file:
        text = file.read()
    assert text == b"" or text.endswith(b"\n"), "a line without its end"
    return text.split(b"\n")[:-1]


def ask(server, target="/hello", fields=b"", method="GET"):
    with server.connect() as wire:
        wire.send(f"{method} {target} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n".encode() + fields + b"\r\n")
        answer = wire.response(method)
        wire.end()
        return answer


def tool(case, name):
    """A program of somebody else's. Without it the test is skipped, but not where POUNCE_NO_SKIPS is set, as .ci/run does."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if path is None and os.environ.get("POUNCE_NO_SKIPS"):
        case.fail(f"{name} is not installed: scripts/setup ci")
    if path is None:
        case.skipTest(f"no {name} here")
    return path


def manual(path="docs/operations.md"):
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    with open(os.path.join(top, path), encoding="utf-8") as file:
        return file.read()


class AccessLog(unittest.TestCase):
    def test_each_request_is_a_line_and_all_are_there_at_the_end(self):
        with harness.tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "access.log")
            with Server("--access-log", path, "--access-log-format", "%m %U %s %B") as server:
                for _ in range(3):
                    ask(server)
                ask(server, "/nowhere/at/all?x=1")
            found = lines(path)
            self.assertEqual(found.count(b"GET /hello 200 13"), 3)
            self.assertEqual(len(found), 4)

    def test_standard_output(self):
        with Server("--access-log", "-", "--access-log-format", "common") as server:
            ask(server)
            server.wait_output('"GET /hello HTTP/1.1" 200 13')

    def test_hostile_octets_stay_on_their_line_and_goaccess_reads_it(self):
        with harness.tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "access.log")
            with Server("--access-log", path) as server:
                ask(server, "/hello?q=%22%0a", b"User-Agent: " + HOSTILE.replace("\x01", "").replace("\x1b", "").encode("latin-1")
                    + b"\r\nReferer: http://r.example/\r\n")
                ask(server)
            found = sorted(lines(path), key=len, reverse=True)  # several workers: in no order
            self.assertEqual(len(found), 2)
            for line in found:
                self.assertIsNone(re.search(rb"[^\x20-\x7e]", line), line)
            self.assertIn(rb'a\"b\\c[31m\xff\xe4"', found[0])
            self.assertRegex(found[0].decode(), r'^127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET ')
            goaccess = tool(self, "goaccess")
            report = subprocess.run([goaccess, path, "--log-format=COMBINED", "-o", "json", "--no-global-config"], cwd=folder,
                                    stdin=subprocess.DEVNULL, capture_output=True, timeout=scaled(60), check=True)
            general = json.loads(report.stdout)["general"]
            self.assertEqual((general["total_requests"], general["valid_requests"], general["failed_requests"]), (2, 2, 0))

    def test_json_is_json_and_says_what_was_asked(self):
        with harness.tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "access.log")
            with Server("--access-log", path, "--access-log-format", "json") as server:
                ask(server, "/hello?q=%01", b'User-Agent: "\\\xff\r\n'
                    b"traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n")
                with server.connect() as wire:
                    wire.send(b"GET /hello HTTP/1.1\r\n\r\n")  # no Host: rejected
                    self.assertEqual(wire.response().status, 400)
            good, rejected = sorted((json.loads(line) for line in lines(path)), key=lambda entry: entry["status"])
            self.assertEqual((good["method"], good["target"], good["status"]), ("GET", "/hello?q=%01", 200))
            self.assertEqual(good["user_agent"], '"\\\xff')
            self.assertEqual(good["host"], "a.example")
            self.assertEqual(good["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736")
            self.assertEqual((rejected["status"], rejected["failure"], rejected["fault"]), (400, "rejected", "missing_host"))

    def test_a_handler_that_takes_its_time_is_logged_with_it(self):
        with harness.tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "access.log")
            with Server("--access-log", path, "--access-log-format", "%U %{ms}T", target=module("blocking")) as server:
                ask(server, "/block")
            took = int(lines(path)[0].split()[1])
            self.assertGreaterEqual(took, 20, "the handler blocks for 20 ms")

    def test_rotation_loses_nothing(self):
        with harness.tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "access.log")
            with Server("--access-log", path, "--access-log-format", "%U") as server:
                ask(server, "/hello?before")
                os.rename(path, path + ".1")
                server.signal(signal.SIGUSR1)
                eventually(lambda: os.path.exists(path), what="a new log file")
                ask(server, "/hello?after")
            self.assertEqual(lines(path + ".1") + lines(path), [b"/hello", b"/hello"])
            self.assertEqual(len(lines(path)), 1)

    def test_a_log_that_cannot_be_opened_stops_the_start(self):
        done = run(["--port", "0", "--access-log", "/no/such/folder/log"])
        self.assertEqual(done.returncode, 2)
        self.assertIn("--access-log: cannot write '/no/such/folder/log': No such file or directory (from command line; "
                      "hint: there is no /no)", done.stderr)

    def test_check_finds_logs_that_cannot_be_opened_and_makes_none(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "access")
            done = run(["--check", "--access-log", path, "--event-log", folder])
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"--event-log: cannot write '{folder}': Is a directory (from command line)", done.stderr)
            self.assertNotIn("--access-log", done.stderr)
            done = run(["--check", "--access-log", path, "--event-log", "-"])
            self.assertEqual((done.returncode, done.stdout), (0, "configuration ok\n"))
            self.assertEqual(os.listdir(folder), [])


class Identity(unittest.TestCase):
    def test_a_request_has_one_name_everywhere(self):
        with harness.tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "access.log")
            with Server("--request-id", "--server-timing", "--access-log", path, "--access-log-format", "%{request-id}x") as server:
                answer = ask(server, "/hello", b"X-Request-ID: forged\r\n")
                name = answer.get("X-Request-ID")
                self.assertRegex(name, r"^[0-9a-f]{32}$")
                self.assertRegex(answer.get("Server-Timing"), r"^app;dur=\d+\.\d{3}$")
            self.assertEqual(lines(path), [name.encode()])

    def test_a_trusted_proxy_names_requests(self):
        with Server("--request-id", "--trusted-proxies", "127.0.0.1") as server:
            self.assertEqual(ask(server, "/hello", b"X-Request-ID: from-the-proxy\r\n").get("X-Request-ID"), "from-the-proxy")


class EventLog(unittest.TestCase):
    def test_events_are_json_in_the_order_that_is_promised(self):
        with harness.tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "events.log")
            with Server("--event-log", path) as server:
                ask(server, "/hello", b"User-Agent: " + HOSTILE.replace("\x01", "").replace("\x1b", "").encode("latin-1") + b"\r\n")
            events = [json.loads(line) for line in lines(path)]
            names = [one["event"] for one in events if "connection" in one]
            self.assertEqual([name for name in names if not name.startswith("handed")],
                             ["connection_opened", "protocol_chosen", "request_started", "response_completed", "connection_completed"])
            stamps = [one["at_ns"] for one in events if "connection" in one]
            self.assertEqual(stamps, sorted(stamps))
            started = [one["worker"] for one in events if one["event"] == "worker_started"]
            stopped = [one["worker"] for one in events if one["event"] == "worker_stopped"]
            self.assertEqual(sorted(started), sorted(stopped))
            self.assertIn("drain_started", [one["event"] for one in events])


class Streams(unittest.TestCase):
    """What becomes of a request of HTTP/2 that no handler answers."""

    def test_what_is_answered_without_a_handler_is_logged_counted_and_a_request(self):
        with harness.tempfile.TemporaryDirectory() as folder:
            access, event_log = os.path.join(folder, "access.log"), os.path.join(folder, "events.log")
            with Server(*PAGES, "--access-log", access, "--access-log-format", "%s %{failure}x %h", "--event-log", event_log,
                        "--max-request-size", "1000B", "--max-requests-per-connection", "3") as server:
                with server.connect() as wire:
                    large = frames.request(b"POST", b"/echo", more=((b"content-length", b"1001"),))
                    wire.send(frames.HELLO + frames.headers(1, large, frames.END_HEADERS) +
                              frames.headers(3, frames.request(path=b"/" + b"x" * 100, more=((b"Upper", b"case"),))) +
                              frames.headers(5, large, frames.END_HEADERS) +
                              frames.frame(frames.PING, frames.ACK, 0, b"draining") +  # the answer to what the third makes it say
                              b"".join(frames.frame(frames.DATA, frames.END_STREAM, i, bytes(1001)) for i in (1, 5)))
                    peer, found = Frames(wire), []
                    while (one := peer.next()) is not None:
                        found.append(one)
                    self.assertEqual([one[2] for one in found if one[0] == frames.HEADERS], [1, 5])
                    self.assertEqual([one[2:] for one in found if one[0] == frames.RST_STREAM], [(3, frames.word(frames.PROTOCOL_ERROR))])
                    self.assertEqual([one[3][:8] for one in found if one[0] == frames.GOAWAY],
                                     [frames.word(last) + frames.word(frames.NO_ERROR) for last in (0x7fffffff, 5)])

                def counted():
                    self.found = samples(ask(server, "/-/metrics").body.decode())
                    return self.found["pounce_streams_opened_total"] >= 3
                eventually(counted, what="streams in the metrics")
                self.assertEqual(self.found['pounce_requests_rejected_total{fault="body_too_large"}'], 2)
                self.assertEqual(self.found['pounce_requests_rejected_total{fault="invalid_field_name"}'], 1)
                self.assertEqual(self.found['pounce_limits_hit_total{limit="max_request_size"}'], 2)
                self.assertEqual(self.found["pounce_streams_open"], 0)
            rejected = [line for line in lines(access) if b"rejected" in line]
            self.assertEqual(rejected, [b"413 rejected 127.0.0.1", b"400 rejected 127.0.0.1", b"413 rejected 127.0.0.1"])
            events = [json.loads(line) for line in lines(event_log)]
            first = next(one["connection"] for one in events if one["event"] == "request_rejected")
            events = [one for one in events if one.get("connection") == first and not one["event"].startswith("handed")]
            answered = ["stream_opened", "limit_hit", "stream_closed", "request_rejected"]
            self.assertEqual([one["event"] for one in events],
                             ["connection_opened", "protocol_chosen", *answered, "stream_opened", "stream_closed", "request_rejected",
                              *answered, "connection_completed"])
            self.assertEqual([(one["stream"], one["status"], one["fault"]) for one in events if one["event"] == "request_rejected"],
                             [(1, 413, "body_too_large"), (3, 0, "invalid_field_name"), (5, 413, "body_too_large")])
            self.assertEqual((events[-1]["requests"], events[-1]["protocol"]), (3, "http2"))

    def test_what_is_refused_for_its_head_costs_nothing_of_the_rate_limit(self):
        with Server("--rate-limit", "1/h", "--rate-limit-burst", "1", "--max-request-size", "1000B") as server:
            with server.connect() as wire:
                large = frames.request(b"POST", b"/echo", more=((b"content-length", b"1001"),))
                wire.send(frames.HELLO + b"".join(frames.headers(i, large, frames.END_HEADERS) for i in (1, 3)))
                peer = Frames(wire)
                for i in (1, 3):
                    self.assertEqual(peer.until(lambda kind, *_: kind == frames.HEADERS)[2], i)
            for _ in range(2):
                self.assertEqual(ask(server, "/echo", b"Content-Length: 1001\r\n", "POST").status, 413)
            self.assertEqual([ask(server).status for _ in range(2)], [200, 429])

    def test_a_stream_that_its_client_gives_up_is_no_fault(self):
        with Server(*PAGES) as server, server.connect() as wire:
            asked = frames.request(path=b"/sleep?ms=60000")
            wire.send(frames.HELLO + b"".join(frames.headers(i, asked) for i in (1, 3, 5)) +
                      b"".join(frames.frame(frames.RST_STREAM, 0, i, frames.word(code))
                               for i, code in ((1, frames.CANCEL), (3, frames.NO_ERROR), (5, frames.INTERNAL_ERROR))))

            def counted():
                self.found = samples(ask(server, "/-/metrics").body.decode())
                return sum(self.found.get(f'pounce_requests_failed_total{{reason="{why}"}}', 0) for why in ("client_gone", "peer_fault")) >= 3
            eventually(counted, what="requests that failed in the metrics")
            self.assertEqual(self.found['pounce_requests_failed_total{reason="client_gone"}'], 2)
            self.assertEqual(self.found['pounce_requests_failed_total{reason="peer_fault"}'], 1)
            wire.send(frames.headers(7))
            self.assertIsNotNone(Frames(wire).until(lambda kind, _f, stream, _p: kind == frames.HEADERS and stream == 7))


class Speech(unittest.TestCase):
    def test_json_lines_from_start_to_end(self):
        with Server("--log-format", "json", target=module("faults")) as server:
            server.get("/throw-plain")
            server.wait_output("the handler threw")
        spoken = [json.loads(line) for line in server.lines if line]
        self.assertEqual([one["state"] for one in spoken if "state" in one], ["serving", "shutting_down", "stopped"])
        self.assertEqual([one["level"] for one in spoken if "level" in one], ["error"])
        self.assertEqual(spoken[-1]["cut"], 0)
        for one in spoken:
            self.assertRegex(one["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

    def test_SIGUSR1_without_logs_changes_nothing(self):
        with Server() as server:
            server.signal(signal.SIGUSR1)
            self.assertEqual(ask(server).status, 200)


PAGES = ("--health-path", "/-/health", "--metrics-path", "/-/metrics", "--info-path", "/-/info")


def samples(text):
    """Prometheus text as {name{labels}: number}."""
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line and line[0] != "#"}


class Admin:
    """A server whose second address is its operator's."""

    def __init__(self, *flags, **more):
        self.server = Server(*PAGES, "--admin-bind", "127.0.0.1:0", *flags, urls=2, **more)

    def __enter__(self):
        self.server.__enter__()
        self.main, self.door = self.server.urls
        return self

    def __exit__(self, *error):
        return self.server.__exit__(*error)

    def ask(self, place, target, fields=b"", method="GET"):
        with harness.Wire(place, scaled(10)) as wire:
            wire.send(f"{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n".encode() + fields + b"\r\n")
            answer = wire.response(method)
            wire.end()
            return answer


class Pages(unittest.TestCase):
    def test_health_answers_before_the_application_and_before_middleware(self):
        with Server(*PAGES) as server:
            answer = ask(server, "/-/health")
            self.assertEqual((answer.status, json.loads(answer.body)), (200, {"status": "ok", "state": "serving"}))
            self.assertEqual(answer.get("Cache-Control"), "no-store")
            head = ask(server, "/-/health", method="HEAD")
            self.assertEqual((head.status, head.body), (200, b""))
            refused = ask(server, "/-/health", method="DELETE")
            self.assertEqual((refused.status, refused.get("Allow")), (405, "GET, HEAD"))

    def test_health_over_http2(self):
        if shutil.which("curl") is None:
            self.skipTest("no curl")
        with Server(*PAGES) as server:
            done = subprocess.run(["curl", "-s", "--http2-prior-knowledge", "-w", "%{http_version} %{http_code}",
                                   f"http://{server.host}:{server.port}/-/health"], capture_output=True, timeout=scaled(20))
            self.assertIn(b'"status":"ok"', done.stdout)
            self.assertTrue(done.stdout.endswith(b"2 200"), done.stdout)

    def test_the_rate_limit_does_not_count_pages(self):
        with Server(*PAGES, "--rate-limit", "1/s", "--rate-limit-burst", "1") as server:
            self.assertEqual([ask(server, "/-/health").status for _ in range(5)], [200] * 5)
            self.assertEqual(ask(server).status, 200)
            self.assertEqual(ask(server).status, 429)

    def test_metrics_count_and_promtool_accepts_them(self):
        with Server(*PAGES) as server:
            for _ in range(3):
                ask(server)
            ask(server, "/nowhere", method="POST", fields=b"Content-Length: 0\r\n")
            with server.connect() as wire:
                wire.send(b"GET /hello HTTP/1.1\r\n\r\n")
                self.assertEqual(wire.response().status, 400)

            def counted():
                answer = ask(server, "/-/metrics")
                self.assertEqual(answer.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8")
                self.text = answer.body.decode()
                return samples(self.text).get('pounce_requests_total{method="GET",status="200"}', 0) >= 3
            eventually(counted, what="requests in the metrics")
            found = samples(self.text)
            self.assertEqual(found['pounce_requests_total{method="POST",status="404"}'], 1)
            self.assertEqual(found['pounce_requests_rejected_total{fault="missing_host"}'], 1)
            self.assertEqual(found['pounce_server_state{state="serving"}'], 1)
            self.assertEqual(found["pounce_requests_in_flight"], 1)  # this one
            self.assertGreater(found["process_start_time_seconds"], 1e9)
            open_metrics = ask(server, "/-/metrics", b"Accept: application/openmetrics-text;version=1.0.0\r\n")
            self.assertTrue(open_metrics.get("Content-Type").startswith("application/openmetrics-text"))
            self.assertTrue(open_metrics.body.endswith(b"# EOF\n"))
            judged = subprocess.run([tool(self, "promtool"), "check", "metrics"], input=self.text.encode(), capture_output=True, timeout=scaled(30))
            self.assertEqual(judged.returncode, 0, judged.stdout + judged.stderr)

    def test_every_metric_and_event_is_documented(self):
        with Server(*PAGES) as server:
            names = set(re.findall(r"^# TYPE (\S+)", ask(server, "/-/metrics").body.decode(), re.M))
        self.assertGreater(len(names), 30)
        events = set(re.findall(r'name_of\(const \w+&\) noexcept \{ return "(\w+)"', manual("events/event.cpp")))
        self.assertGreater(len(events), 15)
        self.assertEqual({name for name in names | events if f"`{name}`" not in manual()}, set())

    def test_prometheus_scrapes_it(self):
        prometheus = tool(self, "prometheus")
        with Admin() as both, harness.tempfile.TemporaryDirectory() as folder:
            both.ask(both.main, "/hello")
            config = os.path.join(folder, "prometheus.yml")
            with open(config, "w", encoding="ascii") as file:
                file.write("global: {scrape_interval: 100ms, scrape_timeout: 100ms}\nscrape_configs:\n"
                           "- {job_name: pounce, metrics_path: /-/metrics, static_configs: [{targets: ['%s:%d']}]}\n" % both.door)
            place = ("127.0.0.1", harness.free_port())
            scraper = subprocess.Popen([prometheus, "--config.file", config, "--storage.tsdb.path", folder, "--web.listen-address", "%s:%d" % place],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                def scraped():
                    try:
                        answer = both.ask(place, "/api/v1/query?query=pounce_requests_total")
                    except OSError:
                        return False
                    found = answer.status == 200 and json.loads(answer.body)["data"]["result"]
                    return found and found[0]["value"][1] == "1" and found[0]["metric"]["method"] == "GET"
                eventually(scraped, timeout=30, what="a sample in prometheus")
            finally:
                scraper.kill()
                scraper.wait()

    def test_the_probes_for_kubernetes(self):
        """What a kubelet makes of the manual's example: a status below 400 is ready, a connection is alive."""
        ready = re.search(r"readinessProbe:\n  httpGet: \{path: (\S+), port: admin\}", manual())[1]
        self.assertIn("livenessProbe:\n  tcpSocket: {port: admin}", manual())
        with Admin() as both, harness.Wire(both.main, scaled(20)) as guest:
            probe = b"User-Agent: kube-probe/1.31\r\nAccept: */*\r\n"
            self.assertEqual(both.ask(both.door, ready, probe).status, 200)
            guest.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
            eventually(lambda: samples(both.ask(both.door, "/-/metrics").body.decode())["pounce_requests_in_flight"] == 1, what="a request")
            both.server.signal()
            eventually(lambda: both.ask(both.door, ready, probe).status == 503, what="the end of readiness")
            with harness.Wire(both.door, scaled(10)):  # alive while it drains
                pass
            guest.send(b"cd")
            self.assertEqual(guest.response().body, b"abcd")

    def test_haproxy_takes_it_out_while_it_drains(self):
        haproxy = tool(self, "haproxy")
        backend = re.search(r"```haproxy\n(backend pounce\n.*?)```", manual(), re.S)[1]
        with Admin() as both, harness.tempfile.TemporaryDirectory() as folder:
            backend = backend.replace("10.0.0.5:8000", "%s:%d" % both.main).replace("port 9100", "port %d" % both.door[1]).replace("inter 1s", "inter 50ms fall 1 rise 1")
            self.assertIn("127.0.0.1:%d check port %d" % (both.main[1], both.door[1]), backend)
            place = ("127.0.0.1", harness.free_port())
            stats = os.path.join(folder, "stats")
            config = os.path.join(folder, "haproxy.cfg")
            with open(config, "w", encoding="ascii") as file:
                file.write(f"global\n  stats socket {stats}\ndefaults\n  mode http\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n"
                           f"frontend all\n  bind {place[0]}:{place[1]}\n  default_backend pounce\n{backend}")
            balancer = subprocess.Popen([haproxy, "-f", config, "-db"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

            def state():
                try:
                    with socket.socket(socket.AF_UNIX) as asked:
                        asked.settimeout(scaled(10))
                        asked.connect(stats)
                        asked.sendall(b"show stat\n")
                        with asked.makefile(encoding="ascii") as answer:
                            rows = list(csv.DictReader(line for line in answer if line.strip()))
                    return next((row["status"], row["check_status"]) for row in rows if row["svname"] == "one")
                except OSError:
                    return None
            try:
                eventually(lambda: state() == ("UP", "L7OK"), what="a server that is up")
                with harness.Wire(place, scaled(20)) as guest:
                    guest.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
                    eventually(lambda: samples(both.ask(both.door, "/-/metrics").body.decode())["pounce_requests_in_flight"] == 1, what="a request")
                    both.server.signal()
                    eventually(lambda: state() == ("DOWN", "L7STS"), what="a server that is out")
                    guest.send(b"cd")
                    self.assertEqual(guest.response().body, b"abcd")
            finally:
                balancer.kill()
                balancer.wait()

    def test_the_admin_door_has_the_pages_and_the_others_have_health_alone(self):
        with Admin() as both:
            for page in ("/-/health", "/-/metrics", "/-/info"):
                self.assertEqual(both.ask(both.door, page).status, 200)
            self.assertEqual(both.ask(both.door, "/hello").status, 404)
            self.assertEqual(both.ask(both.main, "/-/health").status, 200)
            self.assertEqual(both.ask(both.main, "/-/metrics").status, 404)
            self.assertEqual(both.ask(both.main, "/-/info").status, 404)

    def test_a_full_house_does_not_keep_the_operator_out(self):
        with Admin("--max-connections", "1") as both, harness.Wire(both.main, scaled(10)) as guest:
            guest.send(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertEqual(guest.response().status, 200)
            self.assertEqual(both.ask(both.door, "/-/health").status, 200)

            def refused():
                with harness.Wire(both.main, scaled(10)) as other:
                    self.assertEqual(other.response().status, 503)
                text = both.ask(both.door, "/-/metrics").body.decode()
                return samples(text)['pounce_connections_refused_total{reason="max_connections"}'] >= 1
            eventually(refused, what="a refusal in the metrics")

    def test_health_says_draining_while_what_runs_goes_on(self):
        with Admin() as both, harness.Wire(both.main, scaled(20)) as guest:
            guest.send(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")
            eventually(lambda: samples(both.ask(both.door, "/-/metrics").body.decode())["pounce_requests_in_flight"] == 1, what="a request")
            both.server.signal()
            both.server.wait_output("draining 1 connection")
            answer = both.ask(both.door, "/-/health")
            self.assertEqual((answer.status, json.loads(answer.body)), (503, {"status": "draining", "state": "shutting_down"}))
            found = samples(both.ask(both.door, "/-/metrics").body.decode())
            self.assertEqual(found['pounce_server_state{state="shutting_down"}'], 1)
            guest.send(b"cd")
            self.assertEqual(guest.response().body, b"abcd")

    def test_information_without_secrets(self):
        with harness.tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "s3cret.log")
            with Admin("--access-log", log) as both:
                both.ask(both.main, "/hello")
                found = json.loads(both.ask(both.door, "/-/info").body)
                self.assertEqual(found["state"], "serving")
                self.assertEqual(found["configuration"]["access_log"], "redacted")
                self.assertEqual(found["configuration"]["target"], "redacted")
                self.assertLessEqual({"compiler", "llhttp", "nghttp2", "OpenSSL", "zlib", "zstd", "libdeflate"}, set(found["versions"]))
                self.assertEqual(found["configuration"]["max_connections"], "10000")
                self.assertEqual(found["configuration"]["info_path"], "/-/info")
                self.assertEqual({one["state"] for one in found["workers"]}, {"running"})
                self.assertIn("llhttp", found["versions"])
                self.assertNotIn("s3cret", json.dumps(found))
            self.assertNotIn("can be reached", both.server.output())

    def test_a_warning_when_information_is_for_everybody(self):
        with Server("--info-path", "/-/info", listen=("--bind", "0.0.0.0:0")) as server:
            server.wait_output("warning: --info-path /-/info can be reached from other machines")
        with Server("--admin-bind", "127.0.0.1:0", urls=2) as server:
            server.wait_output("warning: --admin-bind has nothing to serve")

    def test_an_admin_address_that_is_taken_stops_the_start(self):
        with Admin() as both:
            done = run(["--port", "0", *PAGES, "--admin-bind", "%s:%d" % both.door])
            self.assertEqual(done.returncode, 3)
            self.assertIn("%d" % both.door[1], done.stderr)


if __name__ == "__main__":
    harness.main()
