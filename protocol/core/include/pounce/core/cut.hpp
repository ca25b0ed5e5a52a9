// Cut: what did not end by itself, because a deadline, or somebody's second signal, ended it.
#pragma once

#include <cstdint>

namespace pounce::inline v0 {

struct Cut {
  std::uint64_t connections = 0;
  std::uint64_t requests = 0;    // on them, whose response was not whole
  std::uint64_t websockets = 0;  // on them, whole connections and streams

  Cut& operator+=(const Cut& more) noexcept {
    connections += more.connections;
    requests += more.requests;
    websockets += more.websockets;
    return *this;
  }
};

}  // namespace pounce::inline v0
