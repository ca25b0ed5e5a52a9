#include "ws_player.hpp"

#include "protocol/ws/mask.hpp"
#include "transcript.hpp"
#include "words.hpp"

#include <pounce/compression/message_deflate.hpp>
#include <pounce/core/kept_string.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <variant>

namespace transcript {

using namespace pounce;

namespace {

const std::map<std::string, unsigned> opcodes{{"CONT", 0},  {"TEXT", 1}, {"BINARY", 2},
                                              {"CLOSE", 8}, {"PING", 9}, {"PONG", 10}};

// Terms as the other side sees them.
DeflateTerms turned(const DeflateTerms& terms) {
  return {std::max<std::uint8_t>(terms.receive_window_bits, 9), terms.send_window_bits, terms.receive_takeover,
          terms.send_takeover};
}

Owned<MessageCodec> peer_codec(const WsTerms& terms) {
  return terms.deflate ? compression::make_message_deflate(turned(*terms.deflate)) : nullptr;
}

std::string close_payload(const std::vector<std::string>& words) {
  if (words.empty()) return {};
  const auto code = number(words[0]);
  std::string payload{static_cast<char>(code >> 8U), static_cast<char>(code)};
  return words.size() > 1 ? payload + words[1] : payload;
}

}  // namespace

void set_limit(WsTerms& terms, std::string_view line) {
  const std::vector<std::string> words = split(line);
  const std::string& value = words.at(2);
  ws::Limits& limits = terms.limits;
  const auto optional_number = [&] { return value == "none" ? std::optional<std::uint64_t>{} : number(value); };
  const std::map<std::string, std::function<void()>> setters{
      {"max_message_size", [&] { limits.max_message_size = optional_number(); }},
      {"assemble", [&] { limits.assemble = value == "yes"; }},
      {"compress_from", [&] { limits.compress_from = number(value); }},
      {"message_timeout", [&] { limits.message_timeout = duration(value); }},
      {"write_timeout", [&] { limits.write_timeout = duration(value); }},
      {"close_timeout", [&] { limits.close_timeout = duration(value); }},
      {"linger_timeout", [&] { limits.linger_timeout = duration(value); }},
      {"ping_interval", [&] { limits.ping_interval = duration(value); }},
      {"ping_timeout", [&] { limits.ping_timeout = duration(value); }},
      {"min_rate", [&] { limits.min_rate = optional_number(); }},
      {"deflate", [&] { terms.deflate.emplace(); }},
      {"send_window_bits", [&] { terms.deflate->send_window_bits = static_cast<std::uint8_t>(number(value)); }},
      {"receive_window_bits", [&] { terms.deflate->receive_window_bits = static_cast<std::uint8_t>(number(value)); }},
      {"send_takeover", [&] { terms.deflate->send_takeover = value == "yes"; }},
      {"receive_takeover", [&] { terms.deflate->receive_takeover = value == "yes"; }},
      {"hold_end", [&] { terms.hold_end = value == "yes"; }},
      {"role", [&] { terms.role = value == "client" ? ws::Role::client : ws::Role::server; }},
  };
  setters.at(words.at(0))();
}

WsWriter::WsWriter(const WsTerms& terms) : masks_(terms.role == ws::Role::server), codec_(peer_codec(terms)) {}

std::string WsWriter::encode(std::string_view line) {
  std::vector<std::string> words = split(line);
  const std::string verb = words.at(0);
  words.erase(words.begin());
  if (verb == "BYTES") return words.at(0);
  unsigned first = 0x80;
  bool masked = masks_;
  bool deflated = false;
  std::optional<std::uint64_t> length;
  std::size_t form = 0;
  std::vector<std::string> rest;
  for (const std::string& word : words) {
    if (word == "deflated") {
      deflated = true;
    } else if (word == "more") {
      first &= ~0x80U;
    } else if (word.starts_with("rsv=")) {
      first |= static_cast<unsigned>(number(std::string_view(word).substr(4))) << 4U;
    } else if (word.starts_with("opcode=")) {
      first |= static_cast<unsigned>(number(std::string_view(word).substr(7)));
    } else if (word == "masked" || word == "unmasked") {
      masked = word == "masked";
    } else if (word.starts_with("length=")) {
      length = number(std::string_view(word).substr(7));
    } else if (word == "as=16" || word == "as=64") {
      form = word == "as=16" ? 2 : 8;
    } else {
      rest.push_back(word);
    }
  }
  if (verb != "FRAME") first |= opcodes.at(verb);
  std::string payload = verb == "CLOSE" ? close_payload(rest) : rest.empty() ? "" : rest[0];
  if (deflated) {
    if (verb != "CONT") first |= 0x40U;
    std::string plain(codec_->bound(payload.size()), '\0');
    plain.swap(payload);
    payload.resize(codec_->encode(plain, (first & 0x80U) != 0, payload.data()));
  }
  const std::uint64_t size = length.value_or(payload.size());
  if (form == 0) form = size <= 125 ? 0 : size <= 0xffff ? 2 : 8;
  std::string bytes{static_cast<char>(first)};
  bytes += static_cast<char>((masked ? 0x80U : 0U) | (form == 0 ? size : form == 2 ? 126U : 127U));
  for (std::size_t i = form; i-- > 0;) bytes += static_cast<char>(size >> (8 * i));
  if (masked) {
    mask_ = mask_ * 1664525 + 1013904223;
    for (unsigned i = 0; i < 4; ++i) bytes += static_cast<char>(mask_ >> (8 * i));
    for (std::size_t i = 0; i < payload.size(); ++i)
      payload[i] = static_cast<char>(payload[i] ^ static_cast<char>(mask_ >> (8 * (i % 4))));
  }
  return bytes + payload;
}

WsPlayer::WsPlayer(const WsTerms& terms, bool /*at_once*/)
    : terms_(terms),
      connection_(terms.role == ws::Role::server ? ws::Connection{terms_.limits, now_}
                                                 : ws::Connection{terms_.limits, ws::MaskKeys{{1, 2}}, now_}),
      writer_(terms),
      reader_(peer_codec(terms)) {
  if (terms.hold_end) connection_.hold_end();
  if (terms.deflate) connection_.use_codec(compression::make_message_deflate(*terms.deflate));
}

std::string WsPlayer::encode(const std::vector<std::string>& lines) {
  std::string bytes;
  for (const std::string& line : lines) bytes += writer_.encode(line);
  return bytes;
}

void WsPlayer::feed(std::string_view bytes) {
  pending_ += bytes;
  pump();
}

// Steps of a driver, until nothing moves. The bytes are in a block of their own each time, so that a view that outlives its step is found by
// AddressSanitizer; and what is not consumed must be as it was.
void WsPlayer::pump() {
  for (bool moved = true; moved;) {
    const auto input = std::make_unique<char[]>(pending_.size());
    std::ranges::copy(pending_, input.get());
    Events events;
    const std::size_t used = connection_.receive({input.get(), pending_.size()}, now_, events, output_);
    log(events);
    if (!std::equal(pending_.begin() + static_cast<std::ptrdiff_t>(used), pending_.end(), input.get() + used))
      throw std::runtime_error("input was changed that was not consumed");
    pending_.erase(0, used);
    const std::size_t most = stalled_ ? 0 : output_.size();
    moved = !events.empty() || (!pending_.empty() && (used != 0 || most != 0));
    flush(most);
  }
}

void WsPlayer::flush(std::size_t most) {
  std::size_t left = most;
  std::array<Bytes, 8> slices;
  while (left != 0) {
    const std::size_t count = output_.gather(slices);
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count && left != 0; ++i) {
      const std::size_t piece = std::min(left, slices[i].size());
      sent_ += slices[i].substr(0, piece);
      taken += piece;
      left -= piece;
    }
    output_.written(taken);
  }
  connection_.written(now_, output_);
  if (!finished_ && connection_.finished(output_)) {
    close_message();
    finished_ = true;
    log_.emplace_back("finished");
  }
}

