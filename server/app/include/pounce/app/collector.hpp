// Collector: an application's own view of what happens on the server: the lifecycle events of <pounce/events/event.hpp>, in the order
// that is promised there.
//
//   class Slow final : public pounce::Collector {
//     pounce::events::Kinds kinds() const override { return pounce::events::Kinds::of<pounce::events::ResponseCompleted>(); }
//     void collect(const pounce::events::Lifecycle& event) override { … }
//   };
//   app.observe(pounce::make_owned<Slow>());
//
// It is told on the worker on which the event happened, at once and under no lock, so from many threads at a time: it has to be safe for that, and
// must neither block nor wait. Events tell of the past; nothing that it does changes what is answered.
// Ownership: the App owns it; strings in an event live for the call. Errors: what it throws ends its call and nothing else, and is counted.
#pragma once

#include <pounce/app/attached.hpp>
#include <pounce/events/observer.hpp>

#include <utility>
#include <variant>

namespace pounce::inline v0 {

class Collector : public Attached {
 public:
  // What it is told of; asked once, before the first event.
  [[nodiscard]] virtual events::Kinds kinds() const { return events::Kinds::all(); }
  virtual void collect(const events::Lifecycle& event) = 0;
};

// A function of one kind of events.
template <class Event, class F>
class CollectorOf final : public Collector {
 public:
  explicit CollectorOf(F function) : function_(std::move(function)) {}
  [[nodiscard]] events::Kinds kinds() const override { return events::Kinds::of<Event>(); }
  void collect(const events::Lifecycle& event) override {
    if (const auto* const one = std::get_if<Event>(&event)) function_(*one);
  }

 private:
  F function_;
};

}  // namespace pounce::inline v0
