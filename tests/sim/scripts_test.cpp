// Plays every script in scripts/ on every driver, in several worlds, and compares what came of it with the document.
// With POUNCE_BLESS=1 in the environment the documents are rewritten with what the first driver showed. Read the difference.
#include <doctest/doctest.h>

#include "tests/protocol/transcript.hpp"
#include "tests/sim/play.hpp"
#include "tests/slow_build.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

using namespace pounce::sim;

namespace {

constexpr std::uint64_t worlds = slow_build ? 3 : 6;   // the calm one and others
constexpr std::uint64_t secured = slow_build ? 2 : 4;  // over TLS

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

std::vector<std::string> lines_of(const transcript::Case& one, std::string_view kind) {
  for (const transcript::Part& part : one.parts) {
    if (part.kind == kind) return part.lines;
  }
  return {};
}

// Says of itself that it means nothing over TLS.
bool is_clear(const std::vector<Step>& script) {
  return std::any_of(script.begin(), script.end(),
                     [](const Step& step) { return step.verb == "option" && step.word == "clear"; });
}

void bless(transcript::Document document) {
  for (transcript::Case& one : document.cases) {
    const auto script = parse_script(lines_of(one, "script"));
    for (transcript::Part& part : one.parts) {
      if (part.kind == "transcript") part.lines = play(script, drivers().front(), {}).lines();
    }
  }
  transcript::write(document);
}

void check(const transcript::Document& document) {
  for (const transcript::Case& one : document.cases) {
    if (one.name.empty()) continue;
    INFO(document.path, ": ", one.name);
    const auto script = parse_script(lines_of(one, "script"));
    const std::string expected = joined(lines_of(one, "transcript"));
    REQUIRE(!script.empty());
    REQUIRE(!expected.empty());
    for (const Driver& driver : drivers()) {
      for (std::uint64_t seed = 0; seed < worlds; ++seed) {
        INFO(driver.name, ", seed ", seed);
        CHECK(joined(play(script, driver, {.seed = seed}).lines()) == expected);
      }
      for (std::uint64_t seed = 0; seed < (is_clear(script) ? 0 : secured); ++seed) {
        INFO(driver.name, ", seed ", seed, ", over TLS");
        CHECK(joined(play(script, driver, {.seed = seed, .tls = true}).lines()) == expected);
      }
    }
  }
}

}  // namespace

TEST_CASE("both servers show their clients what the documents say") {
  std::set<std::string> documents;
  for (const auto& entry : std::filesystem::directory_iterator{POUNCE_SOURCE_DIR "/tests/sim/scripts"})
    documents.insert(entry.path().string());
  REQUIRE(!documents.empty());
  for (const std::string& path : documents) {
    if (std::getenv("POUNCE_BLESS") != nullptr) bless(transcript::read(path));
    check(transcript::read(path));
  }
}
