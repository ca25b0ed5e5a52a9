// Time: when a connection is due, and what happens then. Each wait has its instant or pace; see `Limits`.
#include <pounce/h1/connection.hpp>

#include <algorithm>

namespace pounce::inline v0::h1 {

void Connection::written(Instant now, const Output& output) noexcept {
  now_ = now;
  const std::uint64_t moved = output.total_written() - written_;
  const std::uint64_t arrived = output.total_arrived() - arrived_;
  written_ = output.total_written();
  arrived_ = output.total_arrived();
  if (!output.empty()) {
    if (write_pace_.running()) {
      // What has reached the peer is asked for when the deadline has come, but happened before it.
      const PaceLimits pace = limits_->write_pace();
      const Instant at = moved != 0 ? now : std::min(now, write_pace_.deadline(pace) - Duration{1});
      write_pace_.progress(std::max(moved, arrived), at, pace);
    } else {
      write_pace_.start(now);
    }
    return;
  }
  write_pace_.stop();
  if (moved == 0) return;
  // The idle wait and lingering are the peer's turn, which begins when it can have read all.
  if (reading_ == Reading::linger) {
    since_ = now;
    body_pace_.stop();
    body_pace_.start(now);
  } else if (reading_ == Reading::head && !head_started_) {
    since_ = now;
  }
}

Instant Connection::idle_until() const noexcept {
  const Duration most = limits_->keep_alive_timeout;
  return after(since_, patient_ ? std::min(most, limits_->drain_grace) : most);
}

Instant Connection::deadline(const Output& output) const noexcept {
  const Instant write = output.empty() ? never : write_pace_.deadline(limits_->write_pace());
  switch (reading_) {
    case Reading::head:
      if (head_started_) return std::min(write, after(since_, limits_->header_timeout));
      return output.empty() ? idle_until() : write;
    case Reading::content:
    case Reading::discard: return std::min(write, body_pace_.deadline(limits_->body_pace()));
    case Reading::linger:
      if (!output.empty()) return write;
      return std::min(after(since_, limits_->linger_limit), body_pace_.deadline(linger_pace()));
    case Reading::switched: return never;
    case Reading::complete:
    case Reading::closed: break;
  }
  return write;
}

void Connection::expire(Instant now, Events& events, Output& output) {
  now_ = now;
  if (switched()) return;
  if (!output.empty()) {
    const Pace::Verdict verdict = write_pace_.judge(now, limits_->write_pace());
    if (verdict != Pace::Verdict::fine) {
      // Who does not read gets no more, also not what the transport has taken: that would stay there for long.
      output.discard();
      output.abandon();
      if (failed_) {
        write_pace_.stop();
        return move(Cause::close);
      }
      const bool slow = verdict == Pace::Verdict::slow;
      return give_up(slow ? Fault::write_too_slow : Fault::write_timeout, false, events, output);
    }
  }
  switch (reading_) {
    case Reading::head:
      if (head_started_) {
        if (now >= after(since_, limits_->header_timeout)) fail(Fault::header_timeout, false, events, output);
      } else if (output.empty() && now >= idle_until()) {
        if (patient_) return shut(false, output);
        give_up(Fault::keep_alive_timeout, false, events, output);
      }
      break;
    case Reading::content:
    case Reading::discard: {
      const Pace::Verdict verdict = body_pace_.judge(now, limits_->body_pace());
      if (verdict == Pace::Verdict::stalled) fail(Fault::body_timeout, false, events, output);
      if (verdict == Pace::Verdict::slow) fail(Fault::body_too_slow, false, events, output);
      break;
    }
    case Reading::linger:
      if (!output.empty() || now < deadline(output)) break;
      if (failed_) return move(Cause::close);
      give_up(Fault::linger_timeout, false, events, output);
      break;
    case Reading::complete:
    case Reading::closed:
    case Reading::switched: break;
  }
}

}  // namespace pounce::inline v0::h1
