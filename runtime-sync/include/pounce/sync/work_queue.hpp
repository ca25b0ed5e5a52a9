// WorkQueue: connections that have something to do, on their way to the first idle worker.
//
// A worker is idle (waits here), lingers (waits for its own connection's next request, but gives it up when others need a worker), or
// works. Who adds work calls one that is idle, else one that lingers; whoever takes some and leaves some behind calls the next. So a batch
// wakes as many workers as there are processors for, and not one per connection. Bounded by --max-connections: every link is in it
// at most once.
//
// Two lines: connections that have just become ready, and those that gave way because they never run dry (an endless stream, a flood
// of pipelined requests). Workers take from them in turn, so that neither holds up the other.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/posix/handoff.hpp>
#include <pounce/posix/link.hpp>
#include <pounce/posix/wake_descriptor.hpp>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

namespace pounce::inline v0::sync {

// First in, first out, through the links' own pointers: waiting takes no memory, so nobody is lost for want of it.
class Line {
 public:
  Line() = default;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line();
  void push(Owned<posix::Link> link) noexcept;
  // All of another one, which is empty then.
  void push(Line& line) noexcept;
  [[nodiscard]] Owned<posix::Link> pop() noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  posix::Link* first_ = nullptr;
  posix::Link* last_ = nullptr;
  std::size_t size_ = 0;
};

class WorkQueue final : public posix::Home {
 public:
  void push(Owned<posix::Link> link) noexcept;
  void push(Line& links) noexcept;  // empty afterwards
  void take_back(Owned<posix::Link> link) noexcept override { push(std::move(link)); }
  // One that was served for its share of time and could go on at once.
  void push_again(Owned<posix::Link> link) noexcept;
  // Waits for one; null when the queue is closed and empty.
  [[nodiscard]] Owned<posix::Link> pop();
  // Of what nobody is going to pop any more.
  [[nodiscard]] Owned<posix::Link> take_rest() noexcept;

  // Whether a connection waits that no idle worker is about to take.
  [[nodiscard]] bool wanted() const;
  // Before a worker waits for its own connection: false when there is other work; else `wake` is notified once there is.
  [[nodiscard]] bool begin_linger(posix::WakeDescriptor& wake);
  void end_linger(posix::WakeDescriptor& wake) noexcept;

  // For who feeds the queue: false when a worker could take more; else `wake` is notified once one could.
  [[nodiscard]] bool begin_rest(posix::WakeDescriptor& wake);
  void end_rest() noexcept;

  // Of those that have just become ready.
  [[nodiscard]] std::size_t size() const;
  void close();

 private:
  [[nodiscard]] std::size_t waiting() const noexcept { return links_.size() + again_.size(); }
  // Wakes somebody if somebody is to be woken: after the lock is given up, so that nobody wakes only to wait for it.
  void call(std::unique_lock<std::mutex> guard) noexcept;

  mutable std::mutex lock_;
  std::condition_variable work_;
  Line links_;
  Line again_;
  std::vector<posix::WakeDescriptor*> lingering_;
  std::size_t idle_ = 0;
  posix::WakeDescriptor* resting_ = nullptr;
  bool called_ = false;  // an idle one was called, and is on its way
  bool again_is_next_ = false;
  bool closed_ = false;
};

}  // namespace pounce::inline v0::sync
