// Commands from the application: messages, pieces of them, control frames.
#include <pounce/ws/connection.hpp>

#include "mask.hpp"

#include <pounce/core/workspace.hpp>

#include <array>
#include <cstring>
#include <utility>

namespace pounce::inline v0::ws {

namespace {

// Up to here head and payload are composed in one piece.
constexpr std::size_t most_composed = Workspace::medium;
constexpr std::size_t code_size = 2;

}  // namespace

// What does not fit anywhere may go when nothing else waits, or it could never be sent.
bool Connection::has_room(std::size_t size, const Output& output) const noexcept {
  return output.empty() || output.room() >= size + most_head;
}

Sent Connection::send_message(MessageKind kind, Bytes bytes, StorageRef owner, Output& output) {
  if (!is_open()) return Sent::gone;
  if (sending_) return Sent::wrong_order;
  if (!has_room(bytes.size(), output)) return Sent::no_room;
  if (kind == MessageKind::text && !is_utf8(bytes)) return Sent::invalid_text;
  const bool compress = codec_ != nullptr && bytes.size() >= limits_->compress_from;
  if (!compress && bytes.size() <= most_control && role_ == Role::server) {
    send_small(kind, bytes, output);
  } else {
    send_data(kind, bytes, true, compress, std::move(owner), output);
  }
  return Sent::ok;
}

Sent Connection::send_part(MessageKind kind, Bytes bytes, bool last, StorageRef owner, Output& output) {
  if (!is_open()) return Sent::gone;
  if (sending_ && kind != sent_kind_) return Sent::wrong_order;
  if (!has_room(bytes.size(), output)) return Sent::no_room;
  TextCheck text = sending_ ? sent_text_ : TextCheck{};
  if (kind == MessageKind::text && (!text.add(bytes) || (last && !text.complete()))) return Sent::invalid_text;
  sent_text_ = text;
  send_data(kind, bytes, last, sending_ ? sent_compressed_ : codec_ != nullptr, std::move(owner), output);
  return Sent::ok;
}

void Connection::send_data(MessageKind kind, Bytes bytes, bool last, bool compress, StorageRef owner, Output& output) {
  FrameHead head;
  head.fin = last;
  if (!sending_) {
    head.opcode = static_cast<Opcode>(kind);
    head.compressed = compress;
  }
  sending_ = !last;
  sent_kind_ = kind;
  sent_compressed_ = compress;
  compress ? send_compressed(head, bytes, output) : send_frame(head, bytes, std::move(owner), output);
}

void Connection::send_frame(const FrameHead& given, Bytes payload, StorageRef owner, Output& output) {
  FrameHead head = given;
  head.length = payload.size();
  head.mask = next_mask();
  const bool client = role_ == Role::client;
  const bool apart = !client && (payload.size() > most_composed || (owner && payload.size() >= Output::copy_below));
  char* const at = output.prepare(most_head + (apart ? 0 : payload.size()));
  const std::size_t size = write_head(head, role_, at);
  if (apart) {
    output.commit(size);
    return output.append(payload, std::move(owner));
  }
  if (client) {
    copy_masked(payload, head.mask, at + size);
  } else if (!payload.empty()) {
    std::memcpy(at + size, payload.data(), payload.size());
  }
  output.commit(size + payload.size());
}

// Encoded where it goes out: behind a head as long as that of the plain payload, which is the right length as a rule.
void Connection::send_compressed(FrameHead head, Bytes payload, Output& output) {
  char* const at = output.prepare(most_head + codec_->bound(payload.size()));
  const std::size_t expected = head_size(payload.size(), role_);
  const std::size_t length = codec_->encode(payload, head.fin, at + expected);
  head.length = length;
  head.mask = next_mask();
  const std::size_t size = head_size(length, role_);
  if (size != expected) std::memmove(at + size, at + expected, length);
  if (role_ == Role::client) apply_mask({at + size, length}, head.mask);
  output.commit(write_head(head, role_, at) + length);
}

void Connection::send_control(Opcode opcode, Bytes payload, Output& output) {
  FrameHead head;
  head.opcode = opcode;
  send_frame(head, payload, {}, output);
}

Sent Connection::send_ping(Bytes payload, Output& output) {
  if (!is_open()) return Sent::gone;
  if (payload.size() > most_control) return Sent::invalid_field;
  if (output.room() == 0) return Sent::no_room;
  send_control(Opcode::ping, payload, output);
  return Sent::ok;
}

Sent Connection::send_pong(Bytes payload, Output& output) {
  if (!is_open()) return Sent::gone;
  if (payload.size() > most_control) return Sent::invalid_field;
  if (output.room() == 0) return Sent::no_room;
  send_control(Opcode::pong, payload, output);
  return Sent::ok;
}

Sent Connection::send_close(std::uint16_t code, Bytes reason, Instant now, Output& output) {
  now_ = now;
  if (!is_open()) return Sent::gone;
  if (code == close_code::none ? !reason.empty() : !is_close_code(code)) return Sent::invalid_field;
  if (reason.size() > most_control - code_size) return Sent::invalid_field;
  if (!is_utf8(reason)) return Sent::invalid_text;
  if (phase_ == Phase::ending && fault_ != Fault::none) {
    answer_end(now, output);
    return Sent::ok;
  }
  compose_close(code, reason, output);
  if (phase_ == Phase::ending) {
    shut(role_ == Role::server, output);
    return Sent::ok;
  }
  phase_ = Phase::closing;
  since_ = now;
  wanted_ = true;  // or the peer's answer would not be seen
  return Sent::ok;
}

void Connection::compose_close(std::uint16_t code, Bytes reason, Output& output) {
  if (code == close_code::none) return send_control(Opcode::close, {}, output);
  std::array<char, most_control> payload;
  payload[0] = static_cast<char>(code >> 8U);
  payload[1] = static_cast<char>(code);
  reason = reason.substr(0, most_control - code_size);
  if (!reason.empty()) std::memcpy(payload.data() + code_size, reason.data(), reason.size());
  send_control(Opcode::close, {payload.data(), code_size + reason.size()}, output);
}

}  // namespace pounce::inline v0::ws
