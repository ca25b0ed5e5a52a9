// Lifecycle events: what happened on the server, as immutable plain structs.
//
// They are views of the past: nobody changes the server by them. Every event carries the monotonic instant at which it
// happened. Strings are borrowed and live for the length of the call that delivers the event: a collector that keeps an event
// copies them. Ids come from one process-wide source (posix/observe), are unique across threads and increase with time.
//
// Order, per connection (checked by events::OrderCheck and by tests):
//   * ConnectionOpened comes first and exactly once, ConnectionCompleted last and exactly once;
//   * each RequestStarted is followed by exactly one ResponseCompleted or RequestFailed with the same request id;
//   * what fails before a request head was complete has no RequestStarted: a RequestRejected, where an answer went out or a stream was
//     reset, and where the connection ends by it the fault in ConnectionCompleted;
//   * ProtocolChosen comes before the first request of that protocol, and once for each;
//   * where connections have streams (HTTP/2), StreamOpened comes before the RequestStarted of its request and StreamClosed, exactly
//     one, before what ends the request; a RequestRejected has both before it;
//   * LimitHit stands before what it causes: RequestRejected, RequestFailed, ResponseCompleted (429), ConnectionCompleted, or the
//     ConnectionRefused of a connection that has no events of its own;
//   * ClientDisconnected stands before the RequestFailed that it causes; a stream that its client has given up (CANCEL) is no such;
//   * TlsEstablished comes before ProtocolChosen, at most once; TlsFailed, at most once, before what it causes, and nothing of TLS after it;
//   * HandedOff, HandoffRefused and HandedBack stand between ConnectionOpened and ConnectionCompleted: they end nothing; HandedOff and
//     HandedBack come in turn, HandedOff first;
//   * DrainStarted and WorkerStarted/WorkerStopped belong to workers, not to connections; GenerationStarted and GenerationStopped, one
//     pair for each configuration that was served with, come before and behind all of its workers'.
#pragma once

#include <pounce/core/fault.hpp>
#include <pounce/core/ids.hpp>
#include <pounce/core/message.hpp>
#include <pounce/core/time.hpp>
#include <pounce/core/tls_failure.hpp>

#include <cstdint>
#include <string_view>
#include <variant>

