// Line: text at the end of a string of the caller's. It is composed in a buffer on the stack: one look at the room per piece, and none at
// all inside a number or a name. Lines of logs are made of some forty pieces, a request each.
//
// The string has it all when the Line is gone. Errors: std::bad_alloc; then the string has some of it, and whoever wants whole lines cuts it
// back.
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
  explicit Line(std::string& out) : out_(out) {
    at_ = buffer_.data();
    reserve();
  }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  ~Line() { out_.append(buffer_.data(), at_); }  // there is room

  void put(char c) {
    *room(1) = c;
    ++at_;
  }
  // As it is.
  void put(std::string_view text) {
    for (; text.size() > piece; text.remove_prefix(piece)) put_piece(text.substr(0, piece));
    put_piece(text);
  }
  // A literal: its size is known where it is compiled.
  template <std::size_t n>
  void put(const char (&text)[n]) {
    static_assert(n <= piece);
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
  static constexpr std::size_t piece = 256;                    // asked for at once, at most
  static constexpr std::size_t slack = sizeof(std::uint64_t);  // behind it

  // For `n` octets and a word behind them.
  [[nodiscard]] char* room(std::size_t n) {
    if (static_cast<std::size_t>(buffer_.data() + buffer_.size() - at_) < n + slack) [[unlikely]]
      flush();
    return at_;
  }
  void flush();
  // So that the destructor needs no memory.
  void reserve() { out_.reserve(out_.size() + buffer_.size()); }

  // Without a call where it is short, as most are: two moves that may overlap.
  void put_piece(std::string_view text) {
    char* const to = room(text.size());
    const char* const from = text.data();
    const std::size_t size = text.size();
    if (size > 32) {
      std::memcpy(to, from, size);
    } else if (size >= 16) {
      move_ends<16>(to, from, size);
    } else if (size >= 8) {
      move_ends<8>(to, from, size);
    } else if (size >= 4) {
      move_ends<4>(to, from, size);
    } else {
      for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
    }
    at_ = to + size;
  }
  template <std::size_t n>
  static void move_ends(char* to, const char* from, std::size_t size) noexcept {
    std::memcpy(to, from, n);
    std::memcpy(to + (size - n), from + (size - n), n);
  }

  void guarded(std::string_view text, std::string_view prefix) {
    for (; text.size() > piece; text.remove_prefix(piece)) guard_piece(text.substr(0, piece), prefix);
    guard_piece(text, prefix);
  }
  void guard_piece(std::string_view text, std::string_view prefix) {
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
  std::array<char, 2 * piece + slack> buffer_;
  char* at_ = nullptr;  // what is before it goes to the string
};

}  // namespace pounce::inline v0::events
