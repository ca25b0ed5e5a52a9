// What an application may say in a response head, one rule for all protocols (RFC 9110, sections 8.6 and 15.2).
#pragma once

#include <pounce/core/message.hpp>
#include <pounce/core/sent.hpp>

#include <cstdint>
#include <optional>

namespace pounce::inline v0::http {

struct ResponseFraming {
  std::optional<std::uint64_t> content_length;  // declared, by the head itself or by its field
  bool close = false;                           // the connection is to end after it
};

[[nodiscard]] Sent judge_response(const ResponseHead& head, ResponseFraming& framing);

// A 1xx that is no business of the machine itself: not 100 and not 101.
[[nodiscard]] Sent judge_informational(std::uint16_t status, FieldList fields);

}  // namespace pounce::inline v0::http
