// Marks: two bits for each byte of the beginning of an input, found many bytes at a time. First half of the fast path (fast_head.hpp).
//
// Which bytes are marked depends on the bytes alone: all variants give the same marks, and none reads past the input's end.
// Which variant runs depends on the machine; each can be called by name, so that tests see all that the machine can run.
#pragma once

#include <pounce/core/bytes.hpp>

#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace pounce::inline v0::h1 {

struct Marks {
  static constexpr std::size_t word_bits = 64;
  static constexpr std::size_t most = 8 * kibibyte;  // bytes; a longer head is none for the fast path
  using Words = std::array<std::uint64_t, most / word_bits>;

  Words controls;  // control bytes (HTAB, CR, LF, DEL and all others), and what is not ASCII
  Words breaks;    // all bytes but letters, digits and "!$&'*+-._~", which are in tokens, host names and targets alike

  // The first marked byte at or behind `at`. There must be one.
  [[nodiscard]] static std::size_t next(const Words& words, std::size_t at) noexcept {
    std::size_t word = at / word_bits;
    std::uint64_t bits = words[word] >> (at % word_bits);
    if (bits != 0) return at + static_cast<std::size_t>(std::countr_zero(bits));
    do {
      ++word;
      assert(word < words.size());
      bits = words[word];
    } while (bits == 0);
    return word * word_bits + static_cast<std::size_t>(std::countr_zero(bits));
  }
};

// Marks `input` up to the word that holds the fourth of the first four control bytes in a row. Where a head is valid these
// are the CR LF CR LF at its end. Returns the size up to and with the fourth; 0 when there are none among the first
// `Marks::most` bytes, or the input is shorter than any request; then the marks mean nothing. Words behind are left as they were.
[[nodiscard]] std::size_t find_marks(Bytes input, Marks& marks) noexcept;

// The variants of it.
[[nodiscard]] std::size_t find_marks_scalar(Bytes input, Marks& marks) noexcept;  // by table, for any machine
#if defined(__x86_64__)
[[nodiscard]] std::size_t find_marks_sse42(Bytes input, Marks& marks) noexcept;
[[nodiscard]] std::size_t find_marks_avx2(Bytes input, Marks& marks) noexcept;
#elif defined(__aarch64__)
[[nodiscard]] std::size_t find_marks_neon(Bytes input, Marks& marks) noexcept;
#endif

struct MarksVariant {
  const char* name;
  std::size_t (*find)(Bytes input, Marks& marks) noexcept;
  bool available;  // on this machine
};
#if defined(__x86_64__)
[[nodiscard]] std::array<MarksVariant, 3> marks_variants() noexcept;
#elif defined(__aarch64__)
[[nodiscard]] std::array<MarksVariant, 2> marks_variants() noexcept;
#else
[[nodiscard]] std::array<MarksVariant, 1> marks_variants() noexcept;
#endif

// Shortest input that is marked: vectors of this size are the shortest loads. The shortest request, "GET / HTTP/1.0" and its two line
// ends, has 18 bytes.
inline constexpr std::size_t least_marked = 16;

// Finds four bits in a row across words.
class FourInARow {
 public:
  // The number of bits up to and with the fourth, counted from the start of the word; 0 when there are none in it yet.
  [[nodiscard]] std::size_t add(std::uint64_t word) noexcept {
    const std::uint64_t two = word & ((word << 1) | (last_ >> 63));
    const std::uint64_t last_two = last_ & (last_ << 1);
    const std::uint64_t four = two & ((two << 2) | (last_two >> 62));
    last_ = word;
    return four == 0 ? 0 : static_cast<std::size_t>(std::countr_zero(four)) + 1;
  }

 private:
  std::uint64_t last_ = 0;
};

}  // namespace pounce::inline v0::h1
