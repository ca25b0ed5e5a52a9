// Which fields may go where, one rule for all protocols: what an application may send, and what a trailer may carry.
//
// Values that could split a response (CR, LF, NUL, other control bytes) are refused and never cleaned (RFC 9110, section 5.5).
#pragma once

#include <pounce/core/message.hpp>
#include <pounce/core/sent.hpp>

namespace pounce::inline v0::http {

// Name is a token, value a field value.
[[nodiscard]] Sent check_field(const Field& field) noexcept;

// Also refused in a response: what the protocol machines write themselves (Transfer-Encoding, Keep-Alive, Proxy-Connection,
// Upgrade, and Connection unless it says nothing but close). Looks at names, not at ids, which an application need not set.
[[nodiscard]] Sent check_response_field(const Field& field) noexcept;
// The same, when the name has been looked up already: `id` is `field_id(field.name)`.
[[nodiscard]] Sent check_response_field(const Field& field, FieldId id) noexcept;

// Fields that frame, route, authenticate or describe content may not stand in a trailer (RFC 9110, section 6.5.1).
[[nodiscard]] bool is_forbidden_in_trailers(std::string_view name) noexcept;

}  // namespace pounce::inline v0::http
