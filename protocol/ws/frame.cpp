#include <pounce/ws/frame.hpp>

#include "mask.hpp"

namespace pounce::inline v0::ws {

namespace {

enum : unsigned {
  fin_bit = 0x80,
  rsv1_bit = 0x40,
  rsv2_and_3_bits = 0x30,
  opcode_bits = 0x0f,
  mask_bit = 0x80,
  length_bits = 0x7f
};
enum : unsigned { length_in_16_bits = 126, length_in_64_bits = 127 };

unsigned octet(Bytes bytes, std::size_t at) noexcept { return static_cast<unsigned char>(bytes[at]); }

// Octets in network order.
std::uint64_t read_number(Bytes bytes) noexcept {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) number = number << 8U | octet(bytes, i);
  return number;
}

char* write_number(std::uint64_t number, std::size_t size, char* to) noexcept {
  for (std::size_t i = size; i-- > 0; number >>= 8U) to[i] = static_cast<char>(number);
  return to + size;
}

}  // namespace

FoundHead read_head(Bytes input, Place place, FrameHead& head) noexcept {
  if (input.empty()) return {};
  const unsigned first = octet(input, 0);
  const unsigned opcode = first & opcode_bits;
  head.fin = (first & fin_bit) != 0;
  head.compressed = (first & rsv1_bit) != 0;
  head.opcode = static_cast<Opcode>(opcode);
  const bool begins = opcode == 1 || opcode == 2;  // a message: the only frames that RSV1 may be set on
  if ((first & rsv2_and_3_bits) != 0 || (head.compressed && !(place.may_compress && begins)))
    return {Fault::reserved_bits};
  if ((opcode & 7U) > 2) return {Fault::reserved_opcode};
  if (is_control(head.opcode) && !head.fin) return {Fault::fragmented_control};
  if (opcode == 0 && !place.in_message) return {Fault::unexpected_continuation};
  if (begins && place.in_message) return {Fault::unfinished_message};
  if (input.size() < 2) return {};

  const unsigned second = octet(input, 1);
  const bool masked = (second & mask_bit) != 0;
  if (masked != (place.ours == Role::server)) return {masked ? Fault::unexpected_mask : Fault::missing_mask};
  head.length = second & length_bits;
  if (is_control(head.opcode) && head.length > most_control) return {Fault::control_too_long};
  std::size_t size = 2;
  if (head.length > most_control) {
    const std::size_t more = head.length == length_in_16_bits ? 2 : 8;
    if (input.size() < size + more) return {};
    head.length = read_number(input.substr(size, more));
    size += more;
    if (head.length <= (more == 2 ? most_control : 0xffff) || (head.length >> 63U) != 0) return {Fault::invalid_length};
  }
  if (!masked) return {Fault::none, size};
  if (input.size() < size + 4) return {};
  head.mask = read_mask(input.data() + size);
  return {Fault::none, size + 4};
}

std::size_t write_head(const FrameHead& head, Role ours, char* to) noexcept {
  const unsigned mask = ours == Role::client ? unsigned{mask_bit} : 0U;
  char* at = to;
  *at++ = static_cast<char>(static_cast<unsigned>(head.opcode) | (head.fin ? unsigned{fin_bit} : 0U) |
                            (head.compressed ? unsigned{rsv1_bit} : 0U));
  if (head.length <= most_control) {
    *at++ = static_cast<char>(head.length | mask);
  } else if (head.length <= 0xffff) {
    *at++ = static_cast<char>(length_in_16_bits | mask);
    at = write_number(head.length, 2, at);
  } else {
    *at++ = static_cast<char>(length_in_64_bits | mask);
    at = write_number(head.length, 8, at);
  }
  if (mask != 0) {
    for (unsigned i = 0; i < 4; ++i) *at++ = static_cast<char>(head.mask >> (8 * i));
  }
  return static_cast<std::size_t>(at - to);
}

}  // namespace pounce::inline v0::ws
