// HEADERS and CONTINUATION: field blocks, and what becomes of their requests (RFC 9113, sections 4.3, 6.2, 6.10, 8.1).
#include <pounce/h2/connection.hpp>

#include "compose.hpp"
#include "field_block.hpp"
#include "section.hpp"

#include <pounce/http/status.hpp>

#include <algorithm>
#include <string>

namespace pounce::inline v0::h2 {

namespace {

constexpr std::size_t priority_size = 5;
constexpr std::size_t most_kept_text = 16 * kibibyte;  // of a slot that is used again
constexpr std::uint32_t priorities_per_request = 10;

}  // namespace

// Eats a field block with all its frames when all of them are there. Nothing may stand between them, so waiting for them costs
// nothing but the room in the input.
std::size_t Connection::receive_block(Bytes input, Events& events, Output& output) {
  const FrameHeader first = read_frame_header(input);
  Fault fault = first.stream % 2 == 0 ? Fault::invalid_frame : Fault::none;
  FrameHeader frame = first;
  std::size_t end = frame_header_size + first.length;
  std::size_t octets = first.length;
  for (std::size_t continuations = 0; fault == Fault::none && !frame.has(flag_end_headers); ++continuations) {
    if (octets > limits_->max_header_block || input.size() < end + frame_header_size) break;
    frame = read_frame_header(input.substr(end));
    if (frame.type != FrameType::continuation || frame.stream != first.stream)
      fault = Fault::invalid_frame;
    else if (frame.length > limits_->max_frame_size)
      fault = Fault::invalid_frame_size;
    else if (continuations == limits_->max_continuations)
      fault = Fault::continuation_flood;
    end += frame_header_size + frame.length;
    octets += frame.length;
  }
  if (fault == Fault::none && octets > limits_->max_header_block) fault = Fault::header_bomb;
  if (fault != Fault::none) {
    fail(fault, events, output);
    return input.size();
  }
  if (!frame.has(flag_end_headers) || input.size() < end) return 0;
  decode_block(first, input.substr(0, end), events, output);
  return end;
}

// `frames` is a HEADERS frame with all its CONTINUATION frames.
void Connection::decode_block(const FrameHeader& first, Bytes frames, Events& events, Output& output) {
  Bytes fragment = frames.substr(frame_header_size, first.length);
  frames.remove_prefix(frame_header_size + first.length);
  const std::size_t prefix = (first.has(flag_padded) ? 1 : 0) + (first.has(flag_priority) ? priority_size : 0);
  if (fragment.size() < prefix) return fail(Fault::invalid_frame_size, events, output);
  const std::size_t padding = first.has(flag_padded) ? octet(fragment, 0) : 0;
  if (padding > fragment.size() - prefix) return fail(Fault::invalid_frame, events, output);
  // Priorities of RFC 7540 mean nothing any more, but a stream that depends on itself is an error still (there, section 5.3.1).
  const bool depends_on_itself =
      first.has(flag_priority) && (read_32(fragment, prefix - priority_size) & most_stream) == first.stream;
  fragment = fragment.substr(prefix, fragment.size() - prefix - padding);

  const bool is_new = first.stream > last_id_;
  const Target target = is_new ? Target{} : target_of(first.stream);
  const bool trailers = target.stream != nullptr && target.stream->remote_open && !target.stream->discards;
  const bool refused =
      is_new && (first.stream > final_id_ || streams_.size() >= limits_->max_streams || depends_on_itself);
  const Section::Kind kind = trailers             ? Section::Kind::trailers
                             : is_new && !refused ? Section::Kind::request
                                                  : Section::Kind::unwanted;
  Events::Slot* const slot = kind == Section::Kind::unwanted ? nullptr : &events.slot();
  if (slot != nullptr && slot->text.capacity() > most_kept_text) slot->text.release();
  Section section{slot, *limits_, kind};
  section.allow_protocol(connect_);
  for (;;) {
    const Decoder::Result result = decoder_.next(fragment, frames.empty());
    if (result.found == Decoder::Found::fault) return fail(Fault::invalid_compression, events, output);
    if (result.found == Decoder::Found::end) break;
    if (result.found == Decoder::Found::field) {
      section.add(result.name, result.value);
      if (section.is_bomb()) return fail(Fault::header_bomb, events, output);
      continue;
    }
    const FrameHeader next = read_frame_header(frames);
    fragment = frames.substr(frame_header_size, next.length);
    frames.remove_prefix(frame_header_size + next.length);
  }

  const bool end_stream = first.has(flag_end_stream);
  if (is_new) {
    last_id_ = first.stream;
    if (first.stream > final_id_) {  // it could not know, for a while
      if (!late_frames_.spend(limits_->late_frames, now_)) return fail(Fault::late_frame_flood, events, output);
      streams_.remember(first.stream, Ending::reset_by_us);
      return compose_rst_stream(first.stream, ErrorCode::refused_stream, output);
    }
    if (depends_on_itself) return reject(first.stream, Fault::invalid_frame, events, output);
    if (refused) return refuse(first.stream, ErrorCode::refused_stream, events, output);
    return open_request(first, section.finish(end_stream), *slot, section.priority(), events, output);
  }
  if (target.connection_fault != Fault::none) return fail(target.connection_fault, events, output);
  if (target.ignored) {
    if (!late_frames_.spend(limits_->late_frames, now_)) fail(Fault::late_frame_flood, events, output);
    return;
  }
  if (target.stream_fault != Fault::none) return refuse_late(first.stream, target, events, output);
  if (!trailers) {
    if (end_stream) end_content(*target.stream, {}, events);
    return;
  }
  const bool misplaced =
      !end_stream || target.stream->extended;  // content alone comes on a tunnel (RFC 9113, section 8.5)
  receive_trailers(*target.stream, misplaced ? Fault::invalid_frame : section.finish(true), *slot, events, output);
}

void Connection::receive_trailers(Stream& stream, Fault fault, Events::Slot& slot, Events& events, Output& output) {
  if (fault == Fault::none && stream.content_received != stream.content_length.value_or(stream.content_received)) {
    fault = Fault::content_length_mismatch;
  }
  if (fault != Fault::none) {
    // If it is answered, it is also complete.
    stream.remote_open = false;
    stream.receive_pace.stop();
    return break_off(stream, fault, events, output);
  }
  end_content(stream, slot.fields, events);
}

// A new stream. Malformed requests are stream errors (RFC 9113, section 8.1.1); what HTTP has an answer for is answered.
void Connection::open_request(const FrameHeader& frame, Fault fault, Events::Slot& slot,
                              std::optional<Priority> priority, Events& events, Output& output) {
  const RequestHead& head = slot.head;
  if (fault == Fault::none && limits_->max_request_size &&
      head.content_length.value_or(0) > *limits_->max_request_size) {
    fault = Fault::body_too_large;
  }
  if (fault != Fault::none && !has_answer(fault)) return reject(frame.stream, fault, events, output);
  priorities_.repay(priorities_per_request);
  Stream& stream = streams_.open(frame.stream);
  stream.remote_open = !frame.has(flag_end_stream);
  stream.local_open = true;
  stream.head_method = method_id(head.method) == Method::head;
  stream.receive_window = stream_window_;
  stream.send_window = peer_stream_window_;
  stream.priority = priority.value_or(Priority{});
  take_early_priority(stream);
  if (fault != Fault::none) [[unlikely]] {
    const FaultInfo& row = info(fault);
    events.push(event::Reset{StreamId{frame.stream}, fault, row.h2_code, row.status, true});
    answer_fault(stream, fault, output);
    return count_request(output);
  }
  stream.holder = Stream::Holder::application;
  stream.content_length = head.content_length;
  stream.extended = !head.protocol.empty();
  if (head.expects_continue) stream.expects = Stream::Continue::awaited;
  events.push(event::Request{StreamId{frame.stream}, &head});
  if (!stream.remote_open) events.push(event::End{StreamId{frame.stream}, {}});
  count_request(output);
}

void Connection::count_request(Output& output) {
  if (limits_->max_requests && ++requests_ >= *limits_->max_requests) announce_drain(output);
}

// The machine's own answer to what went wrong with a request; what still comes of its content is thrown away.
void Connection::answer_fault(Stream& stream, Fault fault, Output& output) {
  const FaultInfo& row = info(fault);
  std::string text;
  text.append(std::to_string(row.status)).append(" ").append(http::reason(row.status)).append(": ").append(row.text);
  text.append("\n");
  const Digits status{row.status};
  const Digits length{text.size()};
  FieldBlock fields;
  fields.add(":status", status.bytes());
  fields.add_lines(lines_);
  fields.add("content-type", "text/plain");
  fields.add("content-length", length.bytes());
  send_block(stream.id, fields, stream.head_method, output);
  stream.writing = Stream::Writing::ended;
  stop_listening(stream, output);
  if (stream.head_method) return end_local(stream);
  queue(stream, text, {});
  stream.end_queued = true;
  // It waits for nobody's turn: how the input was cut would show in the order of frames.
  if (std::min(stream.send_window, send_window_) >= static_cast<std::int64_t>(stream.queued)) {
    return send_frame(stream, stream.queued, output);
  }
  schedule(stream);
}

// Nobody will look at what still comes.
void Connection::stop_listening(Stream& stream, Output& output) {
  abandon_content(stream, output);
  if (!stream.remote_open) return;
  stream.discards = true;
  stream.receive_pace.stop();
  start_receive_pace(stream);
}

// A request that is malformed: an error of its stream.
void Connection::reject(std::uint32_t id, Fault fault, Events& events, Output& output) {
  const auto code = info(fault).h2_code;
  events.push(event::Reset{StreamId{id}, fault, code, 0, true});
  refuse(id, static_cast<ErrorCode>(code), events, output);
  count_request(output);
}

// A request that was never a stream of ours.
void Connection::refuse(std::uint32_t id, ErrorCode code, Events& events, Output& output) {
  compose_rst_stream(id, code, output);
  streams_.remember(id, Ending::reset_by_us);
  provoked(events, output);
}

// A frame for a stream that the peer itself has closed.
void Connection::refuse_late(std::uint32_t id, const Target& target, Events& events, Output& output) {
  if (target.stream != nullptr && target.stream->local_open) {
    return break_off(*target.stream, target.stream_fault, events, output);
  }
  compose_rst_stream(id, ErrorCode::stream_closed, output);
  provoked(events, output);
}

}  // namespace pounce::inline v0::h2
