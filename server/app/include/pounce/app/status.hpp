// Status: what every call of the application contract says. It must be looked at; `gone` and `draining` decide how a handler ends.
#pragma once

#include <cstdint>
#include <string_view>

namespace pounce::inline v0 {

enum class [[nodiscard]] Status : std::uint8_t {
  ok,
  end,              // the request content (or the peer's messages) is complete: nothing more will come
  timeout,          // the wait's own deadline came first
  draining,         // the server is shutting down; said once, so that a stream can end itself properly
  gone,             // the response can no longer be sent
  full,             // a bounded queue has no room
  wrong_order,      // a second head, content before the head, anything after the end
  invalid_field,    // a field name that is no token; CR, LF, NUL or another control byte in a value; a bad status
  forbidden_field,  // a field that the server itself writes
  length_mismatch,  // not the number of bytes that Content-Length declared
  refused,          // the client asked for something else, and has been told so
};

[[nodiscard]] constexpr std::string_view name(Status status) noexcept {
  switch (status) {
    case Status::ok: return "ok";
    case Status::end: return "end";
    case Status::timeout: return "timeout";
    case Status::draining: return "draining";
    case Status::gone: return "gone";
    case Status::full: return "full";
    case Status::wrong_order: return "wrong_order";
    case Status::invalid_field: return "invalid_field";
    case Status::forbidden_field: return "forbidden_field";
    case Status::length_mismatch: return "length_mismatch";
    case Status::refused: return "refused";
  }
  return "unknown";
}

}  // namespace pounce::inline v0
