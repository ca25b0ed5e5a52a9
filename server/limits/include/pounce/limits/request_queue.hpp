// RequestQueue: how many handlers run at once, who waits for a place, and who is turned away.
//
// A place is taken by `try_enter` (one atomic instruction while places are free) and given back by `leave`. Who finds none waits in line, by
// `enter`, until its bell rings: then it has a place, or has been turned away. It may give up at any time.
//
// Who gets a free place: normally who has waited longest. Once somebody has been waiting for the whole of the last `timeout` the line is
// *standing*: more comes than is served, and first come, first served would serve everybody just before he gives up, or just after. Then who has
// come last is served first, and who has waited for an eighth of `timeout` is turned away: who is served is served soon, and who is not learns it
// soon. As soon as nobody waits the order is the usual one again. (Controlled delay, RFC 8289; adaptive LIFO, Maurer, "Fail at Scale", 2015.)
//
// Limits: `running` places, `waiting` in line; one more is refused at once, by one atomic load. Waiting takes no memory here.
// Threads: this class has no lock. It is thread-safe where a derived class gives it one (`lock`, `unlock`); bells ring outside it.
// Time is an argument. Instants of different threads may be out of order by little.
#pragma once

#include <pounce/app/mailbox.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/storage.hpp>
#include <pounce/core/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace pounce::inline v0 {
class Response;
}

namespace pounce::inline v0::limits {

struct QueueTerms;

// One who waits. It belongs to whoever waits, stays where it is, and is not destroyed while it is in line.
class Waiter {
 public:
  enum class State : std::uint8_t {
    outside,
    waiting,
    admitted,     // it has a place
    turned_away,  // it has none, and is not in line any more
  };

  // `bell`: gets an empty message when something has become of the waiter.
  explicit Waiter(Loan<Mailbox> bell) noexcept : bell_(std::move(bell)) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() = default;

 private:
  friend class RequestQueue;

  Loan<Mailbox> bell_;
  Waiter* older_ = nullptr;
  Waiter* newer_ = nullptr;
  Instant since_{};
  State state_ = State::outside;
};

class RequestQueue : public Storage {
 public:
  // A waiter is turned away at this part of the timeout while the line is standing.
  static constexpr int impatience = 8;

  // Why somebody was not served.
  enum class Reason : std::uint8_t {
    full,      // the line was full
    timeout,   // waited as long as anybody may
    overload,  // waited too long for a standing line
    gone,      // its client left
  };
  static constexpr std::size_t reasons = 4;

  struct Numbers {
    std::uint64_t running = 0;
    std::uint64_t waiting = 0;
    std::uint64_t waited = 0;  // requests that got a place after a wait …
    Duration wait{};           // … and how long all of them have waited
    std::array<std::uint64_t, reasons> shed{};
  };

  // Without a lock: for one thread.
  [[nodiscard]] static Loan<RequestQueue> make(QueueTerms terms);

  // Takes a place if one is free and nobody waits for it.
  [[nodiscard]] bool try_enter() noexcept;
  // Nobody else can enter now, not even the line. May be a moment old.
  [[nodiscard]] bool is_full() const noexcept;
  // Takes a place or stands in line: admitted, waiting, or turned_away, when the line is full (which counts as shed). `waiter` is outside.
  [[nodiscard]] Waiter::State enter(Waiter& waiter, Instant now) noexcept;
  // Gives a place back.
  void leave(Instant now) noexcept;
  // Ends a wait, whatever has become of it: admitted, and the place is the caller's; turned_away; or outside: it was still waiting, and is
  // counted for `why`. The waiter is outside then.
  [[nodiscard]] Waiter::State end_wait(Waiter& waiter, Reason why) noexcept;
  // So many places and so many in line from now on. Who waits gets what is new; where there are fewer, nobody gets a place before enough
  // have been given back, and who waits already goes on waiting.
  void allow(std::uint32_t running, std::uint32_t waiting, Instant now) noexcept;
  // Counts one who was refused because `is_full`.
  void count_refused() noexcept { __atomic_fetch_add(&shed_[0], std::uint64_t{1}, __ATOMIC_RELAXED); }

  // When a wait that begins now ends.
  [[nodiscard]] Instant latest(Instant now) const noexcept { return after(now, timeout_); }
  [[nodiscard]] bool has_line() const noexcept;
  [[nodiscard]] bool is_exempt(std::string_view path) const noexcept;
  // 503 (RFC 9110, section 15.6.4) with Retry-After.
  [[nodiscard]] Response answer() const;
  [[nodiscard]] Numbers numbers() noexcept;

 protected:
  explicit RequestQueue(QueueTerms terms);
  ~RequestQueue() override;
  void destroy() noexcept override;

 private:
  struct Bells;
  class Guard;

  // Around everything that looks at the line.
  virtual void lock() noexcept {}
  virtual void unlock() noexcept {}

  [[nodiscard]] bool is_standing(Instant now) const noexcept;
  [[nodiscard]] bool is_late(const Waiter& waiter, Instant now) const noexcept;
  void take_out(Waiter& waiter) noexcept;
  void turn_away_late(Instant now, Bells& bells) noexcept;
  void settle(Waiter& waiter, Waiter::State state, Bells& bells) noexcept;
  void admit_next(Instant now, Bells& bells) noexcept;

  Owned<const QueueTerms> terms_;
  std::uint32_t most_running_;  // atomic
  std::uint32_t most_waiting_;  // atomic
  Duration timeout_;
  std::uint64_t word_ = 0;  // atomic: running, and 2^32 times waiting; nobody waits while a place is free
  std::array<std::uint64_t, reasons> shed_{};  // atomic
  // The lock's.
  Waiter* oldest_ = nullptr;
  Waiter* newest_ = nullptr;
  Instant line_since_{};  // since when there has been one
  std::uint64_t waited_ = 0;
  Duration wait_{};
};

}  // namespace pounce::inline v0::limits
