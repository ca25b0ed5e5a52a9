// ws::Connection: one WebSocket connection as a pure state machine (RFC 6455), in the server's or the client's role.
//
// Bytes in, typed events and bytes out, from behind the handshake (handshake.hpp) on. It is not a socket, reads no clock and calls nobody:
// whoever drives it passes the buffers and the time. It may lie on a connection, or on a stream of HTTP/2 (RFC 8441).
//
// The loop of a driver:
//   1. read bytes behind those not yet consumed, call `receive`, drop the consumed prefix; call it again while it finds events;
//   2. act on the events (a batch: the machine is at rest while the application runs);
//   3. write what is in the output, say `written`; at `output.finished()` and empty, shut the sending side down (reset when abandoned);
//   4. when there is room again call `receive` again, also without new bytes: a ping waits until its answer has room;
//   5. at `deadline` call `expire`; when `finished`, close.
//
// What it does by itself: answers pings, answers the peer's Close, fails the connection with the right code, asks a silent peer.
// Its end is one event, the last: `Close` when the peer has sent one, else `Failed`. What was received before it is kept.
//
// Ownership: `limits` is borrowed. The machine changes the input that it eats (unmasking in place). It holds no bytes but those of an
// unfinished message that is assembled; views in events lie in the input or in `Events`.
// Limits: see limits.hpp. At most `most_events` a call, and about `most_inflated` inflated bytes.
// Errors: the peer's are `Failed`, with our Close already in the output. Ours are returned as `Sent` and change nothing.
#pragma once

