// Text for logs: numbers, times, and octets of unknown origin so that no line can be forged and no terminal painted.
//
// Everything appends to a string of the caller's. Errors: std::bad_alloc only.
#pragma once

#include <pounce/core/string_fwd.hpp>
#include <pounce/core/time.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace pounce::inline v0::events {

// Time of day, UTC, to the nanosecond. Given by whoever has a clock.
using WallInstant = std::chrono::sys_time<std::chrono::nanoseconds>;

// As Apache's logs have it: \" and \\, and \xNN for every control and every non-ASCII octet.
void append_escaped(std::string& out, std::string_view text);

// The inside of a JSON string: what must be escaped, and \u00NN for every control and every non-ASCII octet. One code point is one
// octet: U+00C3 U+00A9 stands for the octets C3 A9.
void append_json_text(std::string& out, std::string_view text);

void append_number(std::string& out, std::uint64_t number);
// Seconds with all nine places of the nanoseconds: 0.000123456.
void append_seconds(std::string& out, Duration duration);

// Texts of a time, made once a second.
class TimeText {
 public:
  // "21/Nov/2026:14:41:41 +0000"
  [[nodiscard]] std::string_view common(WallInstant time);
  // "2026-11-21T14:41:41.123Z" (RFC 3339)
  [[nodiscard]] std::string_view precise(WallInstant time);

 private:
  void format(WallInstant time);

  WallTime second_ = WallTime::min();
  std::array<char, 26> common_{};
  std::array<char, 24> precise_{};
};

}  // namespace pounce::inline v0::events
