// RestartBudget: when a worker process that has died is started again, and when no more: deaths are counted over a sliding window, so
// that a worker which dies again and again spends what there is, however long each of its lives is within it.
//
// Each death in the window doubles the wait for the next start, from `first_wait` to `most_wait`. A worker that dies later than the window
// after all others waits as little as the first one.
// Pure: time is an argument. Limits: it remembers as many deaths as the budget has.
#pragma once

#include <pounce/core/time.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>

namespace pounce::inline v0::program {

class RestartBudget {
 public:
  static constexpr Duration window = std::chrono::minutes{1};
  static constexpr Duration first_wait = std::chrono::milliseconds{100};
  static constexpr Duration most_wait = std::chrono::seconds{2};

  // So many deaths in a window are borne.
  explicit RestartBudget(std::size_t most) noexcept : most_(most) {}
  // From now on; what was spent stays spent.
  void allow(std::size_t most) noexcept { most_ = most; }

  // One has died. When its successor may start; never: the budget is spent.
  [[nodiscard]] Instant spend(Instant now) {
    forget(now);
    if (deaths_.size() >= most_) return never;
    deaths_.push_back(now);
    Duration wait = first_wait;
    for (std::size_t i = 1; i < deaths_.size() && wait < most_wait; ++i) wait *= 2;
    return after(now, std::min(wait, most_wait));
  }
  // How many are still counted.
  [[nodiscard]] std::size_t spent(Instant now) {
    forget(now);
    return deaths_.size();
  }

 private:
  void forget(Instant now) {
    while (!deaths_.empty() && deaths_.front() <= now && now - deaths_.front() >= window) deaths_.pop_front();
  }

  std::size_t most_;
  std::deque<Instant> deaths_;  // in order
};

}  // namespace pounce::inline v0::program
