// Frames but HEADERS, CONTINUATION and DATA (RFC 9113, section 6; RFC 9218, section 7). All of them are here with their whole payload.
#include <pounce/h2/connection.hpp>

#include "compose.hpp"

#include <algorithm>

namespace pounce::inline v0::h2 {

void Connection::receive_control(const FrameHeader& frame, Bytes payload, Events& events, Output& output) {
  switch (frame.type) {
    case FrameType::priority: return receive_priority(frame, payload, events, output);
    case FrameType::priority_update: return receive_priority_update(frame, payload, events, output);
    case FrameType::rst_stream: return receive_rst_stream(frame, payload, events, output);
    case FrameType::settings: return receive_settings(frame, payload, events, output);
    case FrameType::ping: return receive_ping(frame, payload, events, output);
    case FrameType::goaway: return receive_goaway(frame, payload, events, output);
    case FrameType::window_update: return receive_window_update(frame, payload, events, output);
    case FrameType::data:
    case FrameType::headers:
    case FrameType::push_promise:  // clients do not push
    case FrameType::continuation:  // behind nothing that it could continue
      return fail(Fault::invalid_frame, events, output);
  }
  // Types that nobody knows are ignored (RFC 9113, section 4.1).
  if (!unknown_frames_.spend(limits_->unknown_frames, now_)) fail(Fault::unknown_frame_flood, events, output);
}

// What RFC 7540 made of priorities is deprecated: only the form is looked at (RFC 9113, section 5.3.2).
void Connection::receive_priority(const FrameHeader& frame, Bytes payload, Events& events, Output& output) {
  if (frame.stream == 0) return fail(Fault::invalid_frame, events, output);
  if (!priorities_.spend(limits_->priorities, now_)) return fail(Fault::priority_flood, events, output);
  Fault fault = Fault::none;
  if (payload.size() != 5) {
    fault = Fault::invalid_frame_size;
  } else if ((read_32(payload, 0) & most_stream) == frame.stream) {
    fault = Fault::invalid_frame;
  }
  if (fault == Fault::none) return;
  Stream* const stream = streams_.find(frame.stream);
  if (stream != nullptr && (stream->local_open || stream->remote_open))
    return break_off(*stream, fault, events, output);
  if (frame.stream > last_id_) return fail(fault, events, output);  // an idle stream cannot be reset
  compose_rst_stream(frame.stream, static_cast<ErrorCode>(info(fault).h2_code), output);
  provoked(events, output);
}

void Connection::receive_priority_update(const FrameHeader& frame, Bytes payload, Events& events, Output& output) {
  if (frame.stream != 0) return fail(Fault::invalid_frame, events, output);
  if (payload.size() < 4) return fail(Fault::invalid_frame_size, events, output);
  if (!priorities_.spend(limits_->priorities, now_)) return fail(Fault::priority_flood, events, output);
  const std::uint32_t id = read_32(payload, 0) & most_stream;
  if (id % 2 == 0) return fail(Fault::invalid_frame, events, output);  // none, or one that only we could have opened
  const Priority priority = parse_priority(payload.substr(4));
  if (Stream* const stream = streams_.find(id); stream != nullptr) return scheduler_.change(*stream, priority);
  if (id <= last_id_) return;
  // It may come before its request; the last one counts, and as many are kept as there may be requests.
  const auto known = std::ranges::find(early_priorities_, id, &EarlyPriority::first);
  if (known != early_priorities_.end()) {
    known->second = priority;
  } else if (early_priorities_.size() < limits_->max_streams) {
    early_priorities_.push_back({id, priority});
  }
}

// What came before a request overrides what the request says (RFC 9218, section 7).
void Connection::take_early_priority(Stream& stream) noexcept {
  if (early_priorities_.empty()) return;
  erase_if(early_priorities_, [&stream](const EarlyPriority& early) {
    if (early.first == stream.id) stream.priority = early.second;
    return early.first <= stream.id;
  });
}

void Connection::receive_rst_stream(const FrameHeader& frame, Bytes payload, Events& events, Output& output) {
  if (frame.stream == 0 || frame.stream > last_id_ || frame.stream % 2 == 0) {
    return fail(Fault::invalid_frame, events, output);
  }
  if (payload.size() != 4) return fail(Fault::invalid_frame_size, events, output);
  Stream* const stream = streams_.find(frame.stream);
  if (stream != nullptr && (stream->local_open || stream->remote_open)) {
    const auto code = static_cast<ErrorCode>(read_32(payload, 0));
    end_stream(*stream, Fault::stream_reset, code, Ending::reset_by_peer, &events, output);
  }
  provoked(events, output);
}

// --- settings ---

void Connection::receive_settings(const FrameHeader& frame, Bytes payload, Events& events, Output& output) {
  if (frame.stream != 0) return fail(Fault::invalid_frame, events, output);
  if (frame.has(flag_ack) ? !payload.empty() : payload.size() % 6 != 0) {
    return fail(Fault::invalid_frame_size, events, output);
  }
  if (!settings_.spend(limits_->settings, now_) || payload.size() / 6 > limits_->max_settings) {
    return fail(Fault::settings_flood, events, output);
  }
  if (frame.has(flag_ack)) return settings_acknowledged();
  if (phase_ == Phase::settings) {
    phase_ = Phase::open;
    since_ = now_;
  }
  for (; !payload.empty(); payload.remove_prefix(6)) {
    const Fault fault = apply_setting(static_cast<Setting>(read_16(payload, 0)), read_32(payload, 2));
    if (fault != Fault::none) return fail(fault, events, output);
  }
  compose_settings_ack(output);
}

Fault Connection::apply_setting(Setting setting, std::uint32_t value) {
  switch (setting) {
    case Setting::header_table_size: encoder_.limit_table(value); break;
    case Setting::enable_push:
    case Setting::enable_connect_protocol:
    case Setting::no_rfc7540_priorities: return value > 1 ? Fault::invalid_frame : Fault::none;
    case Setting::initial_window_size: return change_windows(value);
    case Setting::max_frame_size:
      return value < default_frame_size || value > most_frame_size ? Fault::invalid_frame : Fault::none;
    case Setting::max_concurrent_streams:  // of ours, and we open none
    case Setting::max_header_list_size: break;
  }
  return Fault::none;
}

// Also of the streams that we may still send on, and of no others; a window may become negative (RFC 9113, section 6.9.2).
Fault Connection::change_windows(std::uint32_t value) {
  if (value > most_window) return Fault::flow_control_exceeded;
  const std::int64_t change = std::int64_t{value} - peer_stream_window_;
  windows_grew_ = true;
  peer_stream_window_ = value;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    Stream& stream = streams_[i];
    if (!stream.local_open) continue;
    if (stream.send_window + change > most_window) return Fault::flow_control_exceeded;
    stream.send_window += change;
    schedule(stream);
  }
  return Fault::none;
}

