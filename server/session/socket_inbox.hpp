// SocketInbox: what has come for an exchange that is a WebSocket, until its handler asks for it.
#pragma once

#include <pounce/core/event.hpp>

#include <pounce/app/chunk.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pounce::inline v0 {

namespace ws {
class Connection;
}

struct SocketInbox {
  static constexpr std::size_t most_messages = 1024;

  struct Message {
    Chunk chunk;
    MessageKind kind;
  };

  [[nodiscard]] bool empty() const noexcept { return first == messages.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return messages.size() - first; }

  ws::Connection* connection = nullptr;  // the machine's
  std::vector<Message> messages;         // those from `first` on
  std::size_t first = 0;
  std::size_t settled = 0;  // those before it do not lie in the block that was read into
  std::size_t bytes = 0;
  std::string reason;  // of the end
  std::uint16_t code = 0;
  Fault fault = Fault::none;
  bool ended = false;
  bool paused = false;       // the machine was told to wait
  bool posted_next = false;  // whose turn it is
};

}  // namespace pounce::inline v0
