// Worker: one thread that serves one connection at a time, blocking where that is cheap.
//
// While it serves a connection it waits for that connection only. Who waits where:
//   between requests             the distributor watches it; while there are few connections the worker lingers here first
//   a head that dribbles in      the same
//   all of a plain request       the same
//   content, room to write,      here, for --worker-patience in all per request, as long as no other connection needs a worker; then the
//   a place to run in            exchange moves to the async pool
//   time, messages               moves to the async pool at once
//   nothing at all               is served for a `slice`; then, when others wait for a worker, it stands in line behind them
// Without a pool, or when it refuses, the worker waits itself: slower, nothing lost.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/core/workspace.hpp>
#include <pounce/posix/clock.hpp>
#include <pounce/posix/ids.hpp>
#include <pounce/posix/link.hpp>
#include <pounce/posix/wake_descriptor.hpp>
#include <pounce/sync/distributor.hpp>

#include <atomic>
#include <cstdint>

namespace pounce::inline v0::sync {

class Worker final : private posix::Waker {
 public:
  static constexpr Duration linger = std::chrono::milliseconds{100};
  // How long it waits itself for an exchange that the pool has refused, before it asks again.
  static constexpr Duration ask_again = std::chrono::milliseconds{10};
  static constexpr Duration slice = std::chrono::milliseconds{5};

  Worker(Shared& shared, Distributor& distributor, events::WorkerId id);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() = default;

  // Until the queue is closed and empty. Never throws.
  void run() noexcept;

  // --- from other threads ---
  void drain(Drain drain) noexcept;
  void cut() noexcept;

 private:
  enum class Next : std::uint8_t { go_on, given_up };

  void wake(posix::Link& link) noexcept override;
  void serve(Owned<posix::Link> link);
  void begin_request(const Session& session) noexcept;
  [[nodiscard]] Next wait_idle(Owned<posix::Link>& link);
  [[nodiscard]] Next wait_busy(Owned<posix::Link>& link);
  [[nodiscard]] bool hand_off(Owned<posix::Link>& link);
  // Until the socket is ready, this worker is woken, the session's time comes or `until`; true when the socket is.
  bool wait(posix::Link& link, Instant until);
  void end(Owned<posix::Link> link, bool cut);

  Shared& shared_;
  Distributor& distributor_;
  Workspace workspace_;
  posix::WorkerIds ids_;
  posix::TickSource ticks_;
  Station station_;
  posix::Turn* turn_ = nullptr;  // while it runs
  posix::WakeDescriptor wake_;
  std::atomic<bool> drain_wanted_{false};
  std::atomic<Drain> drain_{Drain::prompt};
  std::atomic<bool> cut_wanted_{false};
  std::uint64_t request_ = 0;  // which request of the connection `patience_left_` belongs to
  Duration patience_left_{};
  bool refused_ = false;  // the pool did not take this request's exchange, and that was said
};

}  // namespace pounce::inline v0::sync
