#include <pounce/posix/wake_descriptor.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#ifdef __linux__
#include <sys/eventfd.h>
#endif

namespace pounce::inline v0::posix {

WakeDescriptor::WakeDescriptor() {
#ifdef __linux__
  read_end_ = Descriptor{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  if (!read_end_) throw std::system_error{errno, std::generic_category(), "eventfd"};
#else
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw std::system_error{errno, std::generic_category(), "pipe"};
  read_end_ = Descriptor{ends[0]};
  write_end_ = Descriptor{ends[1]};
  for (const int end : ends) {
    ::fcntl(end, F_SETFL, O_NONBLOCK);
    ::fcntl(end, F_SETFD, FD_CLOEXEC);
  }
#endif
}

void WakeDescriptor::notify() noexcept {
  // A full pipe or counter means that the waiter is going to wake anyway.
  const std::uint64_t one = 1;
#ifdef __linux__
  (void)!::write(read_end_.get(), &one, sizeof one);
#else
  (void)!::write(write_end_.get(), &one, 1);
#endif
}

void WakeDescriptor::drain() noexcept {
  std::array<char, 64> waste{};
  while (::read(read_end_.get(), waste.data(), waste.size()) == static_cast<ssize_t>(waste.size())) {
  }
}

}  // namespace pounce::inline v0::posix
