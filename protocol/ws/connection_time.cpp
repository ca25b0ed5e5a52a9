// Time: when a connection is due, and what happens then. An open connection without a message under way may be silent for ever, unless
// `ping_interval` says otherwise.
#include <pounce/ws/connection.hpp>

#include <algorithm>

namespace pounce::inline v0::ws {

void Connection::written(Instant now, const Output& output) noexcept {
  now_ = now;
  const std::uint64_t moved = output.total_written() - written_;
  const std::uint64_t arrived = output.total_arrived() - arrived_;
  written_ = output.total_written();
  arrived_ = output.total_arrived();
  if (!output.empty()) {
    if (!write_pace_.running()) return write_pace_.start(now);
    // What has reached the peer is asked for when the deadline has come, but happened before it.
    const PaceLimits pace = limits_->write_pace();
    const Instant at = moved != 0 ? now : std::min(now, write_pace_.deadline(pace) - Duration{1});
    return write_pace_.progress(std::max(moved, arrived), at, pace);
  }
  write_pace_.stop();
  // Waiting for an answer is the peer's turn, which begins when it can have read what is to be answered.
  if (moved != 0 && phase_ != Phase::ending && (phase_ != Phase::open || pinged_)) since_ = now;
}

Instant Connection::deadline(const Output& output) const noexcept {
  const Instant write = output.empty() ? never : write_pace_.deadline(limits_->write_pace());
  switch (phase_) {
    case Phase::open: {
      const Instant message = std::min(write, message_pace_.deadline(limits_->message_pace()));
      if (!asks()) return message;
      if (!pinged_) return std::min(message, after(heard_, *limits_->ping_interval));
      return output.empty() ? std::min(message, after(since_, limits_->ping_timeout)) : message;
    }
    case Phase::closing: return output.empty() ? after(since_, limits_->close_timeout) : write;
    case Phase::ending: return std::min(write, after(since_, limits_->close_timeout));
    case Phase::linger: return output.empty() ? after(since_, limits_->linger_timeout) : write;
    case Phase::closed: break;
  }
  return write;
}

void Connection::expire(Instant now, Events& events, Output& output) {
  now_ = now;
  if (!output.empty()) {
    const Pace::Verdict verdict = write_pace_.judge(now, limits_->write_pace());
    if (verdict != Pace::Verdict::fine) return give_up_writing(verdict == Pace::Verdict::slow, events, output);
  }
  switch (phase_) {
    case Phase::open: {
      const Pace::Verdict verdict = message_pace_.judge(now, limits_->message_pace());
      if (verdict == Pace::Verdict::stalled) return fail(Fault::message_timeout, events, output);
      if (verdict == Pace::Verdict::slow) return fail(Fault::message_too_slow, events, output);
      return keep_in_touch(events, output);
    }
    case Phase::closing:
      if (output.empty() && now >= after(since_, limits_->close_timeout)) {
        give_up(Fault::close_timeout, events, output);
        close(output);
      }
      break;
    case Phase::ending:
      if (now >= after(since_, limits_->close_timeout)) answer_end(now, output);
      break;
    case Phase::linger:
      if (output.empty() && now >= after(since_, limits_->linger_timeout)) close(output);
      break;
    case Phase::closed: break;
  }
}

// Who does not read gets no more, also not what the transport has taken: that would stay there for long.
void Connection::give_up_writing(bool slow, Events& events, Output& output) {
  output.discard();
  output.abandon();
  write_pace_.stop();
  if (!ended_) give_up(slow ? Fault::write_too_slow : Fault::write_timeout, events, output);
  close(output);
}

void Connection::keep_in_touch(Events& events, Output& output) {
  if (!asks()) return;
  if (!pinged_) {
    if (now_ < after(heard_, *limits_->ping_interval)) return;
    pinged_ = true;
    since_ = now_;
    return send_control(Opcode::ping, {}, output);
  }
  if (!output.empty() || now_ < after(since_, limits_->ping_timeout)) return;
  output.abandon();
  give_up(Fault::pong_timeout, events, output);
  close(output);
}

}  // namespace pounce::inline v0::ws
