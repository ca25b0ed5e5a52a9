// What it is: who listens on an address already, as /proc tells it.
// What it is not: certain. Of other users' processes only root sees more than the user; elsewhere than on Linux nobody sees anything.
// Limits: at most 64 Ki processes with 4 Ki descriptors each, and 16 MiB of a socket table, are looked at.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <pounce/config/bind_address.hpp>

namespace pounce::inline v0::posix {

struct Holder {
  std::uint32_t user = 0;
  int process = 0;   // 0: not known
  std::string name;  // as in /proc/PID/comm
};

/// Of a TCP port on this address or on all, or of a Unix socket.
[[nodiscard]] std::optional<Holder> holder_of(const config::BindAddress& address);

}  // namespace pounce::inline v0::posix
