// Budget: what a peer may do now and then, but not all the time. A token bucket that is driven by instants.
//
// It starts full, every act takes one token, and `per_second` tokens come back each second, up to `burst`.
#pragma once

#include <pounce/core/lean.hpp>
#include <pounce/core/time.hpp>

#include <cstdint>

namespace pounce::inline v0::h2 {

struct Rate {
  std::uint32_t burst;       // at once
  std::uint32_t per_second;  // in the long run
};

class Budget {
 public:
  // False when there was nothing left to spend.
  [[nodiscard]] bool spend(const Rate& rate, Instant now) noexcept {
    if (spent_ != 0 && now > last_) {
      const auto waited = std::min<Duration>(now - last_, std::chrono::hours{1});
      const auto back = static_cast<std::uint64_t>(waited.count()) * rate.per_second / 1'000'000'000U;
      if (back != 0) {
        spent_ -= static_cast<std::uint32_t>(std::min<std::uint64_t>(back, spent_));
        last_ = now;
      }
    }
    if (spent_ == 0) last_ = now;
    if (spent_ >= rate.burst) return false;
    ++spent_;
    return true;
  }
  // The peer has earned some.
  void repay(std::uint32_t tokens) noexcept { spent_ -= std::min(tokens, spent_); }

 private:
  Instant last_{};           // up to when tokens have come back
  std::uint32_t spent_ = 0;  // of the burst
};

}  // namespace pounce::inline v0::h2
