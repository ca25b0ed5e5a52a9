// Refusals: connections for which there is no place. Each gets one ready-made 503 at once; then what it sends is thrown away for a
// short time, so that the answer is not lost to a reset. Owner: one thread, which calls `sweep` now and then.
// Limits: `most` at a time; further ones are closed after the answer was offered.
#pragma once

#include <pounce/core/time.hpp>
#include <pounce/posix/descriptor.hpp>

#include <cstddef>
#include <vector>

namespace pounce::inline v0::posix {

class Refusals {
 public:
  static constexpr std::size_t most = 128;
  static constexpr Duration linger = std::chrono::seconds{2};
  static constexpr Duration sweep_every = std::chrono::milliseconds{50};

  void refuse(Descriptor socket, const Tick& tick);
  void sweep(Instant now);
  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

 private:
  struct Waiting {
    Descriptor socket;
    Instant until;
  };
  std::vector<Waiting> waiting_;
};

}  // namespace pounce::inline v0::posix
