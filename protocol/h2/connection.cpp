// Law:
//   - A phase only ever goes on: preface -> settings -> open -> linger -> closed. In the last two nothing is parsed or appended.
//   - Frames are eaten whole, but for DATA, whose head is judged before any of its content is passed on; so what is found, and what
//     is answered, depends on the octets and never on how they were cut.
//   - Every field block passes through the decoder, whatever becomes of its stream.
//   - A stream is in the table from its HEADERS until both sides have ended and nobody holds it; it is scheduled exactly when it has
//     content queued and a window to send it.
//   - What counts against the connection's window is credited exactly once: when it was taken, or when nobody will take it.
//   - Any call of `fail` ends all streams: whoever holds one looks at `is_over` first.
#include <pounce/h2/connection.hpp>

#include "compose.hpp"

#include <algorithm>
#include <cassert>

namespace pounce::inline v0::h2 {

Connection::Connection(const Limits& limits, Instant now) : limits_(&limits), now_(now), since_(now), heard_(now) {}

// --- input from the network ---

std::size_t Connection::receive(MutableBytes input, Instant now, Events& events, Output& output) {
  now_ = now;
  greet(output);
  report_writable(events);  // the last flush may have made room
  std::size_t used = 0;
  bool blocked = false;
  for (;;) {
    if (is_over()) {
      if (phase_ == Phase::linger && used != input.size()) {
        linger_pace_.stop();
        linger_pace_.start(now);
      }
      used = input.size();
      break;
    }
    blocked = output.room() == 0;  // one answer to every flood of frames that are to be answered
    if (blocked) break;
    const std::size_t step = receive_some(input.subspan(used), events, output);
    if (step == 0) break;
    used += step;
    if (windows_grew_) report_writable(events);
    end_when_done(output);
  }
  if (used != 0) {
    heard_ = now;
    pinged_out_ = false;
  }
  const bool waits = used != input.size() && !blocked;
  if (waits && (!frame_waits_ || used != 0)) frame_since_ = now;
  frame_waits_ = waits;
  unread_ = used != input.size();
  return used;
}

std::size_t Connection::receive_some(MutableBytes input, Events& events, Output& output) {
  if (phase_ == Phase::preface) return receive_preface(view(input), events, output);
  if (data_id_ != 0) return receive_data(input, events, output);
  return receive_frame(view(input), events, output);
}

std::size_t Connection::receive_preface(Bytes input, Events& events, Output& output) {
  const Bytes seen = input.substr(0, client_preface.size());
  if (!client_preface.starts_with(seen)) {
    fail(Fault::invalid_preface, events, output);
    return input.size();
  }
  if (seen.size() < client_preface.size()) return 0;
  phase_ = Phase::settings;
  return seen.size();
}

std::size_t Connection::receive_frame(Bytes input, Events& events, Output& output) {
  if (input.size() < frame_header_size) return 0;
  const FrameHeader frame = read_frame_header(input);
  const std::size_t size = frame_header_size + frame.length;
  Fault fault = Fault::none;
  if (frame.length > limits_->max_frame_size) fault = Fault::invalid_frame_size;
  if (phase_ == Phase::settings && (frame.type != FrameType::settings || frame.has(flag_ack)))
    fault = Fault::invalid_frame;
  if (fault != Fault::none) {
    fail(fault, events, output);
    return input.size();
  }
  if (frame.type == FrameType::data) return begin_data(input, events, output);
  if (frame.type == FrameType::headers) return receive_block(input, events, output);
  if (input.size() < size) return 0;
  receive_control(frame, input.substr(frame_header_size, frame.length), events, output);
  return size;
}

void Connection::receive_end(Instant now, Events& events, Output& output) {
  now_ = now;
  if (peer_ended_) return;
  peer_ended_ = true;
  if (phase_ == Phase::linger) phase_ = Phase::closed;
  if (phase_ == Phase::closed) return;
  data_id_ = 0;
  if (streams_.empty() && frame_waits_) return fail(Fault::truncated_head, events, output);
  frame_waits_ = false;
  for (std::size_t i = streams_.size(); i-- > 0;) {
    Stream& stream = streams_[i];
    if (!stream.remote_open) continue;
    if (stream.holder == Stream::Holder::application) {
      end_stream(stream, Fault::truncated_body, ErrorCode::protocol_error, Ending::reset_by_us, &events, output);
    } else {
      stream.remote_open = false;  // an answer may still be on its way
      stream.receive_pace.stop();
      release_when_done(stream);
    }
  }
  end_when_done(output);
}

// --- phases ---

// The server's preface: before anything else, and not before something has come, for a socket may turn out to speak HTTP/1.1.
void Connection::greet(Output& output) {
  if (greeted_ || is_over()) return;
  greeted_ = true;
  settings_since_ = now_;
  compose_settings(*limits_, connect_, output);
  // Until the peer has seen our settings it may use what the protocol begins with.
  stream_window_ = std::max(default_window, limits_->stream_window);
  if (limits_->connection_window <= default_window) return;
  compose_window_update(0, limits_->connection_window - default_window, output);
  receive_window_ = limits_->connection_window;
}

void Connection::report_writable(Events& events) {
  windows_grew_ = false;
  erase_if(waiting_, [&](std::uint32_t id) {
    Stream* const stream = streams_.find(id);
    if (stream == nullptr || !stream->waits_for_room) return true;
    if (allowance(*stream) == 0) return false;
    stream->waits_for_room = false;
    events.push(event::Writable{StreamId{id}});
    return true;
  });
}

// --- ends ---

void Connection::fail(Fault fault, Events& events, Output& output) {
  if (is_over()) return;
  events.push(event::Failed{StreamId{0}, fault});
  failed_ = true;
  const FaultInfo& row = info(fault);
  if (!output.finished()) {
    greet(output);
    compose_goaway(std::min(last_id_, final_id_), static_cast<ErrorCode>(row.h2_code), row.name, output);
  }
  shut(true, output);
}

// Nothing more is sent. Lingering starts anew when the output has been written.
void Connection::shut(bool linger, Output& output) {
  scheduler_.clear();
  streams_.clear();
  waiting_.clear();
  staging_ = BlockRef{};
  data_id_ = 0;
  frame_waits_ = false;
  if (!output.finished()) output.finish();
  phase_ = linger && !peer_ended_ ? Phase::linger : Phase::closed;
  since_ = now_;
  linger_pace_.stop();
  linger_pace_.start(now_);
}

// Nobody will ask for more, and all that was asked for is answered.
void Connection::end_when_done(Output& output) {
  if (is_over() || !streams_.empty()) return;
  if (drain_ != Drain::refusing) {
    if (!peer_leaves_ && !peer_ended_) return;
    if (greeted_) compose_goaway(last_id_, ErrorCode::no_error, {}, output);
  }
  shut(true, output);
}

// --- questions ---

bool Connection::wants_input() const noexcept { return !peer_ended_ && phase_ != Phase::closed; }

bool Connection::finished(const Output& output) const noexcept { return phase_ == Phase::closed && output.empty(); }

bool Connection::idle() const noexcept { return !is_over() && streams_.empty() && !unread_; }

}  // namespace pounce::inline v0::h2
