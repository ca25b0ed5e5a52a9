#include "tests/sim/generate.hpp"

#include "tests/sim/dice.hpp"

#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace pounce::sim {

namespace {

constexpr std::array<std::string_view, 13> gets{
    "/hello",          "/hello", "/big?bytes=20000",      "/flood?bytes=40000", "/lines?count=3&ms=10",
    "/sleep?ms=20",    "/throw", "/throw-in-a-coroutine", "/throw-late",        "/sleep?ms=36000000",
    "/message?name=x", "/leave", "/answers-early",
};
constexpr std::array<std::string_view, 6> posts{"/collect",         "/echo",   "/slow-echo", "/refuse",
                                                "/refuse-and-look", "/nowhere"};

class Writer {
 public:
  explicit Writer(std::uint64_t seed) : dice_(seed), stormy_(is_stormy(seed)) {}

  std::vector<Step> write() {
    // Far away from anything that adds up below.
    for (const char* const limit : {"header_timeout", "request_timeout", "write_timeout", "keep_alive_timeout"})
      add(std::string{"option "} + limit + " 1h");
    if (dice_.one_in(4)) add("option max_requests_per_connection " + std::to_string(dice_.between(1, 3)));
    if (dice_.one_in(4)) add("option worker_patience " + std::to_string(dice_.between(1, 100)) + "ms");
    // Who waits for a place, and who is sent away, depends on who was there first.
    if (stormy_ && dice_.one_in(3)) {
      add("option max_concurrency " + std::to_string(dice_.between(1, 2)));
      add("option queue_depth " + std::to_string(dice_.between(1, 2)));
      add("option queue_timeout " + std::to_string(dice_.between(1, 700)) + "ms");
    }
    if (dice_.one_in(3)) add("window " + std::to_string(dice_.between(1, 3) * 1500));
    const std::size_t peers = dice_.between(1, 3);
    for (std::size_t i = 0; i < peers; ++i) add(name(i) + " connects");
    for (std::size_t steps = dice_.between(2, 12); steps != 0; --steps) step(name(dice_.below(peers)));
    return std::move(script_);
  }

 private:
  static std::string name(std::size_t number) { return std::string(1, static_cast<char>('a' + number)); }

  void add(const std::string& line) {
    Step step = parse_step(line);
    if (stormy_ && step.verb != "option" && step.verb != "window" && dice_.one_in(2)) step.at_once = true;
    script_.push_back(std::move(step));
  }
  void pause() {
    if (waits_ == 6) return;
    ++waits_;
    add("wait 500ms");
  }

  void step(const std::string& who) {
    switch (dice_.below(16)) {
      case 0: return add(who + " resets");
      case 1: return add(who + " shuts down");
      case 2: paused_ = true; return add(who + " stops reading");
      case 3: return add(who + " reads on");
      case 4: return dice_.one_in(4) && !(paused_ && !stormy_) ? add("wait 2h") : pause();
      case 5: add("post x \"message\""); return stormy_ ? void() : add("wait 400ms");
      case 6: return dice_.one_in(3) ? add("drain") : pause();
      default: return talk(who);
    }
  }

  std::string request() {
    was_last_ = false;
    if (dice_.one_in(12)) return dice_.one_in(2) ? "nonsense\\r\\n\\r\\n" : "GET / HTTP/1.1\\r\\n\\r\\n";
    std::string out;
    const bool get = dice_.one_in(2);
    const std::string target{get ? gets[dice_.below(gets.size())] : posts[dice_.below(posts.size())]};
    const std::string version = dice_.one_in(8) ? "1.0" : "1.1";
    out = (get ? dice_.one_in(10) ? "HEAD " : "GET " : "POST ") + target + " HTTP/" + version + "\\r\\nHost: t\\r\\n";
    const bool close = dice_.one_in(10);
    const bool keep = version == "1.0" && dice_.one_in(2);
    if (close) out += "Connection: close\\r\\n";
    if (keep && !close) out += "Connection: keep-alive\\r\\n";
    was_last_ = close || (version == "1.0" && !keep);
    if (get) return out + "\\r\\n";
    const std::size_t size = dice_.one_in(4) ? dice_.between(1, 9000) : dice_.between(0, 9);
    if (version == "1.1" && dice_.one_in(3)) {
      out += "Transfer-Encoding: chunked\\r\\n\\r\\n";
      for (std::size_t i = dice_.below(4); i != 0; --i) out += "3\\r\\nabc\\r\\n";
      return out + "0\\r\\n\\r\\n";
    }
    return out + "Content-Length: " + std::to_string(size) + "\\r\\n\\r\\n" + "\\{" + std::to_string(size) + " x}";
  }

  // Who expects 100 Continue waits for it: else the answer depends on what has arrived.
  void expect(const std::string& who) {
    const std::string target{posts[dice_.below(posts.size())]};
    add(who + " sends \"POST " + target +
        " HTTP/1.1\\r\\nHost: t\\r\\nExpect: 100-continue\\r\\nContent-Length: 5\\r\\n\\r\\n\"");
    if (!stormy_) add("wait 400ms");
    if (dice_.one_in(4)) return;
    add(who + " sends \"abcde\"");
    if (!stormy_) add("wait 400ms");
  }

  void talk(const std::string& who) {
    if (!stormy_ && done_.contains(who)) return;
    if (dice_.one_in(10)) return expect(who);
    std::string bytes;
    // Who calls a request its last sends nothing behind it: what comes late would meet a closed door, or not, as the network likes.
    for (std::size_t count = dice_.one_in(4) ? dice_.between(2, 4) : 1; count != 0; --count) {
      bytes += request();
      if (!was_last_) continue;
      done_.insert(who);
      if (!stormy_) break;
    }
    // In one piece, or cut where the text can be: never within an escape.
    std::size_t cut = dice_.one_in(2) ? dice_.below(bytes.size()) : 0;
    while (cut != 0 && !may_cut(bytes, cut)) --cut;
    if (cut != 0) {
      add(who + " sends \"" + bytes.substr(0, cut) + '"');
      if (!stormy_) add("wait 400ms");
      if (dice_.one_in(4)) return;
    }
    add(who + " sends \"" + bytes.substr(cut) + '"');
    // Short timers of handlers are over before the next step.
    if (!stormy_) add("wait 400ms");
  }
  static bool may_cut(const std::string& bytes, std::size_t at) {
    const std::size_t open = bytes.rfind("\\{", at);
    const bool within = open != std::string::npos && bytes.find('}', open) >= at;
    return !within && bytes[at - 1] != '\\';
  }

  Dice dice_;
  bool stormy_;
  std::size_t waits_ = 0;
  bool was_last_ = false;  // the request that was written last ends its connection
  bool paused_ = false;    // somebody stopped reading: whether that lasts too long depends on what fits into its window
  std::set<std::string> done_;  // peers that have sent such a one
  std::vector<Step> script_;
};

}  // namespace

std::vector<Step> generate(std::uint64_t seed) { return Writer{seed}.write(); }

}  // namespace pounce::sim
