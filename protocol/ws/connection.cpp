// Law:
//   - `open` -> `closing` or `ending` -> `linger` -> `closed`, never back; nothing but control frames and pieces of one message at a time.
//   - One event ends it, and nothing comes after it. The output is finished when nothing may be sent any more.
//   - What is found, and what is answered, depends on the bytes and never on how they were cut.
#include <pounce/ws/connection.hpp>

#include "mask.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace pounce::inline v0::ws {

Connection::Connection(const Limits& limits, Instant now, StreamId stream) noexcept
    : limits_(&limits), stream_(stream), now_(now), heard_(now), since_(now), role_(Role::server) {
  assert(limits.max_message_size || !limits.assemble);
}

Connection::Connection(const Limits& limits, MaskKeys keys, Instant now, StreamId stream)
    : Connection(limits, now, stream) {
  keys_ = make_owned<MaskKeys>(keys);
  role_ = Role::client;
}

// --- input from the network ---

std::size_t Connection::receive(MutableBytes input, Instant now, Events& events, Output& output) {
  now_ = now;
  inflated_ = 0;
  stopped_ = false;
  const std::size_t most = events.size() + most_events;
  std::size_t used = 0;
  while (wanted_ && !is_over() && !stopped_) {
    if (events.size() >= most || inflated_ >= most_inflated) {
      stopped_ = used < input.size() || codec_full_;
      break;
    }
    if (!in_frame_ && !in_message_ && role_ == Role::server) {
      const std::size_t small = receive_small(input.subspan(used), most - events.size(), events);
      used += small;
      if (small != 0 && used == input.size()) break;  // as nearly always
      if (small != 0) continue;
    }
    const bool before = in_frame_;
    const MutableBytes rest = input.subspan(used);
    const std::size_t step = in_frame_ ? receive_payload(rest, events, output) : receive_head(rest, events, output);
    used += step;
    if (step == 0 && in_frame_ == before) break;
  }
  if (is_over()) {
    used = input.size();
  } else if (!wanted_) {
    stopped_ = !input.empty() || codec_full_;
  } else if (used != 0) {
    heard_ = now;
    pinged_ = false;
    if (in_message_ && limits_->assemble) {
      message_pace_.start(now);
      message_pace_.progress(used, now, limits_->message_pace());
    }
  }
  unread_ = used < input.size();
  if (peer_ended_) conclude(events, output);
  return used;
}

void Connection::receive_end(Instant now, Events& events, Output& output) {
  now_ = now;
  peer_ended_ = true;
  conclude(events, output);
}

// The peer has ended and all that it sent was shown to us.
void Connection::conclude(Events& events, Output& output) {
  if (phase_ == Phase::ending) return;
  if (is_over()) return close(output);
  if (stopped_) return;
  if (!holds_end_ || phase_ != Phase::open) return give_up(Fault::missing_close, events, output);
  events.push(event::Failed{stream_, Fault::missing_close});
  hold(Fault::missing_close, 0);
}

void Connection::want_messages(bool wanted, Instant now) noexcept {
  now_ = now;
  if (wanted == wanted_ || phase_ != Phase::open) return;
  wanted_ = wanted;
  heard_ = now;
  pinged_ = false;
  message_pace_.stop();
}

std::size_t Connection::receive_head(MutableBytes input, Events& events, Output& output) {
  FrameHead head;
  const Place place{role_, in_message_, codec_ != nullptr};
  const FoundHead found = read_head(view(input), place, head);
  if (found.fault != Fault::none) {
    fail(found.fault, events, output);
    return 0;
  }
  if (found.size == 0) return 0;
  if (is_control(head.opcode)) return receive_control(head, found.size, input, events, output);
  begin_data(head, events, output);
  return found.size;
}

