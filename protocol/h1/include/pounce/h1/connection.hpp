// h1::Connection: one HTTP/1.1 (and 1.0) server connection as a pure state machine (RFC 9110, RFC 9112).
//
// Bytes in, typed events and bytes out. It is not a socket, reads no clock and calls nobody: whoever drives it passes the
// buffers and the time. Its methods fall into four kinds: input from the network (receive, receive_end), commands from the
// application (want_body … drain), time (deadline, expire), questions (wants_input, finished).
//
// The loop of a driver:
//   1. read bytes behind those not yet consumed, call `receive`, drop the consumed prefix;
//   2. act on the events (a batch: the machine is at rest while the application runs);
//   3. write what is in the output; at `output.finished()` and empty, shut the sending side down;
//   4. after a response has ended call `receive` again, also with no new bytes: pipelined requests wait in the input
//      (a full output lets them wait, too: call it again when there is room);
//   5. at `deadline` call `expire`; when `finished`, close.
//
// Ownership: the machine holds no bytes. Unconsumed input stays with the driver, answers go to the driver's Output.
// Limits: see limits.hpp. Errors: the peer's are one terminal `Failed` event, with the right answer already in the output and
// `Connection: close`; then everything that still arrives is swallowed (lingering close), so that the answer is not lost to a
// reset. Ours are returned as `Sent` and change nothing.
#pragma once

#include <pounce/core/event.hpp>
#include <pounce/core/machine.hpp>
#include <pounce/core/output.hpp>
#include <pounce/core/pace.hpp>
#include <pounce/core/sent.hpp>
#include <pounce/h1/chunked.hpp>
#include <pounce/h1/head_scan.hpp>
#include <pounce/h1/limits.hpp>
#include <pounce/http/framing.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pounce::inline v0::h1 {

struct HeadFraming;

class Connection {
 public:
  // `limits` is borrowed and must outlive the connection. `now` starts the first keep-alive wait.
  Connection(const Limits& limits, Instant now) noexcept;

  // --- input from the network ---

  // Eats a prefix of `input` (all bytes not yet consumed, contiguous) and appends what it found. Stops at the end of each
  // message until its response has ended. Returns the number of consumed bytes.
  [[nodiscard]] std::size_t receive(MutableBytes input, Instant now, Events& events, Output& output);
  // The peer will send no more (half-close). A request in the middle fails as truncated; a complete one is still answered.
  void receive_end(Instant now, Events& events, Output& output);

  // --- commands from the application; `stream` names the request that is meant ---

  // Whether the application wants content now. The first `true` sends 100 Continue where the peer waits for it
  // (RFC 9110, section 10.1.1); while it is false the body's pace is not judged and `wants_input` is false.
  void want_body(StreamId stream, bool wanted, Instant now, Output& output);
  // HTTP/1.1 has no flow control of its own: who does not read, waits.
  void taken(StreamId /*stream*/, std::size_t /*size*/, Output& /*output*/) noexcept {}
  // Nor is there another stream that could need the room.
  void ignore_body(StreamId /*stream*/, Output& /*output*/) noexcept {}
  // A 1xx (103 Early Hints …) before the head; silently skipped for HTTP/1.0 peers. Not 100 and not 101.
  Sent send_informational(StreamId stream, std::uint16_t status, FieldList fields, Output& output);
  // The head. Framing: the known length, else chunked, else (HTTP/1.0) the end of the connection. Responses that carry no
  // content (to HEAD, 204, 304) swallow data given later.
  Sent send_head(StreamId stream, const ResponseHead& head, Output& output);
  // Content. Accepts a prefix, bounded by the output's room; with an owner, large bytes are lent and not copied.
  SentData send_data(StreamId stream, Bytes bytes, StorageRef owner, Output& output);
  // Content that the transport reads itself, as a whole; only where the framing is a declared length, else `wrong_order`.
  Sent send_region(StreamId stream, Region region, Output& output);
  // The end, with trailer fields when the framing is chunked (else they are dropped). A declared length that was not met:
  // `length_mismatch`, and the only way on is `reset`.
  Sent send_end(StreamId stream, FieldList trailers, Instant now, Output& output);
  // All three at once, when the content is known as a whole: its size becomes the declared length. `no_room`: the content would
  // not fit, and nothing was sent; send it piece by piece.
  Sent send_response(StreamId stream, const ResponseHead& head, Bytes content, StorageRef owner, Instant now,
                     Output& output);
  // 101 instead of a response: the connection goes over to another protocol, which `fields` name in Upgrade. It was asked for: the request is
  // complete, of HTTP/1.1, and keeps the connection. From then on this machine eats nothing, wants nothing and is never due; what is in
  // the input, and what comes, belongs to the other protocol. `wrong_order`: it was not asked for.
  Sent send_switch(StreamId stream, FieldList fields, Output& output);
  // Gives the response up: the connection closes without completing it.
  void reset(StreamId stream, Output& output);
  // Ready-made field lines (Date, Server) for the answers that the machine makes itself; borrowed until others are given.
  void use_lines(std::string_view lines) noexcept { lines_ = lines; }
  // What comes is not what this connection is for: whatever it is, the fault answers it. Before anything was received.
  void refuse(Fault fault, Instant now, Events& events, Output& output);
  // No new requests: an idle connection closes at once, otherwise after the response under way. A new one has `drain_grace` from its beginning
  // for its first request.
  void drain(Instant now, Output& output);
  // The same, but an idle connection may ask once more, for `drain_grace`: that response is the last. So a request that crosses
  // this call is answered.
  void drain_patiently(Instant now, Output& output) noexcept;