void WsPlayer::close_message() {
  if (!open_) return;
  open_ = false;
  std::string line = of_.kind == MessageKind::text ? "text" : "binary";
  if (!of_.first || !of_.last) line += of_.first ? " first" : of_.last ? " last" : " middle";
  log_.push_back(line + " \"" + escape_line(message_) + '"');
  message_.clear();
}

void WsPlayer::log(const event::Message& message) {
  if (terms_.limits.assemble && !(message.first && message.last)) throw std::runtime_error("a piece");
  if (!open_) {
    of_ = message;
    open_ = true;
  } else if (message.first || message.kind != of_.kind) {
    throw std::runtime_error("a message within another");
  }
  of_.last = message.last;
  message_ += message.bytes;
  if (message.last) close_message();
}

void WsPlayer::log(const Events& events) {
  for (const Event& event : events) {
    if (ended_) throw std::runtime_error("an event after the end");
    if (const auto* message = std::get_if<event::Message>(&event)) {
      log(*message);
      continue;
    }
    close_message();
    if (const auto* ping = std::get_if<event::Ping>(&event))
      log_.push_back("ping \"" + escape_line(ping->payload) + '"');
    if (const auto* pong = std::get_if<event::Pong>(&event))
      log_.push_back("pong \"" + escape_line(pong->payload) + '"');
    if (const auto* close = std::get_if<event::Close>(&event)) {
      log_.push_back("close " + std::to_string(close->code) + " \"" + escape_line(close->reason) + '"');
      ended_ = true;
    }
    if (const auto* failed = std::get_if<event::Failed>(&event)) {
      log_.push_back("failed " + std::string(info(failed->fault).name));
      ended_ = true;
    }
  }
}

