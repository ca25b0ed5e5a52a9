#include "server/session/request_access.hpp"

#include "server/session/request_name.hpp"

#include <pounce/proxy/forwarded.hpp>
#include <pounce/server/session.hpp>

#include <array>
#include <cstring>
#include <new>
#include <string_view>
#include <vector>

namespace pounce::inline v0 {

namespace {

// The same view on a copy of what it points into.
std::string_view shifted(std::string_view view, const char* from, const char* to) noexcept {
  return view.empty() ? std::string_view{} : std::string_view{to + (view.data() - from), view.size()};
}

Field* room_for(std::size_t count, Session& session, Arena& arena) {
  return static_cast<Field*>(arena.allocate(session.station().workspace, count * sizeof(Field)));
}

}  // namespace

char* RequestAccess::copy_text(std::string_view text, Session& session, Arena& arena) {
  auto* memory = static_cast<char*>(arena.allocate(session.station().workspace, text.size()));
  if (!text.empty()) std::memcpy(memory, text.data(), text.size());
  return memory;
}

bool RequestAccess::fill(Request& request, const RequestHead& head, Session& session, Arena& arena) {
  // All members by name: this fails to compile where one is missing.
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
  const FieldList kept{fields, static_cast<std::size_t>(at - fields)};
  const auto part = [from](std::string_view view) noexcept {
    return view.empty()
               ? Request::Part{}
               : Request::Part{static_cast<std::uint32_t>(view.data() - from), static_cast<std::uint32_t>(view.size())};
  };
  request.octets_ = to;
  request.octet_count_ = static_cast<std::uint32_t>(raw.size());
  request.field_count_ = static_cast<std::uint32_t>(kept.size());
  request.fields_ = fields;
  request.method_ = part(method);
  request.target_ = part(target);
  request.authority_ = part(authority);
  request.path_ = part(path);
  request.query_ = part(query);
  request.protocol_ = part(protocol);
  request.content_length_ = content_length.value_or(0);
  request.has_length_ = content_length.has_value();
  request.version_ = version;
  request.method_id_ = method_number;
  request.has_body_ = has_body;
  request.keep_alive_ = keep_alive;
  request.expects_continue_ = expects_continue;
  request.has_query_ = has_query;
  request.peers_ = &session.peers();
  request.id_ = session.station().requests.next();
  request.secured_ = session.agreed();
  request.secure_ = request.secured_ != nullptr || session.peers().secure;
  if (trusted) relay(request, kept, session, arena);
  if (names) name(request, kept, session, arena);
  return upgrades;
}

RequestHead RequestAccess::line(const Request& request) noexcept {
  return {.raw = {request.octets_, request.octet_count_},
          .method = request.method(),
          .target = request.target(),
          .authority = request.authority(),
          .path = request.path(),
          .query = request.query(),
          .fields = {},
          .protocol = protocol(request),
          .content_length = request.content_length(),
          .version = request.version_,
          .method_id = request.method_id_,
          .has_body = request.has_body_,
          .keep_alive = request.keep_alive_,
          .expects_continue = request.expects_continue_,
          .has_query = request.has_query_};
}

RequestHead RequestAccess::head(const Request& request, std::vector<Field>& room) {
  RequestHead head = line(request);
  if (request.fields_ != nullptr) {
    head.fields = {request.fields_, request.field_count_};
    return head;
  }
  room.reserve(request.field_count_);
  PackedFields packed{request.octets_, request.field_count_};
  for (Field field; packed.next(field);) room.push_back(field);
  head.fields = room;
  return head;
}

Request::More& RequestAccess::more(Request& request, Session& session, Arena& arena) {
  if (request.more_ == nullptr)
    request.more_ = ::new (arena.allocate(session.station().workspace, sizeof(Request::More))) Request::More{};
  return *request.more_;
}

void RequestAccess::name(Request& request, FieldList fields, Session& session, Arena& arena) {
  std::string_view& correlation = more(request, session, arena).correlation;
  correlation = request_name_of(fields);  // a trusted proxy's: others' have been removed
  if (!correlation.empty()) return;
  const RequestName made = make_request_name(*session.service().request_names, request.id_);
  correlation = {copy_text({made.data(), made.size()}, session, arena), made.size()};
}

// What a trusted proxy says of its client takes the place of what is known of the proxy.
void RequestAccess::relay(Request& request, FieldList fields, Session& session, Arena& arena) {
  const proxy::Relayed relayed = proxy::relayed(session.trust(), fields);
  if (relayed.client) {
    std::array<char, proxy::IpAddress::longest_text> text{};
    const std::string_view client{text.data(), relayed.client->write(text)};
    more(request, session, arena).client = {copy_text(client, session, arena), client.size()};
  }
  if (!relayed.scheme.empty()) request.secure_ = relayed.scheme == "https";  // one of two constants
  if (!relayed.host.empty()) {
    request.authority_ = {static_cast<std::uint32_t>(relayed.host.data() - request.octets_),
                          static_cast<std::uint32_t>(relayed.host.size())};
  }
}

void RequestAccess::set_trailers(Request& request, FieldList trailers, Session& session, Arena& arena) {
  Field* const fields = room_for(trailers.size(), session, arena);
  for (std::size_t i = 0; i < trailers.size(); ++i) {
    const Field& field = trailers[i];
    ::new (&fields[i]) Field{{copy_text(field.name, session, arena), field.name.size()},
                             {copy_text(field.value, session, arena), field.value.size()},
                             field.id};
  }
  more(request, session, arena).trailers = {fields, trailers.size()};
}

}  // namespace pounce::inline v0
