// What it is: one value as somebody wrote it, where it was written, and what is wrong with it.
// What it is not: checked. freeze() (config.hpp) turns settings into a Config or into problems.
// Ownership: values that own their text.
// Limits: none of its own; whoever reads a file bounds the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <pounce/config/option_table.hpp>

namespace pounce::inline v0::config {

/// Where a value comes from. A later enumerator beats an earlier one.
struct Origin {
  enum class Kind : std::uint8_t { built_in, file, environment, flag };

  Kind kind = Kind::built_in;
  std::string name;      // the file's path or the variable; empty otherwise
  std::size_t line = 0;  // in the file, from 1; 0 where there is none

  static Origin file(std::string path, std::size_t line);
  static Origin environment(std::string variable);
  static Origin flag();

  /// "default", "pounce.toml line 3", "environment POUNCE_PORT", "command line". Printable.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const Origin&, const Origin&) = default;
};

struct Setting {
  std::string name;  // of the option: max_header_size
  std::string value;
  Origin origin;
};

struct Problem {
  std::string subject;  // as the operator wrote it: --port, POUNCE_PORT, port; may be empty
  std::string message;
  Origin origin;
  std::string hint;  // may be empty
};

/// How an option is called where it was set: the flag, the variable or the key.
[[nodiscard]] std::string name_at(const Option& option, const Origin& origin);

/// A stranger's text made safe for a terminal: bytes that are no visible ASCII are escaped, the rest
/// is cut after 200 bytes.
[[nodiscard]] std::string printable(std::string_view text);

/// A value between quotes, printable and cut after 80 bytes.
[[nodiscard]] std::string quoted(std::string_view value);

/// "--port: '70000' is above 65535 (from command line; hint: ...)".
[[nodiscard]] std::string text_of(const Problem& problem);

/// "pounce-async: error: --port: '70000' is above 65535 (from command line; hint: ...)", one line.
[[nodiscard]] std::string line_of(Program program, const Problem& problem, bool is_warning = false);

/// Did the operator mean ...? Empty if nothing is near.
[[nodiscard]] std::string nearest_hint(std::string_view name, Program program, Origin::Kind kind);

}  // namespace pounce::inline v0::config
