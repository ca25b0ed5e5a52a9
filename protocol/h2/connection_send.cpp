// Commands from the application: heads, content into the queue, ends (RFC 9113, sections 8.1, 8.3.2).
#include <pounce/h2/connection.hpp>

#include "compose.hpp"
#include "field_block.hpp"

#include <pounce/core/workspace.hpp>
#include <pounce/http/fields.hpp>
#include <pounce/http/response.hpp>
#include <pounce/http/status.hpp>

#include <algorithm>
#include <cstring>

namespace pounce::inline v0::h2 {

namespace {

constexpr std::size_t copy_below = Output::copy_below;
constexpr std::size_t staging_size = Workspace::medium;

bool is_written_by_machine(const Field& field) noexcept {
  const FieldId id = field.id != FieldId::other ? field.id : field_id(field.name);
  return id == FieldId::content_length || id == FieldId::connection;
}

// As field lines. Without memory nothing is kept.
void keep_lines(FieldList fields, OwnedBytes& lines) {
  constexpr Bytes colon = ": ";
  constexpr Bytes end = "\r\n";
  std::size_t size = 0;
  for (const Field& field : fields) size += field.name.size() + colon.size() + field.value.size() + end.size();
  lines.reserve(size);
  for (const Field& field : fields) {
    for (const Bytes part : {field.name, colon, field.value, end}) lines.append(part);
  }
}

}  // namespace

// --- heads ---

// Without memory in the middle of a block nobody knows what the encoder remembers: no block of it could be read any more.
void Connection::send_block(std::uint32_t id, const FieldBlock& fields, bool end_stream, Output& output) {
  try {
    compose_block(id, fields, end_stream, output);
  } catch (...) {
    output.discard();
    output.abandon();
    shut(false, output);
    throw;
  }
}

// One frame where it fits, composed in place; else CONTINUATION frames behind it.
void Connection::compose_block(std::uint32_t id, const FieldBlock& fields, bool end_stream, Output& output) {
  const std::size_t bound = encoder_.bound(fields);
  FrameHeader header{.stream = id, .type = FrameType::headers, .flags = end_stream ? flag_end_stream : no_flags};
  if (bound <= default_frame_size) {
    char* const at = output.prepare(frame_header_size + bound);
    header.length = static_cast<std::uint32_t>(encoder_.encode(fields, at + frame_header_size, bound));
    header.flags |= flag_end_headers;
    write_frame_header(at, header);
    return output.commit(frame_header_size + header.length);
  }
  std::string block(bound, '\0');
  block.resize(encoder_.encode(fields, block.data(), bound));
  for (Bytes rest = block; !rest.empty();) {
    const Bytes piece = rest.substr(0, default_frame_size);
    rest.remove_prefix(piece.size());
    header.length = static_cast<std::uint32_t>(piece.size());
    if (rest.empty()) header.flags |= flag_end_headers;
    write_frame_header(output.prepare(frame_header_size), header);
    output.commit(frame_header_size);
    output.append(piece);
    header.type = FrameType::continuation;
    header.flags = 0;
  }
}

void Connection::send_continue(const Stream& stream, Output& output) {
  FieldBlock fields;
  fields.add(":status", "100");
  send_block(stream.id, fields, false, output);
}

Sent Connection::send_informational(StreamId id, std::uint16_t status, FieldList fields, Output& output) {
  const Stream* const stream = find_for_application(id);
  if (stream == nullptr) return Sent::gone;
  if (stream->writing != Stream::Writing::head) return Sent::wrong_order;
  if (const Sent sent = http::judge_informational(status, fields); sent != Sent::ok) return sent;
  if (output.room() == 0) return Sent::no_room;
  const Digits digits{status};
  FieldBlock block;
  block.add(":status", digits.bytes());
  for (const Field& field : fields) block.add_any_case(field.name, field.value);
  send_block(stream->id, block, false, output);
  return Sent::ok;
}

Sent Connection::send_head(StreamId id, const ResponseHead& head, Output& output) {
  Stream* const stream = find_for_application(id);
  if (stream == nullptr) return Sent::gone;
  if (stream->writing != Stream::Writing::head) return Sent::wrong_order;
  http::ResponseFraming framing;
  if (const Sent sent = http::judge_response(head, framing); sent != Sent::ok) return sent;
  if (stream->head_method || http::has_no_content(head.status)) {
    stream->body = Stream::Body::none;
    // As over HTTP/1.1: a length of what is not sent is the whole representation's (RFC 9110, section 8.6).
    if (head.status == 204 || (head.status == 304 && framing.content_length == 0)) framing.content_length.reset();
    if (head.status == 205) framing.content_length = 0;
  } else if (framing.content_length) {
    stream->body = Stream::Body::length;
    stream->response_left = *framing.content_length;
  }

  const Digits status{head.status};
  const Digits length{framing.content_length.value_or(0)};
  FieldBlock block;
  block.add(":status", status.bytes());
  block.add_lines(head.lines);
  for (const Field& field : head.fields) {
    if (!is_written_by_machine(field)) block.add_any_case(field.name, field.value);
  }
  if (framing.content_length) block.add("content-length", length.bytes());
  const bool ends = stream->body == Stream::Body::none || (framing.content_length && *framing.content_length == 0);
  send_block(stream->id, block, ends, output);
  stream->writing = Stream::Writing::content;
  stream->local_open = !ends;
  if (framing.close) announce_drain(output);
  return Sent::ok;
}

Sent Connection::send_switch(StreamId id, FieldList fields, Output& output) {
  Stream* const stream = find_for_application(id);
  if (stream == nullptr) return Sent::gone;
  if (stream->writing != Stream::Writing::head || !stream->extended) return Sent::wrong_order;
  for (const Field& field : fields) {
    if (const Sent sent = http::check_field(field); sent != Sent::ok) return sent;
  }
  FieldBlock block;
  block.add(":status", "200");
  block.add_lines(lines_);
  for (const Field& field : fields) block.add_any_case(field.name, field.value);
  send_block(stream->id, block, false, output);
  stream->writing = Stream::Writing::content;
  stream->switched = true;
  stream->content_length.reset();
  stream->receive_pace.stop();
  return Sent::ok;
}

// --- content ---

// How much may be queued: what the windows let through, and nothing behind a full queue.
std::size_t Connection::allowance(const Stream& stream) const noexcept {
  if (stream.queued >= limits_->max_stream_queue) return 0;
  const std::int64_t window = std::min(stream.send_window, send_window_) - static_cast<std::int64_t>(stream.queued);
  return window > 0 ? static_cast<std::size_t>(window) : 0;
}

SentData Connection::send_data(StreamId id, Bytes bytes, StorageRef owner, Output& output) {
  (void)output;  // filled by `written`, in the order of priorities
  Stream* const stream = find_for_application(id);
  if (stream == nullptr) return {0, Sent::gone};
  if (stream->writing != Stream::Writing::content) return {0, Sent::wrong_order};
  if (bytes.empty()) return {0, Sent::ok};
  if (stream->body == Stream::Body::none) return {bytes.size(), Sent::ok};
  if (stream->body == Stream::Body::length && bytes.size() > stream->response_left) return {0, Sent::length_mismatch};

  std::size_t accepted = std::min(bytes.size(), allowance(*stream));
  const bool lend = owner && accepted >= copy_below;
  if (!lend) accepted = std::min(accepted, limits_->max_stream_queue - stream->queued);
  if (accepted != bytes.size()) wait_for_room(*stream);
  if (accepted == 0) return {0, Sent::no_room};
  if (!lend) owner = StorageRef{};
  queue(*stream, bytes.substr(0, accepted), std::move(owner));
  if (stream->body == Stream::Body::length) stream->response_left -= accepted;
  schedule(*stream);
  return {accepted, Sent::ok};
}

Sent Connection::send_response(StreamId id, const ResponseHead& head, Bytes content, StorageRef owner, Instant now,
                               Output& output) {
  now_ = now;
  Stream* const stream = find_for_application(id);
  if (stream == nullptr) return Sent::gone;
  if (stream->writing != Stream::Writing::head) return Sent::wrong_order;
  const bool lend = owner && content.size() >= copy_below;
  const std::size_t room = allowance(*stream);
  if (content.size() > (lend ? room : std::min(room, limits_->max_stream_queue))) return Sent::no_room;
  ResponseHead whole = head;
  whole.content_length = content.size();
  if (const Sent sent = send_head(id, whole, output); sent != Sent::ok) return sent;
  if (stream->body == Stream::Body::length && !content.empty()) {
    if (!lend) owner = StorageRef{};
    queue(*stream, content, std::move(owner));
    stream->response_left = 0;
    schedule(*stream);
  }
  return send_end(id, {}, now, output);
}

void Connection::wait_for_room(Stream& stream) {
  if (std::min(stream.send_window, send_window_) <= static_cast<std::int64_t>(stream.queued)) start_send_pace(stream);
  if (stream.waits_for_room) return;
  stream.waits_for_room = true;
  waiting_.push_back(stream.id);
}

void Connection::queue(Stream& stream, Bytes bytes, StorageRef owner) {
  stream.queued += bytes.size();
  if (owner) {
    stream.queue.push_back({bytes, std::move(owner)});
    return;
  }
  while (!bytes.empty()) {
    if (!staging_ || staging_used_ == staging_->capacity()) {
      if (!staging_ || !staging_->sole()) staging_ = Block::make(staging_size);
      staging_used_ = 0;
    }
    char* const at = staging_->data() + staging_used_;
    const std::size_t size = std::min(bytes.size(), staging_->capacity() - staging_used_);
    std::memcpy(at, bytes.data(), size);
    staging_used_ += size;
    bytes.remove_prefix(size);
    Piece* const last = stream.queue.empty() ? nullptr : &stream.queue.back();
    if (last != nullptr && last->owner.get() == staging_.get() && last->bytes.data() + last->bytes.size() == at) {
      last->bytes = {last->bytes.data(), last->bytes.size() + size};
    } else {
      stream.queue.push_back({{at, size}, staging_});
    }
  }
}

// --- ends ---

Sent Connection::send_end(StreamId id, FieldList trailers, Instant now, Output& output) {
  now_ = now;
  Stream* const stream = find_for_application(id);
  if (stream == nullptr) return Sent::gone;
  if (stream->writing != Stream::Writing::content) return Sent::wrong_order;
  if (stream->body == Stream::Body::length && stream->response_left != 0) return Sent::length_mismatch;
  if (stream->body != Stream::Body::none) {
    for (const Field& field : trailers) {
      if (const Sent sent = http::check_field(field); sent != Sent::ok) return sent;
      if (http::is_forbidden_in_trailers(field.name)) return Sent::forbidden_field;
    }
    keep_lines(trailers, stream->trailers);
  }
  stream->writing = Stream::Writing::ended;
  stream->holder = Stream::Holder::nobody;
  stop_listening(*stream, output);
  if (stream->queued != 0) {
    stream->end_queued = true;
  } else if (stream->local_open) {
    send_last(*stream, output);
  } else {
    release_when_done(*stream);
  }
  end_when_done(output);
  return Sent::ok;
}

// All content is out: an empty DATA frame, or trailers.
void Connection::send_last(Stream& stream, Output& output) {
  if (!stream.trailers.empty()) {
    FieldBlock fields;
    fields.add_lines(stream.trailers.bytes());
    send_block(stream.id, fields, true, output);
    stream.trailers.release();
  } else {
    write_frame_header(output.prepare(frame_header_size),
                       {.stream = stream.id, .type = FrameType::data, .flags = flag_end_stream});
    output.commit(frame_header_size);
  }
  end_local(stream);
}

// END_STREAM is out.
void Connection::end_local(Stream& stream) {
  stream.local_open = false;
  stream.send_pace.stop();
  stream.stop_at = after(now_, limits_->stop_grace);
  if (stream.went_on) note(stream.stop_at);
  release_when_done(stream);
}

}  // namespace pounce::inline v0::h2
