// UTF-8 with NEON, which every 64-bit ARM has: 32 octets at a time.
#include "utf8_variants.hpp"

#if defined(__aarch64__)

#include <arm_neon.h>

#include <cstddef>
#include <cstring>

namespace pounce::inline v0::ws {

namespace {

#define POUNCE_UTF8_TARGET

using Vector = uint8x16_t;
constexpr std::size_t vector_size = sizeof(Vector);

inline Vector load(const char* at) noexcept { return vld1q_u8(reinterpret_cast<const std::uint8_t*>(at)); }
inline Vector none() noexcept { return vdupq_n_u8(0); }
inline Vector both(Vector a, Vector b) noexcept { return vorrq_u8(a, b); }
inline bool is_ascii(Vector block) noexcept { return vmaxvq_u8(block) < 0x80; }
inline bool is_zero(Vector block) noexcept { return vmaxvq_u8(block) == 0; }

inline Vector look_up(const Utf8Tables::Table& table, Vector index) noexcept {
  return vqtbl1q_u8(vld1q_u8(table.data()), index);
}

// Not zero where the block ends before the character does.
inline Vector unfinished(Vector block) noexcept {
  static constexpr std::array<std::uint8_t, 16> most{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xef, 0xdf, 0xbf};
  return vqsubq_u8(block, vld1q_u8(most.data()));
}

inline Vector errors_between(Vector block, Vector previous) noexcept {
  const Vector back_1 = vextq_u8(previous, block, 15);
  const Vector back_2 = vextq_u8(previous, block, 14);
  const Vector back_3 = vextq_u8(previous, block, 13);
  const Vector first_high = look_up(Utf8Tables::first_high, vshrq_n_u8(back_1, 4));
  const Vector first_low = look_up(Utf8Tables::first_low, vandq_u8(back_1, vdupq_n_u8(0x0f)));
  const Vector second_high = look_up(Utf8Tables::second_high, vshrq_n_u8(block, 4));
  const Vector special = vandq_u8(vandq_u8(first_high, first_low), second_high);
  // A third octet follows e0…ff by two, a fourth f0…ff by three: there, and only there, two continuations stand in a row.
  const Vector third = vqsubq_u8(back_2, vdupq_n_u8(0xe0 - 0x80));
  const Vector fourth = vqsubq_u8(back_3, vdupq_n_u8(0xf0 - 0x80));
  const Vector due = vandq_u8(vorrq_u8(third, fourth), vdupq_n_u8(0x80));
  return veorq_u8(due, special);
}

#include "utf8_loop.hpp"

}  // namespace

bool is_utf8_neon(Bytes text) noexcept { return is_utf8_in_vectors(text); }

}  // namespace pounce::inline v0::ws

#endif
