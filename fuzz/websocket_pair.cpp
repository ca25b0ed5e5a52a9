// Two WebSocket connections, a client and a server, that talk to one another: what one of them sends arrives at the other, whole and in order,
// whatever pieces it is sent in and however the octets between them are cut; then a closing handshake ends both.
//
// Input: one byte of options (permessage-deflate, its takeovers, pieces instead of whole messages, a small output), one of threshold, then an
// operation a byte: who acts, what (a message, a piece of one, a ping, a Close), how large; or how many octets go over.
#include <pounce/compression/message_deflate.hpp>
#include <pounce/core/event.hpp>
#include <pounce/core/output.hpp>
#include <pounce/ws/connection.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <string>
#include <variant>

namespace {

using namespace pounce;

void require(bool truth) {
  if (!truth) std::abort();
}

constexpr Instant now{std::chrono::seconds{1000}};

// Valid as text, of one to four octets a character.
std::string content(std::size_t size, unsigned salt) {
  static constexpr std::array<Bytes, 4> characters{"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\xbe"};
  std::string out;
  for (unsigned n = salt; out.size() < size; n = n * 5 + 3) out += characters[n / 8 % (n % 64 < 48 ? 1 : 4)];
  return out;
}

struct Message {
  MessageKind kind;
  std::string bytes;
  friend bool operator==(const Message&, const Message&) = default;
};

class Side {
 public:
  Side(bool client, unsigned choice, std::size_t compress_from)
      : output((choice & 32U) != 0 ? 500 : mebibyte),
        machine(client ? ws::Connection{limits, ws::MaskKeys{{1, 2}}, now} : ws::Connection{limits, now}) {
    limits.assemble = (choice & 16U) == 0;
    limits.compress_from = compress_from;
    if ((choice & 1U) == 0) return;
    // What is one side's to send is the other's to receive.
    DeflateTerms terms;
    terms.send_takeover = (choice & (client ? 2U : 4U)) != 0;
    terms.receive_takeover = (choice & (client ? 4U : 2U)) != 0;
    terms.send_window_bits = (choice & 8U) != 0 ? 9 : 15;
    terms.receive_window_bits = terms.send_window_bits;
    machine.use_codec(compression::make_message_deflate(terms));
  }

  void send(MessageKind kind, const std::string& bytes, Side& to) {
    const Sent sent = machine.send_message(kind, bytes, {}, output);
    if (in_parts_) return require(sent == Sent::wrong_order || sent == Sent::gone);
    require(sent == Sent::ok || sent == Sent::no_room || (sent == Sent::gone && !machine.is_open()));
    if (sent == Sent::ok) to.expected.push_back({kind, bytes});
  }
  void send_part(MessageKind kind, const std::string& bytes, bool last, Side& to) {
    if (in_parts_) kind = part_.kind;
    const Sent sent = machine.send_part(kind, bytes, last, {}, output);
    require(sent == Sent::ok || sent == Sent::no_room || (sent == Sent::gone && !machine.is_open()));
    if (sent != Sent::ok) return;
    if (!in_parts_) part_ = {kind, {}};
    part_.bytes += bytes;
    in_parts_ = !last;
    if (last) to.expected.push_back(part_);
  }
  void ping(Side& to) {
    if (machine.send_ping("are you there", output) == Sent::ok) ++to.pings;
  }
  void close(std::uint16_t code) {
    if (machine.send_close(code, "enough", now, output) == Sent::ok && closing == 0) closing = code;
  }

  // So many octets of what `from` has sent.
  void take(std::size_t size, Side& from) {
    while (size != 0 && !from.output.empty()) {
      std::array<Bytes, 1> slice;
      require(from.output.gather(slice) == 1);
      const Bytes piece = slice[0].substr(0, size);
      input_.append(piece);
      size -= piece.size();
      from.output.written(piece.size());
    }
    from.machine.written(now, from.output);
    for (bool found = true; found;) {
      const std::size_t used = machine.receive(input_, now, events_, output);
      found = used != 0 || !events_.empty();
      for (const Event& event : events_) look(event, from);
      events_.clear();
      input_.erase(0, used);
    }
  }

  ws::Limits limits;
  Output output;
  ws::Connection machine;
  std::deque<Message> expected;  // was sent to it, has not arrived
  std::size_t pings = 0;
  std::uint16_t closing = 0;  // our code
  std::uint16_t closed = 0;   // the peer's

 private:
  void look(const Event& event, const Side& from) {
    require(closed == 0);
    require(!std::holds_alternative<event::Failed>(event));
    if (std::holds_alternative<event::Ping>(event)) require(pings-- != 0);
    if (const auto* const close = std::get_if<event::Close>(&event)) {
      closed = close->code;
      require(closed == (from.closing != 0 ? from.closing : closing));
    }
    const auto* const message = std::get_if<event::Message>(&event);
    if (message == nullptr) return;
    require(message->first == arriving_.empty_);
    arriving_.empty_ = message->last;
    arriving_.bytes += message->bytes;
    require(!limits.assemble || (message->first && message->last));
    if (!message->last) return;
    require(!expected.empty() && expected.front() == Message{message->kind, std::exchange(arriving_.bytes, {})});
    expected.pop_front();
  }

  struct Arriving {
    std::string bytes;
    bool empty_ = true;
  } arriving_;
  std::string input_;
  Events events_;
  Message part_{};
  bool in_parts_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  Side client{true, data[0], data[1]};
  Side server{false, data[0], data[1]};
  for (std::size_t i = 2; i < std::min<std::size_t>(size, 2000); ++i) {
    Side& one = (data[i] & 1U) != 0 ? client : server;
    Side& other = (data[i] & 1U) != 0 ? server : client;
    const unsigned amount = data[i] >> 4U;
    const std::size_t length = amount * amount * amount;  // up to 3375
    const MessageKind kind = (data[i] & 8U) != 0 ? MessageKind::text : MessageKind::binary;
    switch (data[i] >> 1U & 3U) {
      case 0: one.send(kind, content(length, data[i]), other); break;
      case 1: one.send_part(kind, content(length, data[i] + 1U), (amount & 3U) == 3, other); break;
      case 2: one.take(1 + length, other); break;
      default: amount == 15 ? one.close(static_cast<std::uint16_t>(3000 + data[i])) : one.ping(other); break;
    }
  }
  // All that is left goes over; then the one that is not closing yet closes.
  client.close(1000);
  for (int rounds = 0; rounds < 100 && (client.closed == 0 || server.closed == 0); ++rounds) {
    client.take(mebibyte, server);
    server.take(mebibyte, client);
  }
  require(client.closed != 0 && server.closed != 0);
  require(client.expected.empty() && server.expected.empty());
  return 0;
}
