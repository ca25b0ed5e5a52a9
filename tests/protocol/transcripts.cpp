// Plays every transcript whole, byte by byte, and cut in two at every place: events and output must always be the same.
//
// With POUNCE_BLESS set in the environment, `events` and `output` blocks are rewritten with what was seen; read the
// difference before believing it.
#include "fuzz/driver/sandbox.hpp"
#include "h1_player.hpp"
#include "transcript.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace {

using transcript::Case;
using transcript::Document;
using transcript::Part;
using transcript::Player;

const std::string folder = POUNCE_SOURCE_DIR "/tests/transcripts/h1";

std::vector<std::string> paths() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

// How the bytes of the http blocks are cut: one of them in two, or everything in single bytes.
struct Cut {
  std::size_t block = SIZE_MAX;
  std::size_t at = 0;
  bool bytewise = false;
};

void feed(Player& player, const std::string& bytes, std::size_t block, const Cut& cut) {
  if (cut.bytewise) {
    for (const char c : bytes) player.feed({&c, 1});
  } else if (cut.block == block) {
    player.feed(std::string_view(bytes).substr(0, cut.at));
    player.feed(std::string_view(bytes).substr(cut.at));
  } else {
    player.feed(bytes);
  }
}

// Plays a case and returns it with `events` and `output` as they were seen.
Case play(const Case& one, const Cut& cut) {
  pounce::h1::Limits limits;
  for (const Part& part : one.parts) {
    if (part.kind != "limits") continue;
    for (const std::string& line : part.lines) transcript::set_limit(limits, line);
  }
  // Every other time whole answers are given in one call: that must make no difference.
  Player player{limits, !cut.bytewise && cut.at % 2 == 0};
  Case seen = one;
  std::size_t block = 0;
  for (Part& part : seen.parts) {
    if (part.kind == "http") feed(player, transcript::unescape(part.lines), block++, cut);
    if (part.kind == "app") {
      for (const std::string& line : part.lines) player.act(line);
    }
    if (part.kind == "events") part.lines = player.take_events();
    if (part.kind == "output") part.lines = player.take_output();
  }
  // What no block claims must be nothing.
  const auto more = [&seen](std::string kind, std::vector<std::string> lines) {
    if (lines.empty()) return;
    seen.parts.push_back({std::move(kind), std::move(lines)});
    seen.parts.push_back({"", {""}});
  };
  more("events", player.take_events());
  more("output", player.take_output());
  return seen;
}

std::string text(const Case& one) {
  std::string all;
  for (const Part& part : one.parts) {
    if (part.kind != "events" && part.kind != "output") continue;
    all += part.kind + ":\n";
    for (const std::string& line : part.lines) all += "  " + line + '\n';
  }
  return all;
}

bool check(const Case& one, const Cut& cut) {
  std::string seen;
  try {
    seen = text(play(one, cut));
  } catch (const std::exception& error) {
    seen = std::string("stopped: ") + error.what();
  }
  if (seen == text(one)) return true;
  if (cut.bytewise) MESSAGE("byte by byte");
  if (cut.block != SIZE_MAX) MESSAGE("http block ", cut.block, " cut at ", cut.at);
  CHECK_EQ(seen, text(one));
  return false;
}

// Whole, byte by byte, and cut in two: everywhere in small blocks, near both ends and in steps in large ones.
std::size_t check_all(const Case& one) {
  if (!check(one, {}) || !check(one, {.bytewise = true})) return 1;
  std::size_t runs = 2;
  std::size_t block = 0;
  for (const Part& part : one.parts) {
    if (part.kind != "http") continue;
    const std::size_t size = transcript::unescape(part.lines).size();
    for (std::size_t at = 1; at < size; at += (size > 4096 && at > 200 && at + 200 < size) ? 89 : 1, ++runs) {
      if (!check(one, {.block = block, .at = at})) return runs;
    }
    ++block;
  }
  return runs;
}

void bless(Document document) {
  for (Case& one : document.cases) {
    try {
      one = play(one, {});
    } catch (const std::exception& error) {
      FAIL_CHECK(document.path, ": ", one.name, ": ", std::string(error.what()));
    }
  }
  transcript::write(document);
}

}  // namespace

TEST_CASE("transcripts need nothing but memory: they play in a process that may do nothing else") {
  std::vector<Document> documents;
  for (const std::string& path : paths()) documents.push_back(transcript::read(path));
  const auto body = [](void* state) {
    bool same = true;
    for (const Document& document : *static_cast<std::vector<Document>*>(state)) {
      for (const Case& one : document.cases) {
        if (!one.name.empty()) same = same && text(play(one, {})) == text(one);
      }
    }
    return same;
  };
  const pounce::sandbox::Report report = pounce::sandbox::run(body, &documents);
  MESSAGE(report.text);
  CHECK((report.outcome == pounce::sandbox::Outcome::clean || report.outcome == pounce::sandbox::Outcome::unconfined));
}

TEST_CASE("transcripts: whole, byte by byte and at every split") {
  std::size_t cases = 0;
  std::size_t runs = 0;
  for (const std::string& path : paths()) {
    if (std::getenv("POUNCE_BLESS") != nullptr) bless(transcript::read(path));
    const Document document = transcript::read(path);
    for (const Case& one : document.cases) {
      if (one.name.empty()) continue;
      CAPTURE(path);
      CAPTURE(one.name);
      ++cases;
      runs += check_all(one);
    }
  }
  MESSAGE(cases, " cases, played ", runs, " times");
  CHECK(cases > 100);
}

TEST_CASE("transcripts: every fault occurs, with its answer") {
  std::set<std::string> seen;
  for (const std::string& path : paths()) {
    for (const Case& one : transcript::read(path).cases) {
      for (const Part& part : one.parts) {
        if (part.kind != "events") continue;
        for (const std::string& line : part.lines) {
          if (line.starts_with("failed ")) seen.insert(line.substr(line.rfind(' ') + 1));
        }
      }
    }
  }
  // Those behind it are HTTP/2's. These two are not the machine's: "none" is no fault, and only a transport can tell of a reset.
  for (std::size_t i = 0; i <= static_cast<std::size_t>(pounce::Fault::connection_reset); ++i) {
    const auto fault = static_cast<pounce::Fault>(i);
    if (fault == pounce::Fault::none || fault == pounce::Fault::connection_reset) continue;
    CAPTURE(i);
    CHECK_MESSAGE(seen.contains(std::string(pounce::info(fault).name)), pounce::info(fault).name);
  }
}
