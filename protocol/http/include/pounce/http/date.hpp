// HTTP dates (RFC 9110, section 5.6.7), formatted without libc: no locale, no time zone, no static buffer.
#pragma once

#include <pounce/core/time.hpp>

#include <array>
#include <cstddef>

namespace pounce::inline v0::http {

inline constexpr std::size_t date_size = 29;

// "Sun, 06 Nov 1994 08:49:37 GMT"; years 0 to 9999.
[[nodiscard]] std::array<char, date_size> format_date(WallTime time) noexcept;

}  // namespace pounce::inline v0::http
