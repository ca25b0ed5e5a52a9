// The life of a server: every state with every action, at compile time.
#include <doctest/doctest.h>

#include <pounce/events/server_state.hpp>

#include <array>
#include <set>
#include <string_view>

using namespace pounce;
using namespace pounce::events;

namespace {

using enum ServerState;

// Rows are states, columns the actions start, prepared, serve, reload, reloaded, drain, stop.
constexpr std::array<std::array<ServerState, action_count>, server_state_count> table{{
    {startup, init, init, init, init, shutting_down, stopped},
    {startup, ready, startup, startup, startup, shutting_down, stopped},
    {ready, ready, serving, ready, ready, shutting_down, stopped},
    {serving, serving, serving, reloading, serving, shutting_down, stopped},
    {reloading, reloading, reloading, reloading, serving, shutting_down, stopped},
    {shutting_down, shutting_down, shutting_down, shutting_down, shutting_down, shutting_down, stopped},
    {stopped, stopped, stopped, stopped, stopped, stopped, stopped},
}};

constexpr bool every_pair() {
  for (std::size_t state = 0; state < server_state_count; ++state) {
    for (std::size_t action = 0; action < action_count; ++action) {
      if (reduce(static_cast<ServerState>(state), static_cast<Action>(action)) != table[state][action]) return false;
    }
  }
  return true;
}
static_assert(every_pair());

constexpr bool nothing_leaves_the_end() {
  for (std::size_t action = 0; action < action_count; ++action) {
    const ServerState next = reduce(shutting_down, static_cast<Action>(action));
    if (next != shutting_down && next != stopped) return false;
  }
  return true;
}
static_assert(nothing_leaves_the_end());

}  // namespace

TEST_CASE("states have different names, and only two of them are ready") {
  std::set<std::string_view> names;
  std::size_t ready_ones = 0;
  for (std::size_t state = 0; state < server_state_count; ++state) {
    names.insert(name(static_cast<ServerState>(state)));
    ready_ones += is_ready(static_cast<ServerState>(state)) ? 1 : 0;
  }
  CHECK(names.size() == server_state_count);
  CHECK_FALSE(names.contains("unknown"));
  CHECK(ready_ones == 2);
}
