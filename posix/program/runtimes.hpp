// Runtimes: those of all generations that serve or drain, as one: what waits in them together, and what they have counted.
// Thread-safe: operator pages ask, the main thread adds and retires.
#pragma once

#include <pounce/posix/runtime.hpp>

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <vector>

namespace pounce::inline v0::program {

class Runtimes {
 public:
  // Borrowed until it is retired.
  void add(const posix::Runtime& runtime) {
    const std::lock_guard guard{lock_};
    all_.push_back(&runtime);
  }
  // Its workers have ended; what it has counted stays.
  void retire(const posix::Runtime& runtime) {
    const std::lock_guard guard{lock_};
    if (const auto at = std::find(all_.begin(), all_.end(), &runtime); at != all_.end()) all_.erase(at);
    if (const auto& last = runtime.queues().requests) {
      add_counts(ended_, *last);
      counted_ = true;
    }
  }
  [[nodiscard]] posix::Queues queues() const {
    const std::lock_guard guard{lock_};
    posix::Queues sum;
    if (counted_) sum.requests = ended_;
    for (const posix::Runtime* const one : all_) {
      const posix::Queues queues = one->queues();
      sum.connections += queues.connections;
      sum.handoffs += queues.handoffs;
      if (!queues.requests) continue;
      if (!sum.requests) sum.requests.emplace();
      sum.requests->running += queues.requests->running;
      sum.requests->waiting += queues.requests->waiting;
      add_counts(*sum.requests, *queues.requests);
    }
    return sum;
  }

 private:
  using Numbers = limits::RequestQueue::Numbers;
  static void add_counts(Numbers& sum, const Numbers& one) noexcept {
    sum.waited += one.waited;
    sum.wait += one.wait;
    for (std::size_t i = 0; i < sum.shed.size(); ++i) sum.shed[i] += one.shed[i];
  }

  mutable std::mutex lock_;
  std::vector<const posix::Runtime*> all_;
  Numbers ended_;
  bool counted_ = false;
};

}  // namespace pounce::inline v0::program
