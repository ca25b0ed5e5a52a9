#include "server/session/request_access.hpp"

#include <pounce/server/session.hpp>

#include <cstring>
#include <new>
#include <string_view>

namespace pounce::inline v0 {

namespace {

// The same view on a copy of what it points into.
std::string_view shifted(std::string_view view, const char* from, const char* to) noexcept {
  return view.empty() ? std::string_view{} : std::string_view{to + (view.data() - from), view.size()};
}

char* copy_text(std::string_view text, Session& session, Arena& arena) {
  auto* memory = static_cast<char*>(arena.allocate(session.station().workspace, text.size()));
  if (!text.empty()) std::memcpy(memory, text.data(), text.size());
  return memory;
}

Field* room_for(std::size_t count, Session& session, Arena& arena) {
  return static_cast<Field*>(arena.allocate(session.station().workspace, count * sizeof(Field)));
}

}  // namespace

void RequestAccess::fill(Request& request, const RequestHead& head, Session& session, Arena& arena) {
  const char* const from = head.raw.data();
  const char* const to = copy_text(head.raw, session, arena);
  Field* const fields = room_for(head.fields.size(), session, arena);
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    const Field& field = head.fields[i];
    ::new (&fields[i]) Field{shifted(field.name, from, to), shifted(field.value, from, to), field.id};
  }
  request.head_ = head;
  request.head_.raw = {to, head.raw.size()};
  request.head_.method = shifted(head.method, from, to);
  request.head_.target = shifted(head.target, from, to);
  request.head_.authority = shifted(head.authority, from, to);
  request.head_.path = shifted(head.path, from, to);
  request.head_.query = shifted(head.query, from, to);
  request.head_.fields = {fields, head.fields.size()};
  request.peer_ = session.peers().peer;
  request.local_ = session.peers().local;
  request.connection_ = session.peers().connection;
  request.id_ = session.station().requests.next();
}

void RequestAccess::set_trailers(Request& request, FieldList trailers, Session& session, Arena& arena) {
  Field* const fields = room_for(trailers.size(), session, arena);
  for (std::size_t i = 0; i < trailers.size(); ++i) {
    const Field& field = trailers[i];
    ::new (&fields[i]) Field{{copy_text(field.name, session, arena), field.name.size()},
                             {copy_text(field.value, session, arena), field.value.size()},
                             field.id};
  }
  request.trailers_ = {fields, trailers.size()};
}

}  // namespace pounce::inline v0
