// What the tests of WebSockets over the runtimes share: an application whose handlers end in every way, frames, and how long it is tormented.
#pragma once

#include "ground.hpp"

#include <pounce/app.hpp>

#include "../slow_build.hpp"

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ground {

inline constexpr std::string_view going_away{"\x88\x02\x03\xe9", 4};
inline constexpr std::string_view masked_close{"\x88\x82\0\0\0\0\x03\xe9", 8};

// As a client sends it, masked with nothing; as a server does.
inline std::string asked(std::string_view text) {
  return std::string{'\x81', static_cast<char>(0x80U | text.size()), '\0', '\0', '\0', '\0'}.append(text);
}
inline std::string said(std::string_view text) {
  return std::string{'\x81', static_cast<char>(text.size())}.append(text);
}

inline App make_moody_app() {
  App app;
  app.accept_websockets();
  app.route("/plain", [](const Request&) { return Response::text("plain\n"); });
  app.route("/socket", [](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    if (!socket) co_return;
    while (true) {
      const Incoming got = co_await socket.receive();
      if (got.status() != Status::ok) break;
      if (got.bytes() == "throw") throw std::runtime_error{"thrown"};
      if (got.bytes() == "leave") co_return;
      if (got.bytes() == "sleep") (void)co_await x.sleep(2ms);
      if (co_await socket.send(got) != Status::ok) break;
    }
  });
  return app;
}

// Four threads of clients, each until the server takes no more, and a drain in the middle. Nobody is told how a socket ends; the events are,
// and `end` holds them to their promises.
template <class Run, class Torment>
void be_tormented(Run& run, Torment torment) {
  constexpr std::size_t sockets = slow_build ? 300 : 1500;
  std::atomic<std::size_t> answered{0};
  std::vector<std::thread> threads;
  for (unsigned seed = 1; seed <= 4; ++seed) {
    threads.emplace_back([&, seed] { torment(run.port(), seed, answered); });
  }
  CHECK(run.checked.wait([&] { return run.checked.started >= sockets; }));
  run.server.drain(Drain::prompt);
  for (std::thread& thread : threads) thread.join();
  CHECK(run.end().cut.connections == 0);
  CHECK(answered > sockets / 2);
  MESSAGE(run.checked.started, " sockets, ", answered.load(), " messages, ", run.checked.handed_off, " hand-offs");
}

}  // namespace ground
