// What it is: a directory of files beside an application, as an option names it: /prefix=DIR, and what is said of it alone.
// What it is not: a look at the disk; whether there is such a directory shows when it is opened.
// Ownership: values. Errors: text for an operator.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace pounce::inline v0::config {

struct StaticMount {
  std::string prefix;  // begins and ends with a slash
  std::string directory;
  std::optional<std::string> cache_control;  // nullopt: as for the others
  bool pass = false;                         // what is not there is asked of the application

  [[nodiscard]] bool operator==(const StaticMount&) const = default;
  /// As it was written, the prefix without its last slash.
  [[nodiscard]] std::string text() const;
};

/// Or what is wrong with it: "does not begin with a slash".
[[nodiscard]] std::expected<StaticMount, std::string> parse_static_mount(std::string_view text);

}  // namespace pounce::inline v0::config
