// Payload on its way to the application: unmasked, inflated, measured, checked, and then reported as pieces or kept until its message is whole.
#include <pounce/ws/connection.hpp>

#include "mask.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace pounce::inline v0::ws {

namespace {

// Room for what a codec makes at once.
constexpr std::size_t least_room = 512;
constexpr std::size_t most_room = 64 * kibibyte;
constexpr std::size_t usual_ratio = 4;
// What a call of the codec counts for at the least: it may take a slot of the event list.
constexpr std::size_t least_inflated = kibibyte;

}  // namespace

std::uint64_t Connection::most_left() const noexcept {
  return limits_->max_message_size.value_or(std::numeric_limits<std::uint64_t>::max() - 1) - message_size_;
}

// One byte more than may come, so that it shows when more does.
std::size_t Connection::room_for(std::size_t piece) const noexcept {
  const std::size_t room = std::clamp(usual_ratio * piece, least_room, most_room);
  return static_cast<std::size_t>(std::min<std::uint64_t>(room, most_left() + 1));
}

std::size_t Connection::receive_payload(MutableBytes input, Events& events, Output& output) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(frame_left_, input.size()));
  if (size == 0 && frame_left_ != 0) return 0;
  const MutableBytes piece = input.first(size);
  if (role_ == Role::server) apply_mask(piece, mask_);
  frame_left_ -= size;
  const bool last = fin_ && frame_left_ == 0;
  if (compressed_) return receive_compressed(piece, last, events, output);
  mask_ = rotate(mask_, size);
  message_size_ += size;
  if (deliver(view(piece), last, events, output) && frame_left_ == 0) end_frame(last);
  return size;
}

void Connection::end_frame(bool last) noexcept {
  in_frame_ = false;
  if (!last) return;
  in_message_ = false;
  message_pace_.stop();
}

// False: the connection has failed.
bool Connection::deliver(Bytes piece, bool last, Events& events, Output& output) {
  const TextCheck before = text_;
  if (!check_text(piece, last)) {
    if (!limits_->assemble) push_piece(piece.substr(0, utf8_prefix(before, piece)), false, events);
    fail(Fault::invalid_text, events, output);
    return false;
  }
  if (!limits_->assemble || (last && !assembled_)) {
    push_piece(piece, last, events);
  } else {
    assembled().append(piece);
    if (last) push_assembled(events);
  }
  return true;
}

bool Connection::check_text(Bytes piece, bool last) noexcept {
  if (!is_text()) return true;
  return text_.add(piece) && (!last || text_.complete());
}

void Connection::push_piece(Bytes piece, bool last, Events& events) {
  if (piece.empty() && !last) return;
  events.push(event::Message{stream_, piece, kind_, !begun_, last});
  begun_ = true;
}

OwnedBytes& Connection::assembled() {
  if (!assembled_) assembled_ = make_owned<OwnedBytes>();
  return *assembled_;
}

// The event list keeps it from here on.
void Connection::push_assembled(Events& events) {
  OwnedBytes& text = events.slot().text;
  text = std::move(*assembled_);
  assembled_.reset();
  push_piece(text.bytes(), true, events);
}

std::size_t Connection::receive_compressed(MutableBytes piece, bool last, Events& events, Output& output) {
  const std::size_t used = limits_->assemble ? inflate_whole(view(piece), last, events, output)
                                             : inflate_pieces(view(piece), last, events, output);
  if (is_over()) return used;
  // What was not taken will be shown again, as it was.
  const MutableBytes rest = piece.subspan(used);
  mask_ = rotate(mask_, used);
  if (role_ == Role::server) apply_mask(rest, mask_);
  frame_left_ += rest.size();
  stopped_ = codec_full_ || !rest.empty();
  if (!stopped_ && frame_left_ == 0) end_frame(last);
  return used;
}

// Into one string: that of the event when the message is complete here, else our own.
std::size_t Connection::inflate_whole(Bytes piece, bool last, Events& events, Output& output) {
  const bool at_once = last && !assembled_;
  OwnedBytes& whole = at_once ? events.slot().text : assembled();
  const std::size_t size = piece.size();
  for (;;) {
    const std::size_t old = whole.size();
    const std::size_t room = room_for(piece.size());
    whole.resize(old + room);
    const MessageCodec::Decoded decoded = codec_->decode(piece, last, {whole.data() + old, room});
    whole.resize(old + decoded.made);
    const bool too_large = decoded.made > most_left();
    const bool whole_now = last && decoded.found == MessageCodec::Found::more && !too_large;
    message_size_ += decoded.made - (too_large ? 1 : 0);
    inflated_ += static_cast<std::uint32_t>(std::max(decoded.made, least_inflated));
    Fault fault = Fault::none;
    if (decoded.found == MessageCodec::Found::invalid) fault = Fault::invalid_deflate;
    if (too_large) fault = Fault::message_too_large;
    if (!check_text(whole.bytes().substr(old, decoded.made - (too_large ? 1 : 0)), whole_now))
      fault = Fault::invalid_text;
    if (fault != Fault::none) {
      fail(fault, events, output);
      return size;
    }
    piece.remove_prefix(decoded.used);
    if (decoded.found == MessageCodec::Found::more) break;
  }
  if (at_once) push_piece(whole.bytes(), true, events);
  if (last && !at_once) push_assembled(events);
  return size;
}

// Into pieces, as much as one call may make. Returns how much of the input was taken.
std::size_t Connection::inflate_pieces(Bytes piece, bool last, Events& events, Output& output) {
  const std::size_t size = piece.size();
  codec_full_ = false;
  for (;;) {
    OwnedBytes& text = events.slot().text;
    const std::size_t room = room_for(piece.size());
    text.resize(room);
    const MessageCodec::Decoded decoded = codec_->decode(piece, last, {text.data(), room});
    const bool too_large = decoded.made > most_left();
    const bool ends = last && decoded.found == MessageCodec::Found::more && !too_large;
    text.resize(decoded.made - (too_large ? 1 : 0));
    message_size_ += text.size();
    inflated_ += static_cast<std::uint32_t>(std::max(decoded.made, least_inflated));
    if (!deliver(text.bytes(), ends, events, output)) return size;
    if (too_large) fail(Fault::message_too_large, events, output);
    if (!too_large && decoded.found == MessageCodec::Found::invalid) fail(Fault::invalid_deflate, events, output);
    if (is_over()) return size;
    piece.remove_prefix(decoded.used);
    if (decoded.found == MessageCodec::Found::more) break;
    if (inflated_ < most_inflated) continue;
    codec_full_ = true;
    break;
  }
  return size - piece.size();
}

}  // namespace pounce::inline v0::ws