// Calls `expire` exactly at each deadline on the way.
void WsPlayer::wait(Duration length) {
  const Instant end = after(now_, length);
  for (int calls = 0; connection_.deadline(output_) <= end; ++calls) {
    if (calls == 100) throw std::runtime_error("the deadline does not move");
    now_ = std::max(now_, connection_.deadline(output_));
    Events events;
    connection_.expire(now_, events, output_);
    log(events);
    pump();
  }
  now_ = end;
}

bool WsPlayer::holds(std::string_view condition) const {
  if (condition == "open") return connection_.is_open();
  if (condition == "closing") return !connection_.is_open() && !ended_;
  if (condition == "over") return ended_;
  if (condition == "lingering") return ended_ && !connection_.finished(output_);
  if (condition == "finished") return connection_.finished(output_);
  if (condition == "idle") return connection_.idle();
  if (condition == "busy") return !connection_.idle();
  if (condition == "wants-input") return connection_.wants_input();
  if (condition == "wants-nothing") return !connection_.wants_input();
  if (condition == "no-deadline") return connection_.deadline(output_) == never;
  throw std::runtime_error("unknown condition " + std::string(condition));
}

std::string WsPlayer::send(std::string_view verb, const std::vector<std::string>& words) {
  const auto kind = [](const std::string& word) { return word == "text" ? MessageKind::text : MessageKind::binary; };
  Sent sent = Sent::ok;
  if (verb == "text" || verb == "binary") {
    sent = connection_.send_message(kind(std::string(verb)), words.at(0), {}, output_);
  } else if (verb == "lend") {
    Bytes bytes;
    const StorageRef owner = keep(words.at(1), bytes);
    sent = connection_.send_message(kind(words.at(0)), bytes, owner, output_);
  } else if (verb == "part" || verb == "last") {
    sent = connection_.send_part(kind(words.at(0)), words.at(1), verb == "last", {}, output_);
  } else if (verb == "ping") {
    sent = connection_.send_ping(words.at(0), output_);
  } else if (verb == "pong") {
    sent = connection_.send_pong(words.at(0), output_);
  } else if (verb == "close") {
    const auto code = words.empty() ? ws::close_code::none : static_cast<std::uint16_t>(number(words[0]));
    sent = connection_.send_close(code, words.size() > 1 ? Bytes{words[1]} : Bytes{}, now_, output_);
  } else {
    throw std::runtime_error("unknown verb " + std::string(verb));
  }
  return std::string(name(sent));
}

