// Bytes: how octets are named everywhere in Pounce.
//
// What it is: two views. They own nothing; each function that takes or returns one says how long it lives.
// What it is not: text. A byte is a `char` so that tokens compare with literals without a cast; no encoding is implied.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace pounce::inline v0 {

using Bytes = std::string_view;        // octets that the holder may read
using MutableBytes = std::span<char>;  // octets that the holder may overwrite

inline constexpr std::size_t kibibyte = 1024;
inline constexpr std::size_t mebibyte = 1024 * kibibyte;

[[nodiscard]] constexpr Bytes view(MutableBytes bytes) noexcept {
  return {static_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace pounce::inline v0
