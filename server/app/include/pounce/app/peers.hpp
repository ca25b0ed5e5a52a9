// Peers: who is connected to whom. One for each connection, which outlives its requests.
#pragma once

#include <pounce/core/ids.hpp>
#include <pounce/core/small_string.hpp>

namespace pounce::inline v0 {

struct Peers {
  ConnectionId connection{};
  SmallString local;  // "127.0.0.1:8000"
  SmallString peer;   // "127.0.0.1:40112"
  // The connection begins with a header of the PROXY protocol, from a trusted proxy; peer and local are then the ones that it names.
  bool proxied = false;
  bool secure = false;  // a proxy in front says that the client came over TLS
};

}  // namespace pounce::inline v0
