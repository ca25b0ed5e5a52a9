// WorkQueue: connections that have something to do, on their way to the first idle worker.
//
// A worker is idle (waits here), lingers (waits for its own connection's next request, but gives it up when others need a worker), or
// works. `push` wakes one that is idle, else one that lingers. Bounded by --max-connections: every link is in it at most once.
#pragma once

#include <pounce/posix/link.hpp>
#include <pounce/posix/wake_descriptor.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace pounce::inline v0::sync {

class WorkQueue {
 public:
  void push(std::unique_ptr<posix::Link> link);
  // Waits for one; null when the queue is closed and empty.
  [[nodiscard]] std::unique_ptr<posix::Link> pop();

  // Before a worker waits for its own connection: false when there is other work; else `wake` is notified once there is.
  [[nodiscard]] bool begin_linger(posix::WakeDescriptor& wake);
  void end_linger(posix::WakeDescriptor& wake) noexcept;

  [[nodiscard]] std::size_t size() const;
  void close();

 private:
  mutable std::mutex lock_;
  std::condition_variable work_;
  std::deque<std::unique_ptr<posix::Link>> links_;
  std::vector<posix::WakeDescriptor*> lingering_;
  std::size_t idle_ = 0;
  bool closed_ = false;
};

}  // namespace pounce::inline v0::sync
