// h2::Connection: one HTTP/2 server connection as a pure state machine (RFC 9113, 7541, 9218).
//
// Bytes in, typed events and bytes out, with the events and verbs of h1::Connection; but many streams at once, told apart by their
// StreamId. It is not a socket, reads no clock and calls nobody: whoever drives it passes the buffers and the time.
//
// The loop of a driver is that of h1::Connection (see there), and:
//   - `written` is called at the end of each step and after each write: there content is cut into frames, in the order of the streams'
//     priorities, so that what is queued has its say until the last moment;
//   - `taken` is called when the application has done with content: that is the peer's credit to send more;
//   - after a `Reset` event, call `reset(stream)` when the stream's handler has really ended: until then it counts against `max_streams`;
//   - `receive` wants a whole field block at a time: give the input room for `Limits::least_input()`.
//
// Ownership: the machine holds no input. Queued response content is copied, or lent by its owner. Limits: see limits.hpp. What may
// wait for the peer is bounded by them; input is not eaten while the output is full.
// Errors: what is wrong with one stream resets that stream: a `Reset` event (`rejected` when its request was none to report), and RST_STREAM or
// an answer where HTTP has one (408, 413, 414, 417, 431). What is wrong with the connection is one terminal `Failed`, with GOAWAY
// already in the output; then all that still arrives is thrown away (lingering close). Ours are returned as `Sent` and change nothing.
// When memory ends within a head that is sent, std::bad_alloc passes through, and the connection is over: its output is abandoned.
#pragma once

#include <pounce/core/event.hpp>
#include <pounce/core/list.hpp>
#include <pounce/core/machine.hpp>
#include <pounce/core/output.hpp>
#include <pounce/core/pace.hpp>
#include <pounce/core/sent.hpp>
#include <pounce/h2/budget.hpp>
#include <pounce/h2/frame.hpp>
#include <pounce/h2/hpack.hpp>
#include <pounce/h2/limits.hpp>
#include <pounce/h2/scheduler.hpp>
#include <pounce/h2/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace pounce::inline v0::h2 {

class Connection {
 public:
  // `limits` is borrowed and must outlive the connection. `now` starts the wait for the preface.
  Connection(const Limits& limits, Instant now);
  // Tells the peer that extended CONNECT is spoken here (RFC 8441, section 3); without it a request with :protocol is malformed. Before the
  // first call of `receive`.
  void enable_connect() noexcept { connect_ = true; }

  // --- input from the network ---

  // Eats whole frames, and content as it comes, from the front of `input` (all bytes not yet consumed, contiguous).
  [[nodiscard]] std::size_t receive(MutableBytes input, Instant now, Events& events, Output& output);
  // The peer will send no more (half-close). Complete requests are still answered.
  void receive_end(Instant now, Events& events, Output& output);

  // --- commands from the application ---

  // Whether the application wants content now. The first `true` sends 100 Continue where the peer waits for it; while it is false the
  // content's pace is not judged.
  void want_body(StreamId stream, bool wanted, Instant now, Output& output);
  // The application is done with so many bytes of Data: the peer may send as many again.
  void taken(StreamId stream, std::size_t size, Output& output);
  // The application will take no more of the content, though it still answers: what came and what comes is thrown away, and the stream
  // gets no more credit. The connection does, so that its other streams have their windows.
  void ignore_body(StreamId stream, Output& output);
  // A 1xx (103 Early Hints …) before the head. Not 100 and not 101.
  Sent send_informational(StreamId stream, std::uint16_t status, FieldList fields, Output& output);
  // The head. `close` drains the connection. Responses that carry no content (to HEAD, 204, 304) swallow data given later.
  Sent send_head(StreamId stream, const ResponseHead& head, Output& output);
  // Content, into the stream's queue. Accepts a prefix, bounded by the windows and the queue; when that is not all, `Writable` says
  // when there is room again. With an owner, large pieces are lent and not copied.
  SentData send_data(StreamId stream, Bytes bytes, StorageRef owner, Output& output);
  // A whole answer in one call: head, content, end. `no_room`, and nothing is done, when its content cannot be queued at once.
  Sent send_response(StreamId stream, const ResponseHead& head, Bytes content, StorageRef owner, Instant now,
                     Output& output);
  // 200 to an extended CONNECT (RFC 8441, section 5), in place of an answer. From here on content belongs to what `:protocol` named:
  // `max_request_size` and paces of content no longer apply, and no trailers come. Its end is `send_end`, or `reset`.
  Sent send_switch(StreamId stream, FieldList fields, Output& output);
  // The end, with trailers. A declared length that was not met: `length_mismatch`, and the only way on is `reset`.
  Sent send_end(StreamId stream, FieldList trailers, Instant now, Output& output);
  // Gives the stream up (INTERNAL_ERROR), or lets go of one that was reset.
  void reset(StreamId stream, Output& output);
  // Ready-made field lines (Date, Server) for the answers that the machine makes itself; borrowed until others are given.
  void use_lines(std::string_view lines) noexcept { lines_ = lines; }
  // No new requests, in two steps (RFC 9113, section 6.8): first the peer is told, then, after a round trip or `drain_grace`, what it
  // sends is refused. The connection ends when the last stream has; at once where nothing has come for `drain_grace`.
  void drain(Instant now, Output& output);
  // The same, also where the client's preface is still to come, as it is behind a TLS handshake: it may ask until it has been told.
  void drain_patiently(Instant now, Output& output);

