// "In every phase", by construction: into each of these scenarios, behind each of their steps, something is thrown: a reset, a half-close, a drain, a
// client that stops reading. What the clients and the application see must be the same from both servers, whatever it is.
//
// The same happens again at once, while what the step has caused is still on its way. Then two right servers may differ in what had happened
// before; what no run may show (play.hpp) must not show, and clients that nobody disturbed must see the same.
#include <doctest/doctest.h>

#include "tests/sim/play.hpp"
#include "tests/slow_build.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace pounce::sim;

namespace {

const std::vector<std::vector<std::string>>& scenarios() {
  static const std::vector<std::vector<std::string>> all{
      // plain handlers, one after the other, with a pause that ends a worker's patience
      {
          R"(a connects)",
          R"(a sends "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n")",
          R"(wait 300ms)",
          R"(a sends "GET /he")",
          R"(wait 300ms)",
          R"(a sends "llo HTTP/1.1\r\nHost: t\r\n\r\nGET /hello HTTP/1.1\r\nHost: t\r\n\r\n")",
          R"(a sends "POST /collect HTTP/1.1\r\nHost: t\r\nContent-Length: 6\r\n\r\nabc")",
          R"(wait 300ms)",
          R"(a sends "def")",
          R"(a shuts down)",
      },
      // a coroutine that reads and writes, beside somebody else
      {
          R"(a connects)",
          R"(b connects)",
          R"(a sends "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nabc")",
          R"(b sends "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n")",
          R"(wait 300ms)",
          R"(a sends "def")",
          R"(b sends "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")",
          R"(wait 300ms)",
          R"(a sends "ghi")",
          R"(b sends "3\r\ndef\r\n0\r\n\r\n")",
          R"(a sends "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n")",
          R"(a shuts down)",
          R"(b shuts down)",
      },
      // time and messages
      {
          R"(a connects)",
          R"(b connects)",
          R"(a sends "GET /sleep?ms=1000 HTTP/1.1\r\nHost: t\r\n\r\nGET /hello HTTP/1.1\r\nHost: t\r\n\r\n")",
          R"(b sends "GET /message/stream?name=x HTTP/1.1\r\nHost: t\r\n\r\n")",
          R"(post x "one")",
          R"(wait 2s)",
          R"(post x "two")",
          R"(a sends "GET /answers-early HTTP/1.1\r\nHost: t\r\n\r\n")",
          R"(post x "stop")",
          R"(wait 300ms)",
          R"(b sends "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n")",
          R"(a shuts down)",
          R"(b shuts down)",
      },
      // answers that nobody reads at first
      {
          R"(window 20000)",
          R"(a connects)",
          R"(a stops reading)",
          R"(a sends "GET /flood?bytes=2000000 HTTP/1.1\r\nHost: t\r\n\r\n")",
          R"(wait 300ms)",
          R"(b connects)",
          R"(b sends "GET /hello HTTP/1.1\r\nHost: t\r\n\r\n")",
          R"(a reads on)",
          R"(wait 20s)",
          R"(a sends "GET /big?bytes=2000000 HTTP/1.1\r\nHost: t\r\n\r\n")",
          R"(wait 20s)",
          R"(b shuts down)",
          R"(a shuts down)",
      },
      // HTTP/2: streams of every kind, side by side
      {
          R"(a connects)",
          R"(a speaks HTTP/2)",
          R"(a gets 1 /hello)",
          R"(a posts 3 /echo)",
          R"(a gets 5 /message/stream?name=x)",
          R"(a adds 3 "abc")",
          R"(post x "one")",
          R"(a posts 7 /collect)",
          R"(a gets 9 /big?bytes=200000)",
          R"(a ends 7 "def")",
          R"(a cancels 5)",
          R"(a ends 3 "ghi")",
          R"(a shuts down)",
      },
      // what goes wrong: refusals, throwing handlers, faults
      {
          R"(a connects)",
          R"(a sends "POST /refuse HTTP/1.1\r\nHost: t\r\nContent-Length: 6\r\n\r\nabc")",
          R"(wait 300ms)",
          R"(a sends "def")",
          R"(a sends "GET /throw-in-a-coroutine HTTP/1.1\r\nHost: t\r\n\r\n")",
          R"(wait 300ms)",
          R"(b connects)",
          R"(b sends "POST /collect HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")",
          R"(b sends "abc")",
          R"(a sends "GET /throw-late HTTP/1.1\r\nHost: t\r\n\r\n")",
          R"(wait 300ms)",
          R"(b sends "nonsense\r\n\r\n")",
          R"(wait 300ms)",
          R"(a shuts down)",
          R"(b shuts down)",
      },
  };
  return all;
}

const std::vector<std::string_view>& blows() {
  static const std::vector<std::string_view> all{"a resets", "a shuts down", "a stops reading", "drain"};
  return all;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

// Peers that did only what they did when everything was at rest.
std::string undisturbed(const Outcome& outcome) {
  Outcome left = outcome;
  std::erase_if(left.peers, [](const Outcome::OfPeer& one) { return one.disturbed; });
  return joined(left.loose_lines());
}

bool has_connected(const std::vector<Step>& script, std::size_t steps, std::string_view who) {
  for (std::size_t i = 0; i < steps; ++i) {
    if (script[i].subject == who && script[i].verb == "connects") return true;
  }
  return false;
}

// Where that takes long, only one driver of the four meets a blow: each another blow from step to step.
std::span<const Driver> struck_drivers(std::uint64_t turn) {
  const std::span<const Driver> all{drivers()};
  return slow_build ? all.subspan((turn + turn / blows().size()) % all.size(), 1) : all;
}

// In turn, one driver of the four is behind TLS.
bool is_secured(std::uint64_t seed) { return seed / 4 % 4 == seed % 4; }

template <class Check>
void for_each_blow(bool at_once, Check check) {
  for (const auto& lines : scenarios()) {
    const auto script = parse_script(lines);
    for (std::size_t step = 1; step <= script.size(); ++step) {
      for (const std::string_view blow : blows()) {
        Step thrown = parse_step(blow);
        thrown.at_once = at_once;
        if (!thrown.subject.empty() && !has_connected(script, step, thrown.subject)) continue;
        auto struck = script;
        struck.insert(struck.begin() + static_cast<std::ptrdiff_t>(step), thrown);
        check(struck);
      }
    }
  }
}

}  // namespace

TEST_CASE("whatever is thrown in between two steps, both servers show the same") {
  std::uint64_t next_world = 0;
  std::uint64_t turn = 0;
  for_each_blow(false, [&](const std::vector<Step>& script) {
    CAPTURE(text(script));
    const std::string first = joined(play(script, drivers().front(), {}).loose_lines());
    CHECK(first.find("PROBLEM") == std::string::npos);
    for (const Driver& driver : struck_drivers(turn++)) {
      const std::uint64_t seed = next_world++;
      INFO(driver.name, ", seed ", seed);
      CHECK(joined(play(script, driver, {.seed = seed, .tls = is_secured(seed)}).loose_lines()) == first);
    }
  });
}

TEST_CASE("whatever is thrown into the middle of a step, nothing breaks, and others see the same") {
  std::uint64_t next_world = 1;
  std::uint64_t turn = 0;
  for_each_blow(true, [&](const std::vector<Step>& script) {
    CAPTURE(text(script));
    const bool drains = text(script).find("drain") != std::string::npos;
    const std::string first = undisturbed(play(script, drivers().front(), {}));
    for (const Driver& driver : struck_drivers(turn++)) {
      const std::uint64_t seed = next_world++;
      INFO(driver.name, ", seed ", seed);
      const Outcome outcome = play(script, driver, {.seed = seed, .tls = is_secured(seed)});
      CHECK(joined(outcome.problems) == "");
      if (!drains) CHECK(undisturbed(outcome) == first);
    }
  });
}
