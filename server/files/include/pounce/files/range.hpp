// Byte ranges (RFC 9110, section 14): from the value of a Range field to the pieces of a content of known size.
//
// Ranges that overlap or touch become one, in the place of the first of them; the others keep the order they were asked in. What is
// no valid ranges-specifier of bytes is ignored, as is one with more than `most_ranges` ranges: the answer is then the whole content, which
// costs less than many small pieces. So the pieces together are never more than the content.
// A content of no bytes has no ranges: it is sent whole.
#pragma once

#include <pounce/core/bytes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace pounce::inline v0::files {

inline constexpr std::size_t most_ranges = 16;

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // included

  [[nodiscard]] constexpr std::uint64_t size() const noexcept { return last - first + 1; }
  [[nodiscard]] bool operator==(const ByteRange&) const noexcept = default;
};

class Ranges {
 public:
  enum class Kind : std::uint8_t {
    whole,          // 200: nothing else is asked for, or nothing that counts
    partial,        // 206: `pieces`
    unsatisfiable,  // 416: all of them begin behind the end
  };

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  // Of `partial`: at least one. Views into this.
  [[nodiscard]] std::span<const ByteRange> pieces() const noexcept { return {pieces_.data(), count_}; }

 private:
  friend Ranges decide_ranges(Bytes value, std::uint64_t size) noexcept;
  void add(ByteRange range) noexcept;

  std::array<ByteRange, most_ranges> pieces_;  // the first `count_` of them
  std::size_t count_ = 0;
  Kind kind_ = Kind::whole;
};

[[nodiscard]] Ranges decide_ranges(Bytes value, std::uint64_t size) noexcept;

}  // namespace pounce::inline v0::files