  // --- time ---

  // When `expire` wants to be called; may lie in the past, may be early, never late. Depends on `output`'s progress.
  [[nodiscard]] Instant deadline(const Output& output) const noexcept;
  void expire(Instant now, Events& events, Output& output);
  // Fills the output with queued content, and judges the peer's reading.
  void written(Instant now, Output& output);

  // --- questions ---

  // Whether reading makes sense now.
  [[nodiscard]] bool wants_input() const noexcept;
  // Nothing will happen any more and all is written: close.
  [[nodiscard]] bool finished(const Output& output) const noexcept;
  // No stream lives, and not a byte of the next frame was seen.
  [[nodiscard]] bool idle() const noexcept;
  // How many streams live, those that nobody has let go of included.
  [[nodiscard]] std::size_t streams() const noexcept { return streams_.size(); }

 private:
  enum class Phase : std::uint8_t {
    preface,   // the client's magic octets
    settings,  // its first SETTINGS frame
    open,
    linger,  // GOAWAY is out; thrown away until the peer has closed
    closed,
  };
  enum class Drain : std::uint8_t { no, announced, refusing };
  // What a frame for a stream meets.
  struct Target {
    Stream* stream = nullptr;              // if it is in the table
    Fault stream_fault = Fault::none;      // it is an error of its stream …
    Fault connection_fault = Fault::none;  // … or of the connection
    bool ignored = false;                  // it was on its way when we reset the stream
  };

  using EarlyPriority = std::pair<std::uint32_t, Priority>;

  // connection.cpp: phases, dispatch, ends
  void greet(Output& output);
  [[nodiscard]] std::size_t receive_some(MutableBytes input, Events& events, Output& output);
  [[nodiscard]] std::size_t receive_preface(Bytes input, Events& events, Output& output);
  [[nodiscard]] std::size_t receive_frame(Bytes input, Events& events, Output& output);
  void report_writable(Events& events);
  void fail(Fault fault, Events& events, Output& output);
  void shut(bool linger, Output& output);
  void end_when_done(Output& output);
  [[nodiscard]] bool is_over() const noexcept { return phase_ == Phase::linger || phase_ == Phase::closed; }

  // connection_frames.cpp: frames but HEADERS and DATA
  void receive_control(const FrameHeader& frame, Bytes payload, Events& events, Output& output);
  void receive_priority(const FrameHeader& frame, Bytes payload, Events& events, Output& output);
  void receive_priority_update(const FrameHeader& frame, Bytes payload, Events& events, Output& output);
  void take_early_priority(Stream& stream) noexcept;
  void receive_rst_stream(const FrameHeader& frame, Bytes payload, Events& events, Output& output);
  void receive_settings(const FrameHeader& frame, Bytes payload, Events& events, Output& output);
  [[nodiscard]] Fault apply_setting(Setting setting, std::uint32_t value);
  [[nodiscard]] Fault change_windows(std::uint32_t value);
  void settings_acknowledged() noexcept;
  void receive_ping(const FrameHeader& frame, Bytes payload, Events& events, Output& output);
  void receive_goaway(const FrameHeader& frame, Bytes payload, Events& events, Output& output);
  void receive_window_update(const FrameHeader& frame, Bytes payload, Events& events, Output& output);

  // connection_requests.cpp: HEADERS, CONTINUATION
  [[nodiscard]] std::size_t receive_block(Bytes input, Events& events, Output& output);
  void decode_block(const FrameHeader& first, Bytes frames, Events& events, Output& output);
  void open_request(const FrameHeader& frame, Fault fault, Events::Slot& slot, std::optional<Priority> priority,
                    Events& events, Output& output);
  void receive_trailers(Stream& stream, Fault fault, Events::Slot& slot, Events& events, Output& output);
  void answer_fault(Stream& stream, Fault fault, Output& output);
  void count_request(Output& output);
  void reject(std::uint32_t id, Fault fault, Events& events, Output& output);
  void refuse(std::uint32_t id, ErrorCode code, Events& events, Output& output);
  void refuse_late(std::uint32_t id, const Target& target, Events& events, Output& output);

  // connection_content.cpp: DATA, and the credit for it
  [[nodiscard]] std::size_t begin_data(Bytes input, Events& events, Output& output);
  void receive_into(Stream& stream, const FrameHeader& frame, std::uint32_t content, Events& events, Output& output);
  [[nodiscard]] std::size_t receive_data(MutableBytes input, Events& events, Output& output);
  void finish_data(Events& events);
  void end_content(Stream& stream, FieldList trailers, Events& events);
  void stop_listening(Stream& stream, Output& output);
  void give_credit(Stream* stream, std::uint32_t size, Output& output);
  void abandon_content(Stream& stream, Output& output);

