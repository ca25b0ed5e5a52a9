// Marks with NEON, which every 64-bit ARM has.
#include "fast_marks.hpp"

#if defined(__aarch64__)

#include "fast_alphabet.hpp"

#include <arm_neon.h>

#include <algorithm>

namespace pounce::inline v0::h1 {

namespace {

struct Pair {
  std::uint64_t controls;
  std::uint64_t breaks;
};

struct Vectors {
  uint8x16_t controls;  // all bits of a byte set, or none
  uint8x16_t breaks;
};

inline Vectors vectors_of(const char* at) noexcept {
  const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const std::uint8_t*>(at));
  const uint8x16_t low = vcltq_s8(vreinterpretq_s8_u8(bytes), vdupq_n_s8(0x20));  // signed: also what is above ASCII
  const uint8x16_t del = vceqq_u8(bytes, vdupq_n_u8(0x7f));
  const uint8x16_t lower = vqtbl1q_u8(vld1q_u8(plain_alphabet.lower.data()), vandq_u8(bytes, vdupq_n_u8(0x0f)));
  const uint8x16_t upper = vqtbl1q_u8(vld1q_u8(plain_alphabet.upper.data()), vshrq_n_u8(bytes, 4));
  return {vorrq_u8(low, del), vceqzq_u8(vandq_u8(lower, upper))};
}

// One bit of each byte: pairwise sums of what has a bit of its own in each group of eight.
inline std::uint64_t bits_of(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) noexcept {
  const uint8x16_t own = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201));
  const uint8x16_t first = vpaddq_u8(vandq_u8(a, own), vandq_u8(b, own));
  const uint8x16_t second = vpaddq_u8(vandq_u8(c, own), vandq_u8(d, own));
  const uint8x16_t all = vpaddq_u8(first, second);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}

inline Pair marks_of_16(const char* at) noexcept {
  const Vectors a = vectors_of(at);
  const uint8x16_t none = vdupq_n_u8(0);
  return {bits_of(a.controls, none, none, none), bits_of(a.breaks, none, none, none)};
}

inline Pair marks_of_32(const char* at) noexcept {
  const Vectors a = vectors_of(at);
  const Vectors b = vectors_of(at + 16);
  const uint8x16_t none = vdupq_n_u8(0);
  return {bits_of(a.controls, b.controls, none, none), bits_of(a.breaks, b.breaks, none, none)};
}

inline Pair marks_of_64(const char* at) noexcept {
  const Vectors a = vectors_of(at);
  const Vectors b = vectors_of(at + 16);
  const Vectors c = vectors_of(at + 32);
  const Vectors d = vectors_of(at + 48);
  return {bits_of(a.controls, b.controls, c.controls, d.controls), bits_of(a.breaks, b.breaks, c.breaks, d.breaks)};
}

#define POUNCE_MARKS_TARGET
#include "fast_marks_loop.hpp"

}  // namespace

std::size_t find_marks_neon(Bytes input, Marks& marks) noexcept { return find_marks_in_words(input, marks); }

}  // namespace pounce::inline v0::h1

#endif
