// Sockets that whoever started the process has made and bound: `fd://N`, and `systemd:NAME` by the protocol of sd_listen_fds(3).
//
// The environment (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES) is read, never changed. Such a socket stays bound when the server ends: a
// successor takes its connections.
#pragma once

#include <pounce/config/bind_address.hpp>
#include <pounce/posix/socket.hpp>

#include <expected>
#include <string>
#include <vector>

namespace pounce::inline v0::posix {

// Several sockets may have one name. Errors are one line; what is no listening stream socket is refused.
[[nodiscard]] std::expected<std::vector<Listener>, std::string> inherited(const config::BindAddress& address);

}  // namespace pounce::inline v0::posix
