// The variants of `is_utf8`. All give the same answer; none reads outside of the text. Which one runs depends on the machine; each can be
// called by name, so that tests see all that the machine can run.
#pragma once

#include <pounce/core/bytes.hpp>

#include <array>
#include <cstdint>

namespace pounce::inline v0::ws {

[[nodiscard]] bool is_utf8_scalar(Bytes text) noexcept;
#if defined(__x86_64__)
[[nodiscard]] bool is_utf8_avx2(Bytes text) noexcept;
#elif defined(__aarch64__)
[[nodiscard]] bool is_utf8_neon(Bytes text) noexcept;
#endif

struct Utf8Variant {
  const char* name;
  bool (*check)(Bytes text) noexcept;
  bool available;  // on this machine
};
#if defined(__x86_64__) || defined(__aarch64__)
[[nodiscard]] std::array<Utf8Variant, 2> utf8_variants() noexcept;
#else
[[nodiscard]] std::array<Utf8Variant, 1> utf8_variants() noexcept;
#endif

// What can be wrong with two octets in a row, one bit each; and three tables whose common bits say what is, by the upper and the lower half
// of the first octet and the upper half of the second (J. Keiser, D. Lemire, "Validating UTF-8 in less than one instruction per byte").
struct Utf8Tables {
  static constexpr std::uint8_t too_short = 1;        // a character is not over: 11…… 0……, 11…… 11……
  static constexpr std::uint8_t too_long = 2;         // ASCII, then a continuation
  static constexpr std::uint8_t overlong_3 = 4;       // e0 80…9f
  static constexpr std::uint8_t too_large = 8;        // f4 90…bf, f5…ff
  static constexpr std::uint8_t surrogate = 16;       // ed a0…bf
  static constexpr std::uint8_t overlong_2 = 32;      // c0, c1
  static constexpr std::uint8_t overlong_4 = 64;      // f0 80…8f; and f5…ff 80…8f, which is too large
  static constexpr std::uint8_t continuations = 128;  // two in a row: wrong unless a third or fourth octet is due
  static constexpr std::uint8_t any_low = too_short | too_long | continuations;
  static constexpr std::uint8_t any_second = too_long | overlong_2 | continuations;

  using Table = std::array<std::uint8_t, 16>;
  alignas(16) static constexpr Table first_high{too_long,
                                                too_long,
                                                too_long,
                                                too_long,
                                                too_long,
                                                too_long,
                                                too_long,
                                                too_long,
                                                continuations,
                                                continuations,
                                                continuations,
                                                continuations,
                                                too_short | overlong_2,
                                                too_short,
                                                too_short | overlong_3 | surrogate,
                                                too_short | too_large | overlong_4};
  alignas(16) static constexpr Table first_low{any_low | overlong_3 | overlong_2 | overlong_4,
                                               any_low | overlong_2,
                                               any_low,
                                               any_low,
                                               any_low | too_large,
                                               any_low | too_large | overlong_4,
                                               any_low | too_large | overlong_4,
                                               any_low | too_large | overlong_4,
                                               any_low | too_large | overlong_4,
                                               any_low | too_large | overlong_4,
                                               any_low | too_large | overlong_4,
                                               any_low | too_large | overlong_4,
                                               any_low | too_large | overlong_4,
                                               any_low | too_large | overlong_4 | surrogate,
                                               any_low | too_large | overlong_4,
                                               any_low | too_large | overlong_4};
  alignas(16) static constexpr Table second_high{too_short,
                                                 too_short,
                                                 too_short,
                                                 too_short,
                                                 too_short,
                                                 too_short,
                                                 too_short,
                                                 too_short,
                                                 any_second | overlong_3 | overlong_4,
                                                 any_second | overlong_3 | too_large,
                                                 any_second | surrogate | too_large,
                                                 any_second | surrogate | too_large,
                                                 too_short,
                                                 too_short,
                                                 too_short,
                                                 too_short};
};

}  // namespace pounce::inline v0::ws
