#include <pounce/events/order_check.hpp>

#include <utility>
#include <variant>

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

void OrderCheck::feed(const Lifecycle& event) {
  std::visit([this](const auto& what) { on(what); }, event);
}

std::string OrderCheck::text() const {
  std::string out;
  for (const Promise promise : broken_) {
    if (!out.empty()) out.append(", ");
    out.append(name(promise));
  }
  return out;
}

void OrderCheck::expect(bool kept, Promise promise) {
  if (!kept) broken_.push_back(promise);
}

OrderCheck::Connection* OrderCheck::touch(ConnectionId id, Instant at) {
  const auto found = connections_.find(id);
  if (found == connections_.end()) {
    broken_.push_back(Promise::opened_first);
    return nullptr;
  }
  Connection& connection = found->second;
  if (connection.completed) {
    broken_.push_back(Promise::completed_last);
    return nullptr;
  }
  expect(at >= connection.last, Promise::time_forward);
  connection.last = at;
  return &connection;
}

void OrderCheck::on(const ConnectionOpened& event) {
  Connection fresh;
  fresh.opened = fresh.last = event.at;
  expect(connections_.emplace(event.connection, fresh).second, Promise::opened_first);
}

void OrderCheck::on(const TlsEstablished& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(!connection->tls_failed && connection->protocol == Protocol::undecided, Promise::tls_in_turn);
  expect(!std::exchange(connection->tls_established, true), Promise::tls_in_turn);
}

void OrderCheck::on(const TlsFailed& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(!std::exchange(connection->tls_failed, true), Promise::tls_in_turn);
}

void OrderCheck::on(const ProtocolChosen& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(event.before == connection->protocol && event.protocol != event.before, Promise::protocol_first);
  connection->protocol = event.protocol;
}

void OrderCheck::on(const StreamOpened& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(connection->streams.insert(event.stream).second, Promise::streams_in_turn);
}

void OrderCheck::on(const StreamClosed& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(connection->streams.erase(event.stream) == 1, Promise::streams_in_turn);
}

void OrderCheck::on(const RequestStarted& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  if (!seen_.insert(event.request).second) return broken_.push_back(Promise::request_ids_unique);
  ++connection->started;
  ++connection->open;
  expect(connection->protocol != Protocol::undecided, Promise::protocol_first);
  expect(connection->protocol != Protocol::http2 || connection->streams.contains(event.stream), Promise::stream_around);
  Started started{.connection = event.connection,
                  .stream = event.stream,
                  .at = event.at,
                  .method = std::string{event.method},
                  .target = std::string{event.target}};
  requests_.emplace(event.request, std::move(started));
}

template <class Ending>
void OrderCheck::end(const Ending& event, const Started& started) {
  expect(started.connection == event.connection && started.stream == event.stream && started.method == event.method &&
             started.target == event.target,
         Promise::same_request);
  expect(event.duration == event.at - started.at, Promise::time_forward);
  if (const auto found = connections_.find(started.connection); found != connections_.end()) {
    --found->second.open;
    expect(!found->second.streams.contains(started.stream), Promise::stream_around);
  }
  requests_.erase(event.request);
}

void OrderCheck::on(const ResponseCompleted& event) {
  if (touch(event.connection, event.at) == nullptr) return;
  expect(event.status >= 200 || event.status == 101, Promise::status_sent);
  const auto started = requests_.find(event.request);
  if (started != requests_.end()) return end(event, Started{started->second});
  expect(false, seen_.contains(event.request) ? Promise::ended_once : Promise::started_first);
}

void OrderCheck::on(const RequestFailed& event) {
  const Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(event.failure != Failure::client_gone || connection->disconnected, Promise::disconnected_first);
  expect(event.failure != Failure::peer_fault || event.fault != Fault::none, Promise::fault_named);
  const auto started = requests_.find(event.request);
  if (started != requests_.end()) {
    expect(event.failure != Failure::handler_threw || started->second.threw, Promise::threw_first);
    return end(event, Started{started->second});
  }
  expect(false, seen_.contains(event.request) ? Promise::ended_once : Promise::started_first);
}

void OrderCheck::on(const HandlerThrew& event) {
  if (touch(event.connection, event.at) == nullptr) return;
  const auto started = requests_.find(event.request);
  if (started == requests_.end()) {
    return expect(false, seen_.contains(event.request) ? Promise::ended_once : Promise::started_first);
  }
  started->second.threw = true;
}

void OrderCheck::on(const ClientDisconnected& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(!connection->disconnected, Promise::disconnected_once);
  connection->disconnected = true;
}

void OrderCheck::on(const HandedOff& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(!std::exchange(connection->handed_off, true), Promise::moves_in_turn);
}

void OrderCheck::on(const HandedBack& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(std::exchange(connection->handed_off, false), Promise::moves_in_turn);
}

void OrderCheck::on(const ConnectionCompleted& event) {
  Connection* const connection = touch(event.connection, event.at);
  if (connection == nullptr) return;
  expect(connection->open == 0, Promise::ended_before_close);
  expect(connection->streams.empty(), Promise::streams_in_turn);
  expect(event.protocol == connection->protocol, Promise::protocol_first);
  expect(event.requests >= connection->started, Promise::requests_counted);
  expect(event.duration == event.at - connection->opened, Promise::time_forward);
  connection->completed = true;
  ++completed_;
}

}  // namespace pounce::inline v0::events
