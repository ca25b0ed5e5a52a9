// Pace: how fast bytes must move in one direction.
//
// Two judgements. A wait without any progress ends after `timeout`. And progress must not fall behind `min_rate`: every byte buys
// 1/min_rate seconds; from the first one on a peer has `grace` to begin with, and saves up `timeout` at the most, so that a
// fast beginning does not pay for a slow end, and an honest pause costs nothing up to the timeout.
//
// Pure: driven by instants. It runs only between `start` and `stop`; a stop (nobody wanted bytes) forgives what was behind.
#pragma once

#include <pounce/core/lean.hpp>
#include <pounce/core/time.hpp>

#include <cstdint>
#include <optional>

namespace pounce::inline v0 {

struct PaceLimits {
  Duration timeout;                       // longest wait without progress
  std::optional<std::uint64_t> min_rate;  // bytes per second; none: not judged
  Duration grace = std::chrono::seconds{10};
};

class Pace {
 public:
  void start(Instant now) noexcept {
    if (running()) return;
    last_ = now;
    paid_until_ = never;
  }
  void stop() noexcept { last_ = never; }
  [[nodiscard]] bool running() const noexcept { return last_ != never; }

  void progress(std::uint64_t bytes, Instant now, const PaceLimits& limits) noexcept {
    if (!running() || bytes == 0) return;
    // Deadlines are checked coarsely: what was due before these bytes stays due.
    if (judge(now, limits) != Verdict::fine) return;
    last_ = now;
    if (!limits.min_rate) return;
    if (paid_until_ == never) paid_until_ = after(now, limits.grace);
    const Duration most = std::max(limits.timeout, limits.grace);
    paid_until_ = std::min(after(paid_until_, bought(bytes, *limits.min_rate, most)), after(now, most));
  }

  // When `judge` will no longer say `fine`, if nothing moves until then.
  [[nodiscard]] Instant deadline(const PaceLimits& limits) const noexcept {
    return running() ? std::min(after(last_, limits.timeout), paid_until_) : never;
  }

  enum class Verdict : std::uint8_t { fine, stalled, slow };
  [[nodiscard]] Verdict judge(Instant now, const PaceLimits& limits) const noexcept {
    if (!running()) return Verdict::fine;
    if (now >= after(last_, limits.timeout)) return Verdict::stalled;
    return now >= paid_until_ ? Verdict::slow : Verdict::fine;
  }

 private:
  // The time that `bytes` pay for, at the most `most`.
  [[nodiscard]] static Duration bought(std::uint64_t bytes, std::uint64_t rate, Duration most) noexcept {
    const std::uint64_t whole = bytes / rate;
    if (whole >= static_cast<std::uint64_t>(most / std::chrono::seconds{1}) + 1) return most;
    const std::uint64_t rest = bytes % rate;
    return std::chrono::seconds{whole} + std::chrono::nanoseconds{rest * (1'000'000'000ULL / rate)};
  }

  Instant last_ = never;        // never: it does not run
  Instant paid_until_ = never;  // never: nothing has moved yet
};

}  // namespace pounce::inline v0
