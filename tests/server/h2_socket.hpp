// H2Socket: a WebSocket client on a stream of HTTP/2, for tests of the session: ws::Connection in the client's role over an H2Client.
#pragma once

#include "tests/server/h2_client.hpp"
#include "tests/server/ws_peer.hpp"

#include <pounce/compression/message_deflate.hpp>
#include <pounce/ws/connection.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace pounce::testing {

// Clients of HTTP/2 may ask it for WebSockets, too.
inline App accepting(App app) {
  app.accept_websockets();
  return app;
}

class H2Socket {
 public:
  // Asks for a WebSocket with the next `run`; `more` are fields.
  H2Socket(H2Client& peer, const std::string& path, const wire::Fields& more = {})
      : machine(limits, ws::MaskKeys{{1, 2}}, peer.client.now()), peer_(peer) {
    limits.max_message_size = 64 * mebibyte;
    wire::Fields fields{{"sec-websocket-version", "13"}};
    fields.insert(fields.end(), more.begin(), more.end());
    stream = peer.connect(path, fields);
  }
  H2Socket(const H2Socket&) = delete;
  H2Socket& operator=(const H2Socket&) = delete;

  void text(std::string_view message) { (void)machine.send_message(MessageKind::text, message, {}, output); }
  void binary(std::string_view message) { (void)machine.send_message(MessageKind::binary, message, {}, output); }
  void ping(std::string_view payload) { (void)machine.send_ping(payload, output); }
  void close(std::uint16_t code = 1000, std::string_view reason = {}) {
    (void)machine.send_close(code, reason, peer_.client.now(), output);
  }
  [[nodiscard]] Answer& answer() { return peer_.answer(stream); }

  // Hands over what was composed; it is sent with the next run of the client.
  void flush() {
    std::array<Bytes, 16> slices;
    while (!output.empty()) {
      const std::size_t count = output.gather(slices);
      std::size_t size = 0;
      for (std::size_t i = 0; i < count; ++i) {
        peer_.send_on(stream, slices[i]);
        size += slices[i].size();
      }
      output.written(size);
    }
    machine.written(peer_.client.now(), output);
    if (output.finished()) peer_.end(stream);
  }
  // Looks at what has come.
  void read() {
    if (answer().status != "200") return;
    if (!begun_ && answer().field("sec-websocket-extensions").starts_with("permessage-deflate")) {
      machine.use_codec(compression::make_message_deflate(DeflateTerms{}));
    }
    begun_ = true;
    input_ += std::exchange(answer().body, {});
    for (bool found = true; found;) {
      const std::size_t used = machine.receive(input_, peer_.client.now(), events_, output);
      found = used != 0 || !events_.empty();
      log();
      input_.erase(0, used);
    }
    if ((answer().ended || answer().reset) && !std::exchange(told_, true)) {
      machine.receive_end(peer_.client.now(), events_, output);
      log();
    }
  }
  // Until nothing moves.
  void run() {
    do {
      flush();
      peer_.run();
      read();
    } while (!output.empty());
    flush();
    peer_.run();
  }
  [[nodiscard]] std::string take() {
    std::string text = std::exchange(log_, {});
    if (text.ends_with(" | ")) text.resize(text.size() - 3);
    return text;
  }

  std::uint32_t stream = 0;
  ws::Limits limits;
  Output output{64 * mebibyte};
  ws::Connection machine;
  std::size_t messages = 0;
  std::vector<std::string> received;

 private:
  void log() {
    for (const Event& event : events_) {
      if (const auto* message = std::get_if<event::Message>(&event)) {
        ++messages;
        received.emplace_back(message->bytes);
      }
      log_ += line_of(event) + " | ";
    }
    events_.clear();
  }

  H2Client& peer_;
  Events events_;
  std::string input_;
  std::string log_;
  bool begun_ = false;
  bool told_ = false;
};

}  // namespace pounce::testing
