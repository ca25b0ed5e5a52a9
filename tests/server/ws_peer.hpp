// WsPeer: a WebSocket client for tests of the session: ws::Connection in the client's role over a testing::Client.
#pragma once

#include <pounce/compression/message_deflate.hpp>
#include <pounce/testing.hpp>
#include <pounce/ws/connection.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace pounce::testing {

// "text hello", "binary …", "ping …", "pong …", "close 1000 reason", "failed name"; messages above 40 bytes are written as their size.
[[nodiscard]] std::string line_of(const Event& event);

class WsPeer {
 public:
  static constexpr std::string_view opening =
      "Host: t\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Version: 13\r\n";

  // Opens a connection and asks for a WebSocket, with `more` field lines. `behind`: sent at once behind the request.
  WsPeer(Client& client, std::string_view target, std::string_view more = {}, std::string_view behind = {});
  WsPeer(const WsPeer&) = delete;
  WsPeer& operator=(const WsPeer&) = delete;

  // As the machine's commands; sent with the next `run`.
  void text(std::string_view message) { (void)machine.send_message(MessageKind::text, message, {}, output); }
  void binary(std::string_view message) { (void)machine.send_message(MessageKind::binary, message, {}, output); }
  void ping(std::string_view payload) { (void)machine.send_ping(payload, output); }
  void close(std::uint16_t code = 1000, std::string_view reason = {}) {
    (void)machine.send_close(code, reason, client_.now(), output);
  }

  // Until nothing moves.
  void run();
  // Looks at what the server has written so far.
  void read();
  // What has come since, as `line_of` each event.
  [[nodiscard]] std::string take();

  std::string head;  // of the answer
  ws::Limits limits;
  Output output{64 * mebibyte};
  ws::Connection machine;
  std::size_t messages = 0;
  std::vector<std::string> received;  // the messages

 private:
  void flush();
  void log();

  Client& client_;
  Events events_;
  std::string input_;
  std::string log_;
};

}  // namespace pounce::testing
