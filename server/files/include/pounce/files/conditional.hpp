// Conditional requests (RFC 9110, section 13), decided: in the order of section 13.2.2, by the validators of what would be sent.
//
// What is no valid field is as if it were not there where that is safe (a date, a Range), and as a condition that does not hold where it is
// not (If-Match, If-Range). Fields that may be lists may come in several lines; a date or If-Range that comes twice says nothing.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/message.hpp>
#include <pounce/core/time.hpp>

#include <cstdint>
#include <optional>

namespace pounce::inline v0::files {

struct Validators {
  Bytes tag;                         // strong, with its quotes
  std::optional<WallTime> modified;  // as in Last-Modified
  WallTime now{};
};

enum class Condition : std::uint8_t {
  holds,         // or there is none: answer as usual
  not_modified,  // 304
  failed,        // 412
};

// For GET and HEAD.
[[nodiscard]] Condition evaluate(FieldList fields, const Validators& validators) noexcept;

// The value of the Range field of a GET, if there is one and If-Range, where there is one, lets it count.
[[nodiscard]] std::optional<Bytes> wanted_range(FieldList fields, const Validators& validators) noexcept;

}  // namespace pounce::inline v0::files
