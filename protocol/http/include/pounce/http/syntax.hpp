// The small grammar that all of HTTP shares (RFC 9110, section 5.6): octet classes, tokens, field values, lists, numbers.
//
// Pure functions over bytes; they allocate nothing and the views they return lie in their argument. They accept exactly the
// grammar: nothing is repaired on the way.
#pragma once

#include <pounce/core/ascii.hpp>
#include <pounce/core/bytes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

namespace pounce::inline v0::http {

// Octet classes, one bit each, so that every scan is one table look-up per byte.
enum : std::uint8_t {
  class_token = 1,    // tchar
  class_value = 2,    // field value: HTAB, SP, visible ASCII, obs-text
  class_target = 4,   // request target: visible ASCII but '#'
  class_host = 8,     // reg-name without '%': unreserved and sub-delims
  class_hex = 16,     // HEXDIG, both cases
  class_quoted = 32,  // qdtext: HTAB, SP, visible but '"' and '\', obs-text
};

[[nodiscard]] constexpr std::array<std::uint8_t, 256> make_octet_classes() noexcept {
  std::array<std::uint8_t, 256> classes{};
  const auto mark = [&classes](Bytes octets, unsigned bits) {
    for (const char c : octets) {
      std::uint8_t& entry = classes[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | bits);
    }
  };
  for (unsigned c = 0; c < 256; ++c) {
    unsigned bits = 0;
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    const bool visible = c > 0x20 && c < 0x7f;
    if (alnum) bits |= class_token | class_host;
    if (visible || c == ' ' || c == '\t' || c >= 0x80) bits |= class_value;
    if ((bits & class_value) != 0 && c != '"' && c != '\\') bits |= class_quoted;
    if (visible && c != '#') bits |= class_target;
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f')) bits |= class_hex;
    classes[c] = static_cast<std::uint8_t>(bits);
  }
  mark("!#$%&'*+-.^_`|~", class_token);
  mark("-._~!$&'()*+,;=", class_host);
  return classes;
}

inline constexpr std::array<std::uint8_t, 256> octet_classes = make_octet_classes();

[[nodiscard]] constexpr bool is_in(char c, std::uint8_t octet_class) noexcept {
  return (octet_classes[static_cast<unsigned char>(c)] & octet_class) != 0;
}

[[nodiscard]] constexpr bool all_in(Bytes bytes, std::uint8_t octet_class) noexcept {
  for (const char c : bytes) {
    if (!is_in(c, octet_class)) return false;
  }
  return true;
}

[[nodiscard]] constexpr bool is_token(Bytes bytes) noexcept { return !bytes.empty() && all_in(bytes, class_token); }
// Eight octets at once: false when none of them is a control byte or DEL. Where it is true the table decides.
[[nodiscard]] constexpr bool may_be_no_value(std::uint64_t word) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t tops = 0x80 * ones;
  const std::uint64_t del = word ^ (0x7f * ones);
  return (((word - 0x20 * ones) & ~word & tops) | ((del - ones) & ~del & tops)) != 0;
}

// Also the empty value. HTAB is the only control byte that may stand in a value.
[[nodiscard]] inline bool is_field_value(Bytes bytes) noexcept {
  constexpr std::size_t width = sizeof(std::uint64_t);
  if (bytes.size() < width) return all_in(bytes, class_value);
  const auto suspicious = [](const char* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, width);
    return may_be_no_value(word);
  };
  const char* const last = bytes.data() + bytes.size() - width;
  for (const char* at = bytes.data(); at < last; at += width) {
    if (suspicious(at) && !all_in({at, width}, class_value)) return false;
  }
  return !suspicious(last) || all_in({last, width}, class_value);
}
[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// One element after the other of a comma-separated list without quoted strings (Connection, Transfer-Encoding, Expect).
// Elements come trimmed; empty ones come too, for some lists forbid them.
class ListElements {
 public:
  explicit constexpr ListElements(Bytes value) noexcept : rest_(value) {}

  [[nodiscard]] constexpr std::optional<Bytes> next() noexcept {
    if (done_) return std::nullopt;
    const std::size_t comma = rest_.find(',');
    const Bytes element = trim(rest_.substr(0, comma));
    done_ = comma == Bytes::npos;
    if (!done_) rest_.remove_prefix(comma + 1);
    return element;
  }

 private:
  Bytes rest_;
  bool done_ = false;
};

[[nodiscard]] constexpr bool list_has(Bytes value, Bytes token) noexcept {
  ListElements elements{value};
  while (const auto element = elements.next()) {
    if (equal_without_case(*element, token)) return true;
  }
  return false;
}

inline constexpr std::size_t most_digits = 19;  // every number of 19 digits fits 64 bits

// 1*DIGIT and nothing else: no sign, blank or underscore; none when there are more than 19 digits.
[[nodiscard]] constexpr std::optional<std::uint64_t> parse_digits(Bytes bytes) noexcept {
  if (bytes.empty() || bytes.size() > most_digits) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : bytes) {
    if (!is_digit(c)) return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

// The value of a hexadecimal digit; the caller has checked that it is one.
[[nodiscard]] constexpr unsigned hex_value(char c) noexcept {
  return is_digit(c) ? static_cast<unsigned>(c - '0') : static_cast<unsigned>(lower(c) - 'a') + 10U;
}

}  // namespace pounce::inline v0::http
