// Masking (RFC 6455, section 5.3): each octet is combined with one of four by XOR. The same operation masks and unmasks.
//
// All variants give the same result. None touches memory outside of the bytes, which need no alignment. Which one runs depends on the
// machine; each can be called by name, so that tests see all that the machine can run.
#pragma once

#include <pounce/core/bytes.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pounce::inline v0::ws {

// A masking key: its octets from the lowest byte up, in the order in which they are applied.
using MaskKey = std::uint32_t;

// As it stands in a frame.
[[nodiscard]] inline MaskKey read_mask(const char* octets) noexcept {
  MaskKey key = 0;
  std::memcpy(&key, octets, sizeof key);
  if constexpr (std::endian::native == std::endian::big) key = __builtin_bswap32(key);
  return key;
}

// The key for what follows `n` octets.
[[nodiscard]] constexpr MaskKey rotate(MaskKey key, std::size_t n) noexcept {
  const unsigned bits = 8 * static_cast<unsigned>(n % 4);
  return bits == 0 ? key : (key >> bits) | (key << (32 - bits));
}

// In place.
void apply_mask(MutableBytes bytes, MaskKey key) noexcept;
// From one place to another that does not overlap.
void copy_masked(Bytes from, MaskKey key, char* to) noexcept;

struct MaskVariant {
  const char* name;
  void (*apply)(char* bytes, std::size_t size, MaskKey key) noexcept;
  bool available;  // on this machine
};
#if defined(__x86_64__)
[[nodiscard]] std::array<MaskVariant, 3> mask_variants() noexcept;
#else
[[nodiscard]] std::array<MaskVariant, 2> mask_variants() noexcept;
#endif

}  // namespace pounce::inline v0::ws