namespace pounce::inline v0::events {

using WorkerId = std::uint32_t;

// What is spoken on a connection; `undecided` until its first bytes say so.
enum class Protocol : std::uint8_t { undecided, http1, http2, websocket };

[[nodiscard]] std::string_view name(Protocol protocol) noexcept;

struct ConnectionOpened {
  Instant at;
  ConnectionId connection;
  WorkerId worker;
  std::string_view local;  // "127.0.0.1:8000", "[::1]:8000", "unix:/run/x"
  std::string_view peer;   // "127.0.0.1:40112"; "unix:" for a Unix socket
};

// The handshake has ended well.
struct TlsEstablished {
  Instant at;
  ConnectionId connection;
  WorkerId worker;
  bool resumed;
  std::string_view tls_version;     // "TLSv1.3"
  std::string_view cipher;          // "TLS_AES_128_GCM_SHA256"
  std::string_view alpn;            // "h2", "http/1.1"; empty: the client named none
  std::string_view server_name;     // SNI, as it was sent
  std::string_view client_subject;  // of the client's certificate, when it sent one
  std::string_view client_verdict;  // "ok", or why it is not trusted
};

// The handshake, or what came behind it, has failed: the connection ends. An end without close_notify is not among that: it stands as
// the fault of what it ended.
struct TlsFailed {
  Instant at;
  ConnectionId connection;
  WorkerId worker;
  Fault fault;
  TlsFailure tls_failure;
  std::string_view what;  // OpenSSL's words; may be empty
  std::string_view peer;  // as in ConnectionOpened
};

// The connection speaks this from now on.
struct ProtocolChosen {
  Instant at;
  ConnectionId connection;
  WorkerId worker;
  Protocol before;
  Protocol protocol;
};

struct StreamOpened {
  Instant at;
  ConnectionId connection;
  WorkerId worker;
  StreamId stream;
};

struct StreamClosed {
  Instant at;
  ConnectionId connection;
  WorkerId worker;
  StreamId stream;
};

// Who asked for what; the same in each event of a request. Borrowed like the rest: all of it lies in the exchange.
struct Asked {
  std::string_view peer;   // as in ConnectionOpened
  std::string_view local;  // the same
  // Who asks for what, as the application sees it: trusted proxies have been asked (server/proxy).
  std::string_view client;            // "192.0.2.1", "2001:db8::1", "unix:"
  std::string_view scheme;            // "http", "https"
  std::string_view host;              // with its port, where the client wrote one; may be empty on HTTP/1.0
  std::string_view correlation;       // X-Request-ID, taken or made; empty: not asked for
  const RequestHead* head = nullptr;  // with its fields; null where nobody has kept it
};

struct RequestStarted {
  Instant at;
  ConnectionId connection;
  WorkerId worker;
  StreamId stream;
  RequestId request;
  std::string_view method;
  std::string_view target;
  Version version;
  std::uint32_t open_requests;  // of this connection, with this one
  Asked asked;
};

struct ResponseCompleted {
  Instant at;
  ConnectionId connection;
  WorkerId worker;
  StreamId stream;
  RequestId request;
  std::string_view method;
  std::string_view target;
  std::uint16_t status;
  std::uint64_t body_received;  // request content, decoded, that reached the session
  std::uint64_t body_sent;      // response content before transfer coding
  std::uint64_t body_uncoded;   // what that was coded from; 0: no content coding was applied
  Duration duration;            // since RequestStarted
  Version version;
  std::uint32_t open_requests;  // of this connection, without this one
  Asked asked;
};

enum class Failure : std::uint8_t {
  peer_fault,     // `fault` says what
  client_gone,    // reset or closed before the response was complete, or gave its stream up (CANCEL or NO_ERROR)
  handler_threw,  // after the head went out; before it, the answer is a 500 and the response completes
  handler_left,   // returned without completing its response
  cut,            // the drain deadline
};

[[nodiscard]] std::string_view name(Failure failure) noexcept;

struct RequestFailed {
  Instant at;
  ConnectionId connection;
  WorkerId worker;
  StreamId stream;
  RequestId request;
  std::string_view method;
  std::string_view target;
  std::uint16_t status;  // 0: no head went out
  Failure failure;
  Fault fault;  // with peer_fault; with client_gone, too: `stream_reset` where only a stream was given up
  Duration duration;
  std::uint64_t body_received;  // as in ResponseCompleted, as far as it came
  std::uint64_t body_sent;
  std::uint64_t body_uncoded;
  Version version;
  std::uint32_t open_requests;  // of this connection, without this one
  Asked asked;
};

// A request whose head could not be read or asks for what no request may, answered with the status of its fault, or its stream reset.
struct RequestRejected {
  Instant at;
  ConnectionId connection;
  WorkerId worker;
  StreamId stream;       // 0 where connections have none
  std::uint16_t status;  // 0: no answer went out
  Fault fault;
  std::string_view peer;
};

// Something went over a limit.
struct LimitHit {
  Instant at;
  ConnectionId connection;  // 0: one that was refused, and has no other events than the ConnectionRefused that follows
  WorkerId worker;
  std::string_view limit;  // stable: the option's name, or the limit's where there is no option
};

struct HandlerThrew {
  Instant at;
  ConnectionId connection;
  WorkerId worker;
  RequestId request;
  std::string_view what;
};

struct ClientDisconnected {
  Instant at;
  ConnectionId connection;
  WorkerId worker;
};

// A reactor has taken over a connection from the blocking worker that served it, because its handler waits. Its later events are
// the reactor's.
struct HandedOff {
  Instant at;
  ConnectionId connection;
  WorkerId worker;  // the reactor
  WorkerId from;    // the blocking worker
};

// A reactor has given a connection back to the blocking workers, since its next request has a plain handler. Its later events are a
// worker's.
struct HandedBack {
  Instant at;
  ConnectionId connection;
  WorkerId worker;  // the reactor
};

// The async pool had no place, or is stopping: the worker waits itself. Said once per request.
struct HandoffRefused {
  Instant at;
  ConnectionId connection;
  WorkerId worker;
};

struct ConnectionCompleted {
  Instant at;
  ConnectionId connection;
  WorkerId worker;
  Fault fault;  // why, where a fault ended it
  Protocol protocol;
  std::uint64_t requests;
  std::uint64_t bytes_received;  // on the wire
  std::uint64_t bytes_sent;      // on the wire
  Duration duration;
};

struct WorkerStarted {
  Instant at;
  WorkerId worker;
};

struct WorkerStopped {
  Instant at;
  WorkerId worker;
};

struct DrainStarted {
  Instant at;
  WorkerId worker;
};

// A configuration is about to be served with: the first one is generation 1, each reload makes the next.
struct GenerationStarted {
  Instant at;
  WorkerId worker;  // the first of its ids
  std::uint64_t generation;
};

// Nothing of it runs any more.
struct GenerationStopped {
  Instant at;
  WorkerId worker;
  std::uint64_t generation;
  std::uint64_t requests;        // that it has served
  std::uint64_t cut;             // connections that did not end by themselves …
  std::uint64_t cut_requests;    // … and on them requests whose response was not whole …
  std::uint64_t cut_websockets;  // … and WebSockets
};

// A connection that was accepted only to be let go: there is no place for it, or it comes from no trusted proxy. It has no other events.
struct ConnectionRefused {
  Instant at;
  WorkerId worker;
  std::string_view reason;  // stable: "max_connections", "untrusted_proxy", "tls_max_handshakes"
};

using Lifecycle =
    std::variant<ConnectionOpened, TlsEstablished, TlsFailed, ProtocolChosen, StreamOpened, StreamClosed,
                 RequestStarted, ResponseCompleted, RequestFailed, RequestRejected, LimitHit, HandlerThrew,
                 ClientDisconnected, HandedOff, HandedBack, HandoffRefused, ConnectionCompleted, WorkerStarted,
                 WorkerStopped, DrainStarted, GenerationStarted, GenerationStopped, ConnectionRefused>;

// "connection_opened", …: stable, for logs.
[[nodiscard]] std::string_view name(const Lifecycle& event) noexcept;

// The limit behind a fault, as LimitHit names it; empty where none is.
[[nodiscard]] std::string_view limit_of(Fault fault) noexcept;

}  // namespace pounce::inline v0::events