  // connection_streams.cpp: how streams end
  [[nodiscard]] Target target_of(std::uint32_t id) const noexcept;
  void break_off(Stream& stream, Fault fault, Events& events, Output& output);
  void end_stream(Stream& stream, Fault fault, ErrorCode code, Ending ending, Events* events, Output& output);
  void release_when_done(Stream& stream);
  void provoked(Events& events, Output& output);
  [[nodiscard]] Stream* find_for_application(StreamId id) const noexcept;

  // connection_send.cpp: heads, content, ends
  void compose_block(std::uint32_t id, const FieldBlock& fields, bool end_stream, Output& output);
  void send_block(std::uint32_t id, const FieldBlock& fields, bool end_stream, Output& output);
  void send_continue(const Stream& stream, Output& output);
  [[nodiscard]] std::size_t allowance(const Stream& stream) const noexcept;
  void wait_for_room(Stream& stream);
  void queue(Stream& stream, Bytes bytes, StorageRef owner);
  void send_last(Stream& stream, Output& output);
  void end_local(Stream& stream);

  // connection_flush.cpp: from the queues to the output
  void schedule(Stream& stream) noexcept;
  void flush(Output& output);
  void send_frame(Stream& stream, std::size_t size, Output& output);

  // connection_time.cpp
  void keep_pace(const Output& output) noexcept;
  void note(Instant due) noexcept;
  void start_receive_pace(Stream& stream);
  void start_send_pace(Stream& stream) noexcept;
  void give_up_writing(bool slow, Events& events, Output& output);
  void answer_is_under_way(std::uint64_t moved, std::uint64_t arrived) noexcept;
  void keep_in_touch(Events& events, Output& output);
  void expire_streams(Events& events, Output& output);
  void expire_content(Stream& stream, Pace::Verdict verdict, Events& events, Output& output);
  [[nodiscard]] bool expire_window(Stream& stream, Pace::Verdict verdict, Events& events, Output& output);
  void announce_drain(Output& output);
  void refuse_from_now_on(Output& output);
  [[nodiscard]] PaceLimits linger_pace() const noexcept { return {limits_->linger_timeout, std::nullopt}; }

  const Limits* limits_;
  std::string_view lines_;
  Decoder decoder_;
  Encoder encoder_;
  Streams streams_;
  Scheduler scheduler_;
  BlockRef staging_;  // where queued content is copied to
  std::size_t staging_used_ = 0;
  List<std::uint32_t> waiting_;           // streams that wait for room
  List<EarlyPriority> early_priorities_;  // of streams that are not there yet

  Instant now_;             // the latest that was told
  Instant since_;           // start of the idle wait, of the preface, or of lingering
  Instant frame_since_;     // the first frame in the input is not complete since
  Instant settings_since_;  // ours are not acknowledged since
  Instant drain_since_;
  Instant heard_;  // the last input
  Instant pinged_;
  Instant streams_due_ = never;  // not later than the first deadline of a stream
  Pace linger_pace_;
  Pace write_pace_;
  std::uint64_t written_ = 0;
  std::uint64_t arrived_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t ping_end_ = 0;  // of all that was ever sent, up to our PING

  std::int64_t receive_window_ = default_window;
  std::int64_t send_window_ = default_window;
  std::uint32_t credit_ = 0;                           // of the connection, not announced
  std::uint32_t stream_window_ = default_window;       // what a new stream of the peer's begins with
  std::uint32_t peer_stream_window_ = default_window;  // what a new stream begins with in our direction
  std::uint32_t last_id_ = 0;                          // the highest that the peer has used
  std::uint32_t final_id_ = most_stream;               // the last that is served

  std::uint32_t data_id_ = 0;  // the DATA frame that is being received
  std::uint32_t data_left_ = 0;
  std::uint32_t padding_left_ = 0;
  bool data_ends_ = false;
  bool data_unwanted_ = false;

  Phase phase_ = Phase::preface;
  Drain drain_ = Drain::no;
  bool greeted_ : 1 = false;
  bool settings_acknowledged_ : 1 = false;
  bool frame_waits_ : 1 = false;   // a part of a frame is in the input
  bool unread_ : 1 = false;        // the last `receive` left bytes
  bool windows_grew_ : 1 = false;  // who waits for room may have some
  bool pinged_out_ : 1 = false;    // our PING is not answered
  bool peer_leaves_ : 1 = false;   // it has sent GOAWAY
  bool peer_ended_ : 1 = false;
  bool trimmed_ : 1 = true;      // the table of streams holds no memory that it can do without
  bool fresh_idle_ : 1 = false;  // the last stream has ended, but perhaps not all of it is written
  bool failed_ : 1 = false;
  bool connect_ : 1 = false;  // extended CONNECT is spoken

  Budget resets_;
  Budget pings_;
  Budget settings_;
  Budget empty_data_;
  Budget priorities_;
  Budget window_updates_;
  Budget unknown_frames_;
  Budget late_frames_;
};

static_assert(ProtocolMachine<Connection>);

}  // namespace pounce::inline v0::h2
