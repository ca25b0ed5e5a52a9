// Small messages that are whole and as they are, both ways: most are. One look at each, instead of one in every layer.
//
// Nothing here can refuse. What it does not take is left as it was, for those who can say what is wrong with it.
#include <pounce/ws/connection.hpp>

#include "mask.hpp"

#include <algorithm>
#include <cstring>

namespace pounce::inline v0::ws {

namespace {

constexpr unsigned fin_bit = 0x80;
constexpr unsigned mask_bit = 0x80;
constexpr std::size_t short_head = 2;
constexpr std::size_t masked_head = short_head + sizeof(MaskKey);

constexpr unsigned octet(char c) noexcept { return static_cast<unsigned char>(c); }
constexpr unsigned whole(MessageKind kind) noexcept { return fin_bit | static_cast<unsigned>(kind); }

}  // namespace

// Those at the front of what a client has sent, up to `most`. Between messages only. Returns how much it has eaten.
std::size_t Connection::receive_small(MutableBytes input, std::size_t most, Events& events) {
  const std::uint64_t largest = std::min<std::uint64_t>(most_control, limits_->max_message_size.value_or(most_control));
  std::size_t used = 0;
  for (; most != 0 && input.size() - used >= masked_head; --most) {
    char* const at = input.data() + used;
    const unsigned first = octet(at[0]);
    const std::size_t size = octet(at[1]) ^ mask_bit;  // with that bit: one that is not masked
    if ((first != whole(MessageKind::text) && first != whole(MessageKind::binary)) || size > largest ||
        input.size() - used - masked_head < size)
      break;
    const MutableBytes payload{at + masked_head, size};
    const MaskKey key = read_mask(at + short_head);
    apply_mask(payload, key);
    const MessageKind kind = first == whole(MessageKind::text) ? MessageKind::text : MessageKind::binary;
    if (kind == MessageKind::text && !is_utf8(view(payload))) {
      apply_mask(payload, key);
      break;
    }
    events.push(event::Message{stream_, view(payload), kind, true, true});
    used += masked_head + size;
  }
  return used;
}

// One of ours, to a client.
void Connection::send_small(MessageKind kind, Bytes bytes, Output& output) {
  char* const at = output.prepare(short_head + bytes.size());
  at[0] = static_cast<char>(whole(kind));
  at[1] = static_cast<char>(bytes.size());
  if (!bytes.empty()) std::memcpy(at + short_head, bytes.data(), bytes.size());
  output.commit(short_head + bytes.size());
}

}  // namespace pounce::inline v0::ws
