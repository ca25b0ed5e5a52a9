// RequestAccess: how the server fills a Request. The head is copied once into the arena; views are shifted onto the copy.
#pragma once

#include <pounce/app/request.hpp>

#include "server/session/arena.hpp"

namespace pounce::inline v0 {

class Session;

class RequestAccess {
 public:
  // True: it asks for another protocol, and may live for long.
  [[nodiscard]] static bool fill(Request& request, const RequestHead& head, Session& session, Arena& arena);
  [[nodiscard]] static const RequestHead& head(const Request& request) noexcept { return request.head_; }
  static void set_body(Request& request, Bytes body) noexcept { request.body_ = body; }
  static void name(Request& request, Session& session, Arena& arena);
  static void relay(Request& request, Session& session, Arena& arena);
  static void set_trailers(Request& request, FieldList trailers, Session& session, Arena& arena);
};

}  // namespace pounce::inline v0
