// Pace: silence ends after its time-out, slowness at the end of a window; a good beginning buys nothing.
#include <doctest/doctest.h>

#include <pounce/core/pace.hpp>

using namespace pounce;
using namespace std::chrono_literals;

namespace {

constexpr PaceLimits limits{.timeout = 30s, .min_rate = 500, .window = 10s};
Instant at(Duration since) { return Instant{} + 1h + since; }

}  // namespace

TEST_CASE("nothing is judged before the start or after a stop") {
  Pace pace;
  CHECK(pace.deadline(limits) == never);
  CHECK(pace.judge(at(1h), limits) == Pace::Verdict::fine);
  pace.start(at(0s));
  pace.stop();
  CHECK(pace.deadline(limits) == never);
  CHECK(pace.judge(at(1h), limits) == Pace::Verdict::fine);
}

TEST_CASE("silence: exactly at the time-out, not before") {
  Pace pace;
  const PaceLimits patient{.timeout = 30s, .min_rate = std::nullopt};
  pace.start(at(0s));
  CHECK(pace.deadline(patient) == at(30s));
  CHECK(pace.judge(at(30s) - 1ns, patient) == Pace::Verdict::fine);
  CHECK(pace.judge(at(30s), patient) == Pace::Verdict::stalled);
  pace.progress(1, at(20s), patient);
  CHECK(pace.deadline(patient) == at(50s));
}

TEST_CASE("slowness: one byte too few in a window, exactly enough is fine") {
  for (const std::uint64_t bytes : {4999UL, 5000UL}) {
    Pace pace;
    pace.start(at(0s));
    pace.progress(bytes, at(5s), limits);
    CHECK(pace.judge(at(10s) - 1ns, limits) == Pace::Verdict::fine);
    CHECK(pace.judge(at(10s), limits) == (bytes < 5000 ? Pace::Verdict::slow : Pace::Verdict::fine));
    CHECK(pace.deadline(limits) == (bytes < 5000 ? at(10s) : at(35s)));
  }
}

TEST_CASE("a burst does not pay for what follows it") {
  Pace pace;
  pace.start(at(0s));
  pace.progress(1000000, at(1s), limits);
  Instant end = never;
  for (int second = 2; second < 60 && end == never; ++second) {
    pace.progress(1, at(std::chrono::seconds{second}), limits);
    if (pace.judge(at(std::chrono::seconds{second}), limits) != Pace::Verdict::fine)
      end = at(std::chrono::seconds{second});
  }
  CHECK(end <= at(21s));
}

TEST_CASE("a window that was slow and passed unjudged is not forgiven by a late burst") {
  Pace pace;
  pace.start(at(0s));
  pace.progress(10, at(1s), limits);
  pace.progress(1000000, at(12s), limits);
  CHECK(pace.judge(at(12s), limits) == Pace::Verdict::slow);
  CHECK(pace.deadline(limits) <= at(12s));
}

TEST_CASE("a stop forgives the window; a second start changes nothing") {
  Pace pace;
  pace.start(at(0s));
  pace.start(at(9s));
  CHECK(pace.deadline(limits) == at(10s));
  pace.stop();
  pace.start(at(9s));
  CHECK(pace.deadline(limits) == at(19s));
}

TEST_CASE("windows of parts of a second are judged as well") {
  const PaceLimits quick{.timeout = 30s, .min_rate = 1000, .window = 1500ms};
  Pace pace;
  pace.start(at(0s));
  pace.progress(1499, at(1s), quick);
  CHECK(pace.judge(at(1500ms), quick) == Pace::Verdict::slow);
  Pace fine;
  fine.start(at(0s));
  fine.progress(1500, at(1s), quick);
  CHECK(fine.judge(at(1500ms), quick) == Pace::Verdict::fine);
}

TEST_CASE("the deadline is never later than the first instant that would be judged (every pattern of four steps)") {
  for (int pattern = 0; pattern < 256; ++pattern) {
    Pace pace;
    pace.start(at(0s));
    Duration time{};
    for (int step = 0, bits = pattern; step < 4; ++step, bits /= 4) {
      time += std::chrono::seconds{1 + (bits % 4) * 4};
      pace.progress(static_cast<std::uint64_t>((bits % 4) * 2500 + 1), at(time), limits);
    }
    const Instant deadline = pace.deadline(limits);
    for (Duration t = time; t < time + 60s; t += 500ms) {
      if (pace.judge(at(t), limits) == Pace::Verdict::fine) continue;
      CHECK(deadline <= at(t));
      break;
    }
  }
}
