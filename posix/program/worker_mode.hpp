// WorkerMode: whether workers are threads of one process or processes of one worker each, and what of the configuration is each process's.
#pragma once

#include "posix/program/target.hpp"

#include <pounce/config/config.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace pounce::inline v0::program {

// By --worker-mode; where that is auto, as the application wants it.
[[nodiscard]] bool wants_processes(const config::Config& config, const Target& target);

// What is wrong with them together; empty: nothing. `linked`: the application is no module.
[[nodiscard]] std::string fault_of_mode(const config::Config& config, const Target& target, bool linked);

// How many workers the configuration asks for.
[[nodiscard]] std::size_t workers_of(const config::Config& config);

// The part of one process among so many: one worker, and of each limit over all workers an equal part, so that together they allow no
// more than the operator has said, but for what rounding up to 1 adds. Without the rate limit, which they count together.
[[nodiscard]] config::Config share_of(const config::Config& config, std::size_t processes);

// What an operator should know of such parts: a line each.
[[nodiscard]] std::vector<std::string> remarks_on_shares(const config::Config& config, std::size_t processes);

}  // namespace pounce::inline v0::program
