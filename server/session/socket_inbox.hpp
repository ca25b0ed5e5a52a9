// SocketInbox: what has come for an exchange that is a WebSocket, until its handler asks for it.
#pragma once

#include "server/session/stream_socket.hpp"

#include <pounce/app/chunk.hpp>
#include <pounce/core/event.hpp>
#include <pounce/core/owned.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pounce::inline v0 {

struct SocketInbox {
  static constexpr std::size_t most_messages = 1024;
  static constexpr std::size_t most_places = 16;  // for messages, kept when they have been taken

  struct Message {
    Chunk chunk;
    MessageKind kind;
  };

  [[nodiscard]] bool empty() const noexcept { return first == messages.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return messages.size() - first; }

  ws::Connection* connection = nullptr;  // the session's machine's, or the stream's
  Owned<StreamSocket> stream;            // null: the socket has its connection to itself
  std::vector<Message> messages;         // those from `first` on
  std::size_t bytes = 0;
  Owned<std::string> reason;  // of the end; null: none
  std::uint32_t first = 0;
  std::uint32_t settled = 0;  // those before it do not lie in the block that was read into
  std::uint16_t code = 0;
  Fault fault = Fault::none;
  bool ended = false;
  bool paused = false;       // the machine was told to wait
  bool posted_next = false;  // whose turn it is
};

}  // namespace pounce::inline v0
