// Decimal: a number as its digits, without an allocation. It stands in the header: an application module needs no symbol of ours.
#pragma once

#include <pounce/core/bytes.hpp>

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0 {

class Decimal {
 public:
  static constexpr std::size_t most_digits = 20;

  explicit constexpr Decimal(std::uint64_t number) noexcept {
    do {
      digits_[--first_] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
  }
  // As long as this lives.
  [[nodiscard]] constexpr Bytes bytes() const noexcept {
    const char* const first = digits_ + first_;
    const std::size_t size = most_digits - first_;
    return {first, size};
  }

 private:
  char digits_[most_digits] = {};
  std::size_t first_ = most_digits;
};

}  // namespace pounce::inline v0
