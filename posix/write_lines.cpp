#include <pounce/posix/write_lines.hpp>

#include <pounce/posix/clock.hpp>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstddef>

namespace pounce::inline v0::posix {

bool write_lines(int descriptor, std::string_view text, Duration patience) noexcept {
  Instant until = never;  // asked for the time only where there is no room
  while (!text.empty()) {
    // A pipe that is writable has room for so much; a write of more might block, whatever poll says.
    pollfd room{descriptor, POLLOUT, 0};
    if (::poll(&room, 1, 0) == 0) {
      const Instant now = monotonic_now();
      if (until == never) until = after(now, patience);
      if (now >= until) return false;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
      (void)::poll(&room, 1, static_cast<int>(left.count()));
      continue;
    }
    const ssize_t wrote = ::write(descriptor, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (wrote > 0) {
      text.remove_prefix(static_cast<std::size_t>(wrote));
    } else if (wrote == 0 || (errno != EINTR && errno != EAGAIN)) {
      return false;
    }
  }
  return true;
}

}  // namespace pounce::inline v0::posix
