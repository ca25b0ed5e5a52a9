// Settings from each origin, and what `freeze` makes of them.
#pragma once

#include <doctest/doctest.h>

#include <pounce/config/environment.hpp>
#include <pounce/config/freeze.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace testing {

using namespace pounce::config;

inline Setting by_flag(std::string name, std::string value) {
  return {std::move(name), std::move(value), Origin::flag()};
}
inline Setting by_file(std::string name, std::string value, std::size_t line = 1) {
  return {std::move(name), std::move(value), Origin::file("pounce.toml", line)};
}
inline Setting by_environment(std::string name, std::string value) {
  std::string variable_name = variable(*find(name));
  return {std::move(name), std::move(value), Origin::environment(std::move(variable_name))};
}

inline Config frozen(const std::vector<Setting>& settings, Program program = Program::pounce_sync) {
  const auto result = freeze(program, settings);
  if (!result) {
    for (const Problem& problem : result.error()) {
      MESSAGE(line_of(program, problem));
    }
  }
  REQUIRE(result.has_value());
  return **result;
}

inline std::vector<std::string> problems_of(const std::vector<Setting>& settings,
                                            Program program = Program::pounce_sync) {
  const auto result = freeze(program, settings);
  std::vector<std::string> lines;
  if (!result) {
    for (const Problem& problem : result.error()) {
      lines.push_back(line_of(program, problem));
    }
  }
  return lines;
}

}  // namespace testing
