// UTF-8 with AVX2: 64 octets at a time.
#include "utf8_variants.hpp"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstddef>
#include <cstring>

namespace pounce::inline v0::ws {

namespace {

#define POUNCE_UTF8_TARGET [[gnu::target("avx2")]]

using Vector = __m256i;
constexpr std::size_t vector_size = sizeof(Vector);

POUNCE_UTF8_TARGET inline Vector load(const char* at) noexcept {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}
POUNCE_UTF8_TARGET inline Vector none() noexcept { return _mm256_setzero_si256(); }
POUNCE_UTF8_TARGET inline Vector both(Vector a, Vector b) noexcept { return _mm256_or_si256(a, b); }
POUNCE_UTF8_TARGET inline bool is_ascii(Vector block) noexcept { return _mm256_movemask_epi8(block) == 0; }
POUNCE_UTF8_TARGET inline bool is_zero(Vector block) noexcept { return _mm256_testz_si256(block, block) != 0; }

POUNCE_UTF8_TARGET inline Vector look_up(const Utf8Tables::Table& table, Vector index) noexcept {
  const __m128i half = _mm_load_si128(reinterpret_cast<const __m128i*>(table.data()));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(half), index);
}

// Not zero where the block ends before the character does.
POUNCE_UTF8_TARGET inline Vector unfinished(Vector block) noexcept {
  const Vector most =
      _mm256_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
                       -1, -1, -1, -1, -1, static_cast<char>(0xef), static_cast<char>(0xdf), static_cast<char>(0xbf));
  return _mm256_subs_epu8(block, most);
}

POUNCE_UTF8_TARGET inline Vector errors_between(Vector block, Vector previous) noexcept {
  const Vector low = _mm256_set1_epi8(0x0f);
  const Vector across = _mm256_permute2x128_si256(previous, block, 0x21);
  const Vector back_1 = _mm256_alignr_epi8(block, across, 15);
  const Vector back_2 = _mm256_alignr_epi8(block, across, 14);
  const Vector back_3 = _mm256_alignr_epi8(block, across, 13);
  const Vector first_high = look_up(Utf8Tables::first_high, _mm256_and_si256(_mm256_srli_epi16(back_1, 4), low));
  const Vector first_low = look_up(Utf8Tables::first_low, _mm256_and_si256(back_1, low));
  const Vector second_high = look_up(Utf8Tables::second_high, _mm256_and_si256(_mm256_srli_epi16(block, 4), low));
  const Vector special = _mm256_and_si256(_mm256_and_si256(first_high, first_low), second_high);
  // A third octet follows e0…ff by two, a fourth f0…ff by three: there, and only there, two continuations stand in a row.
  const Vector third = _mm256_subs_epu8(back_2, _mm256_set1_epi8(0xe0 - 0x80));
  const Vector fourth = _mm256_subs_epu8(back_3, _mm256_set1_epi8(0xf0 - 0x80));
  const Vector due = _mm256_and_si256(_mm256_or_si256(third, fourth), _mm256_set1_epi8(static_cast<char>(0x80)));
  return _mm256_xor_si256(due, special);
}

#include "utf8_loop.hpp"

}  // namespace

[[gnu::target("avx2")]] bool is_utf8_avx2(Bytes text) noexcept { return is_utf8_in_vectors(text); }

}  // namespace pounce::inline v0::ws

#endif
