// What it is: texts made from the option table and from a Config: --help, --print-config and
// docs/configuration.md.
// What it is not: output. Each function returns the text; somebody else writes it.
// Limits: help_text keeps within 80 columns.
#pragma once

#include <string>

#include <pounce/config/freeze.hpp>

namespace pounce::inline v0::config {

[[nodiscard]] std::string help_text(Program program);

/// A pounce.toml that gives the same configuration again; each value with its origin as a comment.
[[nodiscard]] std::string config_text(const Config& config);

/// The whole of docs/configuration.md.
[[nodiscard]] std::string manual_text();

}  // namespace pounce::inline v0::config
