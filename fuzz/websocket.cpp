// A WebSocket connection: however its octets are cut, messages, events and output are the same; nothing follows the end.
//
// Input: one byte of options (role, permessage-deflate, pieces instead of whole messages, takeover, held ends), one that chooses the cut,
// then what arrives.
#include "tests/protocol/ws_player.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using transcript::WsPlayer;
using transcript::WsTerms;

struct Outcome {
  std::vector<std::string> events;
  std::vector<std::string> output;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

WsTerms terms_of(unsigned choice) {
  WsTerms terms;
  terms.limits.max_message_size = 4096;  // bombs cost no more
  terms.limits.assemble = (choice & 4U) == 0;
  if ((choice & 1U) != 0) terms.role = pounce::ws::Role::client;
  if ((choice & 2U) != 0) {
    terms.deflate.emplace();
    terms.deflate->receive_takeover = (choice & 8U) != 0;
  }
  terms.hold_end = (choice & 16U) != 0;
  return terms;
}

// In pieces of `size`.
Outcome play(const WsTerms& terms, std::string_view bytes, std::size_t size) {
  WsPlayer player{terms, false};
  while (!bytes.empty()) {
    player.feed(bytes.substr(0, size));
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  Outcome outcome;
  outcome.events = player.take_events();
  outcome.output = player.take_output();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const WsTerms terms = terms_of(data[0]);
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 2, size - 2};
  const Outcome whole = play(terms, bytes, bytes.size());
  if (play(terms, bytes, 1) != whole) std::abort();
  if (play(terms, bytes, 1 + data[1] % bytes.size()) != whole) std::abort();
  return 0;
}
