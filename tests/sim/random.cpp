// Random scenarios for a bounded time: random [--seconds N] [--from SEED] | --seed SEED
// Ends with 1 at the first seed that fails, and says how to see it again.
#include "tests/sim/generate.hpp"
#include "tests/sim/play.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace pounce::sim;

namespace {

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

// Over TLS a client's end is octets: a close_notify. One that comes when the server has closed resets the connection, and what the client has not
// read by then is lost to it. In the clear an end resets nothing.
bool may_lose_answers(const std::vector<Step>& script) {
  const auto does = [&](std::string_view verb) {
    return std::any_of(script.begin(), script.end(), [&](const Step& step) { return step.verb == verb; });
  };
  return does("stops reading") && does("shuts down");
}

bool holds(std::uint64_t seed, bool verbose) {
  const auto script = generate(seed);
  if (verbose) std::printf("%s", text(script).c_str());
  const bool stormy = is_stormy(seed);
  const Outcome first = play(script, drivers().front(), {});
  const std::string expected_in_clear = joined(first.loose_lines());
  const std::string expected_beside_tls = joined(first.loose_lines(true));
  if (verbose) std::printf("---\n%s", expected_in_clear.c_str());
  bool good = true;
  for (const Driver& driver : drivers()) {
    std::uint64_t next_world = seed * 2;
    // The last one is over TLS, of both versions.
    for (const bool tls : {false, false, true}) {
      const std::uint64_t world = tls ? seed * 2 + seed / 2 % 2 : next_world++;
      // How much a kernel takes from a server whose client does not read is seen: by what the server calls completed.
      Conduct conduct = conduct_of(world);
      conduct.send_buffer = Conduct{}.send_buffer;
      const Outcome outcome = play(script, driver, {.seed = world, .conduct = conduct, .tls = tls});
      const std::string lines = joined(outcome.loose_lines(tls));
      const std::string& expected = tls ? expected_beside_tls : expected_in_clear;
      if (outcome.problems.empty() && (stormy || (tls && may_lose_answers(script)) || lines == expected)) continue;
      good = false;
      std::printf("--- seed %llu fails: %s, world %llu%s\n%s--- expected\n%s--- shown\n%s",
                  static_cast<unsigned long long>(seed), std::string{driver.name}.c_str(),
                  static_cast<unsigned long long>(world), tls ? ", over TLS" : "", text(script).c_str(),
                  expected.c_str(), lines.c_str());
      if (!verbose) return false;
    }
  }
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t from = 1;
  std::uint64_t only = 0;
  long patience = 15;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const unsigned long long value = std::strtoull(argv[i + 1], nullptr, 10);
    if (name == "--seconds") patience = static_cast<long>(value);
    if (name == "--from") from = value;
    if (name == "--seed") only = value;
  }
  if (only != 0) return holds(only, true) ? 0 : 1;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{patience};
  std::uint64_t seed = from;
  for (; seed == from || std::chrono::steady_clock::now() < end; ++seed) {
    if (holds(seed, false)) continue;
    std::printf("again: %s --seed %llu\n", argv[0], static_cast<unsigned long long>(seed));
    return 1;
  }
  std::printf("%llu scenarios, from seed %llu, each on %zu drivers in 2 worlds, and in one over TLS\n",
              static_cast<unsigned long long>(seed - from), static_cast<unsigned long long>(from), drivers().size());
  return 0;
}
