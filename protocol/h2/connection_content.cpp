// DATA, and the credit for it (RFC 9113, sections 5.2, 6.1, 8.1.1).
#include <pounce/h2/connection.hpp>

#include "compose.hpp"

#include <algorithm>
#include <cassert>

namespace pounce::inline v0::h2 {

// The head of a DATA frame, which is judged before any of its content is looked at. Returns how much of the input it took.
std::size_t Connection::begin_data(Bytes input, Events& events, Output& output) {
  const FrameHeader frame = read_frame_header(input);
  const std::uint32_t prefix = frame.has(flag_padded) ? 1 : 0;
  if (input.size() < frame_header_size + std::min(prefix, frame.length)) return 0;
  const std::uint32_t padding = prefix != 0 && frame.length != 0 ? octet(input, frame_header_size) : 0;
  const auto refuse_all = [&](Fault fault) {
    fail(fault, events, output);
    return input.size();
  };
  if (frame.stream == 0) return refuse_all(Fault::invalid_frame);
  if (frame.length < prefix) return refuse_all(Fault::invalid_frame_size);
  if (padding > frame.length - prefix) return refuse_all(Fault::invalid_frame);
  const std::uint32_t content = frame.length - prefix - padding;

  const Target target = target_of(frame.stream);
  if (target.connection_fault != Fault::none) {
    return refuse_all(target.connection_fault == Fault::invalid_frame && frame.stream <= last_id_ &&
                              frame.stream % 2 == 1
                          ? Fault::stream_closed
                          : target.connection_fault);
  }
  if (target.ignored && !late_frames_.spend(limits_->late_frames, now_)) return refuse_all(Fault::late_frame_flood);
  receive_window_ -= frame.length;
  if (receive_window_ < 0) return refuse_all(Fault::flow_control_exceeded);

  data_id_ = frame.stream;
  data_left_ = content;
  padding_left_ = padding;
  data_ends_ = frame.has(flag_end_stream);
  data_unwanted_ = target.ignored || target.stream_fault != Fault::none;
  if (target.stream_fault != Fault::none) {
    if (target.stream != nullptr && target.stream->local_open) {
      break_off(*target.stream, target.stream_fault, events, output);
    } else {
      compose_rst_stream(frame.stream, ErrorCode::stream_closed, output);
      provoked(events, output);
    }
  } else if (!target.ignored) {
    receive_into(*target.stream, frame, content, events, output);
  }
  if (is_over()) return input.size();
  give_credit(data_unwanted_ ? nullptr : streams_.find(data_id_), prefix + padding, output);
  if (data_left_ == 0 && padding_left_ == 0) finish_data(events);
  return frame_header_size + prefix;
}

// The head of a frame for a stream whose content is still open.
void Connection::receive_into(Stream& stream, const FrameHeader& frame, std::uint32_t content, Events& events,
                              Output& output) {
  stream.receive_window -= frame.length;
  data_unwanted_ = stream.discards;
  if (stream.receive_window < 0) {
    data_unwanted_ = true;
    return break_off(stream, Fault::flow_control_exceeded, events, output);
  }
  if (stream.discards) {
    if (frame.has(flag_end_stream)) return;
    // It was answered, and goes on all the same. A reset at the heels of an answer can cost the peer that answer, so what was on its
    // way is let pass for a moment.
    stream.went_on = true;
    if (now_ < stream.stop_at) return note(stream.stop_at);
    return end_stream(stream, Fault::none, ErrorCode::no_error, Ending::reset_by_us, nullptr, output);
  }
  stream.content_received += content;
  Fault fault = Fault::none;
  const std::uint64_t expected = stream.content_length.value_or(stream.content_received);
  if (stream.content_received > expected || (frame.has(flag_end_stream) && stream.content_received != expected)) {
    fault = Fault::content_length_mismatch;
  } else if (limits_->max_request_size && !stream.switched && stream.content_received > *limits_->max_request_size) {
    fault = Fault::body_too_large;
  } else if (content == 0 && !frame.has(flag_end_stream) && !empty_data_.spend(limits_->empty_data, now_)) {
    return fail(Fault::empty_data_flood, events, output);
  }
  if (fault == Fault::none) return;
  data_unwanted_ = true;
  break_off(stream, fault, events, output);
}

std::size_t Connection::receive_data(MutableBytes input, Events& events, Output& output) {
  const auto size = static_cast<std::uint32_t>(std::min<std::size_t>(data_left_, input.size()));
  if (size != 0) {
    Stream* const stream = data_unwanted_ ? nullptr : streams_.find(data_id_);
    if (stream != nullptr && stream->remote_open && !stream->discards) {
      events.push(event::Data{StreamId{data_id_}, view(input.first(size))});
      stream->untaken += size;
      stream->receive_pace.progress(size, now_, limits_->body_pace());
      note(stream->receive_pace.deadline(limits_->body_pace()));
    } else {
      give_credit(nullptr, size, output);
    }
    data_left_ -= size;
  }
  const auto padding =
      data_left_ != 0 ? 0 : static_cast<std::uint32_t>(std::min<std::size_t>(padding_left_, input.size() - size));
  padding_left_ -= padding;
  if (data_left_ == 0 && padding_left_ == 0) finish_data(events);
  return size + padding;
}

void Connection::finish_data(Events& events) {
  const std::uint32_t id = std::exchange(data_id_, 0);
  if (!data_ends_) return;
  Stream* const stream = streams_.find(id);
  if (stream != nullptr && stream->remote_open) end_content(*stream, {}, events);
}

// The request is complete.
void Connection::end_content(Stream& stream, FieldList trailers, Events& events) {
  stream.remote_open = false;
  stream.receive_pace.stop();
  if (!stream.discards) {
    assert(stream.holder == Stream::Holder::application);
    events.push(event::End{StreamId{stream.id}, trailers});
  }
  release_when_done(stream);
}

// --- credit ---

// Announced in large steps, so that small pieces do not cost a frame each.
void Connection::give_credit(Stream* stream, std::uint32_t size, Output& output) {
  if (size == 0 || is_over()) return;
  credit_ += size;
  if (credit_ >= std::max(limits_->connection_window, default_window) / 2) {
    compose_window_update(0, credit_, output);
    receive_window_ += std::exchange(credit_, 0);
  }
  if (stream == nullptr || !stream->remote_open || stream->discards) return;
  stream->credit += size;
  if (stream->credit < std::max(limits_->stream_window / 2, 1U)) return;
  compose_window_update(stream->id, stream->credit, output);
  stream->receive_window += std::exchange(stream->credit, 0);
}

// Nobody will take what was delivered: its share of the connection's window must not be lost.
void Connection::abandon_content(Stream& stream, Output& output) {
  give_credit(nullptr, std::exchange(stream.untaken, 0), output);
}

void Connection::taken(StreamId id, std::size_t size, Output& output) {
  Stream* const stream = find_for_application(id);
  if (stream == nullptr) return;
  const auto now_taken = static_cast<std::uint32_t>(std::min<std::size_t>(size, stream->untaken));
  stream->untaken -= now_taken;
  give_credit(stream, now_taken, output);
}

void Connection::ignore_body(StreamId id, Output& output) {
  if (Stream* const stream = find_for_application(id); stream != nullptr) stop_listening(*stream, output);
}

void Connection::want_body(StreamId id, bool wanted, Instant now, Output& output) {
  now_ = now;
  Stream* const stream = find_for_application(id);
  if (stream == nullptr || !stream->remote_open || stream->switched) return;
  if (!wanted) return stream->receive_pace.stop();
  start_receive_pace(*stream);
  if (stream->expects != Stream::Continue::awaited || stream->writing != Stream::Writing::head) return;
  stream->expects = Stream::Continue::sent;
  send_continue(*stream, output);
}

}  // namespace pounce::inline v0::h2
