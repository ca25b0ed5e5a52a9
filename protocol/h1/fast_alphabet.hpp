// The plain alphabet of `Marks` as two tables of sixteen, which vector look-ups of half bytes use: a byte is plain when
// the entries of its lower and its upper half have a bit in common. Each upper half below 8 has a bit of its own.
#pragma once

#include <pounce/http/syntax.hpp>

#include <array>
#include <cstdint>

namespace pounce::inline v0::h1 {

struct PlainAlphabet {
  alignas(16) std::array<std::uint8_t, 16> lower{};
  alignas(16) std::array<std::uint8_t, 16> upper{};
};

[[nodiscard]] constexpr PlainAlphabet make_plain_alphabet() noexcept {
  PlainAlphabet tables;
  for (unsigned half = 0; half < 8; ++half) tables.upper[half] = static_cast<std::uint8_t>(1U << half);
  for (unsigned c = 0; c < 128; ++c) {
    const auto octet = static_cast<char>(c);
    if (!http::is_in(octet, http::class_token) || !http::is_in(octet, http::class_host)) continue;
    tables.lower[c % 16] = static_cast<std::uint8_t>(tables.lower[c % 16] | tables.upper[c / 16]);
  }
  return tables;
}

inline constexpr PlainAlphabet plain_alphabet = make_plain_alphabet();

}  // namespace pounce::inline v0::h1
