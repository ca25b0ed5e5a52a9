#include <pounce/posix/wake_timer.hpp>

#ifdef __linux__
#include <sys/timerfd.h>
#endif

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace pounce::inline v0::posix {

#ifdef __linux__

WakeTimer::WakeTimer() : timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (!timer_) throw std::system_error{errno, std::generic_category(), "timerfd_create"};
}

bool WakeTimer::arm(Instant now, Instant at) noexcept {
  const Duration distance = std::max(at - now, Duration{1});  // 0 would disarm it
  itimerspec when{};
  when.it_value.tv_sec = std::chrono::floor<std::chrono::seconds>(distance).count();
  when.it_value.tv_nsec = (distance % std::chrono::seconds{1}).count();
  if (::timerfd_settime(timer_.get(), 0, &when, nullptr) != 0) return false;
  set_for_ = at;
  return true;
}

#else

WakeTimer::WakeTimer() = default;
bool WakeTimer::arm(Instant, Instant) noexcept { return false; }

#endif

}  // namespace pounce::inline v0::posix
