// Acceptor: takes connections from a listener, and survives everything that accept can say.
//
// A connection that was aborted before it was taken is skipped. Without descriptors (EMFILE, ENFILE) or memory the acceptor uses
// its reserve descriptor to take one connection and close it, so that the peer is not left waiting, and asks its owner to
// pause: it never spins and never dies.
#pragma once

#include <pounce/core/time.hpp>
#include <pounce/posix/descriptor.hpp>
#include <pounce/posix/socket.hpp>

#include <cstdint>
#include <string>

namespace pounce::inline v0::posix {

class Acceptor {
 public:
  static constexpr Duration pause = std::chrono::milliseconds{100};

  explicit Acceptor(Listener listener);

  enum class Result : std::uint8_t { taken, drained, exhausted };
  struct Arrival {
    Descriptor socket;  // non-blocking, close-on-exec
    std::string peer;   // as `address_text` says it
  };
  // One connection; `exhausted`: stop watching for `pause`.
  [[nodiscard]] Result take(Arrival& arrival);

  [[nodiscard]] const Listener& listener() const noexcept { return listener_; }
  [[nodiscard]] int descriptor() const noexcept { return listener_.descriptor(); }

 private:
  void shed();

  Listener listener_;
  Descriptor reserve_;
};

}  // namespace pounce::inline v0::posix
