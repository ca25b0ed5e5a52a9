// What all of HTTP asks of ASCII: letters without case, and blanks (RFC 9110, sections 5.1 and 5.6.3). Octets above 0x7f are themselves.
#pragma once

#include <pounce/core/bytes.hpp>

#include <cstddef>

namespace pounce::inline v0 {

[[nodiscard]] constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// As names of fields, tokens and host names are compared.
[[nodiscard]] constexpr bool equal_without_case(Bytes a, Bytes b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

[[nodiscard]] constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }  // OWS

// Without the blanks around it.
[[nodiscard]] constexpr Bytes trim(Bytes bytes) noexcept {
  while (!bytes.empty() && is_blank(bytes.front())) bytes.remove_prefix(1);
  while (!bytes.empty() && is_blank(bytes.back())) bytes.remove_suffix(1);
  return bytes;
}

}  // namespace pounce::inline v0
