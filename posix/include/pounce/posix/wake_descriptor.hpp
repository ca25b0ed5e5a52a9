// WakeDescriptor: lets any thread end another one's wait in poll or epoll. Many notifies before a drain are one.
#pragma once

#include <pounce/posix/descriptor.hpp>

namespace pounce::inline v0::posix {

class WakeDescriptor {
 public:
  WakeDescriptor();  // throws std::system_error when there is no descriptor

  void notify() noexcept;  // thread-safe, async-signal-safe
  void drain() noexcept;   // by the waiter, once it is awake
  [[nodiscard]] int descriptor() const noexcept { return read_end_.get(); }

 private:
  Descriptor read_end_;
  Descriptor write_end_;  // where there is no eventfd
};

}  // namespace pounce::inline v0::posix
