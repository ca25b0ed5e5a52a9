// FieldBlock: the fields of one response head on their way to the encoder, with names in lower case (RFC 9113, section 8.2).
//
// Lives on the stack for one call; borrows values, and names that are in lower case already.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/message.hpp>

#include <nghttp2/nghttp2.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace pounce::inline v0::h2 {

// A number as text, on the stack.
class Digits {
 public:
  explicit Digits(std::uint64_t number) noexcept
      : size_(static_cast<std::size_t>(std::to_chars(text_.data(), text_.data() + text_.size(), number).ptr -
                                       text_.data())) {}
  [[nodiscard]] Bytes bytes() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<char, 20> text_;
  std::size_t size_;
};

class FieldBlock {
 public:
  FieldBlock() = default;
  FieldBlock(const FieldBlock&) = delete;
  FieldBlock& operator=(const FieldBlock&) = delete;

  // `name` is in lower case and lives until the block is encoded.
  void add(Bytes name, Bytes value);
  // `name` may have capitals.
  void add_any_case(Bytes name, Bytes value);
  // Ready-made field lines, each ending in CRLF.
  void add_lines(Bytes lines);

  [[nodiscard]] std::span<const nghttp2_nv> list() const noexcept {
    return more_.empty() ? std::span<const nghttp2_nv>{few_.data(), count_} : std::span<const nghttp2_nv>{more_};
  }

 private:
  [[nodiscard]] char* name_space(std::size_t size);

  std::array<nghttp2_nv, 24> few_;
  std::vector<nghttp2_nv> more_;  // all of them, when they are not few
  std::size_t count_ = 0;
  std::array<char, 512> names_;
  std::size_t names_used_ = 0;
  std::vector<std::string> more_names_;
};

}  // namespace pounce::inline v0::h2
