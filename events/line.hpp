// Line: text at the end of a string of the caller's, written through a pointer: one look at the room per piece, and none at all inside a
// number or a name. Lines of logs are made of some forty pieces, a request each.
//
// The string is as long as what was written when the Line is gone, also when memory ended in the middle: whoever wants whole lines cuts it
// back then. Errors: std::bad_alloc.
#pragma once

#include <pounce/core/time.hpp>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace pounce::inline v0::events {

class Line {
 public:
  explicit Line(std::string& out) : out_(out), at_(out.data() + out.size()), end_(at_) {}
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() { out_.resize(size()); }

  void put(char c) {
    *room(1) = c;
    ++at_;
  }
  // As it is.
  void put(std::string_view text) {
    std::memcpy(room(text.size()), text.data(), text.size());
    at_ += text.size();
  }
  // A literal: its size is known where it is compiled.
  template <std::size_t n>
  void put(const char (&text)[n]) {
    std::memcpy(room(n - 1), text, n - 1);
    at_ += n - 1;
  }
  void number(std::uint64_t number) {
    char* const from = room(most_digits);
    at_ = std::to_chars(from, from + most_digits, number).ptr;
  }
  // With all nine places of the nanoseconds: 0.000123456.
  void seconds(Duration duration);
  // With a prefix and two hexadecimal digits for every control and every non-ASCII octet, and a backslash before " and \.
  void escaped(std::string_view text) { guarded(text, "\\x"); }
  void json(std::string_view text) { guarded(text, "\\u00"); }

 private:
  // Vectors as g++ and clang have them on every processor.
  using Octets [[gnu::vector_size(16)]] = unsigned char;
  using Marks [[gnu::vector_size(16)]] = signed char;

  static constexpr std::size_t most_digits = 20;
  static constexpr std::size_t step = 1024;

  [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(at_ - out_.data()); }
  // For `n` octets and a word behind them.
  [[nodiscard]] char* room(std::size_t n) {
    if (static_cast<std::size_t>(end_ - at_) < n + sizeof(std::uint64_t)) [[unlikely]]
      grow(n + sizeof(std::uint64_t));
    return at_;
  }
  void grow(std::size_t n);

  void guarded(std::string_view text, std::string_view prefix) {
    if (!copy_plain(text)) [[unlikely]]
      spell(text, prefix);
  }
  // Copies what needs no escape, many octets at a time; what is left over, with some of what was copied already. False, and nothing has
  // happened: some octet does.
  [[nodiscard]] bool copy_plain(std::string_view text) {
    char* const to = room(text.size());
    const char* const from = text.data();
    const std::size_t size = text.size();
    Marks marks{};
    if (size >= sizeof(Octets)) {
      for (std::size_t i = 0; i + sizeof(Octets) <= size; i += sizeof(Octets)) marks |= copy<1>(to + i, from + i, 0);
      marks |= copy<1>(to, from, size - sizeof(Octets));
    } else if (size >= sizeof(Octets) / 2) {
      marks = copy<2>(to, from, size - sizeof(Octets) / 2);
    } else if (size >= sizeof(Octets) / 4) {
      marks = copy<4>(to, from, size - sizeof(Octets) / 4);
    } else {
      for (std::size_t i = 0; i < size; ++i) {
        to[i] = from[i];
        if (needs_escape(static_cast<unsigned char>(from[i]))) return false;
      }
    }
    std::array<std::uint64_t, 2> halves;
    std::memcpy(halves.data(), &marks, sizeof marks);
    if ((halves[0] | halves[1]) != 0) return false;
    at_ = to + size;
    return true;
  }
  void spell(std::string_view text, std::string_view prefix);

  [[nodiscard]] static constexpr bool needs_escape(unsigned char octet) noexcept {
    return octet < 0x20 || octet >= 0x7f || octet == '"' || octet == '\\';
  }
  // Copies an n-th of a vector from the front, where n is not 1, and another from `last` on. -1 for each octet that needs an escape.
  template <std::size_t n>
  static Marks copy(char* to, const char* from, std::size_t last) noexcept {
    constexpr std::size_t part = sizeof(Octets) / n;
    std::array<char, sizeof(Octets)> both{};
    both.fill(' ');
    if constexpr (n != 1) {
      std::memcpy(both.data(), from, part);
      std::memcpy(to, both.data(), part);
    }
    char* const behind = both.data() + (n != 1 ? part : 0);
    std::memcpy(behind, from + last, part);
    std::memcpy(to + last, behind, part);
    Octets octets;
    std::memcpy(&octets, both.data(), sizeof octets);
    return (octets < 0x20) | (octets >= 0x7f) | (octets == '"') | (octets == '\\');
  }

  std::string& out_;
  char* at_;
  char* end_;
};

}  // namespace pounce::inline v0::events
