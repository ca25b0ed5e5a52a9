// ServerState: where a server is in its life, and `reduce`, the only way from one state to the next.
//
// Constexpr and total: every pair of a state and an action has an answer, and an action that makes no sense in a state leaves it as
// it is. Nothing leaves `shutting_down` but to `stopped`, and nothing leaves `stopped`. The banner, the ready line, the health
// endpoint and the exit line are views of it.
#pragma once

#include <cstdint>
#include <string_view>

namespace pounce::inline v0::events {

enum class ServerState : std::uint8_t {
  init,           // nothing has been asked for
  startup,        // hooks run, listeners are bound
  ready,          // everything is there; nobody has been let in
  serving,        // connections are accepted
  reloading,      // serving, while something of the configuration is read again
  shutting_down,  // no new connections; what runs may end
  stopped,
};
inline constexpr std::uint8_t server_state_count = 7;

enum class Action : std::uint8_t {
  start,     // the configuration is good
  prepared,  // hooks have returned, listeners are bound
  serve,     // the doors are open
  reload,
  reloaded,  // or given up: the old configuration goes on
  drain,     // asked to stop, or could not start
  stop,      // every worker has ended
};
inline constexpr std::uint8_t action_count = 7;

[[nodiscard]] constexpr ServerState reduce(ServerState state, Action action) noexcept {
  using enum ServerState;
  if (state == stopped) return stopped;
  if (action == Action::stop) return stopped;
  if (state == shutting_down || action == Action::drain) return shutting_down;
  switch (action) {
    case Action::start: return state == init ? startup : state;
    case Action::prepared: return state == startup ? ready : state;
    case Action::serve: return state == ready ? serving : state;
    case Action::reload: return state == serving ? reloading : state;
    case Action::reloaded: return state == reloading ? serving : state;
    case Action::drain:
    case Action::stop: break;
  }
  return state;
}

// Whether a balancer should send requests here.
[[nodiscard]] constexpr bool is_ready(ServerState state) noexcept {
  return state == ServerState::serving || state == ServerState::reloading;
}

[[nodiscard]] constexpr std::string_view name(ServerState state) noexcept {
  switch (state) {
    case ServerState::init: return "init";
    case ServerState::startup: return "startup";
    case ServerState::ready: return "ready";
    case ServerState::serving: return "serving";
    case ServerState::reloading: return "reloading";
    case ServerState::shutting_down: return "shutting_down";
    case ServerState::stopped: return "stopped";
  }
  return "unknown";
}

}  // namespace pounce::inline v0::events
