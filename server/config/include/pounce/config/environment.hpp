// What it is: settings from POUNCE_* variables, handed in as `NAME=value` strings.
// What it is not: a reader of the environment. The pure layer never calls getenv.
// Limits and rules: a list (POUNCE_BIND) is separated by commas. A variable that is no option is
// left alone, for applications have variables too, unless it is one edit away from an option: then
// it is reported as the slip it almost certainly is.
// Ownership: arguments are borrowed for the call.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <pounce/config/setting.hpp>

namespace pounce::inline v0::config {

[[nodiscard]] std::vector<Setting> settings_of_environment(Program program, std::span<const std::string_view> variables,
                                                           std::vector<Problem>& problems);

}  // namespace pounce::inline v0::config
