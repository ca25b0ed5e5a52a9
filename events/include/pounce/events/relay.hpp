// Relay: several observers as one. Each gets the kinds that it takes, in the order of `add`, on the thread of the event.
// Borrows them; filled before the first event, unchanged afterwards.
#pragma once

#include <pounce/core/list.hpp>
#include <pounce/events/observer.hpp>

namespace pounce::inline v0::events {

class Relay final : public Observer {
 public:
  Relay() = default;
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay() = default;

  void add(Observer& observer) {
    places_.push_back(Place{&observer, observer.kinds()});
    kinds_ = kinds_ | places_.back().kinds;
  }
  // What to give to a server: null where nobody listens, the only one where there is one.
  [[nodiscard]] Observer* front() noexcept {
    return places_.empty() ? nullptr : places_.size() == 1 ? places_[0].observer : this;
  }

  void observe(const Lifecycle& event) noexcept override;
  [[nodiscard]] Kinds kinds() const noexcept override { return kinds_; }

 private:
  struct Place {
    Observer* observer;
    Kinds kinds;
  };
  List<Place> places_;
  Kinds kinds_;
};

}  // namespace pounce::inline v0::events
