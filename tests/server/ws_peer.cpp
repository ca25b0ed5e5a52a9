#include "tests/server/ws_peer.hpp"

#include <array>
#include <variant>

namespace pounce::testing {

std::string line_of(const Event& event) {
  std::string line;
  if (const auto* message = std::get_if<event::Message>(&event)) {
    line = message->kind == MessageKind::text ? "text " : "binary ";
    line += message->bytes.size() > 40 ? std::to_string(message->bytes.size()) + " bytes" : std::string(message->bytes);
  } else if (const auto* ping = std::get_if<event::Ping>(&event)) {
    line.append("ping ").append(ping->payload);
  } else if (const auto* pong = std::get_if<event::Pong>(&event)) {
    line.append("pong ").append(pong->payload);
  } else if (const auto* close = std::get_if<event::Close>(&event)) {
    line.append("close ").append(std::to_string(close->code)).append(" ").append(close->reason);
  } else if (const auto* failed = std::get_if<event::Failed>(&event)) {
    line.append("failed ").append(info(failed->fault).name);
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

WsPeer::WsPeer(Client& client, std::string_view target, std::string_view more, std::string_view behind)
    : machine(limits, ws::MaskKeys{{1, 2}}, client.now()), client_(client) {
  limits.max_message_size = 64 * mebibyte;
  client_.open();
  client_.send(std::string{"GET "}.append(target).append(" HTTP/1.1\r\n").append(opening).append(more).append("\r\n"));
  client_.send(behind);
  client_.run();
  input_ = client_.take_output();
  const std::size_t end = input_.find("\r\n\r\n");
  if (end == std::string::npos) return;
  head = input_.substr(0, end + 4);
  input_.erase(0, end + 4);
  if (head.find("permessage-deflate") != std::string::npos)
    machine.use_codec(compression::make_message_deflate(DeflateTerms{}));
  if (head.starts_with("HTTP/1.1 101 ")) read();
}

void WsPeer::flush() {
  std::array<Bytes, 16> slices;
  while (!output.empty()) {
    const std::size_t count = output.gather(slices);
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) {
      client_.send(slices[i]);
      size += slices[i].size();
    }
    output.written(size);
  }
  machine.written(client_.now(), output);
  if (output.finished()) client_.close_write();
}

void WsPeer::run() {
  do {
    flush();
    client_.run();
    read();
  } while (!output.empty());
  if (client_.end_of_output()) machine.receive_end(client_.now(), events_, output);
  log();
  flush();
  client_.run();
}

void WsPeer::read() {
  input_ += client_.take_output();
  bool found = true;
  while (found) {
    const std::size_t used = machine.receive(input_, client_.now(), events_, output);
    found = used != 0 || !events_.empty();
    log();
    input_.erase(0, used);
  }
}

void WsPeer::log() {
  for (const Event& event : events_) {
    if (const auto* message = std::get_if<event::Message>(&event)) {
      ++messages;
      received.emplace_back(message->bytes);
    }
    log_ += line_of(event) + " | ";
  }
  events_.clear();
}

std::string WsPeer::take() {
  std::string text = std::exchange(log_, {});
  if (text.ends_with(" | ")) text.resize(text.size() - 3);
  return text;
}

}  // namespace pounce::testing
