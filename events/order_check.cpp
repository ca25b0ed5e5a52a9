#include <pounce/events/order_check.hpp>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace pounce::inline v0::events {

std::string_view name(Promise promise) noexcept {
  switch (promise) {
    case Promise::opened_first: return "opened_first";
    case Promise::completed_last: return "completed_last";
    case Promise::request_ids_unique: return "request_ids_unique";
    case Promise::started_first: return "started_first";
    case Promise::ended_once: return "ended_once";
    case Promise::ended_before_close: return "ended_before_close";
    case Promise::same_request: return "same_request";
    case Promise::disconnected_once: return "disconnected_once";
    case Promise::disconnected_first: return "disconnected_first";
    case Promise::threw_first: return "threw_first";
    case Promise::fault_named: return "fault_named";
    case Promise::status_sent: return "status_sent";
    case Promise::requests_counted: return "requests_counted";
    case Promise::moves_in_turn: return "moves_in_turn";
    case Promise::protocol_first: return "protocol_first";
    case Promise::streams_in_turn: return "streams_in_turn";
    case Promise::stream_around: return "stream_around";
    case Promise::tls_in_turn: return "tls_in_turn";
    case Promise::time_forward: return "time_forward";
  }
  return "unknown";
}

struct OrderCheck::Records {
  struct Connection {
    Instant opened;
    Instant last;
    std::uint64_t counted = 0;  // requests that were started, or rejected on streams
    std::size_t open = 0;
    Protocol protocol = Protocol::undecided;
    std::set<StreamId> streams;  // open ones
    bool disconnected = false;
    bool completed = false;
    bool handed_off = false;
    bool tls_established = false;
    bool tls_failed = false;
  };
  struct Started {
    ConnectionId connection;
    StreamId stream;
    Instant at;
    std::string method;
    std::string target;
    bool threw = false;
  };

  void on(const ConnectionOpened& event);
  void on(const TlsEstablished& event);
  void on(const TlsFailed& event);
  void on(const ProtocolChosen& event);
  void on(const StreamOpened& event);
  void on(const StreamClosed& event);
  void on(const RequestStarted& event);
  void on(const ResponseCompleted& event);
  void on(const RequestFailed& event);
  void on(const RequestRejected& event);
  void on(const LimitHit& event) {
    if (number(event.connection) != 0) (void)touch(event.connection, event.at);
  }
  void on(const HandlerThrew& event);
  void on(const ClientDisconnected& event);
  void on(const HandedOff& event);
  void on(const HandedBack& event);
  void on(const HandoffRefused& event) { (void)touch(event.connection, event.at); }
  void on(const ConnectionCompleted& event);
  void on(const WorkerStarted&) {}
  void on(const WorkerStopped&) {}
  void on(const DrainStarted&) {}
  void on(const GenerationStarted&) {}
  void on(const GenerationStopped&) {}
  void on(const ConnectionRefused&) {}

  void expect(bool kept, Promise promise);
  // The connection that an event belongs to, or null when it is not open.
  [[nodiscard]] Connection* touch(ConnectionId id, Instant at);
  template <class Ending>
  void end(const Ending& event, const Started& started);

  std::map<ConnectionId, Connection> connections;
  std::map<RequestId, Started> requests;  // open ones
  std::set<RequestId> seen;
  std::size_t completed = 0;
  std::vector<Promise> broken;
};

OrderCheck::OrderCheck() : records_(make_owned<Records>()) {}
OrderCheck::OrderCheck(OrderCheck&&) noexcept = default;
OrderCheck& OrderCheck::operator=(OrderCheck&&) noexcept = default;
OrderCheck::~OrderCheck() = default;

void OrderCheck::feed(const Lifecycle& event) {
  std::visit([this](const auto& what) { records_->on(what); }, event);
}

std::span<const Promise> OrderCheck::broken() const noexcept { return records_->broken; }
std::size_t OrderCheck::open_connections() const noexcept { return records_->connections.size() - records_->completed; }
std::size_t OrderCheck::open_requests() const noexcept { return records_->requests.size(); }

std::string OrderCheck::text() const {
  std::string out;
  for (const Promise promise : broken()) {
    if (!out.empty()) out.append(", ");
    out.append(name(promise));
  }
  return out;
}

void OrderCheck::Records::expect(bool kept, Promise promise) {
  if (!kept) broken.push_back(promise);
}

OrderCheck::Records::Connection* OrderCheck::Records::touch(ConnectionId id, Instant at) {
  const auto found = connections.find(id);
  if (found == connections.end()) {
    broken.push_back(Promise::opened_first);
    return nullptr;
  }
  Connection& connection = found->second;
  if (connection.completed) {
    broken.push_back(Promise::completed_last);
    return nullptr;
  }
  expect(at >= connection.last, Promise::time_forward);
  connection.last = at;
  return &connection;
}

