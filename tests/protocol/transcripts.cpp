// Plays every transcript whole, byte by byte, and cut in two at every place: events and output must always be the same.
//
// With POUNCE_BLESS set in the environment, `events` and `output` blocks are rewritten with what was seen; read the
// difference before believing it.
#include "fuzz/driver/sandbox.hpp"
#include "h1_player.hpp"
#include "h2_player.hpp"
#include "transcript.hpp"
#include "ws_player.hpp"

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

// The protocols that have transcripts: who plays them, and which blocks hold what the peer sends.
struct H1 {
  using Limits = pounce::h1::Limits;
  using Player = transcript::Player;
  static constexpr std::string_view folder = POUNCE_SOURCE_DIR "/tests/transcripts/h1";
  static constexpr std::string_view peer = "http";
};
struct H2 {
  using Limits = pounce::h2::Limits;
  using Player = transcript::H2Player;
  static constexpr std::string_view folder = POUNCE_SOURCE_DIR "/tests/transcripts/h2";
  static constexpr std::string_view peer = "peer";
};

struct Ws {
  using Limits = transcript::WsTerms;
  using Player = transcript::WsPlayer;
  static constexpr std::string_view folder = POUNCE_SOURCE_DIR "/tests/transcripts/ws";
  static constexpr std::string_view peer = "peer";
};

std::vector<std::string> paths(std::string_view folder) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

// How the bytes of the peer are cut: one of them in two, or everything in single bytes.
struct Cut {
  std::size_t block = SIZE_MAX;
  std::size_t at = 0;
  bool bytewise = false;
};

template <class Player>
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

