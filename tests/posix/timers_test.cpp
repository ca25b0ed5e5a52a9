// The wheel and the heap against plain lists: nothing is looked at late, nothing is lost, whatever is moved or removed.
#include <doctest/doctest.h>

#include <pounce/posix/timers.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <vector>

using namespace pounce;
using namespace pounce::posix;
using namespace std::chrono_literals;

namespace {

struct Timer final : Timed {
  Instant deadline = never;
};

constexpr Instant start = Instant{} + 1h;

}  // namespace

TEST_CASE("a wheel with one timer: looked at once its slot is over, not before, and early only to be filed again") {
  for (const Duration wait : std::initializer_list<Duration>{0ms, 1ms, 99ms, 100ms, 101ms, 5s, 75s, 102s, 300s}) {
    DeadlineWheel wheel{start};
    Timer timer;
    timer.deadline = start + wait;
    wheel.file(timer, timer.deadline);
    Instant now = start;
    bool seen = false;
    while (!seen) {
      REQUIRE(wheel.next() > now);
      now = wheel.next();
      wheel.advance(now, [&](Timed& timed) {
        seen = timer.deadline <= now;
        if (!seen) wheel.file(timed, timer.deadline);
      });
    }
    CHECK(now >= timer.deadline);
    CHECK(now <= timer.deadline + 2 * DeadlineWheel::grain);
    CHECK(wheel.next() == never);
  }
}

TEST_CASE("many timers that move, stop and start again") {
  std::mt19937 random{7};
  DeadlineWheel wheel{start};
  AlarmHeap heap;
  std::array<Timer, 200> timers;
  std::array<Timer, 200> alarms;
  Instant now = start;
  std::size_t looked = 0;
  for (int step = 0; step < 10'000; ++step) {
    Timer& timer = timers[random() % timers.size()];
    Timer& alarm = alarms[random() % alarms.size()];
    const Duration wait = std::chrono::milliseconds{random() % 150'000};
    switch (random() % 4) {
      case 0:
        timer.deadline = never;
        wheel.remove(timer);
        heap.set(alarm, never);
        break;
      case 1: now += std::chrono::milliseconds{random() % 300}; break;
      default:
        timer.deadline = now + wait;
        wheel.file(timer, timer.deadline);
        heap.set(alarm, now + wait);
        break;
    }
    wheel.advance(now, [&](Timed& timed) {
      auto& due = static_cast<Timer&>(timed);
      if (due.deadline <= now) {
        ++looked;
        due.deadline = never;
      } else {
        wheel.file(due, due.deadline);
      }
    });
    // No timer is later than two slots; what waits is found in time.
    REQUIRE(std::ranges::all_of(timers, [&](const Timer& one) {
      return one.deadline == never || one.deadline + 2 * DeadlineWheel::grain > now;
    }));
    const auto earliest = std::ranges::min(timers, {}, &Timer::deadline).deadline;
    if (earliest != never) REQUIRE(wheel.next() <= std::max(earliest, now) + 2 * DeadlineWheel::grain);
    while (Timed* due = heap.pop_due(now)) REQUIRE(due->alarm_at == never);
    REQUIRE(std::ranges::all_of(alarms, [&](const Timer& one) { return one.alarm_at > now; }));
    REQUIRE(heap.next() == std::ranges::min(alarms, {}, &Timer::alarm_at).alarm_at);
  }
  CHECK(looked > 100);
}
