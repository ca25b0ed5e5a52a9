// What it is: the text of a pounce.toml as settings.
// What it is not: a reader of files; load() reads. toml++ stays inside the source file.
// Ownership: arguments are borrowed for the call.
// Rules: keys stand at the top level and are named as options. Strings, integers, booleans and
// arrays of strings are taken where they fit the option.
// Errors: a syntax error (the first only), unknown keys with the nearest name, and values of a wrong
// type are appended to `problems`, each with its line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <pounce/config/setting.hpp>

namespace pounce::inline v0::program {

[[nodiscard]] std::vector<config::Setting> settings_of_file(config::Program which, std::string_view text,
                                                            const std::string& path,
                                                            std::vector<config::Problem>& problems);

[[nodiscard]] std::string_view tomlplusplus_version();

}  // namespace pounce::inline v0::program
