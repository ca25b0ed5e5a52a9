// Handlers of WebSockets for random clients: who answers, who reads late, who talks too much, who throws. Their frames count as `alive`.
#pragma once

#include <pounce/app.hpp>

#include "tests/server/h2_application.hpp"

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pounce::testing {

inline Task echoing(Exchange& x) {
  const Alive here;
  WebSocket socket = co_await x.accept_websocket();
  if (!socket) co_return;
  while (true) {
    const Incoming got = co_await socket.receive();
    if (got.status() == Status::draining) continue;
    if (got.status() != Status::ok) break;
    if (co_await socket.send(got) != Status::ok) break;
  }
}

// Reads little and late.
inline Task sleepy(Exchange& x) {
  const Alive here;
  WebSocket socket = co_await x.accept_websocket();
  if (!socket) co_return;
  while (true) {
    if (co_await x.sleep(std::chrono::milliseconds{400}) == Status::gone) break;
    const Incoming got = co_await socket.receive(std::chrono::seconds{1});
    if (got.status() == Status::end || got.status() == Status::gone) break;
  }
}

// Says more than it is asked, and goes without being asked.
inline Task talkative(Exchange& x) {
  const Alive here;
  WebSocket socket = co_await x.accept_websocket();
  if (!socket) co_return;
  const std::string words(20'000, 'w');
  for (int i = 0; i < 50; ++i) {
    const Status sent = co_await socket.send_text(words);
    if (sent != Status::ok) co_return;
  }
  (void)socket.close(4000, "enough");
  (void)co_await x.sleep(std::chrono::milliseconds{300});
}

inline Task angry(Exchange& x) {
  const Alive here;
  WebSocket socket = co_await x.accept_websocket();
  if (!socket) co_return;
  const Incoming got = co_await socket.receive();
  if (got.status() == Status::ok) throw std::runtime_error{"thrown"};
}

// Where they are; behind the last one is no socket.
inline constexpr std::array<std::string_view, 6> socket_paths{"/ws/echo",      "/ws/echo",  "/ws/sleepy",
                                                              "/ws/talkative", "/ws/angry", "/ws/plain"};

inline void add_sockets(App& app) {
  app.route("/ws/echo", echoing);
  app.route("/ws/sleepy", sleepy);
  app.route("/ws/talkative", talkative);
  app.route("/ws/angry", angry);
  app.route("/ws/plain", [](const Request&) { return Response::text("no socket"); });
}

}  // namespace pounce::testing
