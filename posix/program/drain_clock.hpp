// DrainClock: the drain as the main thread sees it: when it ends, and what is told of it meanwhile.
#pragma once

#include "posix/program/speech.hpp"

#include <pounce/core/time.hpp>

#include <algorithm>
#include <cstddef>

namespace pounce::inline v0::program {

class DrainClock {
 public:
  static constexpr Duration tell_every = std::chrono::seconds{1};

  [[nodiscard]] bool begun() const noexcept { return begun_; }
  [[nodiscard]] bool is_over(Instant now) const noexcept { return now >= cut_at_; }
  void begin(Instant now, Duration at_most, std::size_t connections, const Speech& speech) {
    begun_ = true;
    cut_at_ = after(now, at_most);
    tell(now, connections, speech, true);
  }
  // Once.
  void cut() noexcept {
    cut_at_ = tell_at_ = never;
    cut_ = true;
  }
  [[nodiscard]] bool was_cut() const noexcept { return cut_; }
  // How many are left, where that has changed and it is time.
  void look(Instant now, std::size_t connections, const Speech& speech) {
    if (now < tell_at_) return;
    if (connections == told_) {
      tell_at_ = after(now, tell_every);
    } else {
      tell(now, connections, speech, false);
    }
  }
  // When to look next.
  [[nodiscard]] Instant next() const noexcept { return std::min(cut_at_, tell_at_); }

 private:
  void tell(Instant now, std::size_t connections, const Speech& speech, bool first) {
    told_ = connections;
    tell_at_ = after(now, tell_every);
    const Duration left = cut_at_ == never ? Duration::zero() : cut_at_ - now;
    speech.draining(connections, first ? left : std::chrono::ceil<std::chrono::seconds>(left), first);
  }

  bool begun_ = false;
  bool cut_ = false;
  Instant cut_at_ = never;
  Instant tell_at_ = never;
  std::size_t told_ = 0;
};

}  // namespace pounce::inline v0::program
