// Priorities of responses (RFC 9218): an urgency, and whether a part of a response is of use before the rest is there.
#pragma once

#include <pounce/core/bytes.hpp>

#include <cstdint>

namespace pounce::inline v0::h2 {

inline constexpr std::uint8_t urgencies = 8;

struct Priority {
  std::uint8_t urgency = 3;  // 0 … 7, 0 goes first
  bool incremental = false;

  bool operator==(const Priority&) const = default;
};

// The value of a `priority` field or a PRIORITY_UPDATE frame: a dictionary of RFC 8941 with the members u and i. What is
// malformed, out of range or unknown is as if it were not there (RFC 9218, section 4).
[[nodiscard]] Priority parse_priority(Bytes value) noexcept;

}  // namespace pounce::inline v0::h2
