// Random scenarios. A seed gives a script; what is random about the world it is played in follows from the seed, too.
//
// A quiet script lets everything come to rest between its steps and keeps its distance from every deadline: handlers end at once, soon or never;
// waits are half a second or two hours. So both servers must show the same. A stormy one does things while others are under way, and is
// judged by what no run may show.
#pragma once

#include "tests/sim/script.hpp"

#include <cstdint>
#include <vector>

namespace pounce::sim {

[[nodiscard]] constexpr bool is_stormy(std::uint64_t seed) noexcept { return seed % 2 == 0; }
[[nodiscard]] std::vector<Step> generate(std::uint64_t seed);

}  // namespace pounce::sim