void OrderCheck::Records::on(const ConnectionOpened& event) {
  Connection fresh;
  fresh.opened = fresh.last = event.at;
  expect(connections.emplace(event.connection, fresh).second, Promise::opened_first);
}

void OrderCheck::Records::on(const TlsEstablished& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(!connection->tls_failed && connection->protocol == Protocol::undecided, Promise::tls_in_turn);
  expect(!std::exchange(connection->tls_established, true), Promise::tls_in_turn);
}

void OrderCheck::Records::on(const TlsFailed& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(!std::exchange(connection->tls_failed, true), Promise::tls_in_turn);
}

void OrderCheck::Records::on(const ProtocolChosen& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(event.before == connection->protocol && event.protocol != event.before, Promise::protocol_first);
  connection->protocol = event.protocol;
}

void OrderCheck::Records::on(const StreamOpened& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(connection->streams.insert(event.stream).second, Promise::streams_in_turn);
}

void OrderCheck::Records::on(const StreamClosed& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(connection->streams.erase(event.stream) == 1, Promise::streams_in_turn);
}

void OrderCheck::Records::on(const RequestStarted& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  if (!seen.insert(event.request).second) return broken.push_back(Promise::request_ids_unique);
  ++connection->counted;
  ++connection->open;
  expect(connection->protocol != Protocol::undecided, Promise::protocol_first);
  expect(connection->protocol != Protocol::http2 || connection->streams.contains(event.stream), Promise::stream_around);
  Started started{.connection = event.connection,
                  .stream = event.stream,
                  .at = event.at,
                  .method = std::string{event.method},
                  .target = std::string{event.target}};
  requests.emplace(event.request, std::move(started));
}

template <class Ending>
void OrderCheck::Records::end(const Ending& event, const Started& started) {
  expect(started.connection == event.connection && started.stream == event.stream && started.method == event.method &&
             started.target == event.target,
         Promise::same_request);
  expect(event.duration == event.at - started.at, Promise::time_forward);
  if (const auto found = connections.find(started.connection); found != connections.end()) {
    --found->second.open;
    expect(!found->second.streams.contains(started.stream), Promise::stream_around);
  }
  requests.erase(event.request);
}

void OrderCheck::Records::on(const ResponseCompleted& event) {
  if (touch(event.connection, event.at) == nullptr) return;
  expect(event.status >= 200 || event.status == 101, Promise::status_sent);
  const auto started = requests.find(event.request);
  if (started != requests.end()) return end(event, Started{started->second});
  expect(false, seen.contains(event.request) ? Promise::ended_once : Promise::started_first);
}

void OrderCheck::Records::on(const RequestFailed& event) {
  const Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  // Who resets a stream stays.
  expect(event.failure != Failure::client_gone || connection->disconnected || event.fault == Fault::stream_reset,
         Promise::disconnected_first);
  expect(event.failure != Failure::peer_fault || event.fault != Fault::none, Promise::fault_named);
  const auto started = requests.find(event.request);
  if (started != requests.end()) {
    expect(event.failure != Failure::handler_threw || started->second.threw, Promise::threw_first);
    return end(event, Started{started->second});
  }
  expect(false, seen.contains(event.request) ? Promise::ended_once : Promise::started_first);
}

void OrderCheck::Records::on(const RequestRejected& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr || number(event.stream) == 0) return;
  ++connection->counted;
  expect(connection->protocol != Protocol::undecided, Promise::protocol_first);
  expect(!connection->streams.contains(event.stream), Promise::stream_around);
}

void OrderCheck::Records::on(const HandlerThrew& event) {
  if (touch(event.connection, event.at) == nullptr) return;
  const auto started = requests.find(event.request);
  if (started == requests.end()) {
    return expect(false, seen.contains(event.request) ? Promise::ended_once : Promise::started_first);
  }
  started->second.threw = true;
}

void OrderCheck::Records::on(const ClientDisconnected& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(!connection->disconnected, Promise::disconnected_once);
  connection->disconnected = true;
}

void OrderCheck::Records::on(const HandedOff& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(!std::exchange(connection->handed_off, true), Promise::moves_in_turn);
}

void OrderCheck::Records::on(const HandedBack& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(std::exchange(connection->handed_off, false), Promise::moves_in_turn);
}

void OrderCheck::Records::on(const ConnectionCompleted& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(connection->open == 0, Promise::ended_before_close);
  expect(connection->streams.empty(), Promise::streams_in_turn);
  expect(event.protocol == connection->protocol, Promise::protocol_first);
  expect(event.requests >= connection->counted, Promise::requests_counted);
  expect(event.duration == event.at - connection->opened, Promise::time_forward);
  connection->completed = true;
  ++completed;
}

}  // namespace pounce::inline v0::events
