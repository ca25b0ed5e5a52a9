// Marks with SSE4.2 (16 bytes at a time) and with AVX2 (32).
#include "fast_marks.hpp"

#if defined(__x86_64__)

#include "fast_alphabet.hpp"

#include <immintrin.h>

#include <algorithm>

namespace pounce::inline v0::h1 {

namespace {

struct Pair {
  std::uint64_t controls;
  std::uint64_t breaks;
};

namespace sse42 {

#define POUNCE_MARKS_TARGET [[gnu::target("sse4.2")]]

POUNCE_MARKS_TARGET inline Pair marks_of_16(const char* at) noexcept {
  const __m128i lower = _mm_load_si128(reinterpret_cast<const __m128i*>(plain_alphabet.lower.data()));
  const __m128i upper = _mm_load_si128(reinterpret_cast<const __m128i*>(plain_alphabet.upper.data()));
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  // Signed: what is above ASCII is below zero. A look-up by a byte above ASCII gives 0, so the lower half needs no mask.
  const __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20));
  const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
  const __m128i half = _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(0x0f));
  const __m128i common = _mm_and_si128(_mm_shuffle_epi8(lower, bytes), _mm_shuffle_epi8(upper, half));
  const __m128i breaks = _mm_cmpeq_epi8(common, _mm_setzero_si128());
  return {static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_or_si128(low, del))),
          static_cast<std::uint32_t>(_mm_movemask_epi8(breaks))};
}

POUNCE_MARKS_TARGET inline Pair marks_of_32(const char* at) noexcept {
  const Pair first = marks_of_16(at);
  const Pair second = marks_of_16(at + 16);
  return {first.controls | (second.controls << 16), first.breaks | (second.breaks << 16)};
}

POUNCE_MARKS_TARGET inline Pair marks_of_64(const char* at) noexcept {
  const Pair first = marks_of_32(at);
  const Pair second = marks_of_32(at + 32);
  return {first.controls | (second.controls << 32), first.breaks | (second.breaks << 32)};
}

#include "fast_marks_loop.hpp"
#undef POUNCE_MARKS_TARGET

}  // namespace sse42

namespace avx2 {

#define POUNCE_MARKS_TARGET [[gnu::target("avx2")]]

POUNCE_MARKS_TARGET inline Pair marks_of_16(const char* at) noexcept { return sse42::marks_of_16(at); }

POUNCE_MARKS_TARGET inline Pair marks_of_32(const char* at) noexcept {
  const __m256i lower =
      _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(plain_alphabet.lower.data())));
  const __m256i upper =
      _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(plain_alphabet.upper.data())));
  const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  const __m256i low = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), bytes);
  const __m256i del = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(0x7f));
  const __m256i half = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0f));
  const __m256i common = _mm256_and_si256(_mm256_shuffle_epi8(lower, bytes), _mm256_shuffle_epi8(upper, half));
  const __m256i breaks = _mm256_cmpeq_epi8(common, _mm256_setzero_si256());
  return {static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(low, del))),
          static_cast<std::uint32_t>(_mm256_movemask_epi8(breaks))};
}

POUNCE_MARKS_TARGET inline Pair marks_of_64(const char* at) noexcept {
  const Pair first = marks_of_32(at);
  const Pair second = marks_of_32(at + 32);
  return {first.controls | (second.controls << 32), first.breaks | (second.breaks << 32)};
}

#include "fast_marks_loop.hpp"

}  // namespace avx2

}  // namespace

[[gnu::target("sse4.2")]] std::size_t find_marks_sse42(Bytes input, Marks& marks) noexcept {
  return sse42::find_marks_in_words(input, marks);
}

[[gnu::target("avx2")]] std::size_t find_marks_avx2(Bytes input, Marks& marks) noexcept {
  return avx2::find_marks_in_words(input, marks);
}

}  // namespace pounce::inline v0::h1

#endif
