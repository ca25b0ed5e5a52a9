// Time: when a connection is due, and what happens then. Each wait has its instant or pace; see `Limits`.
#include <pounce/h2/connection.hpp>

#include "compose.hpp"

#include <algorithm>

namespace pounce::inline v0::h2 {

namespace {

// Without a stream for so long, a connection lets go of what streams to come would have used again.
constexpr Duration idle_grace = std::chrono::seconds{1};

}  // namespace

// --- the peer's reading ---

void Connection::written(Instant now, Output& output) {
  now_ = now;
  if (!is_over()) flush(output);
  keep_pace(output);
  end_when_done(output);
}

void Connection::keep_pace(const Output& output) noexcept {
  const std::uint64_t moved = output.total_written() - written_;
  const std::uint64_t arrived = output.total_arrived() - arrived_;
  if (pinged_out_) answer_is_under_way(moved, arrived);
  written_ = output.total_written();
  arrived_ = output.total_arrived();
  if (!output.empty()) {
    if (write_pace_.running()) {
      // What has reached the peer is asked for when the deadline has come, but happened before it.
      const PaceLimits pace = limits_->write_pace();
      const Instant at = moved != 0 ? now_ : std::min(now_, write_pace_.deadline(pace) - Duration{1});
      write_pace_.progress(std::max(moved, arrived), at, pace);
    } else {
      write_pace_.start(now_);
    }
    return;
  }
  write_pace_.stop();
  const bool first_idle = fresh_idle_;
  fresh_idle_ = false;
  if (moved == 0) return;
  // The idle wait and lingering are the peer's turn, which begins when it can have read all. Answers to its pings are no reason
  // to wait longer.
  if (phase_ == Phase::linger) {
    linger_pace_.stop();
    linger_pace_.start(now_);
  }
  if (phase_ == Phase::linger || (first_idle && streams_.empty())) since_ = now_;
}

// Our PING stands behind what the peer has yet to read: it can answer when it has come so far.
void Connection::answer_is_under_way(std::uint64_t moved, std::uint64_t arrived) noexcept {
  if ((moved != 0 && written_ < ping_end_) || (arrived != 0 && arrived_ < ping_end_)) pinged_ = now_;
}

// --- deadlines ---

void Connection::note(Instant due) noexcept { streams_due_ = std::min(streams_due_, due); }

void Connection::start_receive_pace(Stream& stream) {
  stream.receive_pace.start(now_);
  note(stream.receive_pace.deadline(limits_->body_pace()));
}

void Connection::start_send_pace(Stream& stream) noexcept {
  stream.send_pace.start(now_);
  note(stream.send_pace.deadline(limits_->write_pace()));
}

Instant Connection::deadline(const Output& output) const noexcept {
  Instant due = output.empty() ? never : write_pace_.deadline(limits_->write_pace());
  if (phase_ == Phase::closed) return due;
  if (phase_ == Phase::linger) {
    if (!output.empty()) return due;
    return std::min(after(since_, limits_->linger_limit), linger_pace_.deadline(linger_pace()));
  }
  if (phase_ != Phase::open) due = std::min(due, after(since_, limits_->preface_timeout));
  if (frame_waits_) due = std::min(due, after(frame_since_, limits_->header_timeout));
  if (greeted_ && !settings_acknowledged_) due = std::min(due, after(settings_since_, limits_->settings_timeout));
  if (drain_ == Drain::announced) due = std::min(due, after(drain_since_, limits_->drain_grace));
  if (!streams_.empty()) {
    due = std::min(due, streams_due_);
    if (limits_->ping_interval) {
      due = std::min(due, pinged_out_ ? after(pinged_, limits_->ping_timeout) : after(heard_, *limits_->ping_interval));
    }
  } else if (phase_ == Phase::open && output.empty() && !frame_waits_) {
    due = std::min(due, after(since_, limits_->keep_alive_timeout));
    if (!trimmed_) due = std::min(due, after(since_, idle_grace));
  }
  return due;
}

void Connection::expire(Instant now, Events& events, Output& output) {
  now_ = now;
  if (!output.empty()) {
    const Pace::Verdict verdict = write_pace_.judge(now, limits_->write_pace());
    if (verdict != Pace::Verdict::fine) return give_up_writing(verdict == Pace::Verdict::slow, events, output);
  }
  if (phase_ == Phase::linger) {
    if (!output.empty() || now < deadline(output)) return;
    if (!failed_) {
      failed_ = true;
      events.push(event::Failed{StreamId{0}, Fault::linger_timeout});
    }
    phase_ = Phase::closed;
  }
  if (is_over()) return;
  if (phase_ != Phase::open && now >= after(since_, limits_->preface_timeout)) {
    return fail(Fault::preface_timeout, events, output);
  }
  if (frame_waits_ && now >= after(frame_since_, limits_->header_timeout)) {
    return fail(Fault::header_timeout, events, output);
  }
  if (greeted_ && !settings_acknowledged_ && now >= after(settings_since_, limits_->settings_timeout)) {
    return fail(Fault::settings_timeout, events, output);
  }
  if (drain_ == Drain::announced && now >= after(drain_since_, limits_->drain_grace)) refuse_from_now_on(output);
  if (now >= streams_due_) expire_streams(events, output);
  if (is_over()) return;
  if (!streams_.empty()) {
    keep_in_touch(events, output);
  } else if (phase_ == Phase::open && output.empty() && !frame_waits_) {
    if (!trimmed_ && now >= after(since_, idle_grace)) {
      streams_.trim();
      trimmed_ = true;
    }
    if (now >= after(since_, limits_->keep_alive_timeout)) fail(Fault::keep_alive_timeout, events, output);
  }
  end_when_done(output);
}

// Who does not read gets no more, also not what the transport has taken: that would stay there for long.
void Connection::give_up_writing(bool slow, Events& events, Output& output) {
  output.discard();
  output.abandon();
  write_pace_.stop();
  if (!failed_) {
    failed_ = true;
    events.push(event::Failed{StreamId{0}, slow ? Fault::write_too_slow : Fault::write_timeout});
  }
  shut(false, output);
}

void Connection::keep_in_touch(Events& events, Output& output) {
  if (!limits_->ping_interval) return;
  if (pinged_out_) {
    if (now_ >= after(pinged_, limits_->ping_timeout)) fail(Fault::ping_timeout, events, output);
  } else if (now_ >= after(heard_, *limits_->ping_interval)) {
    compose_ping(liveness_ping, false, output);
    ping_end_ = output.total_written() + output.size();
    pinged_ = now_;
    pinged_out_ = true;
  }
}

// --- streams ---

void Connection::expire_streams(Events& events, Output& output) {
  streams_due_ = never;
  // From the back: closing one puts the last one in its place.
  for (std::size_t i = streams_.size(); i-- > 0;) {
    Stream& stream = streams_[i];
    if (stream.went_on && now_ >= stream.stop_at) {
      end_stream(stream, Fault::none, ErrorCode::no_error, Ending::reset_by_us, nullptr, output);
      continue;
    }
    note(stream.went_on ? stream.stop_at : never);
    const Pace::Verdict receiving = stream.receive_pace.judge(now_, limits_->body_pace());
    const Pace::Verdict sending = stream.send_pace.judge(now_, limits_->write_pace());
    note(receiving == Pace::Verdict::fine ? stream.receive_pace.deadline(limits_->body_pace()) : never);
    note(sending == Pace::Verdict::fine ? stream.send_pace.deadline(limits_->write_pace()) : never);
    const bool lives = sending == Pace::Verdict::fine || expire_window(stream, sending, events, output);
    if (lives && receiving != Pace::Verdict::fine) expire_content(stream, receiving, events, output);
    if (is_over()) return;
  }
}

void Connection::expire_content(Stream& stream, Pace::Verdict verdict, Events& events, Output& output) {
  // Without a window the peer cannot send; and who has yet to read its answer is judged by that.
  if (stream.receive_window <= 0 || receive_window_ <= 0 || (stream.discards && stream.local_open)) {
    stream.receive_pace.stop();
    return start_receive_pace(stream);
  }
  stream.receive_pace.stop();
  if (stream.discards) {
    return end_stream(stream, Fault::none, ErrorCode::no_error, Ending::reset_by_us, nullptr, output);
  }
  break_off(stream, verdict == Pace::Verdict::slow ? Fault::body_too_slow : Fault::body_timeout, events, output);
}

// Whether the stream goes on.
bool Connection::expire_window(Stream& stream, Pace::Verdict verdict, Events& events, Output& output) {
  stream.send_pace.stop();
  if (stream.send_window > 0 && send_window_ > 0) {
    // It waits for others, or for the application.
    if (stream.queued != 0 || stream.waits_for_room) start_send_pace(stream);
    return true;
  }
  break_off(stream, verdict == Pace::Verdict::slow ? Fault::write_too_slow : Fault::write_timeout, events, output);
  return false;
}

// --- drain ---

void Connection::drain(Instant now, Output& output) {
  now_ = now;
  // Nobody is there to be told; but who has connected a moment ago is about to ask, and cannot know that it is late.
  if (phase_ == Phase::preface && !greeted_ && now >= after(since_, limits_->drain_grace)) return shut(false, output);
  announce_drain(output);
}

void Connection::drain_patiently(Instant now, Output& output) {
  now_ = now;
  announce_drain(output);
}

void Connection::announce_drain(Output& output) {
  if (is_over() || drain_ != Drain::no) return;
  drain_ = Drain::announced;
  drain_since_ = now_;
  greet(output);
  compose_goaway(most_stream, ErrorCode::no_error, {}, output);
  compose_ping(drain_ping, false, output);
}

void Connection::refuse_from_now_on(Output& output) {
  drain_ = Drain::refusing;
  final_id_ = last_id_;
  compose_goaway(final_id_, ErrorCode::no_error, {}, output);
}

}  // namespace pounce::inline v0::h2
