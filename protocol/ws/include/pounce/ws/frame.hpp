// The head of a WebSocket frame (RFC 6455, section 5.2): read from octets, and written.
//
// What it is not: the rules for payloads, messages and closing; those are ws::Connection's.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/fault.hpp>

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0::ws {

enum class Role : std::uint8_t { server, client };

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

[[nodiscard]] constexpr bool is_control(Opcode opcode) noexcept { return (static_cast<unsigned>(opcode) & 8U) != 0; }

inline constexpr std::size_t most_head = 14;      // octets of a head
inline constexpr std::size_t most_control = 125;  // of the payload of a control frame

struct FrameHead {
  std::uint64_t length = 0;  // of the payload
  std::uint32_t mask = 0;    // its octets from the lowest byte up
  Opcode opcode = Opcode::continuation;
  bool fin = true;
  bool compressed = false;  // RSV1, as permessage-deflate means it (RFC 7692, section 6)
};

// What the front of the input is. `fault`: it can become no frame of this peer's. Otherwise `size` octets are the head; 0: it is not
// complete. Faults are found with the octet that makes them.
struct FoundHead {
  Fault fault = Fault::none;
  std::size_t size = 0;
};

// Where a frame stands.
struct Place {
  Role ours = Role::server;   // frames of clients are masked, those of servers are not
  bool in_message = false;    // a message has begun: what comes is control frames and continuations
  bool may_compress = false;  // RSV1 has a meaning
};

[[nodiscard]] FoundHead read_head(Bytes input, Place place, FrameHead& head) noexcept;

// How many octets the head of a frame takes that we send.
[[nodiscard]] constexpr std::size_t head_size(std::uint64_t length, Role ours) noexcept {
  const std::size_t base = length <= most_control ? 2 : length <= 0xffff ? 4 : 10;
  return ours == Role::client ? base + 4 : base;
}
// Writes it to `to`, and returns its size.
std::size_t write_head(const FrameHead& head, Role ours, char* to) noexcept;

// Close codes that may be on the wire (RFC 6455, section 7.4, and the registry).
[[nodiscard]] constexpr bool is_close_code(unsigned code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

namespace close_code {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t none = 1005;  // never on the wire: there was no code
inline constexpr std::uint16_t policy_violation = 1008;
inline constexpr std::uint16_t internal_error = 1011;
}  // namespace close_code

}  // namespace pounce::inline v0::ws
