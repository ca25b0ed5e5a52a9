// Trust: which proxies are believed about their clients, and which fields they say it with.
#pragma once

#include <pounce/core/list.hpp>
#include <pounce/proxy/network.hpp>

#include <cstdint>

namespace pounce::inline v0::proxy {

// Which fields trusted proxies write. The others are nobody's: a proxy passes on what it does not know.
enum class Dialect : std::uint8_t { x_forwarded, forwarded };

struct Trust {
  List<Network> proxies;  // empty: nobody is trusted
  Dialect dialect = Dialect::x_forwarded;
};

}  // namespace pounce::inline v0::proxy
