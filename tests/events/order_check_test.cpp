// OrderCheck: each promise, kept and broken.
#include <doctest/doctest.h>

#include <pounce/events/order_check.hpp>

#include <initializer_list>
#include <set>
#include <string>
#include <vector>

using namespace pounce;
using namespace pounce::events;

namespace {

Instant at(int seconds) { return Instant{} + std::chrono::seconds{seconds}; }
Duration seconds(int n) { return std::chrono::seconds{n}; }

constexpr ConnectionId one{1};

ConnectionOpened opened(int when, ConnectionId id = one) {
  return {.at = at(when), .connection = id, .worker = 0, .local = "a", .peer = "b"};
}
RequestStarted started(int when, std::uint64_t request, ConnectionId id = one) {
  return {.at = at(when),
          .connection = id,
          .worker = 0,
          .stream = StreamId{request},
          .request = RequestId{request},
          .method = "GET",
          .target = "/",
          .version = Version::http11,
          .open_requests = 1,
          .asked = {}};
}
ResponseCompleted answered(int when, std::uint64_t request, int since, ConnectionId id = one) {
  return {.at = at(when),
          .connection = id,
          .worker = 0,
          .stream = StreamId{request},
          .request = RequestId{request},
          .method = "GET",
          .target = "/",
          .status = 200,
          .body_received = 0,
          .body_sent = 0,
          .body_uncoded = 0,
          .duration = seconds(when - since),
          .version = Version::http11,
          .open_requests = 0,
          .asked = {}};
}
RequestFailed failed(int when, std::uint64_t request, int since, Failure failure, Fault fault = Fault::none) {
  return {.at = at(when),
          .connection = one,
          .worker = 0,
          .stream = StreamId{request},
          .request = RequestId{request},
          .method = "GET",
          .target = "/",
          .status = 0,
          .failure = failure,
          .fault = fault,
          .duration = seconds(when - since),
          .body_received = 0,
          .body_sent = 0,
          .body_uncoded = 0,
          .version = Version::http11,
          .open_requests = 0,
          .asked = {}};
}
HandlerThrew threw(int when, std::uint64_t request) {
  return {.at = at(when), .connection = one, .worker = 0, .request = RequestId{request}, .what = "x"};
}
ClientDisconnected left(int when) { return {.at = at(when), .connection = one, .worker = 0}; }
ConnectionCompleted completed(int when, int since, std::uint64_t requests, ConnectionId id = one) {
  return {.at = at(when),
          .connection = id,
          .worker = 0,
          .fault = Fault::none,
          .protocol = Protocol::http1,
          .requests = requests,
          .bytes_received = 0,
          .bytes_sent = 0,
          .duration = seconds(when - since)};
}

using List = std::vector<Promise>;

ProtocolChosen chosen(int when, ConnectionId id = one, Protocol protocol = Protocol::http1) {
  return {.at = at(when), .connection = id, .worker = 0, .before = Protocol::undecided, .protocol = protocol};
}

// Each connection speaks HTTP/1.1 from its beginning.
void feed(OrderCheck& check, const Lifecycle& event) {
  check.feed(event);
  if (const auto* begun = std::get_if<ConnectionOpened>(&event); begun != nullptr) {
    if (check.broken().empty()) check.feed(ProtocolChosen{begun->at, begun->connection, 0, {}, Protocol::http1});
  }
}

List broken(std::initializer_list<Lifecycle> events) {
  OrderCheck check;
  for (const Lifecycle& event : events) feed(check, event);
  return {check.broken().begin(), check.broken().end()};
}

// As they are.
List broken_exactly(std::initializer_list<Lifecycle> events) {
  OrderCheck check;
  for (const Lifecycle& event : events) check.feed(event);
  return {check.broken().begin(), check.broken().end()};
}

}  // namespace

TEST_CASE("a connection with two requests, one answered and one lost, breaks nothing") {
  OrderCheck check;
  for (const Lifecycle& event :
       std::initializer_list<Lifecycle>{opened(0), started(1, 1), answered(2, 1, 1), started(3, 2), left(4),
                                        failed(4, 2, 3, Failure::client_gone), completed(5, 0, 2)}) {
    feed(check, event);
  }
  CHECK(check.text() == "");
  CHECK(check.open_connections() == 0);
  CHECK(check.open_requests() == 0);
}

