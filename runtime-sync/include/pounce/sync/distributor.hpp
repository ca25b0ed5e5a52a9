// Distributor: the one thread that accepts, and that watches the connections which no worker serves.
//
// A fresh connection, or a parked one that has become readable or whose time is over, goes to the work queue; the first idle worker
// takes it. A batch of them takes one lock and one wake-up. So an idle keep-alive connection, or one that dribbles its head, holds no worker.
// While every worker is busy and has more to do it rests for at most `rest`: what becomes ready meanwhile comes in one batch.
// Threads: `run` is its own; `park`, `forget`, `drain` and `cut` are for workers and for the server.
// Limits: `most_queued` fresh connections wait for a worker; beyond that they wait in the kernel's backlog.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/core/workspace.hpp>
#include <pounce/posix/clock.hpp>
#include <pounce/posix/entrances.hpp>
#include <pounce/posix/handoff.hpp>
#include <pounce/posix/ids.hpp>
#include <pounce/posix/link.hpp>
#include <pounce/posix/poller.hpp>
#include <pounce/posix/serving.hpp>
#include <pounce/posix/timers.hpp>
#include <pounce/posix/wake_descriptor.hpp>
#include <pounce/posix/wake_timer.hpp>
#include <pounce/sync/work_queue.hpp>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

namespace pounce::inline v0::sync {

// What the threads of one server share.
struct Shared : posix::Shared {
  WorkQueue& queue;
  posix::Sink* sink;  // the async pool; null: workers wait themselves
  // While there are no more connections than this, a worker waits for the next request of its own: it saves two threads a wake-up.
  std::size_t lingering = 1;
};

class Distributor final : public posix::Waker {
 public:
  static constexpr std::size_t most_queued = 1024;
  static constexpr Duration rest = std::chrono::milliseconds{1};

  // Throws std::system_error without descriptors.
  Distributor(Shared& shared, events::WorkerId id, std::vector<posix::Listener> listeners);
  Distributor(const Distributor&) = delete;
  Distributor& operator=(const Distributor&) = delete;
  ~Distributor();

  // Until a drain or a cut has left no connection anywhere. Never throws.
  void run() noexcept;

  // --- from other threads ---
  // Watches a detached connection that waits for nothing but bytes and runs no handler, until it is readable or its deadline comes.
  void park(Owned<posix::Link> link) noexcept;
  // The connection ends, or is watched by somebody else from now on.
  void forget(posix::Link& link) noexcept;
  void drain() noexcept;
  void cut() noexcept;
  // For a cut, and when no other thread is left: ends what is parked or queued, as cut.
  void end_all();
  [[nodiscard]] posix::WakeDescriptor& wake_descriptor() noexcept { return wake_; }

 private:
  void wake(posix::Link& link) noexcept override;  // parked links have no letterboxes: never called
  void turn(posix::Turn& turn);
  void rest_while_busy() noexcept;
  [[nodiscard]] Duration patience();
  void accept(void* entrance) noexcept;
  void admit(Owned<posix::Link> link) noexcept;
  void report(const posix::Poller::Ready& ready);
  [[nodiscard]] Owned<posix::Link> unpark(posix::Link& link) noexcept;
  void hand_to_worker(posix::Link& link) noexcept;
  void run_timers();
  void watch(posix::Link& link) noexcept;
  [[nodiscard]] bool take_report(posix::Link& link) noexcept;
  void free_forgotten() noexcept;
  void start_drain();

  Shared& shared_;
  Workspace workspace_;
  posix::WorkerIds ids_;
  posix::TickSource ticks_;
  Station station_;
  posix::Poller poller_;
  posix::WakeDescriptor wake_;
  posix::WakeTimer wake_timer_;
  posix::Entrances entrances_;
  Line ready_;  // what this turn has found for the workers

  std::mutex lock_;  // guards the parked links, the wheel that they are filed in, and what Watches say
  posix::DeadlineWheel wheel_;
  posix::Link* parked_ = nullptr;
  posix::Watch* forgotten_ = nullptr;
  Instant asleep_until_ = never;
  bool told_ = false;  // of the drain: whoever is parked later and waits for nothing but a request is told at once

  std::atomic<bool> drain_wanted_{false};
  std::atomic<bool> cut_wanted_{false};
  bool draining_ = false;
};

}  // namespace pounce::inline v0::sync
