// Counting and its text. With promtool (Debian's prometheus) in the path, tests/events/promtool.py has it judge the same text.
#include <doctest/doctest.h>

#include <pounce/events/event_json.hpp>
#include <pounce/events/metrics.hpp>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

using namespace pounce;
using namespace pounce::events;
using namespace std::chrono_literals;

namespace {

bool has_line(const std::string& text, std::string_view line) {
  return ("\n" + text).find("\n" + std::string{line} + "\n") != std::string::npos;
}

ResponseCompleted answered(std::string_view method, std::uint16_t status, Duration duration, std::uint32_t open = 0) {
  ResponseCompleted event{};
  event.method = method;
  event.status = status;
  event.duration = duration;
  event.body_sent = 10;
  event.open_requests = open;
  return event;
}

RequestStarted started(std::uint32_t open = 1) {
  RequestStarted event{};
  event.open_requests = open;
  return event;
}

// A morning in the life of a server.
void live(Meter& meter) {
  for (int i = 0; i < 3; ++i) meter.count(ConnectionOpened{});
  meter.count(ProtocolChosen{{}, {}, 0, Protocol::undecided, Protocol::http1});
  meter.count(ProtocolChosen{{}, {}, 0, Protocol::undecided, Protocol::http2});
  meter.count(started());
  meter.count(answered("GET", 200, 50us));
  meter.count(started());
  meter.count(answered("POST", 404, 3ms));
  meter.count(StreamOpened{});
  meter.count(started());
  meter.count(StreamOpened{});
  meter.count(started(2));
  meter.count(StreamClosed{});
  meter.count(answered("BREW", 299, 70s, 1));
  meter.count(LimitHit{{}, {}, 0, "max_header_size"});
  RequestRejected rejected{};
  rejected.fault = Fault::head_too_large;
  meter.count(rejected);
  ConnectionCompleted completed{};
  completed.protocol = Protocol::http1;
  completed.fault = Fault::keep_alive_timeout;
  completed.bytes_received = 100;
  completed.bytes_sent = 200;
  meter.count(completed);
  RequestFailed failed{};
  failed.failure = Failure::peer_fault;
  failed.fault = Fault::body_too_large;
  failed.open_requests = 1;
  meter.count(started(2));
  meter.count(failed);
  meter.count(HandedOff{});
  meter.count(ConnectionRefused{{}, 0, "max_connections"});
  meter.count(ConnectionRefused{{}, 0, "untrusted_proxy"});
  meter.count(ConnectionRefused{{}, 0, "untrusted_proxy"});
  TlsEstablished secured{};
  secured.tls_version = "TLSv1.3";
  meter.count(secured);
  secured.resumed = true;
  meter.count(secured);
  meter.count(secured);
  TlsFailed insecure{};
  insecure.tls_failure = TlsFailure::no_common_version;
  meter.count(insecure);
  meter.count(WorkerStarted{});
}

std::string text_of(const Meter& meter, Exposition exposition) {
  Totals totals{};
  meter.add_to(totals);
  Moment moment;
  moment.state = ServerState::serving;
  moment.program = "pounce-async";
  moment.version = "0.1.0";
  moment.waiting_handoffs = 3;
  moment.dropped = {{"access", 5}};
  moment.requests = {.running = 8, .waiting = 2, .waited = 3, .wait = 1500ms, .shed = {4, 3, 2, 1}};
  Process process;
  process.open_descriptors = 12;
  process.cpu = 1500ms;
  process.start = 1'795'272'101'250ms;
  return metrics_text(totals, moment, process, exposition);
}

}  // namespace