void Connection::settings_acknowledged() noexcept {
  if (settings_acknowledged_) return;
  settings_acknowledged_ = true;
  const std::int64_t change = std::int64_t{limits_->stream_window} - stream_window_;
  stream_window_ = limits_->stream_window;
  for (std::size_t i = 0; i < streams_.size(); ++i) streams_[i].receive_window += change;
}

// --- the connection ---

void Connection::receive_ping(const FrameHeader& frame, Bytes payload, Events& events, Output& output) {
  if (frame.stream != 0) return fail(Fault::invalid_frame, events, output);
  if (payload.size() != 8) return fail(Fault::invalid_frame_size, events, output);
  if (!pings_.spend(limits_->pings, now_)) return fail(Fault::ping_flood, events, output);
  if (!frame.has(flag_ack)) return compose_ping(payload, true, output);
  if (payload == drain_ping && drain_ == Drain::announced) refuse_from_now_on(output);
}

void Connection::receive_goaway(const FrameHeader& frame, Bytes payload, Events& events, Output& output) {
  if (frame.stream != 0) return fail(Fault::invalid_frame, events, output);
  if (payload.size() < 8) return fail(Fault::invalid_frame_size, events, output);
  if (!settings_.spend(limits_->settings, now_)) return fail(Fault::settings_flood, events, output);
  if (!peer_leaves_) events.push(event::GoAway{read_32(payload, 4)});
  peer_leaves_ = true;
}

void Connection::receive_window_update(const FrameHeader& frame, Bytes payload, Events& events, Output& output) {
  if (payload.size() != 4) return fail(Fault::invalid_frame_size, events, output);
  if (frame.stream > last_id_ || (frame.stream % 2 == 0 && frame.stream != 0)) {
    return fail(Fault::invalid_frame, events, output);
  }
  if (!window_updates_.spend(limits_->window_updates, now_)) return fail(Fault::window_flood, events, output);
  const std::uint32_t increment = read_32(payload, 0) & most_window;
  if (frame.stream == 0) {
    if (increment == 0) return fail(Fault::invalid_frame, events, output);
    windows_grew_ = true;
    send_window_ += increment;
    if (send_window_ > most_window) fail(Fault::flow_control_exceeded, events, output);
    return;
  }
  Stream* const stream = streams_.find(frame.stream);
  if (stream == nullptr || (!stream->local_open && !stream->remote_open)) return;
  if (increment == 0) return break_off(*stream, Fault::invalid_frame, events, output);
  if (!stream->local_open) return;
  windows_grew_ = true;
  stream->send_window += increment;
  if (stream->send_window > most_window) return break_off(*stream, Fault::flow_control_exceeded, events, output);
  schedule(*stream);
}

}  // namespace pounce::inline v0::h2
