// TextCheck: whether octets that arrive in any pieces are UTF-8 (RFC 3629), told as soon as they can no longer become it.
//
// No overlong forms, no surrogates, nothing above U+10FFFF. It holds no octets: three small numbers describe the character that the last
// piece ended in.
#pragma once

#include <pounce/core/bytes.hpp>

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0::ws {

class TextCheck {
 public:
  // The next piece. False: this can never become UTF-8; then the check is over.
  [[nodiscard]] bool add(Bytes piece) noexcept;
  // Not in the middle of a character.
  [[nodiscard]] bool complete() const noexcept { return missing_ == 0; }

 private:
  [[nodiscard]] bool step(char c) noexcept;

  std::uint8_t missing_ = 0;  // octets of the character under way
  std::uint8_t least_ = 0;    // what the next of them may be
  std::uint8_t most_ = 0;
};

// Whether all of it is UTF-8, at once.
[[nodiscard]] bool is_utf8(Bytes text) noexcept;

// The length of the longest prefix that can still become UTF-8.
[[nodiscard]] std::size_t utf8_prefix(TextCheck from, Bytes text) noexcept;

}  // namespace pounce::inline v0::ws
