// Time as an argument.
//
// `Instant` belongs to a clock type without `now()`: a pure layer cannot read a clock, it can only be told. Instants are
// monotonic nanoseconds from an origin that the runtime chooses; they are comparable within one process only.
// A runtime hands every step a `Tick`.
#pragma once

#include <pounce/core/lean.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pounce::inline v0 {

using Duration = std::chrono::nanoseconds;

struct Clock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Clock>;
  static constexpr bool is_steady = true;
};

using Instant = Clock::time_point;

// The deadline that never comes.
inline constexpr Instant never = Instant::max();

// `start + wait`, saturating at `never`; negative waits count as zero.
[[nodiscard]] constexpr Instant after(Instant start, Duration wait) noexcept {
  if (wait <= Duration::zero()) return start;
  return start > never - wait ? never : start + wait;
}

using WallTime = std::chrono::sys_seconds;  // for Date fields and logs, never for deadlines

// What a runtime knows about time at one step, and what it prepared for it.
struct Tick {
  Instant now{};
  WallTime wall{};
  // Ready-made field lines for every response, "Server: …\r\nDate: …\r\n", either of them absent where it is switched off;
  // formatted once a second. Borrowed for the length of the step.
  std::string_view lines{};
  std::size_t server_line_size = 0;  // how much of `lines` is the Server line
  // What time it is by now, for who must know how long a handler took; null: time stands still within a step.
  Instant (*clock)() noexcept = nullptr;
};

}  // namespace pounce::inline v0
