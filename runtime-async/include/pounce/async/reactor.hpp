// Reactor: one thread, one poller, many sessions, none of them ever blocking it.
//
// One turn of its loop: wait → read and step what is ready → step again what gave way → timers → commands. Each link is served a
// bounded piece per turn (one read, one step, one flush), so that none owns the reactor.
// Threads: `run` is the reactor's own; drain, cut, wake and offer are for others.
// Limits: `most_handoffs` of the constructor; those of Entrances.
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

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

namespace pounce::inline v0::async {

class Reactor final : public posix::Waker, public posix::Sink {
 public:
  // `most_handoffs`: so many wait to be adopted, until `finish`; 0: it takes none at all. Throws std::system_error without descriptors.
  Reactor(const posix::Shared& shared, events::WorkerId id, std::vector<posix::Listener> listeners,
          std::size_t most_handoffs);
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  ~Reactor();

  // Until a drain has ended (and, when fed, `finish` was said). Never throws.
  void run() noexcept;

  // --- from other threads ---
  void drain(Drain drain) noexcept;
  void finish() noexcept;
  void cut() noexcept;
  void wake(posix::Link& link) noexcept override;
  [[nodiscard]] bool offer(posix::Handoff& handoff) override;
  // Hand-offs that it has not adopted yet.
  [[nodiscard]] std::size_t waiting() const;

 private:
  void turn(posix::Turn& turn);
  [[nodiscard]] Duration patience();
  void accept(void* entrance) noexcept;
  void adopt_all();
  void adopt(Owned<posix::Link> link, events::WorkerId from);
  [[nodiscard]] bool make_room() noexcept;
  void add(Owned<posix::Link> link);
  void give_up(Owned<posix::Link> link);
  [[nodiscard]] bool watch(posix::Link& link) noexcept;
  void serve(posix::Link& link);
  void remove(posix::Link& link, bool cut);
  void give_back(posix::Link& link);
  [[nodiscard]] Owned<posix::Link> take_out(posix::Link& link) noexcept;
  void later(posix::Link& link);
  void take_woken();
  void run_timers();
  void start_drain();
  void cut_all();
  [[nodiscard]] bool may_end();

  const posix::Shared& shared_;
  Workspace workspace_;
  posix::WorkerIds ids_;
  posix::TickSource ticks_;
  Station station_;
  posix::Poller poller_;
  posix::WakeDescriptor wake_;
  posix::WakeTimer wake_timer_;  // for limits; handlers' own waits, which are exact, are timeouts
  posix::DeadlineWheel wheel_;
  posix::AlarmHeap alarms_;
  posix::Entrances entrances_;
  posix::Link* links_ = nullptr;
  std::size_t link_count_ = 0;
  std::array<posix::Poller::Ready, 256> reports_;
  std::vector<posix::Link*> ready_;
  std::vector<posix::Link*> batch_;
  std::vector<posix::Link*> awake_;
  std::size_t room_ = 0;  // for so many links there is room in these lists, and in `woken_`

  mutable std::mutex lock_;  // guards the two lists that other threads add to
  std::vector<posix::Link*> woken_;
  std::vector<posix::Handoff> handoffs_;
  std::size_t most_handoffs_;

  std::atomic<bool> drain_wanted_{false};
  std::atomic<Drain> drain_{Drain::prompt};
  std::atomic<bool> cut_wanted_{false};
  bool draining_ = false;
};

}  // namespace pounce::inline v0::async