// A control frame is small, and acted upon when all of it is there.
std::size_t Connection::receive_control(const FrameHead& head, std::size_t size, MutableBytes input, Events& events,
                                        Output& output) {
  const auto length = static_cast<std::size_t>(head.length);
  if (input.size() < size + length) return 0;
  const bool answers = head.opcode == Opcode::ping && phase_ == Phase::open;
  if (answers && output.room() == 0) {
    stopped_ = true;  // who does not read our answers gets no new ones
    return 0;
  }
  const MutableBytes payload = input.subspan(size, length);
  if (role_ == Role::server) apply_mask(payload, head.mask);
  if (answers) send_control(Opcode::pong, view(payload), output);
  if (head.opcode == Opcode::ping) events.push(event::Ping{stream_, view(payload)});
  if (head.opcode == Opcode::pong) events.push(event::Pong{stream_, view(payload)});
  if (head.opcode == Opcode::close) receive_close(view(payload), events, output);
  return size + length;
}

void Connection::receive_close(Bytes payload, Events& events, Output& output) {
  constexpr std::size_t code_size = 2;
  std::uint16_t code = close_code::none;
  if (!payload.empty()) {
    if (payload.size() < code_size) return fail(Fault::invalid_close, events, output);
    code = static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8U |
                                      static_cast<unsigned char>(payload[1]));
    if (!is_close_code(code)) return fail(Fault::invalid_close, events, output);
    payload.remove_prefix(code_size);
    if (!is_utf8(payload)) return fail(Fault::invalid_text, events, output);
  }
  events.push(event::Close{stream_, payload, code});
  ended_ = true;
  if (holds_end_ && phase_ == Phase::open) return hold(Fault::none, code);
  if (phase_ == Phase::open) compose_close(code, {}, output);
  // The server closes first (RFC 6455, section 7.1.1).
  shut(role_ == Role::server, output);
}

void Connection::begin_data(const FrameHead& head, Events& events, Output& output) {
  if (head.opcode != Opcode::continuation) {
    in_message_ = true;
    begun_ = false;
    compressed_ = head.compressed;
    kind_ = head.opcode == Opcode::text ? MessageKind::text : MessageKind::binary;
    message_size_ = 0;
    text_ = TextCheck{};
  }
  in_frame_ = true;
  fin_ = head.fin;
  mask_ = head.mask;
  frame_left_ = head.length;
  if (!compressed_ && frame_left_ > most_left()) fail(Fault::message_too_large, events, output);
}

// --- ends ---

void Connection::fail(Fault fault, Events& events, Output& output) {
  const FaultInfo& row = info(fault);
  if (holds_end_ && phase_ == Phase::open) {
    events.push(event::Failed{stream_, fault});
    return hold(fault, row.ws_code);
  }
  if (phase_ == Phase::open && row.ws_code != 0) compose_close(row.ws_code, row.text, output);
  give_up(fault, events, output);
}

void Connection::give_up(Fault fault, Events& events, Output& output) {
  assert(!ended_);
  events.push(event::Failed{stream_, fault});
  ended_ = true;
  shut(true, output);
}

void Connection::hold(Fault fault, std::uint16_t code) noexcept {
  stop_parsing();
  phase_ = Phase::ending;
  ended_ = true;
  fault_ = fault;
  end_code_ = code;
}

void Connection::answer_end(Instant now, Output& output) {
  now_ = now;
  if (phase_ != Phase::ending) return;
  if (end_code_ != 0) compose_close(end_code_, fault_ == Fault::none ? Bytes{} : info(fault_).text, output);
  shut(role_ == Role::server || fault_ != Fault::none, output);
}

void Connection::stop_parsing() noexcept {
  since_ = now_;
  in_frame_ = in_message_ = codec_full_ = stopped_ = false;
  message_pace_.stop();
  assembled_.reset();
}

// Nothing more is sent or parsed. Lingering starts anew when the output has been written.
void Connection::shut(bool finish, Output& output) noexcept {
  stop_parsing();
  phase_ = Phase::linger;
  if (finish) output.finish();
  if (peer_ended_) close(output);
}

void Connection::close(Output& output) noexcept {
  phase_ = Phase::closed;
  if (!output.finished()) output.finish();
}

}  // namespace pounce::inline v0::ws
