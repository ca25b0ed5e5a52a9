// The timer that ends a poller's wait, with a real poller. Waits are without a timeout: a timer that does not go off is a test that hangs.
#include <doctest/doctest.h>

#include <pounce/posix/clock.hpp>
#include <pounce/posix/poller.hpp>
#include <pounce/posix/wake_timer.hpp>

#include <array>

using namespace pounce;
using namespace pounce::posix;
using namespace std::chrono_literals;

namespace {

struct Waiting {
  Waiting() { REQUIRE(poller.watch(timer.descriptor(), Poller::Mode::arrival, &timer)); }
  // Whether the timer was reported.
  bool wait(Duration patience) {
    std::array<Poller::Ready, 4> ready;
    if (poller.wait(ready, patience) == 0) return false;
    CHECK(ready[0].tag == &timer);
    timer.gone_off();
    return true;
  }

  Poller poller;
  WakeTimer timer;
};

}  // namespace

TEST_CASE("it goes off once, not before its time, and may be set again") {
  Waiting waiting;
  for (const Duration distance : {Duration{-1s}, Duration{0}, Duration{1}, Duration{2ms}}) {
    const Instant at = monotonic_now() + distance;
    REQUIRE(waiting.timer.set(monotonic_now(), at));
    CHECK(waiting.wait(-1s));
    CHECK(monotonic_now() >= at);
    CHECK_FALSE(waiting.wait(0s));
  }
}

TEST_CASE("an earlier time takes the place of a later one; a later one changes nothing") {
  Waiting waiting;
  const Instant now = monotonic_now();
  REQUIRE(waiting.timer.set(now, now + 1h));
  REQUIRE(waiting.timer.set(now, now + 1ms));
  REQUIRE(waiting.timer.set(now, now + 2h));
  REQUIRE(waiting.timer.set(now, never));
  CHECK(waiting.wait(-1s));
}

TEST_CASE("nothing is asked for, nothing is reported") {
  Waiting waiting;
  REQUIRE(waiting.timer.set(monotonic_now(), never));
  CHECK_FALSE(waiting.wait(1ms));
}
