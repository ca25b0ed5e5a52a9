// Life: the state that the server is in. The main thread moves it on, by events::reduce; every thread may ask.
#pragma once

#include <pounce/events/server_state.hpp>

#include <atomic>

namespace pounce::inline v0::program {

class Life {
 public:
  // Returns the state that follows.
  events::ServerState act(events::Action action) noexcept {
    const events::ServerState next = events::reduce(state(), action);
    state_.store(next, std::memory_order_release);
    return next;
  }
  [[nodiscard]] events::ServerState state() const noexcept { return state_.load(std::memory_order_acquire); }

 private:
  std::atomic<events::ServerState> state_{events::ServerState::init};
};

}  // namespace pounce::inline v0::program
