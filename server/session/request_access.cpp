#include "server/session/request_access.hpp"

#include "server/session/request_name.hpp"

#include <pounce/proxy/forwarded.hpp>
#include <pounce/server/session.hpp>

#include <array>
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

bool RequestAccess::fill(Request& request, const RequestHead& head, Session& session, Arena& arena) {
  // All members by name: a copy of a whole that has just been written in parts waits for them, and this fails to compile where one is
  // missing.
  const auto& [raw, method, target, authority, path, query, list, protocol, content_length, version, method_number,
               has_body, keep_alive, expects_continue, has_query] = head;
  // One piece of memory for the fields and, behind them, the octets.
  const std::size_t list_size = list.size() * sizeof(Field);
  auto* const memory = static_cast<char*>(arena.allocate(session.station().workspace, list_size + raw.size()));
  auto* const fields = reinterpret_cast<Field*>(memory);
  const char* const from = raw.data();
  char* const to = memory + list_size;
  if (!raw.empty()) std::memcpy(to, from, raw.size());
  const bool trusted = session.has_trusted_peer();
  const bool names = session.service().request_names.has_value();
  bool upgrades = !protocol.empty();
  Field* at = fields;
  for (const Field& field : list) {
    if (proxy::may_speak_for_proxy(field) && !proxy::is_visible(session.trust(), trusted, field)) continue;
    if (names && !trusted && is_request_name_field(field)) continue;  // it is not theirs to choose
    upgrades |= field.id == FieldId::upgrade;
    ::new (at++) Field{shifted(field.name, from, to), shifted(field.value, from, to), field.id};
  }
  RequestHead& kept = request.head_;
  kept.raw = {to, raw.size()};
  kept.method = shifted(method, from, to);
  kept.target = shifted(target, from, to);
  kept.authority = shifted(authority, from, to);
  kept.path = shifted(path, from, to);
  kept.query = shifted(query, from, to);
  kept.fields = {fields, static_cast<std::size_t>(at - fields)};
  kept.protocol = shifted(protocol, from, to);
  kept.content_length = content_length;
  kept.version = version;
  kept.method_id = method_number;
  kept.has_body = has_body;
  kept.keep_alive = keep_alive;
  kept.expects_continue = expects_continue;
  kept.has_query = has_query;
  request.peer_ = session.peers().peer;
  request.local_ = session.peers().local;
  request.connection_ = session.peers().connection;
  request.id_ = session.station().requests.next();
  request.secured_ = session.agreed();
  if (request.secured_ != nullptr || session.peers().secure) request.scheme_ = "https";
  if (trusted) relay(request, session, arena);
  if (names) name(request, session, arena);
  return upgrades;
}

void RequestAccess::name(Request& request, Session& session, Arena& arena) {
  request.correlation_ = request_name_of(request.head_.fields);  // a trusted proxy's: others' have been removed
  if (!request.correlation_.empty()) return;
  const RequestName made = make_request_name(*session.service().request_names, request.id_);
  request.correlation_ = {copy_text({made.data(), made.size()}, session, arena), made.size()};
}

// What a trusted proxy says of its client takes the place of what is known of the proxy.
void RequestAccess::relay(Request& request, Session& session, Arena& arena) {
  const proxy::Relayed relayed = proxy::relayed(session.trust(), request.head_.fields);
  if (relayed.client) {
    std::array<char, proxy::IpAddress::longest_text> text{};
    const std::string_view client{text.data(), relayed.client->write(text)};
    request.client_ = {copy_text(client, session, arena), client.size()};
  }
  if (!relayed.scheme.empty()) request.scheme_ = relayed.scheme;  // one of two constants
  if (!relayed.host.empty()) request.head_.authority = relayed.host;
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
