// Commands from the application: how responses are framed, and what comes after their end. Transitions: connection.cpp.
#include <pounce/h1/connection.hpp>

#include "compose.hpp"

#include <pounce/http/fields.hpp>
#include <pounce/http/status.hpp>
#include <pounce/http/syntax.hpp>

#include <algorithm>
#include <utility>

namespace pounce::inline v0::h1 {

namespace {

// Content that is copied behind its head: one piece to send costs less than two that are gathered, until the copy costs more.
constexpr std::size_t most_along = 8 * kibibyte;

// Longer than an answer takes to a peer that reads.
constexpr Duration still_under_way = std::chrono::seconds{1};

}  // namespace

void Connection::want_body(StreamId id, bool wanted, Instant now, Output& output) {
  now_ = now;
  if (!is_current(id) || reading_ != Reading::content) return;
  wanted_ = wanted;
  if (!wanted) return body_pace_.stop();
  body_pace_.start(now);
  if (continue_ != Continue::awaited || writing_ != Writing::head) return;
  continue_ = Continue::sent;
  compose_informational(100, {}, output);
}

Sent Connection::send_informational(StreamId id, std::uint16_t status, FieldList fields, Output& output) {
  if (!is_current(id)) return Sent::gone;
  if (writing_ != Writing::head) return Sent::wrong_order;
  if (status < 102 || status > 199) return Sent::invalid_field;
  for (const Field& field : fields) {
    const FieldId name = field_id(field.name);
    if (const Sent sent = http::check_response_field(field, name); sent != Sent::ok) return sent;
    if (name == FieldId::content_length || name == FieldId::connection) return Sent::forbidden_field;
  }
  if (http10_) return Sent::ok;
  if (output.room() == 0) return Sent::no_room;
  compose_informational(status, fields, output);
  return Sent::ok;
}

// Whether the connection ends with the response whose head is about to be sent, whatever the application wishes.
bool Connection::must_close(bool whole) const noexcept {
  if (!keep_alive_ || draining_ || (limits_->max_requests && count_ >= *limits_->max_requests)) return true;
  if (peer_ended_ && !unread_) return true;
  if (reading_ != Reading::content) return false;
  // It will never be told to go on, and may or may not send its content: nobody knows where the next request begins.
  if (continue_ == Continue::awaited) return true;
  return whole && request_body_ == Body::length && content_left_ > limits_->max_unread_body;
}

// How the response is framed, whose length `framing` holds where it is known, and whether the connection outlives it.
void Connection::frame(const ResponseHead& head, bool close, HeadFraming& framing) noexcept {
  if (head_method_ || http::has_no_content(head.status)) {
    response_body_ = Body::none;
    // A length of what is not sent is the whole representation's (RFC 9110, section 8.6): nobody has said it where it is 0.
    if (head.status == 204 || (head.status == 304 && framing.length.bytes == 0)) framing.length.known = false;
    if (head.status == 205) framing.length = {true, 0};
  } else if (framing.length.known) {
    response_body_ = Body::length;
    response_left_ = framing.length.bytes;
  } else {
    response_body_ = http10_ ? Body::until_close : Body::chunked;
    framing.chunked = !http10_;
  }
  close_ = close || response_body_ == Body::until_close || must_close(head.whole);
  framing.persistence = close_ ? Persistence::close : http10_ ? Persistence::keep_alive : Persistence::implied;
}

Sent Connection::send_head(StreamId id, const ResponseHead& head, Output& output) {
  if (!is_current(id)) return Sent::gone;
  if (writing_ != Writing::head) return Sent::wrong_order;
  HeadPen pen{head, 0, output};
  HeadFraming framing;
  framing.length.known = head.content_length.has_value();
  framing.length.bytes = head.content_length.value_or(0);
  bool close = head.close;
  if (const Sent sent = pen.begin(head, framing.length, close); sent != Sent::ok) return sent;
  frame(head, close, framing);
  pen.finish(framing, {});
  writing_ = Writing::content;
  return Sent::ok;
}

Sent Connection::send_response(StreamId id, const ResponseHead& head, Bytes content, StorageRef owner, Instant now,
                               Output& output) {
  now_ = now;
  if (!is_current(id)) return Sent::gone;
  if (writing_ != Writing::head) return Sent::wrong_order;
  const bool along = content.size() <= most_along;
  const bool lend = owner && !along;
  if (lend ? output.room() == 0 : content.size() > output.room()) return Sent::no_room;
  HeadPen pen{head, along ? content.size() : 0, output};
  HeadFraming framing;
  framing.length.known = true;
  framing.length.bytes = content.size();
  bool close = head.close;
  if (const Sent sent = pen.begin(head, framing.length, close); sent != Sent::ok) return sent;
  frame(head, close, framing);
  if (response_body_ == Body::none) content = {};
  pen.finish(framing, along ? content : Bytes{});
  if (!along) {
    try {
      output.append(content, std::move(owner));
    } catch (...) {
      cut_short(output);
      throw;
    }
  }
  answered(output);
  return Sent::ok;
}

SentData Connection::send_data(StreamId id, Bytes bytes, StorageRef owner, Output& output) {
  if (!is_current(id)) return {0, Sent::gone};
  if (writing_ != Writing::content) return {0, Sent::wrong_order};
  if (response_body_ == Body::none || bytes.empty()) return {bytes.size(), Sent::ok};
  if (response_body_ == Body::length && bytes.size() > response_left_) return {0, Sent::length_mismatch};
  const std::size_t room = output.room();
  if (room == 0) return {0, Sent::no_room};
  const bool lend = owner && bytes.size() >= Output::copy_below;
  const std::size_t accepted = lend ? bytes.size() : std::min(bytes.size(), room);
  const Bytes piece = bytes.substr(0, accepted);
  if (!lend) owner = StorageRef{};
  try {
    if (response_body_ == Body::chunked) {
      compose_chunk(piece, std::move(owner), output);
    } else {
      output.append(piece, std::move(owner));
    }
  } catch (...) {
    cut_short(output);
    throw;
  }
  if (response_body_ == Body::length) response_left_ -= accepted;
  return {accepted, Sent::ok};
}

Sent Connection::send_region(StreamId id, Region region, Output& output) {
  if (!is_current(id)) return Sent::gone;
  if (writing_ != Writing::content) return Sent::wrong_order;
  if (response_body_ == Body::none || region.size == 0) return Sent::ok;
  if (response_body_ != Body::length) return Sent::wrong_order;
  if (region.size > response_left_) return Sent::length_mismatch;
  if (output.room() == 0) return Sent::no_room;
  const std::size_t size = region.size;
  output.append(std::move(region));
  response_left_ -= size;
  return Sent::ok;
}

Sent Connection::send_end(StreamId id, FieldList trailers, Instant now, Output& output) {
  now_ = now;
  if (!is_current(id)) return Sent::gone;
  if (writing_ != Writing::content) return Sent::wrong_order;
  if (response_body_ == Body::length && response_left_ != 0) return Sent::length_mismatch;
  if (response_body_ == Body::chunked) {
    for (const Field& field : trailers) {
      if (const Sent sent = http::check_field(field); sent != Sent::ok) return sent;
      if (http::is_forbidden_in_trailers(field.name)) return Sent::forbidden_field;
    }
    compose_last_chunk(trailers, output);
  }
  answered(output);
  return Sent::ok;
}

Sent Connection::send_switch(StreamId id, FieldList fields, Output& output) {
  if (!is_current(id)) return Sent::gone;
  const bool asked = reading_ == Reading::complete && keep_alive_ && !http10_;
  if (writing_ != Writing::head || !asked) return Sent::wrong_order;
  for (const Field& field : fields) {
    if (const Sent sent = http::check_field(field); sent != Sent::ok) return sent;
  }
  compose_switch(fields, lines_, output);
  writing_ = Writing::idle;
  write_pace_.stop();
  move(Cause::switch_protocols);
  return Sent::ok;
}

void Connection::answered(Output& output) {
  writing_ = Writing::idle;
  const bool complete = reading_ == Reading::complete;
  if (close_ || draining_ || (peer_ended_ && !unread_)) {
    // Where we end what the peer would have continued, its next request may be under way.
    const bool surprised = keep_alive_ && !draining_;
    return shut(!complete || unread_ || ignored_ || surprised, output);
  }
  if (!complete && request_body_ == Body::length && content_left_ > limits_->max_unread_body) return shut(true, output);
  move(Cause::response_end);
  if (complete) return await_request();
  if (request_body_ == Body::chunked) content_left_ = 0;
  body_pace_.stop();
  body_pace_.start(now_);
}

void Connection::await_request() noexcept {
  body_pace_.stop();
  since_ = now_;
}

void Connection::reset(StreamId id, Output& output) {
  if (!is_current(id)) return;
  const bool looks_whole = writing_ == Writing::content && response_body_ == Body::until_close;
  writing_ = Writing::idle;
  if (looks_whole) output.abandon();
  shut(!looks_whole, output);
}

// Memory has ended within a response: part of a piece is in the output, and whatever followed would be taken for the rest of it.
void Connection::cut_short(Output& output) {
  writing_ = Writing::idle;
  output.abandon();
  shut(false, output);
}

void Connection::drain(Instant now, Output& output) {
  now_ = now;
  draining_ = true;
  // Who has connected a moment ago is about to ask, and cannot know that it is late.
  patient_ = idle() && count_ == 0 && now < after(since_, limits_->drain_grace);
  if (patient_) return;
  // What was answered a moment ago may still be under way: a request that crosses this end must not destroy it by a reset.
  if (idle()) return shut(count_ != 0 && now < after(since_, still_under_way), output);
  if (reading_ == Reading::discard) shut(true, output);
}

void Connection::drain_patiently(Instant now, Output& /*output*/) noexcept {
  now_ = now;
  draining_ = patient_ = true;
  if (idle()) since_ = now;
}

}  // namespace pounce::inline v0::h1
