// SHA-1 (FIPS 180-4), for the one use that RFC 6455 makes of it: to show that the key of a handshake was read. No security rests on it.
#pragma once

#include <pounce/core/bytes.hpp>

#include <array>

namespace pounce::inline v0::ws {

using Sha1 = std::array<char, 20>;

// Of up to 119 octets: two blocks.
[[nodiscard]] Sha1 sha1(Bytes message) noexcept;

}  // namespace pounce::inline v0::ws
