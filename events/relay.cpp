#include <pounce/events/relay.hpp>

namespace pounce::inline v0::events {

void Relay::observe(const Lifecycle& event) noexcept {
  for (const Place& place : places_) {
    if (place.kinds.has_index(event.index())) place.observer->observe(event);
  }
}

}  // namespace pounce::inline v0::events
