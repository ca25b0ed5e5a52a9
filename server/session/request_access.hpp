// RequestAccess: how the server fills a Request. The head is copied once into the arena; what was a view of it is a piece of the copy.
#pragma once

#include <pounce/app/request.hpp>

#include "server/session/arena.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace pounce::inline v0 {

class Session;

class RequestAccess {
 public:
  // True: it asks for another protocol than HTTP.
  [[nodiscard]] static bool fill(Request& request, const RequestHead& head, Session& session, Arena& arena);
  // The same request, with no more memory than it needs for the hours that it may live. `from` is as `fill` has made it.
  static void pack(const Request& from, Request& to, Session& session, Arena& arena);
  // What that takes of the arena.
  [[nodiscard]] static std::size_t packed_size(const Request& from);
  // Without its fields.
  [[nodiscard]] static RequestHead line(const Request& request) noexcept;
  // With them; `room` is where they stand if they are packed. Its strings live as long as the request. May throw std::bad_alloc.
  [[nodiscard]] static RequestHead head(const Request& request, std::vector<Field>& room);
  [[nodiscard]] static std::string_view protocol(const Request& request) noexcept {
    return request.text(request.protocol_);
  }
  static void set_body(Request& request, Bytes body, Session& session, Arena& arena) {
    more(request, session, arena).body = body;
  }
  static void set_trailers(Request& request, FieldList trailers, Session& session, Arena& arena);

 private:
  struct Line;
  [[nodiscard]] static Request::More& more(Request& request, Session& session, Arena& arena);
  static void name(Request& request, FieldList fields, Session& session, Arena& arena);
  [[nodiscard]] static char* copy_text(std::string_view text, Session& session, Arena& arena);
  static void relay(Request& request, FieldList fields, Session& session, Arena& arena);
};

}  // namespace pounce::inline v0
