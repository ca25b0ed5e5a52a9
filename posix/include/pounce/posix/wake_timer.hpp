// WakeTimer: ends a poller's wait at a time, without a timeout on every wait. The kernel arms and disarms a timeout each time although
// most waits end before it; this stands where it was set until it has gone off.
//
// The descriptor belongs in one poller, edge-triggered (Mode::arrival): nothing is ever read from it. One thread.
#pragma once

#include <pounce/core/time.hpp>
#include <pounce/posix/descriptor.hpp>

namespace pounce::inline v0::posix {

class WakeTimer {
 public:
  WakeTimer();  // throws std::system_error when there is no descriptor

  [[nodiscard]] int descriptor() const noexcept { return timer_.get(); }  // -1: this system has none
  // Sees to it that the descriptor is reported at `at` or soon after. It may be sooner: what was set for an earlier time stays, so that
  // a deadline that moves away costs nothing. `never` asks for nothing. False: the caller's wait has to end by itself.
  [[nodiscard]] bool set(Instant now, Instant at) noexcept { return at >= set_for_ || arm(now, at); }
  // It was reported.
  void gone_off() noexcept { set_for_ = never; }

 private:
  [[nodiscard]] bool arm(Instant now, Instant at) noexcept;

  Descriptor timer_;
  Instant set_for_ = never;
};

}  // namespace pounce::inline v0::posix
