// Trial: a configuration is tried in a process of its own before this one takes it: `--check`, with the same arguments and environment.
//
// A module may throw from a static constructor, crash or end the process while it is loaded, and C++ leaves no way to survive that; so
// whoever serves does not try it first.
// Limits: `most_text` of what it says is kept; it is killed after `at_most`.
// Threads: any but the main one: it waits.
#pragma once

#include "posix/program/generation.hpp"

#include <pounce/core/time.hpp>

#include <cstddef>
#include <expected>

namespace pounce::inline v0::program {

inline constexpr std::size_t most_trial_text = std::size_t{64} * 1024;
inline constexpr Duration most_trial_time = std::chrono::seconds{30};

// What it said, where it failed. Where no process can be made it counts as passed: then the same happens here.
[[nodiscard]] std::expected<void, Refused> pass_trial(const Invocation& invocation);

}  // namespace pounce::inline v0::program