  // --- time ---

  // When `expire` wants to be called; may lie in the past, may be early, never late. Depends on `output`'s progress.
  [[nodiscard]] Instant deadline(const Output& output) const noexcept;
  void expire(Instant now, Events& events, Output& output);
  // Tell the machine after every write how far the output is (it looks at total_written and total_arrived): starts and judges the write pace.
  void written(Instant now, const Output& output) noexcept;

  // --- questions ---

  // Whether reading makes sense now.
  [[nodiscard]] bool wants_input() const noexcept;
  // Nothing will happen any more and all is written: close.
  [[nodiscard]] bool finished(const Output& output) const noexcept;
  // Between requests, not a byte of the next one seen.
  [[nodiscard]] bool idle() const noexcept;
  // Whether another protocol has taken over.
  [[nodiscard]] bool switched() const noexcept { return reading_ == Reading::switched; }
  // The stream of the request under way, or of the last one.
  [[nodiscard]] StreamId stream() const noexcept { return StreamId{count_}; }

 private:
  // What arriving bytes are. The table of its transitions is in connection.cpp.
  enum class Reading : std::uint8_t {
    head,      // a request head, or nothing yet
    content,   // the content of the request under way
    discard,   // content of an answered request, thrown away to keep the connection
    complete,  // the request is complete: what follows waits until its response has ended
    linger,    // thrown away until the peer has closed, so that our last bytes are not lost to a reset
    closed,    // of no interest
    switched,  // of another protocol
  };
  enum class Writing : std::uint8_t { idle, head, content };  // which call is expected next
  enum class Body : std::uint8_t { none, length, chunked, until_close };
  enum class Continue : std::uint8_t { unwanted, awaited, sent };
  enum class Cause : std::uint8_t {  // of a transition
    bare_request,                    // a head without content
    request,                         // a head, content follows
    content_end,                     // the request is complete
    response_end,                    // the response has ended and the connection goes on
    close_lingering,                 // nothing more is sent; the peer may still be sending
    close,                           // nothing more is sent or read
    switch_protocols,                // another one takes over
  };

  void move(Cause cause) noexcept;
  [[nodiscard]] std::size_t receive_head(Bytes input, Events& events, Output& output);
  [[nodiscard]] std::size_t skip_empty_lines(Bytes input, Fault& fault) noexcept;
  void begin_request(Events::Slot& slot, const http::Framing& framing, Events& events);
  [[nodiscard]] std::size_t receive_content(MutableBytes input, Events& events, Output& output);
  [[nodiscard]] std::size_t receive_chunked(MutableBytes input, Events& events, Output& output);
  void end_content(Bytes trailers, Events& events, Output& output);
  [[nodiscard]] std::size_t discard(Bytes input, Events& events, Output& output);
  void conclude(Events& events, Output& output);
  void answered(Output& output);
  void await_request() noexcept;
  void shut(bool linger, Output& output);
  void cut_short(Output& output);
  void fail(Fault fault, bool head_only, Events& events, Output& output);
  void give_up(Fault fault, bool linger, Events& events, Output& output);
  void frame(const ResponseHead& head, bool close, HeadFraming& framing) noexcept;
  [[nodiscard]] bool must_close(bool whole) const noexcept;
  [[nodiscard]] bool is_current(StreamId id) const noexcept { return writing_ != Writing::idle && id == stream(); }
  [[nodiscard]] Instant idle_until() const noexcept;
  [[nodiscard]] PaceLimits linger_pace() const noexcept { return {limits_->linger_timeout, std::nullopt}; }

  const Limits* limits_;
  std::string_view lines_;
  std::uint64_t count_ = 0;  // requests so far
  Instant now_;              // the latest that was told
  Instant since_;            // start of the idle wait, of the head, or of lingering
  Pace body_pace_;           // of content, wanted or discarded; the silence while lingering
  Pace write_pace_;
  std::uint64_t written_ = 0;        // output progress judged so far: to the transport …
  std::uint64_t arrived_ = 0;        // … and to the peer
  std::uint64_t content_left_ = 0;   // of the request, framed by length; while discarding chunks: what was discarded
  std::uint64_t response_left_ = 0;  // of the response, framed by length
  HeadScan head_scan_;
  ChunkDecoder chunks_;
  std::uint32_t empty_lines_ = 0;  // before this request line
  Reading reading_ = Reading::head;
  Writing writing_ = Writing::idle;
  Body request_body_ = Body::none;
  Body response_body_ = Body::none;
  Continue continue_ = Continue::unwanted;
  bool head_started_ = false;  // a byte of a request line is there
  bool unread_ = false;        // the last `receive` left bytes
  bool ignored_ = false;       // bytes came after a request that ends the connection
  bool wanted_ = false;        // the application wants content
  bool http10_ = false;
  bool head_method_ = false;
  bool keep_alive_ = false;  // the peer would go on
  bool close_ = false;       // we said that we will not
  bool draining_ = false;
  bool patient_ = false;  // the drain is
  bool peer_ended_ = false;
  bool failed_ = false;  // `Failed` was reported
};

static_assert(sizeof(Connection) <= 256);
static_assert(ProtocolMachine<Connection>);

}  // namespace pounce::inline v0::h1
