// The words of field values that this layer reads: lists, parameters, structured fields. Views lie in the argument.
#pragma once

#include <pounce/core/ascii.hpp>
#include <pounce/core/bytes.hpp>

#include <cstddef>
#include <optional>

namespace pounce::inline v0::compression {

// What stands before the next `separator` outside of a quoted string, trimmed; `rest` is what follows. None when `rest` has ended.
[[nodiscard]] constexpr std::optional<Bytes> next_part(std::optional<Bytes>& rest, char separator) noexcept {
  if (!rest) return std::nullopt;
  bool quoted = false;
  for (std::size_t i = 0; i < rest->size(); ++i) {
    const char c = (*rest)[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == separator && !quoted) {
      const Bytes part = trim(rest->substr(0, i));
      rest = rest->substr(i + 1);
      return part;
    }
  }
  const Bytes part = trim(*rest);
  rest = std::nullopt;
  return part;
}

// Whether a comma-separated list has `token`, with or without an argument (`no-transform`, `max-age=3`).
[[nodiscard]] constexpr bool list_names(Bytes list, Bytes token) noexcept {
  std::optional<Bytes> rest = list;
  while (const auto part = next_part(rest, ',')) {
    if (equal_without_case(trim(part->substr(0, part->find('='))), token)) return true;
  }
  return false;
}

}  // namespace pounce::inline v0::compression