TEST_CASE("connections may interleave, and events of workers stand beside them") {
  const ConnectionId two{2};
  CHECK(broken({WorkerStarted{at(0), 0}, opened(0), opened(0, two), started(1, 1, two), started(1, 2),
                DrainStarted{at(1), 0}, answered(2, 2, 1), completed(2, 0, 1), answered(3, 1, 1, two),
                completed(4, 0, 1, two), ConnectionRefused{at(4), 0, "max_connections"}, WorkerStopped{at(5), 0}}) ==
        List{});
}

TEST_CASE("TLS comes before what is spoken over it, and fails once") {
  TlsEstablished agreed{};
  agreed.at = at(1);
  agreed.connection = one;
  TlsFailed broke{};
  broke.at = at(1);
  broke.connection = one;
  const ProtocolChosen chosen{at(1), one, 0, Protocol::undecided, Protocol::http1};
  CHECK(broken_exactly({opened(0), agreed, chosen, broke}) == List{});
  CHECK(broken_exactly({opened(0), chosen, agreed}) == List{Promise::tls_in_turn});
  CHECK(broken_exactly({opened(0), agreed, agreed}) == List{Promise::tls_in_turn});
  CHECK(broken_exactly({opened(0), broke, agreed}) == List{Promise::tls_in_turn});
  CHECK(broken_exactly({opened(0), broke, broke}) == List{Promise::tls_in_turn});
}

TEST_CASE("what is open is counted") {
  OrderCheck check;
  feed(check, opened(0));
  check.feed(started(0, 7));
  CHECK(check.open_connections() == 1);
  CHECK(check.open_requests() == 1);
  check.feed(answered(1, 7, 0));
  check.feed(completed(1, 0, 1));
  CHECK(check.open_connections() == 0);
}

TEST_CASE("each promise, broken") {
  CHECK(broken({started(0, 1)}) == List{Promise::opened_first});
  CHECK(broken({opened(0), opened(0)}) == List{Promise::opened_first});
  CHECK(broken({opened(0), completed(1, 0, 0), completed(1, 0, 0)}) == List{Promise::completed_last});
  CHECK(broken({opened(0), completed(1, 0, 0), left(2)}) == List{Promise::completed_last});
  CHECK(broken({opened(0), started(1, 1), started(1, 1)}) == List{Promise::request_ids_unique});
  CHECK(broken({opened(0), answered(1, 1, 1)}) == List{Promise::started_first});
  CHECK(broken({opened(0), threw(1, 1)}) == List{Promise::started_first});
  CHECK(broken({opened(0), started(1, 1), answered(1, 1, 1), answered(1, 1, 1)}) == List{Promise::ended_once});
  CHECK(broken({opened(0), started(1, 1), answered(1, 1, 1), failed(1, 1, 1, Failure::cut)}) ==
        List{Promise::ended_once});
  CHECK(broken({opened(0), started(1, 1), completed(2, 0, 1)}) == List{Promise::ended_before_close});
  CHECK(broken({opened(0), opened(0, ConnectionId{2}), started(1, 1), answered(1, 1, 1, ConnectionId{2})}) ==
        List{Promise::same_request});
  CHECK(broken({opened(0), left(1), left(1)}) == List{Promise::disconnected_once});
  CHECK(broken({opened(0), started(1, 1), failed(1, 1, 1, Failure::client_gone)}) == List{Promise::disconnected_first});
  // Who gives a stream up does not leave.
  CHECK(broken({opened(0), started(1, 1), failed(1, 1, 1, Failure::client_gone, Fault::stream_reset)}) == List{});
  CHECK(broken({opened(0), started(1, 1), failed(1, 1, 1, Failure::handler_threw)}) == List{Promise::threw_first});
  CHECK(broken({opened(0), started(1, 1), threw(1, 1), failed(1, 1, 1, Failure::handler_threw)}) == List{});
  CHECK(broken({opened(0), started(1, 1), failed(1, 1, 1, Failure::peer_fault)}) == List{Promise::fault_named});
  CHECK(broken({opened(0), started(1, 1), failed(1, 1, 1, Failure::peer_fault, Fault::body_timeout)}) == List{});
  ResponseCompleted early = answered(1, 1, 1);
  early.status = 103;
  CHECK(broken({opened(0), started(1, 1), early}) == List{Promise::status_sent});
  CHECK(broken({opened(0), started(1, 1), answered(1, 1, 1), completed(1, 0, 0)}) == List{Promise::requests_counted});
  CHECK(broken({opened(5), started(4, 1)}) == List{Promise::time_forward});
  CHECK(broken({opened(0), started(1, 1), answered(2, 1, 0)}) == List{Promise::time_forward});
}