TEST_CASE("events become metrics") {
  Meter meter;
  live(meter);
  const std::string text = text_of(meter, Exposition::prometheus);
  for (const std::string_view line : {
           "pounce_requests_total{method=\"GET\",status=\"200\"} 1",
           "pounce_requests_total{method=\"POST\",status=\"404\"} 1",
           "pounce_requests_total{method=\"other\",status=\"2xx\"} 1",
           "pounce_requests_failed_total{reason=\"peer_fault\"} 1",
           "pounce_requests_rejected_total{fault=\"head_too_large\"} 1",
           "pounce_requests_in_flight 1",
           "pounce_request_duration_seconds_bucket{le=\"0.0001\"} 2",
           "pounce_request_duration_seconds_bucket{le=\"0.0025\"} 2",
           "pounce_request_duration_seconds_bucket{le=\"0.005\"} 3",
           "pounce_request_duration_seconds_bucket{le=\"1.0\"} 3",
           "pounce_request_duration_seconds_bucket{le=\"+Inf\"} 4",
           "pounce_request_duration_seconds_sum 70.003050000",
           "pounce_request_duration_seconds_count 4",
           "pounce_connections_accepted_total 3",
           "pounce_connections_refused_total{reason=\"max_connections\"} 1",
           "pounce_connections_refused_total{reason=\"untrusted_proxy\"} 2",
           "pounce_connections_refused_total{reason=\"tls_max_handshakes\"} 0",
           "pounce_connections_open{protocol=\"undecided\"} 1",
           "pounce_connections_open{protocol=\"http1\"} 0",
           "pounce_connections_open{protocol=\"http2\"} 1",
           "pounce_connections_state{state=\"active\"} 1",
           "pounce_connections_state{state=\"idle\"} 1",
           "pounce_streams_opened_total 2",
           "pounce_streams_open 1",
           "pounce_received_bytes_total 100",
           "pounce_sent_bytes_total 200",
           "pounce_response_body_bytes_total 30",
           "pounce_connection_faults_total{fault=\"keep_alive_timeout\"} 1",
           "pounce_request_faults_total{fault=\"body_too_large\"} 1",
           "pounce_timeouts_total{kind=\"keep_alive\"} 1",
           "pounce_limits_hit_total{limit=\"max_header_size\"} 1",
           "pounce_tls_handshakes_total{version=\"TLSv1.2\",resumed=\"no\"} 0",
           "pounce_tls_handshakes_total{version=\"TLSv1.3\",resumed=\"no\"} 1",
           "pounce_tls_handshakes_total{version=\"TLSv1.3\",resumed=\"yes\"} 2",
           "pounce_tls_failures_total{reason=\"no_common_version\"} 1",
           "pounce_tls_failures_total{reason=\"timeout\"} 0",
           "pounce_handoffs_total{result=\"taken\"} 1",
           "pounce_handoff_queue_depth 3",
           "pounce_handlers_running 8",
           "pounce_request_queue_depth 2",
           "pounce_requests_shed_total{reason=\"full\"} 4",
           "pounce_requests_shed_total{reason=\"gone\"} 1",
           "pounce_request_queue_wait_seconds_sum 1.500000000",
           "pounce_request_queue_wait_seconds_count 3",
           "pounce_workers 1",
           "pounce_server_state{state=\"serving\"} 1",
           "pounce_server_state{state=\"ready\"} 0",
           "pounce_log_lines_dropped_total{log=\"access\"} 5",
           "pounce_build_info{program=\"pounce-async\",version=\"0.1.0\"} 1",
           "process_open_fds 12",
           "process_cpu_seconds_total 1.500000000",
           "process_start_time_seconds 1795272101.250000000",
           "# TYPE pounce_requests_total counter",
       }) {
    CHECK_MESSAGE(has_line(text, line), line);
  }
  CHECK(text.find("process_max_fds") == std::string::npos);  // nobody knows it
  if (const char* const path = std::getenv("POUNCE_METRICS_OUT"); path != nullptr) {
    std::FILE* const out = std::fopen(path, "w");
    REQUIRE(out != nullptr);
    CHECK(std::fwrite(text.data(), 1, text.size(), out) == text.size());
    CHECK(std::fclose(out) == 0);
  }
}

TEST_CASE("OpenMetrics names families without _total, and ends") {
  Meter meter;
  live(meter);
  const std::string text = text_of(meter, Exposition::openmetrics);
  CHECK(has_line(text, "# TYPE pounce_requests counter"));
  CHECK(has_line(text, "pounce_requests_total{method=\"GET\",status=\"200\"} 1"));
  CHECK(text.ends_with("# EOF\n"));
  CHECK(exposition_for("application/openmetrics-text;version=1.0.0,*/*;q=0.1") == Exposition::openmetrics);
  CHECK(exposition_for("*/*") == Exposition::prometheus);
  CHECK(content_type(Exposition::prometheus).starts_with("text/plain; version=0.0.4"));
}

TEST_CASE("workers count for themselves; their sum is the server's") {
  Meter one;
  Meter two;
  live(one);
  live(two);
  Totals totals{};
  one.add_to(totals);
  two.add_to(totals);
  CHECK(totals[Count::opened] == 6);
  CHECK(totals[Count::duration_sum] == 2 * one.at(Count::duration_sum));
}

