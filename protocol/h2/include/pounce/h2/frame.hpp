// The frame layout of HTTP/2 (RFC 9113, sections 4 and 6; RFC 9218, section 7): names for its numbers, nine octets read and written.
#pragma once

#include <pounce/core/bytes.hpp>

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0::h2 {

inline constexpr Bytes client_preface{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"};
inline constexpr std::size_t frame_header_size = 9;
inline constexpr std::uint32_t default_window = 65535;
inline constexpr std::uint32_t default_frame_size = 16384;
inline constexpr std::uint32_t most_frame_size = (1U << 24U) - 1;
inline constexpr std::uint32_t most_window = 0x7fffffff;
inline constexpr std::uint32_t most_stream = 0x7fffffff;

enum class FrameType : std::uint8_t {
  data = 0x0,
  headers = 0x1,
  priority = 0x2,
  rst_stream = 0x3,
  settings = 0x4,
  push_promise = 0x5,
  ping = 0x6,
  goaway = 0x7,
  window_update = 0x8,
  continuation = 0x9,
  priority_update = 0x10,
};

inline constexpr std::uint8_t flag_end_stream = 0x1;
inline constexpr std::uint8_t flag_ack = 0x1;
inline constexpr std::uint8_t flag_end_headers = 0x4;
inline constexpr std::uint8_t flag_padded = 0x8;
inline constexpr std::uint8_t flag_priority = 0x20;
inline constexpr std::uint8_t no_flags = 0x0;

enum class Setting : std::uint16_t {
  header_table_size = 0x1,
  enable_push = 0x2,
  max_concurrent_streams = 0x3,
  initial_window_size = 0x4,
  max_frame_size = 0x5,
  max_header_list_size = 0x6,
  enable_connect_protocol = 0x8,
  no_rfc7540_priorities = 0x9,
};

enum class ErrorCode : std::uint32_t {
  no_error = 0x0,
  protocol_error = 0x1,
  internal_error = 0x2,
  flow_control_error = 0x3,
  settings_timeout = 0x4,
  stream_closed = 0x5,
  frame_size_error = 0x6,
  refused_stream = 0x7,
  cancel = 0x8,
  compression_error = 0x9,
  connect_error = 0xa,
  enhance_your_calm = 0xb,
  inadequate_security = 0xc,
  http_1_1_required = 0xd,
};

struct FrameHeader {
  std::uint32_t length = 0;
  std::uint32_t stream = 0;
  FrameType type = FrameType::data;
  std::uint8_t flags = 0;

  [[nodiscard]] constexpr bool has(std::uint8_t flag) const noexcept { return (flags & flag) != 0; }
};

[[nodiscard]] constexpr std::uint32_t octet(Bytes bytes, std::size_t at) noexcept {
  return static_cast<unsigned char>(bytes[at]);
}
[[nodiscard]] constexpr std::uint32_t read_16(Bytes bytes, std::size_t at) noexcept {
  return octet(bytes, at) << 8U | octet(bytes, at + 1);
}
[[nodiscard]] constexpr std::uint32_t read_32(Bytes bytes, std::size_t at) noexcept {
  return read_16(bytes, at) << 16U | read_16(bytes, at + 2);
}

// `bytes` has at least nine octets.
[[nodiscard]] constexpr FrameHeader read_frame_header(Bytes bytes) noexcept {
  return {.length = read_16(bytes, 0) << 8U | octet(bytes, 2),
          .stream = read_32(bytes, 5) & most_stream,
          .type = static_cast<FrameType>(octet(bytes, 3)),
          .flags = static_cast<std::uint8_t>(octet(bytes, 4))};
}

constexpr char* write_16(char* at, std::uint32_t number) noexcept {
  *at++ = static_cast<char>(number >> 8U & 0xffU);
  *at++ = static_cast<char>(number & 0xffU);
  return at;
}
constexpr char* write_32(char* at, std::uint32_t number) noexcept {
  return write_16(write_16(at, number >> 16U), number);
}
constexpr char* write_frame_header(char* at, const FrameHeader& header) noexcept {
  *at++ = static_cast<char>(header.length >> 16U & 0xffU);
  at = write_16(at, header.length);
  *at++ = static_cast<char>(header.type);
  *at++ = static_cast<char>(header.flags);
  return write_32(at, header.stream);
}

}  // namespace pounce::inline v0::h2
