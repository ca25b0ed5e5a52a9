// WorkQueue: connections that have something to do, on their way to the first idle worker.
//
// A worker is idle (waits here), lingers (waits for its own connection's next request, but gives it up when others need a worker), or
// works. `push` wakes one that is idle, else one that lingers. Bounded by --max-connections: every link is in it at most once.
//
// Two lines: connections that have just become ready, and those that gave way because they never run dry (an endless stream, a flood
// of pipelined requests). Workers take from them in turn, so that neither holds up the other.
#pragma once

#include <pounce/posix/link.hpp>
#include <pounce/posix/wake_descriptor.hpp>

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace pounce::inline v0::sync {

class WorkQueue {
 public:
  void push(std::unique_ptr<posix::Link> link) noexcept;
  // One that was served for its share of time and could go on at once.
  void push_again(std::unique_ptr<posix::Link> link) noexcept;
  // Waits for one; null when the queue is closed and empty.
  [[nodiscard]] std::unique_ptr<posix::Link> pop();

  // Whether a connection waits that no idle worker is about to take.
  [[nodiscard]] bool wanted() const;
  // Before a worker waits for its own connection: false when there is other work; else `wake` is notified once there is.
  [[nodiscard]] bool begin_linger(posix::WakeDescriptor& wake);
  void end_linger(posix::WakeDescriptor& wake) noexcept;

  // Of those that have just become ready.
  [[nodiscard]] std::size_t size() const;
  void close();

 private:
  // First in, first out, through the links' own pointers: waiting takes no memory, so nobody is lost for want of it.
  class Line {
   public:
    Line() = default;
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    ~Line();
    void push(std::unique_ptr<posix::Link> link) noexcept;
    [[nodiscard]] std::unique_ptr<posix::Link> pop() noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

   private:
    posix::Link* first_ = nullptr;
    posix::Link* last_ = nullptr;
    std::size_t size_ = 0;
  };

  [[nodiscard]] std::size_t waiting() const noexcept { return links_.size() + again_.size(); }
  void call_worker() noexcept;

  mutable std::mutex lock_;
  std::condition_variable work_;
  Line links_;
  Line again_;
  std::vector<posix::WakeDescriptor*> lingering_;
  std::size_t idle_ = 0;
  bool again_is_next_ = false;
  bool closed_ = false;
};

}  // namespace pounce::inline v0::sync
