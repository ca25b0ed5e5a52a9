// The opening handshake of a WebSocket, from any fields: what is accepted has a key, an answer that a client takes for one, and parameters of
// permessage-deflate in their ranges; what is refused has a status of its own.
//
// Input: one byte that chooses what we are ready to agree on, then one field a line, its name by its first character.
#include <pounce/ws/extensions.hpp>
#include <pounce/ws/handshake.hpp>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

using namespace pounce;

void require(bool truth) {
  if (!truth) std::abort();
}

constexpr std::array<Bytes, 2> ours{"chat", "superchat"};

void check_deflate(FieldList fields, const ws::DeflateWishes& wishes) {
  const auto agreement = ws::DeflateAgreement::of(fields, wishes);
  if (!agreement) return;
  const DeflateTerms& terms = agreement->terms();
  require(terms.send_window_bits >= 8 && terms.send_window_bits <= wishes.send_window_bits);
  require(terms.receive_window_bits >= 8 && terms.receive_window_bits <= 15);
  require(agreement->answer().starts_with("permessage-deflate"));
  const Field answer{"Sec-WebSocket-Extensions", agreement->answer()};
  require(ws::are_extensions_valid(FieldList{&answer, 1}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned choice = data[0];
  std::string_view text{reinterpret_cast<const char*>(data) + 1, size - 1};
  constexpr std::array<std::string_view, 6> names{"Upgrade",
                                                  "Connection",
                                                  "Sec-WebSocket-Version",
                                                  "Sec-WebSocket-Key",
                                                  "Sec-WebSocket-Protocol",
                                                  "Sec-WebSocket-Extensions"};
  std::vector<Field> fields;
  while (!text.empty() && fields.size() < 100) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() == text.size() ? line.size() : line.size() + 1);
    if (line.empty()) continue;
    const std::string_view name = names[static_cast<unsigned char>(line.front()) % names.size()];
    fields.push_back({name, line.substr(1), field_id(name)});
  }
  RequestHead head{};
  head.method = "GET";
  head.method_id = Method::get;
  head.fields = fields;

  const ws::DeflateWishes wishes{.send_window_bits = static_cast<std::uint8_t>(9 + choice % 7),
                                 .receive_window_bits = static_cast<std::uint8_t>(9 + choice / 7 % 7),
                                 .send_takeover = (choice & 64U) != 0,
                                 .receive_takeover = (choice & 128U) != 0};
  check_deflate(fields, wishes);
  const Bytes protocol = ws::choose_subprotocol(fields, ours);
  require(protocol.empty() || protocol == ours[0] || protocol == ours[1]);

  ws::Opening opening;
  const Fault fault = ws::read_opening(head, opening);
  if (fault != Fault::none) {
    require(info(fault).status >= 400);
    return 0;
  }
  require(ws::asks_for_websocket(head) && opening.key.size() == ws::key_size);
  const ws::Acceptance acceptance{opening, protocol, {}};
  require(ws::is_accepted(101, acceptance.fields(), opening.key, ours));
  require(!ws::is_accepted(200, acceptance.fields(), opening.key, ours));
  (void)ws::read_deflate_answer(fields);
  return 0;
}
