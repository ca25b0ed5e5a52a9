// SectionScan: finds the end of a section of field lines (a head's, or trailers) in bytes that arrive in any pieces.
//
// It looks at each byte once, whatever the pieces are, so that a slow sender costs O(n). It knows line ends and sizes
// only; what the lines say is for `parse_fields`. Its verdict depends on the bytes and never on how they were cut: the
// first line end that breaks a rule decides, and size comes before form.
#pragma once

#include <pounce/core/bytes.hpp>

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0::h1 {

class SectionScan {
 public:
  enum class Verdict : std::uint8_t {
    more,           // no end yet
    complete,       // `size()` is the section's, with the empty line that ends it
    too_large,      // field lines with their line ends are larger than `max_size`
    too_many,       // more than `max_lines` of them
    bare_line_end,  // LF without CR
  };

  // `section` starts at the first field line and holds all bytes of earlier calls again.
  [[nodiscard]] Verdict advance(Bytes section, std::size_t max_size, std::size_t max_lines) noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return searched_; }
  [[nodiscard]] std::size_t lines() const noexcept { return lines_; }

 private:
  std::uint32_t searched_ = 0;  // bytes that were looked at
  std::uint32_t line_ = 0;      // where the open line starts
  std::uint32_t lines_ = 0;     // complete ones
};

}  // namespace pounce::inline v0::h1
