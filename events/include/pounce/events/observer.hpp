// Observer: the seam through which lifecycle events leave the pure layers.
//
// Called on the thread of the worker on which the event happened, between two steps of a machine, never under a lock of ours.
// It must not throw and must not call back into the session. An event is built only if an observer is there.
#pragma once

#include <pounce/events/event.hpp>

namespace pounce::inline v0::events {

class Observer {
 public:
  virtual void observe(const Lifecycle& event) noexcept = 0;

 protected:
  ~Observer() = default;
};

}  // namespace pounce::inline v0::events
