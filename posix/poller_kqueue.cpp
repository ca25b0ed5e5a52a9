// Not run by the project's tests: there is no machine with kqueue among them. Compiled on the platforms that have it, and
// in the tests against stub headers (POUNCE_KQUEUE, tests/audit/kqueue).
#if defined(POUNCE_KQUEUE) || defined(__APPLE__) || defined(__FreeBSD__) || defined(__OpenBSD__) || \
    defined(__NetBSD__) || defined(__DragonFly__)

#include <pounce/posix/poller.hpp>

#include <sys/event.h>
#include <sys/time.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace pounce::inline v0::posix {

Poller::Poller() : queue_(::kqueue()) {
  if (!queue_) throw std::system_error{errno, std::generic_category(), "kqueue"};
}

bool Poller::watch(int descriptor, Mode mode, void* tag) noexcept {
  std::array<struct kevent, 2> changes{};
  const unsigned short flags = mode == Mode::level ? EV_ADD : EV_ADD | EV_CLEAR;
  EV_SET(&changes[0], static_cast<uintptr_t>(descriptor), EVFILT_READ, flags, 0, 0, tag);
  EV_SET(&changes[1], static_cast<uintptr_t>(descriptor), EVFILT_WRITE, EV_ADD | EV_CLEAR, 0, 0, tag);
  return ::kevent(queue_.get(), changes.data(), mode == Mode::edge ? 2 : 1, nullptr, 0, nullptr) == 0;
}

void Poller::forget(int descriptor) noexcept {
  for (const auto filter : {static_cast<short>(EVFILT_READ), static_cast<short>(EVFILT_WRITE)}) {
    struct kevent change{};
    EV_SET(&change, static_cast<uintptr_t>(descriptor), filter, EV_DELETE, 0, 0, nullptr);
    (void)::kevent(queue_.get(), &change, 1, nullptr, 0, nullptr);
  }
}

std::size_t Poller::wait(std::span<Ready> ready, Duration timeout) {
  std::array<struct kevent, 256> events;
  const int most = static_cast<int>(std::min(ready.size(), events.size()));
  timespec limit{};
  if (timeout >= Duration::zero()) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout);
    limit.tv_sec = static_cast<time_t>(seconds.count());
    limit.tv_nsec = static_cast<long>((timeout - seconds).count());
  }
  const int count =
      ::kevent(queue_.get(), nullptr, 0, events.data(), most, timeout < Duration::zero() ? nullptr : &limit);
  for (int i = 0; i < count; ++i) {
    const struct kevent& event = events[static_cast<std::size_t>(i)];
    const bool end = (event.flags & (EV_EOF | EV_ERROR)) != 0;
    ready[static_cast<std::size_t>(i)] = Ready{.tag = event.udata,
                                               .readable = event.filter == EVFILT_READ || end,
                                               .writable = event.filter == EVFILT_WRITE,
                                               .hung_up = end,
                                               .failed = (event.flags & EV_ERROR) != 0 || (end && event.fflags != 0)};
  }
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

}  // namespace pounce::inline v0::posix

#endif