TEST_CASE("a connection that is handed off may come back, and be handed off again") {
  const auto off = [](int when) { return HandedOff{.at = at(when), .connection = one, .worker = 2, .from = 1}; };
  const auto back = [](int when) { return HandedBack{.at = at(when), .connection = one, .worker = 2}; };
  CHECK(broken({opened(0), off(1), back(2), off(3), completed(4, 0, 0)}).empty());
  CHECK(broken({opened(0), off(1), off(2)}) == List{Promise::moves_in_turn});
  CHECK(broken({opened(0), back(1)}) == List{Promise::moves_in_turn});
}

TEST_CASE("a protocol is chosen before its first request, and named at the end") {
  CHECK(broken_exactly({opened(0), started(1, 1), answered(1, 1, 1), completed(1, 0, 1)}) ==
        List{Promise::protocol_first, Promise::protocol_first});
  CHECK(broken_exactly({opened(0), chosen(1), chosen(1)}) == List{Promise::protocol_first});
  ConnectionCompleted silent = completed(1, 0, 0);
  silent.protocol = Protocol::undecided;
  CHECK(broken_exactly({opened(0), silent}).empty());
}

TEST_CASE("streams lie around their requests") {
  const auto opens = [](int when, std::uint64_t id) { return StreamOpened{at(when), one, 0, StreamId{id}}; };
  const auto closes = [](int when, std::uint64_t id) { return StreamClosed{at(when), one, 0, StreamId{id}}; };
  const ProtocolChosen h2 = chosen(0, one, Protocol::http2);
  ConnectionCompleted end = completed(4, 0, 2);
  end.protocol = Protocol::http2;
  CHECK(broken_exactly({opened(0), h2, opens(1, 1), started(1, 1), opens(1, 3), started(1, 3), closes(2, 3),
                        answered(2, 3, 1), closes(3, 1), answered(3, 1, 1), end}) == List{});
  CHECK(broken_exactly({opened(0), h2, started(1, 1)}) == List{Promise::stream_around});
  CHECK(broken_exactly({opened(0), h2, opens(1, 1), started(1, 1), answered(2, 1, 1)}) == List{Promise::stream_around});
  CHECK(broken_exactly({opened(0), h2, opens(1, 1), opens(1, 1)}) == List{Promise::streams_in_turn});
  CHECK(broken_exactly({opened(0), h2, closes(1, 1)}) == List{Promise::streams_in_turn});
  CHECK(broken_exactly({opened(0), h2, opens(1, 1), end}) == List{Promise::streams_in_turn});

  RequestRejected rejected{};
  rejected.at = at(2);
  rejected.connection = one;
  rejected.stream = StreamId{1};
  CHECK(broken_exactly({opened(0), h2, opens(1, 1), closes(2, 1), rejected, end}) == List{});
  CHECK(broken_exactly({opened(0), h2, opens(1, 1), rejected}) == List{Promise::stream_around});
  CHECK(broken_exactly({opened(0), rejected}) == List{Promise::protocol_first});
  end.requests = 0;
  CHECK(broken_exactly({opened(0), h2, opens(1, 1), closes(2, 1), rejected, end}) == List{Promise::requests_counted});
}

TEST_CASE("names of promises and failures are different words") {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Promise::time_forward); ++i) names.insert(name(static_cast<Promise>(i)));
  CHECK(names.size() == static_cast<std::size_t>(Promise::time_forward) + 1);
  CHECK_FALSE(names.contains("unknown"));
  std::set<std::string_view> failures;
  for (int i = 0; i <= static_cast<int>(Failure::cut); ++i) failures.insert(name(static_cast<Failure>(i)));
  CHECK(failures.size() == static_cast<std::size_t>(Failure::cut) + 1);
}
