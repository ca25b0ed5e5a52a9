// TraceParent: the `traceparent` field of W3C Trace Context (level 1), read.
//
// Views borrow from the field's value. `tracestate` is opaque and goes along as a field. Errors: a value that does not follow the
// grammar, all-zero ids, version ff: empty, as if the field were absent (section 4.3).
#pragma once

#include <pounce/core/message.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

namespace pounce::inline v0 {

struct TraceParent {
  std::string_view trace;   // 32 hex digits, not all zero
  std::string_view parent;  // 16 hex digits, not all zero
  bool sampled = false;
};

[[nodiscard]] constexpr std::optional<TraceParent> read_traceparent(std::string_view value) noexcept {
  // 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
  constexpr std::size_t least = 55;
  constexpr auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  if (value.size() < least) return std::nullopt;
  for (std::size_t i = 0; i < least; ++i) {
    const bool dash = i == 2 || i == 35 || i == 52;
    if (dash ? value[i] != '-' : digit(value[i]) < 0) return std::nullopt;
  }
  const std::string_view version = value.substr(0, 2);
  // A later version may say more behind another dash.
  if (version == "ff" || (value.size() > least && (version == "00" || value[least] != '-'))) return std::nullopt;
  const TraceParent found{value.substr(3, 32), value.substr(36, 16), (digit(value[54]) & 1) != 0};
  const auto all_zero = [](std::string_view id) { return id.find_first_not_of('0') == std::string_view::npos; };
  if (all_zero(found.trace) || all_zero(found.parent)) return std::nullopt;
  return found;
}

// Of a request's fields; more than one traceparent is none.
[[nodiscard]] constexpr std::optional<TraceParent> trace_parent(FieldList fields) noexcept {
  constexpr std::string_view name = "traceparent";
  const Field* found = nullptr;
  for (const Field& field : fields) {
    if (field.id != FieldId::other || field.name.size() != name.size()) continue;
    bool same = true;
    for (std::size_t i = 0; i < name.size() && same; ++i) same = (field.name[i] | 0x20) == name[i];
    if (!same) continue;
    if (found != nullptr) return std::nullopt;
    found = &field;
  }
  return found != nullptr ? read_traceparent(found->value) : std::nullopt;
}

}  // namespace pounce::inline v0
