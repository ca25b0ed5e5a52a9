#ifdef __linux__

#include <pounce/posix/poller.hpp>

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace pounce::inline v0::posix {

namespace {

constexpr std::uint32_t interest(Poller::Mode mode) noexcept {
  switch (mode) {
    case Poller::Mode::level: return EPOLLIN;
    case Poller::Mode::edge: return EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    case Poller::Mode::arrival: return EPOLLIN | EPOLLRDHUP | EPOLLET;
  }
  return 0;
}

// Rounded up, so that a wait never ends just before what it waits for.
int milliseconds(Duration timeout) noexcept {
  if (timeout < Duration::zero()) return -1;
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(std::min<Duration>(timeout, std::chrono::hours{1}));
  return static_cast<int>(whole.count());
}

}  // namespace

Poller::Poller() : queue_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!queue_) throw std::system_error{errno, std::generic_category(), "epoll_create1"};
}

bool Poller::watch(int descriptor, Mode mode, void* tag) noexcept {
  epoll_event event{};
  event.events = interest(mode);
  event.data.ptr = tag;
  return ::epoll_ctl(queue_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Poller::forget(int descriptor) noexcept { ::epoll_ctl(queue_.get(), EPOLL_CTL_DEL, descriptor, nullptr); }

std::size_t Poller::wait(std::span<Ready> ready, Duration timeout) {
  std::array<epoll_event, 256> events;
  const int most = static_cast<int>(std::min(ready.size(), events.size()));
  const int count = ::epoll_wait(queue_.get(), events.data(), most, milliseconds(timeout));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    ready[static_cast<std::size_t>(i)] =
        Ready{.tag = event.data.ptr,
              .readable = (event.events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
              .writable = (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0,
              .hung_up = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
              .failed = (event.events & (EPOLLHUP | EPOLLERR)) != 0};
  }
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

}  // namespace pounce::inline v0::posix

#endif
