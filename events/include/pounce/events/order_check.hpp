// OrderCheck: is fed lifecycle events and says which promise of <pounce/events/event.hpp> was broken.
//
// What it is: the order rules as a program, for tests and for whoever suspects a collector. Pure; one thread at a time (a collector
// that several workers feed holds its own lock). What it is not: made for long runs: it remembers every id that it has seen.
// Events of one connection must be fed in their order; those of different connections may interleave in any way.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/core/string_fwd.hpp>
#include <pounce/events/event.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

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
  disconnected_first,  // a RequestFailed of a client that has left, not only a stream, follows its ClientDisconnected
  threw_first,         // a RequestFailed of a handler that threw follows its HandlerThrew
  fault_named,         // a RequestFailed of the peer's fault names the fault
  status_sent,         // a ResponseCompleted has a final status, or 101
  requests_counted,    // ConnectionCompleted counts at least the requests that were started, or rejected on streams
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
  OrderCheck();
  OrderCheck(OrderCheck&&) noexcept;
  OrderCheck& operator=(OrderCheck&&) noexcept;
  ~OrderCheck();

  void feed(const Lifecycle& event);

  // Broken promises, in the order of the events that broke them. Until the next one.
  [[nodiscard]] std::span<const Promise> broken() const noexcept;
  // The same for people: "ended_once, time_forward"; empty when all is well.
  [[nodiscard]] std::string text() const;
  // Connections that were opened and not completed, and their open requests: 0 when a server has stopped.
  [[nodiscard]] std::size_t open_connections() const noexcept;
  [[nodiscard]] std::size_t open_requests() const noexcept;

 private:
  struct Records;

  Owned<Records> records_;
};

}  // namespace pounce::inline v0::events
