// Random clients of WebSockets (seeded, bounded): requests before and behind the handshake, handshakes that are none, messages whole, broken,
// too large, pings, closes from either side, peers that do not read, time, drains, sudden ends; handlers that answer, sleep, push, throw,
// leave. Whatever they do, every order promise holds, and every handler's frame is destroyed once.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/server/session.hpp>

#include "tests/server/moody_sockets.hpp"
#include "tests/server/recorder.hpp"
#include "tests/server/ws_handlers.hpp"
#include "tests/server/ws_peer.hpp"
#include "tests/slow_build.hpp"

#include <cstddef>
#include <random>
#include <string>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;
using namespace pounce::testing;

namespace {

class Visit {
 public:
  Visit(const App& app, Recorder& recorder, unsigned seed) : random_{seed}, client_{app, options(recorder)} {}

  void live() {
    static const std::vector<std::string> more = {"", "", "Sec-WebSocket-Version: 8\r\n",
                                                  "Sec-WebSocket-Extensions: permessage-deflate\r\n"};
    const std::string behind = below(3) == 0 ? frame("early") : below(10) == 0 ? "GET / HTTP/1.1\r\n\r\n" : "";
    WsPeer peer{client_, socket_paths[below(socket_paths.size())], more[below(more.size())], behind};
    for (int i = 0; i < 40 && !client_.closed(); ++i) act(peer);
    if (below(2) == 0 && !client_.closed()) client_.advance(3h);  // who is silent is let go
  }

 private:
  Options options(Recorder& recorder) {
    Options options = observed(recorder);
    options.read_size = below(3) == 0 ? 1 + below(50) : 65536;
    options.write_size = below(3) == 0 ? 1 + below(5000) : 65536;
    options.output_limit = below(2) == 0 ? 5000 : 256 * kibibyte;
    options.inbox_limit = below(2) == 0 ? 1000 : 64 * kibibyte;
    options.ws.max_message_size = 50'000;
    if (below(2) == 0) options.ws.ping_interval = 30s;
    return options;
  }
  [[nodiscard]] std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>{0, n - 1}(random_);
  }

  void act(WsPeer& peer) {
    switch (below(16)) {
      default: peer.text(std::string(below(below(8) == 0 ? 60'000 : 200), 't')); break;
      case 0: peer.binary(std::string(below(3000), '\0')); break;
      case 1: peer.ping("are you there"); break;
      case 2:
      case 3:
      case 4: peer.run(); break;
      case 5: client_.run(); break;  // what comes is not looked at
      case 6: client_.advance(std::chrono::milliseconds{below(900)}); break;
      case 7: client_.take_at_most(below(2000)); break;
      case 8: client_.take_at_most({}); break;
      case 9:
        if (below(8) == 0) peer.close(static_cast<std::uint16_t>(below(2) == 0 ? 1000 : 4321), "bye");
        break;
      case 10:
        if (below(12) == 0) client_.send(std::string{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 1 + below(10)});
        break;
      case 11:
        if (below(12) == 0) client_.send(std::string{"\x01\x85\0\0\0\0he", 8});  // a fragment that is not whole
        break;
      case 12:
        if (below(12) == 0) client_.drain();
        break;
      case 13:
        if (below(20) == 0) client_.close_write();
        break;
      case 14:
        if (below(20) == 0) client_.reset();
        break;
      case 15:
        if (below(8) == 0) client_.advance(std::chrono::seconds{below(60)});
        break;
    }
  }

  std::mt19937 random_;
  Client client_;
};

}  // namespace

constexpr unsigned seeds = slow_build ? 60 : 400;

TEST_CASE("random clients of WebSockets keep every promise about events") {
  App app;
  add_sockets(app);
  std::size_t opened = 0;
  std::size_t completed = 0;
  std::size_t failed = 0;
  std::size_t faults = 0;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Recorder recorder;
    {
      Visit visit{app, recorder, seed};
      visit.live();
    }
    CHECK(alive == 0);
    opened += recorder.count("started");
    completed += recorder.count("completed 101");
    failed += recorder.count("failed");
    faults += recorder.count("failed peer_fault");
    CHECK(recorder.count("started") == recorder.count("completed") + recorder.count("failed"));
  }
  MESSAGE(opened << " sockets and requests, " << completed << " closed, " << failed << " failed, " << faults
                 << " by their peers");
  CHECK(completed > seeds / 20);
  CHECK(faults > seeds / 20);
  CHECK(failed > faults);
}