// Plays a case and returns it with `events` and `output` as they were seen. `sizes`: of the blocks of the peer's bytes.
template <class Protocol>
Case play(const Case& one, const Cut& cut, std::vector<std::size_t>* sizes = nullptr) {
  typename Protocol::Limits limits;
  for (const Part& part : one.parts) {
    if (part.kind != "limits") continue;
    for (const std::string& line : part.lines) transcript::set_limit(limits, line);
  }
  // Every other time whole answers are given in one call: that must make no difference.
  typename Protocol::Player player{limits, !cut.bytewise && cut.at % 2 == 0};
  Case seen = one;
  std::size_t block = 0;
  for (Part& part : seen.parts) {
    if (part.kind == Protocol::peer) {
      const std::string bytes = player.encode(part.lines);
      if (sizes != nullptr) sizes->push_back(bytes.size());
      feed(player, bytes, block++, cut);
    }
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

template <class Protocol>
bool check(const Case& one, const Cut& cut, std::vector<std::size_t>* sizes = nullptr) {
  std::string seen;
  try {
    seen = text(play<Protocol>(one, cut, sizes));
  } catch (const std::exception& error) {
    seen = std::string("stopped: ") + error.what();
  }
  if (seen == text(one)) return true;
  if (cut.bytewise) MESSAGE("byte by byte");
  if (cut.block != SIZE_MAX) MESSAGE("block ", cut.block, " cut at ", cut.at);
  CHECK_EQ(seen, text(one));
  return false;
}

// Whole, byte by byte, and cut in two: everywhere in small blocks, near both ends and in steps in large ones.
template <class Protocol>
std::size_t check_all(const Case& one) {
  std::vector<std::size_t> sizes;
  if (!check<Protocol>(one, {}, &sizes) || !check<Protocol>(one, {.bytewise = true})) return 1;
  std::size_t runs = 2;
  for (std::size_t block = 0; block < sizes.size(); ++block) {
    const std::size_t size = sizes[block];
    for (std::size_t at = 1; at < size; at += (size > 4096 && at > 200 && at + 200 < size) ? 89 : 1, ++runs) {
      if (!check<Protocol>(one, {.block = block, .at = at})) return runs;
    }
  }
  return runs;
}

template <class Protocol>
void bless(Document document) {
  for (Case& one : document.cases) {
    try {
      one = play<Protocol>(one, {});
    } catch (const std::exception& error) {
      FAIL_CHECK(document.path, ": ", one.name, ": ", std::string(error.what()));
    }
  }
  transcript::write(document);
}

template <class Protocol>
void play_confined() {
  std::vector<Document> documents;
  for (const std::string& path : paths(Protocol::folder)) documents.push_back(transcript::read(path));
  const auto body = [](void* state) {
    bool same = true;
    for (const Document& document : *static_cast<std::vector<Document>*>(state)) {
      for (const Case& one : document.cases) {
        if (!one.name.empty()) same = same && text(play<Protocol>(one, {})) == text(one);
      }
    }
    return same;
  };
  const pounce::sandbox::Report report = pounce::sandbox::run(body, &documents);
  MESSAGE(report.text);
  CHECK((report.outcome == pounce::sandbox::Outcome::clean || report.outcome == pounce::sandbox::Outcome::unconfined));
}

template <class Protocol>
std::size_t play_all() {
  std::size_t cases = 0;
  std::size_t runs = 0;
  for (const std::string& path : paths(Protocol::folder)) {
    if (std::getenv("POUNCE_BLESS") != nullptr) bless<Protocol>(transcript::read(path));
    const Document document = transcript::read(path);
    for (const Case& one : document.cases) {
      if (one.name.empty()) continue;
      CAPTURE(path);
      CAPTURE(one.name);
      ++cases;
      runs += check_all<Protocol>(one);
    }
  }
  MESSAGE(cases, " cases, played ", runs, " times");
  return cases;
}

// The names of the faults that occur in the events of a folder's transcripts.
std::set<std::string> faults_in(std::string_view folder) {
  std::set<std::string> seen;
  for (const std::string& path : paths(folder)) {
    for (const Case& one : transcript::read(path).cases) {
      for (const Part& part : one.parts) {
        if (part.kind != "events") continue;
        for (const std::string& line : part.lines) {
          if (line.starts_with("failed ")) seen.insert(line.substr(line.rfind(' ') + 1));
          if (!line.starts_with("reset ")) continue;
          const std::size_t end = line.rfind(' ');
          const std::size_t start = line.rfind(' ', end - 1) + 1;
          seen.insert(line.substr(start, end - start));
        }
      }
    }
  }
  return seen;
}

}  // namespace

TEST_CASE("transcripts need nothing but memory: they play in a process that may do nothing else") {
  play_confined<H1>();
  play_confined<H2>();
  play_confined<Ws>();
}

TEST_CASE("HTTP/1.1 transcripts: whole, byte by byte and at every split") { CHECK(play_all<H1>() > 100); }

TEST_CASE("HTTP/2 transcripts: whole, byte by byte and at every split") { CHECK(play_all<H2>() > 100); }

TEST_CASE("WebSocket transcripts: whole, byte by byte and at every split") { CHECK(play_all<Ws>() > 100); }

TEST_CASE("transcripts: every fault occurs, with its answer") {
  const std::set<std::string> first = faults_in(H1::folder);
  const std::set<std::string> second = faults_in(H2::folder);
  const std::set<std::string> third = faults_in(Ws::folder);
  // HTTP/2's own stand behind HTTP/1.1's. Not the machines': "none" is no fault, and only a transport can tell of a reset. Malformed
  // requests never become events in HTTP/2; their cases say RST_STREAM.
  const std::set<pounce::Fault> silent{pounce::Fault::none, pounce::Fault::connection_reset,
                                       pounce::Fault::authority_mismatch};
  const auto first_of_ws = pounce::Fault::reserved_bits;
  for (std::size_t i = 0; i < pounce::fault_count; ++i) {
    const auto fault = static_cast<pounce::Fault>(i);
    if (silent.contains(fault)) continue;
    if (fault > pounce::Fault::connection_reset && fault < pounce::Fault::invalid_preface)
      continue;  // of TLS: tests/tls
    const std::string name{pounce::info(fault).name};
    if (fault > pounce::Fault::header_bomb && fault < first_of_ws) continue;  // of handshakes: handshake_test.cpp
    const bool is_first = fault < pounce::Fault::connection_reset;
    CHECK_MESSAGE((is_first ? first : fault < first_of_ws ? second : third).contains(name), name);
  }
}
