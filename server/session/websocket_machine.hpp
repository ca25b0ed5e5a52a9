// WebSocketMachine: a ws::Connection as a Session sees it, after the machine of HTTP/1.1 has handed its connection over.
#pragma once

#include <pounce/server/machine.hpp>
#include <pounce/ws/connection.hpp>

#include <utility>

namespace pounce::inline v0 {

class WebSocketMachine final : public Machine {
 public:
  WebSocketMachine(const ws::Limits& limits, Instant now, StreamId stream, Owned<MessageCodec> codec) noexcept
      : socket_(limits, now, stream) {
    socket_.hold_end();  // messages that came before it are answered first
    if (codec) socket_.use_codec(std::move(codec));
  }

  [[nodiscard]] ws::Connection& socket() noexcept { return socket_; }

  std::size_t receive(MutableBytes input, Instant now, Events& events, Output& output) override {
    return socket_.receive(input, now, events, output);
  }
  void receive_end(Instant now, Events& events, Output& output) override { socket_.receive_end(now, events, output); }
  void want_body(StreamId, bool wanted, Instant now, Output&) override { socket_.want_messages(wanted, now); }
  void drain(Instant now, Output& output) override { socket_.drain(now, output); }
  void reset(StreamId, Output& output) override {
    (void)socket_.send_close(ws::close_code::internal_error, {}, socket_.now(), output);
  }
  void expire(Instant now, Events& events, Output& output) override { socket_.expire(now, events, output); }
  void written(Instant now, Output& output) override { socket_.written(now, output); }
  [[nodiscard]] Instant deadline(const Output& output) const override { return socket_.deadline(output); }
  [[nodiscard]] bool wants_input() const override { return socket_.wants_input(); }
  [[nodiscard]] bool finished(const Output& output) const override { return socket_.finished(output); }
  [[nodiscard]] bool idle() const override { return false; }  // it serves no more requests

  // Of HTTP, which is over here.
  void taken(StreamId, std::size_t, Output&) override {}
  void ignore_body(StreamId, Output&) override {}
  Sent send_region(StreamId, Region, Output&) override { return Sent::gone; }
  [[nodiscard]] bool sends_regions() const override { return false; }
  Sent send_informational(StreamId, std::uint16_t, FieldList, Output&) override { return Sent::gone; }
  Sent send_head(StreamId, const ResponseHead&, Output&) override { return Sent::gone; }
  SentData send_data(StreamId, Bytes, StorageRef, Output&) override { return {0, Sent::gone}; }
  Sent send_response(StreamId, const ResponseHead&, Bytes, StorageRef, Instant, Output&) override { return Sent::gone; }
  Sent send_end(StreamId, FieldList, Instant, Output&) override { return Sent::gone; }
  void use_lines(std::string_view) override {}

 private:
  ws::Connection socket_;
};

}  // namespace pounce::inline v0