TEST_CASE("every fault that time makes is one kind of timeout") {
  std::set<std::string> kinds;
  for (std::size_t i = 0; i < fault_count; ++i) {
    const auto fault = static_cast<Fault>(i);
    const std::string_view name = info(fault).name;
    if (!name.ends_with("_timeout") && !name.ends_with("_too_slow")) continue;
    CAPTURE(name);
    Meter meter;
    ConnectionCompleted completed{};
    completed.fault = fault;
    meter.count(completed);
    const std::string text = text_of(meter, Exposition::prometheus);
    std::size_t hits = 0;
    for (std::size_t at = 0; (at = text.find("pounce_timeouts_total{kind=\"", at)) != std::string::npos;) {
      at += std::string_view{"pounce_timeouts_total{kind=\""}.size();
      const std::string kind = text.substr(at, text.find('"', at) - at);
      if (text.compare(at + kind.size(), 5, "\"} 1\n") != 0) continue;
      ++hits;
      kinds.insert(kind);
    }
    CHECK(hits == 1);
    CHECK_FALSE(limit_of(fault).empty());
  }
  CHECK(kinds.size() == 16);
}

TEST_CASE("content codings are counted before and behind") {
  Meter meter;
  ResponseCompleted coded = answered("GET", 200, 1ms);
  coded.body_uncoded = 1000;
  meter.count(coded);
  meter.count(answered("GET", 200, 1ms));
  const std::string text = text_of(meter, Exposition::prometheus);
  CHECK(has_line(text, "pounce_compression_input_bytes_total 1000"));
  CHECK(has_line(text, "pounce_compression_output_bytes_total 10"));
  CHECK(has_line(text, "pounce_response_body_bytes_total 20"));
}

TEST_CASE("every limit that a fault hits is counted by its name") {
  // Those that are no fault of a connection.
  std::set<std::string_view> names{"max_connections",         "tls_max_handshakes", "rate_limit",
                                   "compression_max_streams", "queue_depth",        "queue_timeout"};
  for (std::size_t i = 0; i < fault_count; ++i) {
    const std::string_view limit = limit_of(static_cast<Fault>(i));
    if (!limit.empty()) names.insert(limit);
  }
  std::set<std::string_view> counted(counted_limits().begin(), counted_limits().end());
  CHECK(names == counted);
  CHECK(counted.size() == counted_limits().size());
}

TEST_CASE("an odd status does no harm") {
  Meter meter;
  for (const std::uint16_t status : std::initializer_list<std::uint16_t>{0, 99, 100, 199, 599, 600, 65535})
    meter.count(answered("GET", status, 1ms));
  const std::string text = text_of(meter, Exposition::prometheus);
  CHECK(has_line(text, "pounce_requests_total{method=\"GET\",status=\"5xx\"} 1"));
  CHECK(has_line(text, "pounce_requests_total{method=\"GET\",status=\"1xx\"} 2"));
  CHECK(has_line(text, "pounce_requests_total{method=\"GET\",status=\"other\"} 4"));
}

TEST_CASE("events as JSON lines") {
  TimeText time;
  std::string out;
  const WallInstant wall{std::chrono::milliseconds{1'795'272'101'250}};
  append_json(out, LimitHit{Instant{} + 7ns, ConnectionId{4}, 2, "max_headers"}, wall, time);
  CHECK(out == R"({"time":"2026-11-21T14:41:41.250Z","event":"limit_hit","at_ns":7,"worker":2,"connection":4,)"
               R"("limit":"max_headers"})"
               "\n");
  out.clear();
  append_json(out, HandlerThrew{{}, ConnectionId{1}, 1, RequestId{2}, "a\"\n\xff"}, wall, time);
  CHECK(out.find(R"("what":"a\"\u000a\u00ff"})") != std::string::npos);
  out.clear();
  TlsEstablished secured{};
  secured.tls_version = "TLSv1.3";
  secured.server_name = "a\n";
  append_json(out, secured, wall, time);
  CHECK(out.find(R"("resumed":false,"version":"TLSv1.3","cipher":"","server_name":"a\u000a"})") != std::string::npos);
  out.clear();
  TlsFailed failed{};
  failed.fault = Fault::tls_handshake_failed;
  failed.tls_failure = TlsFailure::no_common_cipher;
  failed.what = "no shared cipher";
  append_json(out, failed, wall, time);
  CHECK(
      out.find(R"("peer":"","fault":"tls_handshake_failed","reason":"no_common_cipher","what":"no shared cipher"})") !=
      std::string::npos);
  out.clear();
  ResponseCompleted event = answered("GET", 200, 1500us);
  event.asked.peer = "127.0.0.1:1";
  append_json(out, event, wall, time);
  CHECK(out.find(R"("status":200,"body_received":0,"body_sent":10,"duration_us":1500,"peer":"127.0.0.1:1",)"
                 R"("client":"","scheme":"","host":""})") != std::string::npos);
}
