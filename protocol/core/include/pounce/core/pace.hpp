// Pace: how fast bytes must move in one direction. A wait without any progress ends after `timeout`; in every full window of
// `window` at least `min_rate * window` bytes must have moved. Judged by windows and not by the average since the start,
// so that a fast beginning buys no slow end.
//
// Pure: driven by instants. It runs only between `start` and `stop`; a stop (nobody wanted bytes) forgives the current window.
#pragma once

#include <pounce/core/time.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace pounce::inline v0 {

struct PaceLimits {
  Duration timeout;                        // longest wait without progress
  std::optional<std::uint64_t> min_rate;   // bytes per second; none: not judged
  Duration window = std::chrono::seconds{10};
};

class Pace {
 public:
  void start(Instant now) noexcept {
    if (running_) return;
    running_ = true;
    too_slow_ = false;
    last_ = window_start_ = now;
    moved_ = 0;
  }
  void stop() noexcept { running_ = false; }
  [[nodiscard]] bool running() const noexcept { return running_; }

  void progress(std::uint64_t bytes, Instant now, const PaceLimits& limits) noexcept {
    if (!running_ || bytes == 0) return;
    last_ = now;
    if (limits.min_rate && now >= after(window_start_, limits.window)) {
      // A full window has passed unjudged (deadlines are checked coarsely): judge it before these bytes count.
      if (moved_ < least(limits)) too_slow_ = true;
      window_start_ = now;
      moved_ = 0;
    }
    moved_ += bytes;
  }

  [[nodiscard]] Instant deadline(const PaceLimits& limits) const noexcept {
    if (!running_) return never;
    if (too_slow_) return window_start_;
    const Instant idle = after(last_, limits.timeout);
    if (!limits.min_rate) return idle;
    // Also when this window is already good: the roll of the window is lazy, and checking it once more costs nothing.
    return moved_ < least(limits) ? std::min(idle, after(window_start_, limits.window)) : idle;
  }

  enum class Verdict : std::uint8_t { fine, stalled, slow };
  [[nodiscard]] Verdict judge(Instant now, const PaceLimits& limits) const noexcept {
    if (!running_) return Verdict::fine;
    if (now >= after(last_, limits.timeout)) return Verdict::stalled;
    if (too_slow_) return Verdict::slow;
    if (limits.min_rate && now >= after(window_start_, limits.window) && moved_ < least(limits)) return Verdict::slow;
    return Verdict::fine;
  }

 private:
  [[nodiscard]] static std::uint64_t least(const PaceLimits& limits) noexcept {
    return *limits.min_rate * static_cast<std::uint64_t>(limits.window / std::chrono::milliseconds{1}) / 1000;
  }

  Instant last_{};
  Instant window_start_{};
  std::uint64_t moved_ = 0;
  bool running_ = false;
  bool too_slow_ = false;
};

}  // namespace pounce::inline v0
