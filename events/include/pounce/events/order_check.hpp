// OrderCheck: is fed lifecycle events and says which promise of <pounce/events/event.hpp> was broken.
//
// What it is: the order rules as a program, for tests and for whoever suspects a collector. Pure; one thread at a time (a collector
// that several workers feed holds its own lock). What it is not: made for long runs: it remembers every id that it has seen.
// Events of one connection must be fed in their order; those of different connections may interleave in any way.
#pragma once

#include <pounce/events/event.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pounce::inline v0::events {

enum class Promise : std::uint8_t {
  opened_first,        // ConnectionOpened is a connection's first event, once
  completed_last,      // ConnectionCompleted is its last, once
  request_ids_unique,  // each RequestStarted has an id of its own
  started_first,       // what ends a request, or tells of its handler, follows its RequestStarted
  ended_once,          // exactly one ResponseCompleted or RequestFailed
  ended_before_close,  // no request is open at ConnectionCompleted
  same_request,        // connection, stream, method and target are those of the RequestStarted
  disconnected_once,   // at most one ClientDisconnected
  disconnected_first,  // a RequestFailed of a client that has gone follows its ClientDisconnected
  threw_first,         // a RequestFailed of a handler that threw follows its HandlerThrew
  fault_named,         // a RequestFailed of the peer's fault names the fault
  status_sent,         // a ResponseCompleted has a final status, or 101
  requests_counted,    // ConnectionCompleted counts at least the requests that were started
  moves_in_turn,       // HandedOff and HandedBack alternate, HandedOff first
  protocol_first,      // a protocol is chosen once, before its first request, and is what ConnectionCompleted names
  streams_in_turn,     // StreamClosed follows its StreamOpened, once; none is open at ConnectionCompleted
  stream_around,  // with streams: StreamOpened before the RequestStarted, StreamClosed before what ends the request
  tls_in_turn,    // TlsEstablished once, before any protocol; TlsFailed once, nothing of TLS after it
  time_forward,   // stamps of a connection do not go back; durations are those between the stamps
};

[[nodiscard]] std::string_view name(Promise promise) noexcept;

class OrderCheck {
 public:
  void feed(const Lifecycle& event);

  // Broken promises, in the order of the events that broke them.
  [[nodiscard]] const std::vector<Promise>& broken() const noexcept { return broken_; }
  // The same for people: "ended_once, time_forward"; empty when all is well.
  [[nodiscard]] std::string text() const;
  // Connections that were opened and not completed, and their open requests: 0 when a server has stopped.
  [[nodiscard]] std::size_t open_connections() const noexcept { return connections_.size() - completed_; }
  [[nodiscard]] std::size_t open_requests() const noexcept { return requests_.size(); }

 private:
  struct Connection {
    Instant opened;
    Instant last;
    std::uint64_t started = 0;
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
  void on(const RequestRejected& event) { (void)touch(event.connection, event.at); }
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

  std::map<ConnectionId, Connection> connections_;
  std::map<RequestId, Started> requests_;  // open ones
  std::set<RequestId> seen_;
  std::size_t completed_ = 0;
  std::vector<Promise> broken_;
};

}  // namespace pounce::inline v0::events
