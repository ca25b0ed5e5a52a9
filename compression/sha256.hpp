// SHA-256 (FIPS 180-4), for the names of dictionaries and for nothing that must be fast.
#pragma once

#include <pounce/core/bytes.hpp>

#include <array>
#include <cstdint>

namespace pounce::inline v0::compression {

using Sha256 = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256 sha256(Bytes bytes) noexcept;

}  // namespace pounce::inline v0::compression
