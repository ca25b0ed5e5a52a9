// HTTP dates (RFC 9110, section 5.6.7), written and read without libc: no locale, no time zone, no static buffer.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/time.hpp>

#include <array>
#include <cstddef>
#include <optional>

namespace pounce::inline v0::http {

inline constexpr std::size_t date_size = 29;

// "Sun, 06 Nov 1994 08:49:37 GMT"; years 0 to 9999.
[[nodiscard]] std::array<char, date_size> format_date(WallTime time) noexcept;

// Any of the three forms that a recipient must read, and nothing else; the name of the day is not compared with the date. Of a year
// of two digits, `now` chooses the century: at most 50 years ahead.
[[nodiscard]] std::optional<WallTime> parse_date(Bytes text, WallTime now) noexcept;

}  // namespace pounce::inline v0::http
