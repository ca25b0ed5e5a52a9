#include <pounce/ws/utf8.hpp>

#include "utf8_variants.hpp"

#include <cstring>

namespace pounce::inline v0::ws {

namespace {

constexpr std::size_t width = sizeof(std::uint64_t);
// Below it the vectors are not worth their start.
constexpr std::size_t least_vectors = 48;

constexpr bool is_continuation(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

// How many octets at the end belong to a character that is not complete there, as far as its length goes.
std::size_t open_tail(Bytes text) noexcept {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto octet = static_cast<unsigned char>(text[text.size() - back]);
    if ((octet & 0xc0U) == 0x80) continue;
    const std::size_t length = octet >= 0xf0 ? 4 : octet >= 0xe0 ? 3 : octet >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace

// The first octet of a character says how many follow, and what the next may be (RFC 3629, section 4).
bool TextCheck::step(char c) noexcept {
  const auto octet = static_cast<unsigned char>(c);
  if (missing_ != 0) {
    if (octet < least_ || octet > most_) return false;
    --missing_;
    least_ = 0x80;
    most_ = 0xbf;
    return true;
  }
  if (octet < 0x80) return true;
  if (octet < 0xc2 || octet > 0xf4) return false;
  missing_ = octet < 0xe0 ? 1 : octet < 0xf0 ? 2 : 3;
  least_ = octet == 0xe0 ? 0xa0 : octet == 0xf0 ? 0x90 : 0x80;
  most_ = octet == 0xed ? 0x9f : octet == 0xf4 ? 0x8f : 0xbf;
  return true;
}

bool TextCheck::add(Bytes piece) noexcept {
  for (; missing_ != 0 && !piece.empty(); piece.remove_prefix(1)) {
    if (!step(piece.front())) return false;
  }
  if (piece.empty()) return true;
  const std::size_t tail = open_tail(piece);
  if (!is_utf8(piece.substr(0, piece.size() - tail))) return false;
  for (const char c : piece.substr(piece.size() - tail)) {
    if (!step(c)) return false;
  }
  return true;
}

std::size_t utf8_prefix(TextCheck from, Bytes text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && from.add(text.substr(size, 1))) ++size;
  return size;
}

bool is_utf8_scalar(Bytes text) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::uint64_t word = 0;
    if (static_cast<std::size_t>(end - at) >= width) {
      std::memcpy(&word, at, width);
      if ((word & 0x8080808080808080U) == 0) {
        at += width;
        continue;
      }
    } else if (text.size() >= width) {
      std::memcpy(&word, end - width, width);  // once more what came before, and what is left
      if ((word & 0x8080808080808080U) == 0) return true;
    }
    const auto first = static_cast<unsigned char>(*at);
    if (first < 0x80) {
      ++at;
      continue;
    }
    if (first < 0xc2 || first > 0xf4) return false;
    const std::ptrdiff_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (end - at < size) return false;
    const auto second = static_cast<unsigned char>(at[1]);
    if (second < (first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80)) return false;
    if (second > (first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf)) return false;
    for (std::ptrdiff_t i = 2; i < size; ++i) {
      if (!is_continuation(at[i])) return false;
    }
    at += size;
  }
  return true;
}

#if defined(__x86_64__)

bool is_utf8(Bytes text) noexcept {
  // The processor is asked through a table that the compiler's runtime fills before `main`: no call, and no state of ours.
  const bool wide = text.size() >= least_vectors && __builtin_cpu_supports("avx2") != 0;
  return wide ? is_utf8_avx2(text) : is_utf8_scalar(text);
}

std::array<Utf8Variant, 2> utf8_variants() noexcept {
  return {{{"scalar", is_utf8_scalar, true}, {"avx2", is_utf8_avx2, __builtin_cpu_supports("avx2") != 0}}};
}

#elif defined(__aarch64__)

bool is_utf8(Bytes text) noexcept { return text.size() >= least_vectors ? is_utf8_neon(text) : is_utf8_scalar(text); }

std::array<Utf8Variant, 2> utf8_variants() noexcept {
  return {{{"scalar", is_utf8_scalar, true}, {"neon", is_utf8_neon, true}}};
}

#else

bool is_utf8(Bytes text) noexcept { return is_utf8_scalar(text); }

std::array<Utf8Variant, 1> utf8_variants() noexcept { return {{{"scalar", is_utf8_scalar, true}}}; }

#endif

}  // namespace pounce::inline v0::ws
