// Handlers of WebSockets for tests, and what they have seen.
#pragma once

#include <pounce/app.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pounce::testing {

inline Task echo(Exchange& x) {
  WebSocket socket = co_await x.accept_websocket("chat, superchat");
  if (!socket) co_return;
  while (true) {
    const Incoming got = co_await socket.receive();
    if (got.status() != Status::ok) break;
    if (co_await socket.send(got) != Status::ok) break;
  }
}

// What a handler has seen.
struct Seen {
  std::vector<std::string> lines;
  void add(std::string_view what, Status status) {
    lines.push_back(std::string{what} + " " + std::string{name(status)});
  }
  void add(const Incoming& got) {
    std::string line{name(got.status())};
    if (got.status() == Status::end) line.append(" ").append(std::to_string(got.code()));
    if (got.is_posted()) line.append(" posted");
    if (!got.bytes().empty()) line.append(" ").append(got.bytes());
    lines.push_back(line);
  }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (const std::string& line : lines) out.append(out.empty() ? "" : " | ").append(line);
    return out;
  }
};

// Receives until the end and notes it.
inline App listener(Seen& seen) {
  return App{[&seen](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    if (!socket) co_return;
    while (true) {
      const Incoming got = co_await socket.receive();
      seen.add(got);
      if (got.status() != Status::ok) break;
    }
  }};
}

inline std::string frame(std::string_view payload) {  // text, masked with nothing
  return std::string{'\x81', static_cast<char>(0x80U | payload.size()), '\0', '\0', '\0', '\0'}.append(payload);
}

}  // namespace pounce::testing
