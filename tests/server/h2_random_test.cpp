// Random clients over HTTP/2 (seeded, bounded): streams side by side, content in pieces, resets, windows that stay shut, broken frames,
// time, drains, sudden ends. Whatever they do, every order promise holds, and every handler's frame is destroyed once.
#include <doctest/doctest.h>

#include <pounce/server/session.hpp>

#include "tests/server/h2_application.hpp"
#include "tests/server/h2_client.hpp"
#include "tests/server/recorder.hpp"
#include "tests/slow_build.hpp"

#include <cstddef>
#include <random>
#include <string>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;
using namespace pounce::testing;

namespace {

class Peer {
 public:
  Peer(const App& app, Recorder& recorder, unsigned seed)
      : random_{seed}, client_{app, options(recorder), below(3) == 0 ? 100U : 65535U} {
    client_.gives_credit = below(4) != 0;
    client_.answers_pings = below(4) != 0;
  }

  void live() {
    streams_.push_back(client_.get("/"));
    client_.run();
    for (int i = 0; i < 60 && !client_.client.closed(); ++i) act();
    if (below(2) == 0) client_.advance(3h);  // who is silent is let go
  }

 private:
  Options options(Recorder& recorder) {
    Options options = observed(recorder);
    options.read_size = below(3) == 0 ? 1 + below(50) : 65536;
    options.write_size = below(3) == 0 ? 1 + below(5000) : 65536;
    options.output_limit = below(2) == 0 ? 5000 : 256 * kibibyte;
    options.h2.max_streams = static_cast<std::uint32_t>(1 + below(20));
    if (below(2) == 0) options.h2.ping_interval = 30s;
    return options;
  }
  [[nodiscard]] std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>{0, n - 1}(random_);
  }
  [[nodiscard]] std::uint32_t some() { return streams_.empty() ? 1 : streams_[below(streams_.size())]; }

  void act() {
    static const std::vector<std::string> paths = {"/",      "/none",      "/big?300000", "/sleep?300", "/wait",
                                                   "/hints", "/flood?900", "/throw-late", "/leave",     "/linger"};
    switch (below(16)) {
      default: streams_.push_back(client_.get(paths[below(paths.size())])); break;
      case 0:
      case 1:
      case 2: streams_.push_back(client_.post(below(2) == 0 ? "/echo" : "/collect", letters(below(100'000)))); break;
      case 3: client_.frames.rst_stream(some()); break;
      case 4: client_.settle(); break;
      case 5: client_.run(); break;
      case 6: client_.advance(std::chrono::milliseconds{below(700)}); break;
      case 7: client_.frames.window_update(some(), static_cast<std::uint32_t>(1 + below(5000))); break;
      case 8: client_.frames.window_update(0, static_cast<std::uint32_t>(1 + below(5000))); break;
      case 9:
        if (below(8) == 0) client_.client.drain();
        break;
      case 10:
        if (below(10) == 0) client_.frames.rst_stream(some() + 1000);  // of a stream that was never opened
        break;
      case 11:
        if (below(20) == 0) client_.client.close_write();
        break;
      case 12:
        if (below(20) == 0) client_.client.reset();
        break;
    }
  }

  std::mt19937 random_;
  H2Client client_;
  std::vector<std::uint32_t> streams_;
};

}  // namespace

constexpr unsigned seeds = slow_build ? 20 : 100;

TEST_CASE("random clients over HTTP/2 keep every promise about events") {
  const App app = all_kinds();
  std::size_t opened = 0;
  std::size_t completed = 0;
  std::size_t failed = 0;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    born = 0;
    Recorder recorder;
    {
      Peer peer{app, recorder, seed};
      peer.live();
    }
    CHECK(alive == 0);
    opened += recorder.count("started");
    completed += recorder.count("completed");
    failed += recorder.count("failed");
  }
  MESSAGE(opened << " requests, " << completed << " completed, " << failed << " failed");
  CHECK(opened == completed + failed);
  CHECK(completed > seeds);
  CHECK(failed > seeds);
}