#include <pounce/core/event.hpp>
#include <pounce/core/message_codec.hpp>
#include <pounce/core/output.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/owned_bytes.hpp>
#include <pounce/core/pace.hpp>
#include <pounce/core/sent.hpp>
#include <pounce/ws/frame.hpp>
#include <pounce/ws/limits.hpp>
#include <pounce/ws/mask_keys.hpp>
#include <pounce/ws/utf8.hpp>

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0::ws {

class Connection {
 public:
  static constexpr std::size_t most_events = 256;
  static constexpr std::size_t most_inflated = 256 * kibibyte;

  // The server's role. `stream` is what events are marked with. `now` starts the wait for the first ping.
  Connection(const Limits& limits, Instant now, StreamId stream = StreamId{1}) noexcept;
  // The client's role. Throws std::bad_alloc.
  Connection(const Limits& limits, MaskKeys keys, Instant now, StreamId stream = StreamId{1});

  // What the handshake agreed on. Before the first byte.
  void use_codec(Owned<MessageCodec> codec) noexcept { codec_ = std::move(codec); }
  // `Close` and `Failed` are told at once, but what is to be sent then waits, so that what came before them can still be answered: until
  // `answer_end` or `send_close`, at most for `close_timeout`. Before the first byte.
  void hold_end() noexcept { holds_end_ = true; }

  // --- input from the network ---

  // Eats a prefix of `input` (all bytes not yet consumed, contiguous) and appends what it found.
  [[nodiscard]] std::size_t receive(MutableBytes input, Instant now, Events& events, Output& output);
  // The peer will send no more.
  void receive_end(Instant now, Events& events, Output& output);

  // --- commands from the application ---

  // Whether messages are wanted now (they are at first). While not, nothing is eaten, and the peer is not blamed for the silence.
  void want_messages(bool wanted, Instant now) noexcept;
  // A whole message. With an owner large bytes are lent, where they go out as they are. `no_room`: wait; a message goes out when it fits
  // or nothing else waits, so that any size can be sent. `gone`: a Close has been sent or received.
  Sent send_message(MessageKind kind, Bytes bytes, StorageRef owner, Output& output);
  // A piece of a message, as a frame of its own. All pieces have the same kind; until the last one nothing else but control frames may go.
  Sent send_part(MessageKind kind, Bytes bytes, bool last, StorageRef owner, Output& output);
  // At most 125 bytes.
  Sent send_ping(Bytes payload, Output& output);
  Sent send_pong(Bytes payload, Output& output);
  // Begins the closing handshake; nothing can be sent after it. `code`: one that may be on the wire, or 1005 for none; at most 123 bytes of
  // reason. Messages still arrive until the peer answers.
  Sent send_close(std::uint16_t code, Bytes reason, Instant now, Output& output);
  // Sends what was held since the end was told: the answer to the peer's Close, or why the connection fails.
  void answer_end(Instant now, Output& output);
  // The server goes away: 1001, unless it is over anyway.
  void drain(Instant now, Output& output) {
    if (phase_ == Phase::open) (void)send_close(close_code::going_away, {}, now, output);
  }

  // --- time ---

  // When `expire` wants to be called; may lie in the past, may be early, never late. Depends on `output`'s progress.
  [[nodiscard]] Instant deadline(const Output& output) const noexcept;
  void expire(Instant now, Events& events, Output& output);
  // Tell the machine at the end of each step and after every write how far the output is.
  void written(Instant now, const Output& output) noexcept;

  // --- questions ---

  // The latest time that it was told.
  [[nodiscard]] Instant now() const noexcept { return now_; }

  // Whether reading makes sense now.
  [[nodiscard]] bool wants_input() const noexcept { return phase_ != Phase::closed && !peer_ended_ && wanted_; }
  // Nothing will happen any more and all is written: close.
  [[nodiscard]] bool finished(const Output& output) const noexcept { return phase_ == Phase::closed && output.empty(); }
  // Whether messages can be sent.
  [[nodiscard]] bool is_open() const noexcept { return phase_ == Phase::open || phase_ == Phase::ending; }
  // Between frames and between messages, with nothing left to look at.
  [[nodiscard]] bool idle() const noexcept { return !in_frame_ && !in_message_ && !stopped_ && !unread_; }

 private:
  enum class Phase : std::uint8_t {
    open,
    closing,  // our Close is sent, the peer's has not come
    ending,   // nothing is parsed any more; our last word is held
    linger,   // nothing is sent or parsed any more; the peer has still to close
    closed,
  };

  // connection.cpp
  [[nodiscard]] std::size_t receive_head(MutableBytes input, Events& events, Output& output);
  [[nodiscard]] std::size_t receive_control(const FrameHead& head, std::size_t size, MutableBytes input, Events& events,
                                            Output& output);
  void receive_close(Bytes payload, Events& events, Output& output);
  void begin_data(const FrameHead& head, Events& events, Output& output);
  void fail(Fault fault, Events& events, Output& output);
  void give_up(Fault fault, Events& events, Output& output);
  void conclude(Events& events, Output& output);
  void hold(Fault fault, std::uint16_t code) noexcept;
  void stop_parsing() noexcept;
  void shut(bool finish, Output& output) noexcept;
  void close(Output& output) noexcept;
  [[nodiscard]] bool is_over() const noexcept { return phase_ >= Phase::ending; }
  [[nodiscard]] bool is_text() const noexcept { return kind_ == MessageKind::text; }

  // connection_message.cpp
  [[nodiscard]] std::size_t receive_payload(MutableBytes input, Events& events, Output& output);
  [[nodiscard]] std::size_t receive_compressed(MutableBytes piece, bool last, Events& events, Output& output);
  [[nodiscard]] std::size_t inflate_pieces(Bytes piece, bool last, Events& events, Output& output);
  [[nodiscard]] std::size_t inflate_whole(Bytes piece, bool last, Events& events, Output& output);
  [[nodiscard]] bool deliver(Bytes piece, bool last, Events& events, Output& output);
  [[nodiscard]] bool check_text(Bytes piece, bool last) noexcept;
  void push_piece(Bytes piece, bool last, Events& events);
  void push_assembled(Events& events);
  [[nodiscard]] std::uint64_t most_left() const noexcept;
  [[nodiscard]] std::size_t room_for(std::size_t piece) const noexcept;
  void end_frame(bool last) noexcept;
  [[nodiscard]] OwnedBytes& assembled();

  // connection_small.cpp
  [[nodiscard]] std::size_t receive_small(MutableBytes input, std::size_t most, Events& events);
  void send_small(MessageKind kind, Bytes bytes, Output& output);

  // connection_send.cpp
  [[nodiscard]] bool has_room(std::size_t size, const Output& output) const noexcept;
  void send_data(MessageKind kind, Bytes bytes, bool last, bool compress, StorageRef owner, Output& output);
  void send_frame(const FrameHead& head, Bytes payload, StorageRef owner, Output& output);
  void send_compressed(FrameHead head, Bytes payload, Output& output);
  void send_control(Opcode opcode, Bytes payload, Output& output);
  void compose_close(std::uint16_t code, Bytes reason, Output& output);
  [[nodiscard]] std::uint32_t next_mask() noexcept { return keys_ ? keys_->next() : 0; }

  // connection_time.cpp
  void give_up_writing(bool slow, Events& events, Output& output);
  void keep_in_touch(Events& events, Output& output);
  [[nodiscard]] bool asks() const noexcept { return limits_->ping_interval && wanted_ && !peer_ended_ && !is_over(); }

  const Limits* limits_;
  StreamId stream_;
  Owned<MessageCodec> codec_;
  Owned<OwnedBytes> assembled_;  // an unfinished message; null: there is none
  Instant now_;                  // the latest that was told
  Instant heard_;                // the peer has shown that it is there
  Instant since_;                // start of waiting for the peer's Close, or of lingering
  Pace message_pace_;
  Pace write_pace_;
  std::uint64_t written_ = 0;  // output progress judged so far: to the transport …
  std::uint64_t arrived_ = 0;  // … and to the peer
  std::uint64_t frame_left_ = 0;
  std::uint64_t message_size_ = 0;  // inflated
  Owned<MaskKeys> keys_;            // a client's
  std::uint32_t inflated_ = 0;      // in this call, about
  std::uint32_t mask_ = 0;          // for what comes next of the frame
  TextCheck text_;
  TextCheck sent_text_;
  Role role_;
  Phase phase_ = Phase::open;
  Fault fault_ = Fault::none;   // while ending: why, …
  std::uint16_t end_code_ = 0;  // … and what our Close will say; 0: there will be none
  MessageKind kind_ = MessageKind::text;
  MessageKind sent_kind_ = MessageKind::text;
  bool in_frame_ : 1 = false;    // payload is under way
  bool fin_ : 1 = false;         // it is the last of its message
  bool in_message_ : 1 = false;  // a message has begun and is not over
  bool begun_ : 1 = false;       // a piece of it was reported
  bool compressed_ : 1 = false;
  bool codec_full_ : 1 = false;  // the codec can make more without more input
  bool stopped_ : 1 = false;     // the last `receive` could have found more
  bool unread_ : 1 = false;      // it left bytes
  bool sending_ : 1 = false;     // between the pieces of a message
  bool sent_compressed_ : 1 = false;
  bool pinged_ : 1 = false;  // our ping is not answered
  bool wanted_ : 1 = true;
  bool peer_ended_ : 1 = false;
  bool holds_end_ : 1 = false;
  bool ended_ : 1 = false;  // Close or Failed was reported
};

static_assert(sizeof(Connection) <= 152);  // each idle WebSocket has one

}  // namespace pounce::inline v0::ws
