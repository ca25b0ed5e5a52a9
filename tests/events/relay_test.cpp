// Relay: several observers as one; each gets what it takes.
#include <doctest/doctest.h>

#include <pounce/events/relay.hpp>

#include <cstddef>

using namespace pounce::events;

namespace {

class Counter final : public Observer {
 public:
  explicit Counter(Kinds kinds) : kinds_(kinds) {}
  void observe(const Lifecycle&) noexcept override { ++seen; }
  [[nodiscard]] Kinds kinds() const noexcept override { return kinds_; }
  std::size_t seen = 0;

 private:
  Kinds kinds_;
};

}  // namespace

TEST_CASE("a relay is nobody, the only one, or all") {
  Counter workers{Kinds::of<WorkerStarted, WorkerStopped>()};
  Counter all{Kinds::all()};
  Relay relay;
  CHECK(relay.front() == nullptr);
  relay.add(workers);
  CHECK(relay.front() == &workers);
  relay.add(all);
  REQUIRE(relay.front() == &relay);
  CHECK(relay.kinds().has<DrainStarted>());
  relay.front()->observe(WorkerStarted{});
  relay.front()->observe(DrainStarted{});
  CHECK(workers.seen == 1);
  CHECK(all.seen == 2);
}

TEST_CASE("a relay takes what one of its observers takes, and no more") {
  Counter started{Kinds::of<WorkerStarted>()};
  Counter stopped{Kinds::of<WorkerStopped>()};
  Relay relay;
  relay.add(started);
  relay.add(stopped);
  CHECK(relay.kinds().has<WorkerStarted>());
  CHECK(relay.kinds().has<WorkerStopped>());
  CHECK_FALSE(relay.kinds().has<DrainStarted>());
}

TEST_CASE("every event has a name of its own") {
  CHECK(name(Lifecycle{ConnectionOpened{}}) == "connection_opened");
  CHECK(name(Lifecycle{ConnectionRefused{}}) == "connection_refused");
  CHECK(limit_of(pounce::Fault::body_too_large) == "max_request_size");
  CHECK(limit_of(pounce::Fault::missing_host).empty());
}
