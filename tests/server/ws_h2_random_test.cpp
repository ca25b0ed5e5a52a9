// Random clients of WebSockets over HTTP/2 (RFC 8441; seeded, bounded): sockets side by side and beside ordinary requests on one connection,
// messages whole, broken, too large, closes from either side, streams that end or are reset under their socket, windows that stay shut, time,
// drains, sudden ends. Whatever they do, every order promise holds, and every handler's frame is destroyed once.
#include <doctest/doctest.h>

#include <pounce/server/session.hpp>

#include "tests/server/h2_socket.hpp"
#include "tests/server/moody_sockets.hpp"
#include "tests/server/recorder.hpp"
#include "tests/server/ws_handlers.hpp"
#include "tests/slow_build.hpp"

#include <cstddef>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;
using namespace pounce::testing;

namespace {

class Crowd {
 public:
  Crowd(const App& app, Recorder& recorder, unsigned seed)
      : random_{seed}, client_{app, options(recorder), below(4) == 0 ? 100U : 65535U} {
    client_.gives_credit = below(4) != 0;
    client_.answers_pings = below(4) != 0;
  }

  void live() {
    open();
    client_.run();
    for (int i = 0; i < 60 && !client_.client.closed(); ++i) act();
    if (below(2) == 0 && !client_.client.closed()) client_.advance(3h);  // who is silent is let go
  }

 private:
  Options options(Recorder& recorder) {
    Options options = observed(recorder);
    options.read_size = below(3) == 0 ? 1 + below(50) : 65536;
    options.write_size = below(3) == 0 ? 1 + below(5000) : 65536;
    options.output_limit = below(2) == 0 ? 5000 : 256 * kibibyte;
    options.inbox_limit = below(2) == 0 ? 1000 : 64 * kibibyte;
    options.h2.max_streams = static_cast<std::uint32_t>(1 + below(10));
    options.ws.max_message_size = 50'000;
    if (below(2) == 0) options.ws.ping_interval = 30s;
    if (below(2) == 0) options.h2.ping_interval = 30s;
    return options;
  }
  [[nodiscard]] std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>{0, n - 1}(random_);
  }

  void open() {
    static const std::vector<wire::Fields> more = {
        {}, {}, {{"sec-websocket-extensions", "permessage-deflate"}}, {{"sec-websocket-protocol", "chat"}}};
    const std::string path{socket_paths[below(socket_paths.size())]};
    sockets_.push_back(std::make_unique<H2Socket>(client_, path, more[below(more.size())]));
    if (below(3) == 0) client_.send_on(sockets_.back()->stream, frame("early"));
  }
  [[nodiscard]] H2Socket& some() {
    if (sockets_.empty()) open();
    return *sockets_[below(sockets_.size())];
  }
  // The stream goes from under its socket.
  void abandon() {
    if (sockets_.empty()) return;
    const auto at = sockets_.begin() + static_cast<std::ptrdiff_t>(below(sockets_.size()));
    client_.forget((*at)->stream);
    sockets_.erase(at);
  }

  void act() {
    switch (below(22)) {
      default: {
        H2Socket& one = some();
        one.text(std::string(below(below(8) == 0 ? 60'000 : 200), 't'));
        one.flush();
        break;
      }
      case 0: some().binary(std::string(below(3000), '\0')); break;
      case 1: some().ping("are you there"); break;
      case 2:
      case 3: open(); break;
      case 4:
      case 5:
      case 6: some().run(); break;
      case 7: client_.run(); break;  // what comes is not looked at
      case 8: client_.settle(); break;
      case 9: client_.advance(std::chrono::milliseconds{below(900)}); break;
      case 10: (void)client_.get(below(2) == 0 ? "/" : "/sleep?300"); break;
      case 11: (void)client_.post("/echo", letters(below(30'000))); break;
      case 12: client_.frames.window_update(0, static_cast<std::uint32_t>(1 + below(5000))); break;
      case 13:
        if (below(4) == 0) some().close(static_cast<std::uint16_t>(below(2) == 0 ? 1000 : 4321), "bye");
        break;
      case 14:
        if (below(4) == 0) client_.send_on(some().stream, std::string("\xff\xff\xff\xff\xff\xff", 1 + below(6)));
        break;
      case 15:
        if (below(4) == 0) client_.end(some().stream);  // without a Close, or in the middle of a message
        break;
      case 16:
        if (below(3) == 0) abandon();
        break;
      case 17:
        if (below(12) == 0) client_.client.drain();
        break;
      case 18:
        if (below(20) == 0) client_.client.close_write();
        break;
      case 19:
        if (below(20) == 0) client_.client.reset();
        break;
      case 20:
        if (below(8) == 0) client_.advance(std::chrono::seconds{below(60)});
        break;
    }
  }

  std::mt19937 random_;
  H2Client client_;
  std::vector<std::unique_ptr<H2Socket>> sockets_;
};

}  // namespace

constexpr unsigned seeds = slow_build ? 40 : 250;

TEST_CASE("random clients of WebSockets over HTTP/2 keep every promise about events") {
  App app = all_kinds();
  add_sockets(app);
  app.accept_websockets();
  std::size_t asked = 0;
  std::size_t opened = 0;
  std::size_t completed = 0;
  std::size_t failed = 0;
  std::size_t faults = 0;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    Recorder recorder;
    {
      Crowd crowd{app, recorder, seed};
      crowd.live();
    }
    CHECK(alive == 0);
    asked += recorder.count("started CONNECT /ws/");
    opened += recorder.count("started");
    completed += recorder.count("completed");
    failed += recorder.count("failed");
    faults += recorder.count("failed peer_fault");
  }
  MESSAGE(asked << " sockets asked for, " << opened - asked << " other requests, " << completed << " completed, "
                << failed << " failed, " << faults << " by their peers");
  CHECK(opened == completed + failed);
  CHECK(asked > seeds);
  CHECK(completed > seeds);
  CHECK(faults > seeds / 20);
  CHECK(failed > faults);
}
