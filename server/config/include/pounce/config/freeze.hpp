// What it is: the way from the texts of settings to a frozen Config, and back to text.
// Ownership: who freezes owns the Config. Errors: all problems of all settings at once, in a stable order.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include <pounce/config/config.hpp>
#include <pounce/config/setting.hpp>
#include <pounce/core/owned.hpp>

namespace pounce::inline v0::config {

/// Checks everything. Settings may come in any order; the strongest origin wins, also over an equal
/// or wrong value elsewhere, yet a wrong value is a problem even where another one beats it.
[[nodiscard]] std::expected<Owned<const Config>, std::vector<Problem>> freeze(Program program,
                                                                              std::span<const Setting> settings);
/// The same, for who looks for further problems before giving up: what is wrong is added to `problems`, and the Config has the default
/// in its place. Not to be served with then.
[[nodiscard]] Owned<const Config> freeze(Program program, std::span<const Setting> settings,
                                         std::vector<Problem>& problems);

/// The value as an operator would write it; "" where it is absent. A list is joined by commas.
[[nodiscard]] std::string value_text(const Config& config, OptionId id);

}  // namespace pounce::inline v0::config
