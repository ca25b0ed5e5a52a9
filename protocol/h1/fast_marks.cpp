#include "fast_marks.hpp"

#include <pounce/http/syntax.hpp>

#include <algorithm>

namespace pounce::inline v0::h1 {

namespace {

struct Pair {
  std::uint64_t controls;
  std::uint64_t breaks;
};

constexpr std::uint64_t ones = 0x0101010101010101;
constexpr std::uint8_t control = 1;
constexpr std::uint8_t no_plain = 2;

[[nodiscard]] constexpr std::array<std::uint8_t, 256> make_marks_table() noexcept {
  std::array<std::uint8_t, 256> table{};
  for (unsigned c = 0; c < table.size(); ++c) {
    const auto octet = static_cast<char>(c);
    const bool plain = http::is_in(octet, http::class_token) && http::is_in(octet, http::class_host);
    table[c] = static_cast<std::uint8_t>((c < 0x20 || c >= 0x7f ? control : 0) | (plain ? 0 : no_plain));
  }
  return table;
}

constexpr std::array<std::uint8_t, 256> marks_table = make_marks_table();

// The lowest bits of eight bytes, from the lowest byte up.
[[nodiscard]] constexpr std::uint64_t gather(std::uint64_t bytes) noexcept {
  return ((bytes & ones) * 0x0102040810204080) >> 56;
}

[[nodiscard]] inline Pair marks_of_8(const char* at) noexcept {
  std::uint64_t found = 0;
  for (unsigned i = 0; i < 8; ++i) found |= std::uint64_t{marks_table[static_cast<unsigned char>(at[i])]} << (8 * i);
  return {gather(found), gather(found >> 1)};
}

template <unsigned Size>
[[nodiscard]] inline Pair marks_of(const char* at) noexcept {
  Pair pair{};
  for (unsigned i = 0; i < Size; i += 8) {
    const Pair part = marks_of_8(at + i);
    pair.controls |= part.controls << i;
    pair.breaks |= part.breaks << i;
  }
  return pair;
}

[[nodiscard]] inline Pair marks_of_16(const char* at) noexcept { return marks_of<16>(at); }
[[nodiscard]] inline Pair marks_of_32(const char* at) noexcept { return marks_of<32>(at); }
[[nodiscard]] inline Pair marks_of_64(const char* at) noexcept { return marks_of<64>(at); }

#define POUNCE_MARKS_TARGET
#include "fast_marks_loop.hpp"

}  // namespace

std::size_t find_marks_scalar(Bytes input, Marks& marks) noexcept { return find_marks_in_words(input, marks); }

// The processor is asked through a table that the compiler's runtime fills before `main`: no call, and no state of ours.
#if defined(__x86_64__)

namespace {

bool has_avx2() noexcept { return __builtin_cpu_supports("avx2") != 0; }
bool has_sse42() noexcept { return __builtin_cpu_supports("sse4.2") != 0; }

}  // namespace

std::size_t find_marks(Bytes input, Marks& marks) noexcept {
  if (has_avx2()) return find_marks_avx2(input, marks);
  return has_sse42() ? find_marks_sse42(input, marks) : find_marks_scalar(input, marks);
}

std::array<MarksVariant, 3> marks_variants() noexcept {
  return {{{"scalar", find_marks_scalar, true},
           {"sse4.2", find_marks_sse42, has_sse42()},
           {"avx2", find_marks_avx2, has_avx2()}}};
}

#elif defined(__aarch64__)

std::size_t find_marks(Bytes input, Marks& marks) noexcept { return find_marks_neon(input, marks); }

std::array<MarksVariant, 2> marks_variants() noexcept {
  return {{{"scalar", find_marks_scalar, true}, {"neon", find_marks_neon, true}}};
}

#else

std::size_t find_marks(Bytes input, Marks& marks) noexcept { return find_marks_scalar(input, marks); }

std::array<MarksVariant, 1> marks_variants() noexcept { return {{{"scalar", find_marks_scalar, true}}}; }

#endif

}  // namespace pounce::inline v0::h1
