// What it is: flags and TARGET as settings, and which action is asked for.
// What it is not: a check of values; freeze() does that for every origin alike.
// Ownership: arguments are borrowed for the call. CLI11 stays inside the source file.
// Rules: `--name value` and `--name=value`; `--` ends the flags; no abbreviations.
// Errors: unknown flags, missing values and surplus targets are appended to `problems`.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <pounce/config/setting.hpp>

namespace pounce::inline v0::program {

struct CommandLine {
  std::vector<config::Setting> settings;
  bool check = false;
  bool print_config = false;
  bool version = false;
  bool help = false;
};

/// `arguments` without the program's own name.
[[nodiscard]] CommandLine read_command_line(config::Program which, std::span<const std::string> arguments,
                                            std::vector<config::Problem>& problems);

[[nodiscard]] std::string_view cli11_version();

}  // namespace pounce::inline v0::program
