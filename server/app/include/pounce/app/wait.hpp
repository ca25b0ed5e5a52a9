// Wait: what a parked coroutine waits for. Every awaiter of Exchange is one; it lives in the coroutine's frame.
//
// `await_ready` asks the host once whether it can be had at once; `await_suspend` only records. The driver, after resume() has
// returned, finds the wait in the exchange, tries it again when something has changed, and resumes the leaf when it is done.
#pragma once

#include <pounce/app/chunk.hpp>
#include <pounce/app/status.hpp>
#include <pounce/app/task.hpp>
#include <pounce/core/message_kind.hpp>
#include <pounce/core/time.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace pounce::inline v0 {

// How long a wait may take; empty: as long as it takes (a drain still ends it).
class Timeout {
 public:
  Timeout() noexcept = default;
  Timeout(Duration duration) noexcept : duration_(duration) {}  // NOLINT(google-explicit-constructor)
  template <class Rep, class Period>
  Timeout(std::chrono::duration<Rep, Period> duration) noexcept  // NOLINT(google-explicit-constructor)
      : Timeout(std::chrono::duration_cast<Duration>(duration)) {}
  [[nodiscard]] bool bounded() const noexcept { return duration_ != Duration::max(); }
  [[nodiscard]] Duration duration() const noexcept { return duration_; }

 private:
  Duration duration_ = Duration::max();
};

class Wait {
 public:
  enum class Kind : std::uint8_t { read, write, sleep, yield, message, write_region, accept, receive, send };

  [[nodiscard]] bool await_ready();
  template <class P>
  void await_suspend(std::coroutine_handle<P> leaf) noexcept {
    park(leaf.promise());
  }

  // For the server: what is asked, and what has been had so far.
  Kind kind;
  bool attempted = false;
  Status status = Status::ok;
  MessageKind message = MessageKind::text;  // receive: of the result; send: as what
  bool posted = false;                      // receive
  std::uint16_t code = 0;                   // receive: of the end
  Chunk
      chunk;  // read, receive: the result; write, send: what is still to be written; accept: the subprotocols, then the one

  // The first attempt: from here on it has a deadline.
  void begin(Instant now) noexcept {
    attempted = true;
    time_ = after(now, time_).time_since_epoch();
  }
  [[nodiscard]] Instant deadline() const noexcept { return attempted ? Instant{time_} : never; }

 protected:
  Wait(Exchange& exchange, Kind what, Timeout how_long) noexcept
      : kind(what), time_(how_long.duration()), exchange_(&exchange) {}
  ~Wait() = default;
  Wait(Wait&&) noexcept = default;

  Duration time_;  // how long it may take; once attempted: until when
  Exchange* exchange_;

 private:
  void park(Frame& leaf) noexcept;
};

static_assert(!std::is_aggregate_v<Timeout> && !std::is_aggregate_v<Wait>);
// A frame has room for each of its waits, for as long as it lives.
static_assert(sizeof(Wait) <= 6 * sizeof(void*));

}  // namespace pounce::inline v0
