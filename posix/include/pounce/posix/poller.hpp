// Poller: epoll, or kqueue where that is the platform, behind three calls. One thread waits; watching and forgetting may be done by others.
//
// Connections are watched edge-triggered, once for as long as they stay: no system call changes an interest per request. Listeners and
// wake descriptors are level-triggered.
// kqueue is compiled where it exists and has not been run by the project's tests.
#pragma once

#include <pounce/core/time.hpp>
#include <pounce/posix/descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace pounce::inline v0::posix {

class Poller {
 public:
  enum class Mode : std::uint8_t {
    level,    // readable, level-triggered
    edge,     // both directions, edge-triggered
    arrival,  // readable, edge-triggered
  };

  struct Ready {
    void* tag = nullptr;
    bool readable = false;
    bool writable = false;
    bool hung_up = false;  // the peer has shut its sending side, or the connection failed
    bool failed = false;   // the connection is broken both ways
  };

  Poller();  // throws std::system_error when there is no descriptor

  [[nodiscard]] bool watch(int descriptor, Mode mode, void* tag) noexcept;  // false: no memory for it
  void forget(int descriptor) noexcept;
  // Waits until something is ready or `timeout` is over (negative: for ever) and fills the front of `ready`.
  [[nodiscard]] std::size_t wait(std::span<Ready> ready, Duration timeout);

 private:
  Descriptor queue_;
};

}  // namespace pounce::inline v0::posix
