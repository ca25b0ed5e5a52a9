// Status codes (RFC 9110, section 15, and the registry).
#pragma once

#include <cstdint>
#include <string_view>

namespace pounce::inline v0::http {

// The registered phrase; empty for a code that is not registered, for a wrong phrase would be a lie.
[[nodiscard]] std::string_view reason(std::uint16_t status) noexcept;

// Whether a response with this status never carries content (RFC 9110, section 6.4.1).
[[nodiscard]] constexpr bool has_no_content(std::uint16_t status) noexcept {
  return status < 200 || status == 204 || status == 205 || status == 304;
}

}  // namespace pounce::inline v0::http
