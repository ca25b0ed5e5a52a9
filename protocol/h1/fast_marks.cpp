#include "fast_marks.hpp"

#include <pounce/http/syntax.hpp>

#include <algorithm>

namespace pounce::inline v0::h1 {

std::size_t find_marks_scalar(Bytes input, Marks& marks) noexcept {
  if (input.size() < least_marked) return 0;
  const std::size_t size = std::min(input.size(), Marks::most);
  FourInARow four;
  for (std::size_t at = 0; at < size; at += Marks::word_bits) {
    std::uint64_t controls = 0;
    std::uint64_t breaks = 0;
    const Bytes bytes = input.substr(at, Marks::word_bits);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const bool control = bytes[i] != ' ' && !http::is_in(bytes[i], http::class_target) && bytes[i] != '#';
      const bool plain = http::is_in(bytes[i], http::class_token) && http::is_in(bytes[i], http::class_host);
      controls |= std::uint64_t{control} << i;
      breaks |= std::uint64_t{!plain} << i;
    }
    marks.controls[at / Marks::word_bits] = controls;
    marks.breaks[at / Marks::word_bits] = breaks;
    if (const std::size_t found = four.add(controls); found != 0) return at + found;
  }
  return 0;
}

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
