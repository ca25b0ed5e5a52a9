// Pace: silence ends after its time-out, slowness when what was paid for is used up; a good beginning buys a bounded end.
#include <doctest/doctest.h>

#include <pounce/core/pace.hpp>

using namespace pounce;
using namespace std::chrono_literals;

namespace {

constexpr PaceLimits limits{.timeout = 30s, .min_rate = 500, .grace = 10s};
Instant at(Duration since) { return Instant{} + 1h + since; }

// Drips `bytes` every `every` from the start on; when it is first found wanting.
Duration endures(std::uint64_t bytes, Duration every) {
  Pace pace;
  pace.start(at(0s));
  for (Duration t{}; t < 1h; t += 100ms) {
    if (pace.judge(at(t), limits) != Pace::Verdict::fine) return t;
    if (t % every == 0s) pace.progress(bytes, at(t), limits);
  }
  return 1h;
}

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

TEST_CASE("silence: exactly at the time-out, not before, also from the start") {
  for (const PaceLimits& any : {limits, PaceLimits{.timeout = 30s, .min_rate = std::nullopt}}) {
    Pace pace;
    pace.start(at(0s));
    CHECK(pace.deadline(any) == at(30s));
    CHECK(pace.judge(at(30s) - 1ns, any) == Pace::Verdict::fine);
    CHECK(pace.judge(at(30s), any) == Pace::Verdict::stalled);
    pace.progress(1000000, at(20s), any);
    CHECK(pace.deadline(any) == at(50s));
  }
}

TEST_CASE("slowness: the grace, and what the bytes pay for, to the nanosecond") {
  Pace pace;
  pace.start(at(0s));
  pace.progress(1, at(5s), limits);  // 2 ms at 500 B/s
  CHECK(pace.deadline(limits) == at(15s + 2ms));
  CHECK(pace.judge(at(15s + 2ms) - 1ns, limits) == Pace::Verdict::fine);
  CHECK(pace.judge(at(15s + 2ms), limits) == Pace::Verdict::slow);
  pace.progress(1000, at(6s), limits);
  CHECK(pace.deadline(limits) == at(17s + 2ms));
}

TEST_CASE("who keeps the rate is never found wanting, who does not is, the sooner the slower") {
  CHECK(endures(500, 1s) == 1h);
  CHECK(endures(5000, 10s) == 1h);
  CHECK(endures(14000, 25s) == 1h);  // bursts with honest pauses between them
  CHECK(endures(1, 1s) <= 11s);
  CHECK(endures(250, 1s) <= 21s);
  CHECK(endures(5000, 29s) < 60s);  // 172 B/s in bursts is not 500 B/s
}

TEST_CASE("a burst pays for the time-out at the most") {
  Pace pace;
  pace.start(at(0s));
  pace.progress(UINT64_MAX, at(1s), limits);
  for (int second = 2; second < 31; ++second) {
    CHECK(pace.judge(at(std::chrono::seconds{second}), limits) == Pace::Verdict::fine);
    pace.progress(1, at(std::chrono::seconds{second}), limits);
  }
  CHECK(pace.judge(at(32s), limits) == Pace::Verdict::slow);
}

TEST_CASE("what was due and passed unjudged is not forgiven by a late burst") {
  Pace pace;
  pace.start(at(0s));
  pace.progress(10, at(1s), limits);
  pace.progress(1000000, at(12s), limits);
  CHECK(pace.judge(at(12s), limits) == Pace::Verdict::slow);
  CHECK(pace.deadline(limits) <= at(12s));
}

TEST_CASE("a stop forgives; a second start changes nothing") {
  Pace pace;
  pace.start(at(0s));
  pace.start(at(9s));
  CHECK(pace.deadline(limits) == at(30s));
  pace.progress(1, at(9s), limits);
  pace.stop();
  pace.start(at(20s));
  CHECK(pace.deadline(limits) == at(50s));
}

TEST_CASE("the deadline is the first instant that is judged (every pattern of four steps)") {
  for (int pattern = 0; pattern < 256; ++pattern) {
    Pace pace;
    pace.start(at(0s));
    Duration time{};
    for (int step = 0, bits = pattern; step < 4; ++step, bits /= 4) {
      time += std::chrono::seconds{1 + (bits % 4) * 4};
      pace.progress(static_cast<std::uint64_t>((bits % 4) * 2500 + 1), at(time), limits);
    }
    const Instant deadline = pace.deadline(limits);
    CHECK(pace.judge(deadline, limits) != Pace::Verdict::fine);
    CHECK(pace.judge(deadline - 1ns, limits) == Pace::Verdict::fine);
  }
}