void WsPlayer::act(const std::string& line) {
  if (line.empty()) return;
  const std::size_t arrow = line.find(" -> ");
  const std::string expected = arrow == std::string::npos ? "ok" : line.substr(arrow + 4);
  std::vector<std::string> words = split(std::string_view(line).substr(0, arrow));
  const std::string verb = words.at(0);
  words.erase(words.begin());
  if (verb == "answer-end") {
    connection_.answer_end(now_, output_);
  } else if (verb == "drain") {
    connection_.drain(now_, output_);
  } else if (verb == "want" || verb == "unwant") {
    connection_.want_messages(verb == "want", now_);
  } else if (verb == "peer-ends") {
    Events events;
    connection_.receive_end(now_, events, output_);
    log(events);
  } else if (verb == "wait") {
    wait(duration(words.at(0)));
  } else if (verb == "stall") {
    stalled_ = true;
    return;
  } else if (verb == "take") {
    flush(std::min<std::size_t>(number(words.at(0)), output_.size()));
    return;
  } else if (verb == "flow") {
    stalled_ = false;
  } else if (verb == "expect") {
    for (const std::string& word : words) {
      if (!holds(word)) throw std::runtime_error("not " + word);
    }
    return;
  } else if (const std::string result = send(verb, words); result != expected) {
    throw std::runtime_error(line + ": " + result);
  }
  pump();
}

std::vector<std::string> WsPlayer::take_events() {
  close_message();
  return std::exchange(log_, {});
}

// The frame at the front, which is taken off; empty when it is not whole.
std::string WsPlayer::show_frame(std::string& from) {
  ws::FrameHead head;
  const bool client = terms_.role == ws::Role::client;
  const ws::Place place{client ? ws::Role::server : ws::Role::client, from.size() > 1 && (from[0] & 0x0f) == 0, true};
  const ws::FoundHead found = ws::read_head(from, place, head);
  if (found.fault != Fault::none) throw std::runtime_error("sent: " + std::string(info(found.fault).name));
  if (found.size == 0 || from.size() < found.size + head.length) return {};
  std::string payload = from.substr(found.size, static_cast<std::size_t>(head.length));
  from.erase(0, found.size + payload.size());
  if (client) ws::apply_mask(payload, head.mask);
  std::string line;
  for (const auto& [name, opcode] : opcodes) {
    if (opcode == static_cast<unsigned>(head.opcode)) line = name;
  }
  if (!head.fin) line += " more";
  if (!ws::is_control(head.opcode) && head.opcode != ws::Opcode::continuation) reading_compressed_ = head.compressed;
  if (!ws::is_control(head.opcode) && reading_compressed_) {
    line += " deflated";
    std::string plain(64 * kibibyte, '\0');
    const MessageCodec::Decoded decoded = reader_->decode(payload, head.fin, plain);
    if (decoded.found != MessageCodec::Found::more) throw std::runtime_error("sent what cannot be inflated");
    payload = plain.substr(0, decoded.made);
  }
  if (head.opcode == ws::Opcode::close && !payload.empty()) {
    const unsigned code = static_cast<unsigned char>(payload.at(0)) << 8U | static_cast<unsigned char>(payload.at(1));
    line += ' ' + std::to_string(code);
    payload.erase(0, 2);
    if (payload.empty()) return line;
  }
  if (head.opcode == ws::Opcode::close && payload.empty()) return line;
  return line + " \"" + escape_line(payload) + '"';
}

std::vector<std::string> WsPlayer::take_output() {
  std::vector<std::string> lines;
  for (std::string line = show_frame(sent_); !line.empty(); line = sent_.empty() ? "" : show_frame(sent_))
    lines.push_back(line);
  if (output_.finished() && output_.empty() && shown_end_.empty()) {
    shown_end_ = output_.abandoned() ? "(reset)" : "(end)";
    lines.emplace_back(shown_end_);
  }
  return lines;
}

}  // namespace transcript
