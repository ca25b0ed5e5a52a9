// What the main thread's loops have in common.
#pragma once

#include <pounce/core/time.hpp>
#include <pounce/posix/clock.hpp>

#include <poll.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace pounce::inline v0::program {

// So long a new generation waits with what it has to say for the one before to accept no more. A handler that blocks its thread keeps its
// listeners open.
inline constexpr std::chrono::seconds most_closing{2};

// So long who was cut may take to end by itself: a worker process, hooks, handlers.
inline constexpr std::chrono::seconds most_dying{5};

// For poll(): rounded up, and an hour at most.
[[nodiscard]] inline int milliseconds_until(Instant next) {
  if (next == never) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - posix::monotonic_now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

[[nodiscard]] inline bool is_readable(int descriptor) {
  pollfd look{descriptor, POLLIN, 0};
  return ::poll(&look, 1, 0) == 1 && (look.revents & POLLIN) != 0;
}

inline void wait_until_readable(int descriptor, std::chrono::milliseconds most) {
  pollfd look{descriptor, POLLIN, 0};
  (void)::poll(&look, 1, static_cast<int>(most.count()));
}

// "1 request", "2 requests".
[[nodiscard]] inline std::string counted(std::uint64_t number, const char* noun) {
  return std::to_string(number).append(" ").append(noun).append(number == 1 ? "" : "s");
}

[[nodiscard]] inline std::string generation_text(std::uint64_t number) {
  return "generation " + std::to_string(number);
}

// A terminal that has gone says SIGHUP, too; and then it is no wish for a reload.
[[nodiscard]] bool has_lost_its_terminal();

}  // namespace pounce::inline v0::program
