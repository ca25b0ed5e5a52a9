// A kernel that fails: calls to accept, recv, send, epoll_ctl and the waits fail at random, and connections break with them. What no run may
// show (play.hpp) must not show; who was not hit sees what he would have seen; the server goes on and ends as always.
#include <doctest/doctest.h>

#include <pounce/posix/clock.hpp>

#include "tests/sim/generate.hpp"
#include "tests/sim/kernel.hpp"
#include "tests/sim/play.hpp"
#include "tests/slow_build.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace pounce::sim;
using namespace std::chrono_literals;

namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

std::string shown_to(const Outcome& outcome, const std::string& name) {
  Outcome left = outcome;
  std::erase_if(left.peers, [&](const Outcome::OfPeer& one) { return one.name != name; });
  left.problems.clear();
  return joined(left.loose_lines());
}

// A message, a drain or a pause in which nobody reads reaches more than the one who was hit.
bool is_each_for_himself(const std::vector<Step>& script) {
  return std::none_of(script.begin(), script.end(), [](const Step& step) {
    return step.verb == "post" || step.verb == "drain" || step.verb == "cut" || step.verb == "stops reading";
  });
}

}  // namespace

TEST_CASE("a kernel that fails at random harms nobody but those whose connections it breaks") {
  std::size_t struck = 0;
  std::size_t compared = 0;
  const std::uint64_t seeds = slow_build ? 40 : 1000;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto script = generate(seed);
    CAPTURE(text(script));
    const Outcome expected = play(script, drivers().front(), {});
    for (const Driver& driver : drivers()) {
      Conduct conduct = conduct_of(seed);
      conduct.send_buffer = Conduct{}.send_buffer;
      conduct.faults = 4 + seed % 40;
      INFO(driver.name, ", seed ", seed, ", a fault in ", conduct.faults);
      const Outcome outcome = play(script, driver, {.seed = seed, .conduct = conduct});
      CHECK(joined(outcome.problems) == "");
      for (const Outcome::OfPeer& one : outcome.peers) {
        struck += one.struck ? 1U : 0U;
        if (one.struck || is_stormy(seed) || !is_each_for_himself(script)) continue;
        ++compared;
        CHECK(shown_to(outcome, one.name) == shown_to(expected, one.name));
      }
    }
  }
  CHECK(struck > seeds);
  CHECK(compared > seeds / 2);
}

TEST_CASE("a wall clock that is set moves dates and nothing else") {
  Kernel kernel{1};
  pounce::posix::TickSource ticks{"t", true};
  const auto date = [&] {
    const std::string lines{ticks.update().lines};
    return lines.substr(lines.find("Date: ") + 6, 16);
  };
  const pounce::Instant start = ticks.tick().now;
  const std::string today = date();
  for (const pounce::Duration ahead : {-24h, 24h, -24h * 365}) {
    kernel.set_wall(ahead);
    kernel.schedule().sleep(1s);
    CHECK(date() != today);
  }
  kernel.set_wall({});
  kernel.schedule().sleep(1s);
  CHECK(date() == today);
  CHECK(ticks.tick().now - start >= 4s);
  CHECK(ticks.tick().now - start < 5s);
}
