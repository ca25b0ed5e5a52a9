#include <pounce/http/fields.hpp>

#include <pounce/http/syntax.hpp>

#include <array>

namespace pounce::inline v0::http {

namespace {

// Beyond those that have an id.
constexpr std::array<std::string_view, 11> other_forbidden{
    "age", "content-range",       "expires",          "max-forwards", "pragma",  "proxy-authenticate",
    "via", "proxy-authorization", "www-authenticate", "retry-after",  "warning",
};

bool says_only_close(std::string_view value) noexcept {
  ListElements elements{value};
  while (const auto element = elements.next()) {
    if (!equal_without_case(*element, "close")) return false;
  }
  return true;
}

}  // namespace

Sent check_field(const Field& field) noexcept {
  return is_token(field.name) && is_field_value(field.value) ? Sent::ok : Sent::invalid_field;
}

Sent check_response_field(const Field& field) noexcept { return check_response_field(field, field_id(field.name)); }

Sent check_response_field(const Field& field, FieldId id) noexcept {
  // A name with an id is a token.
  if (id == FieldId::other && !is_token(field.name)) return Sent::invalid_field;
  if (!is_field_value(field.value)) return Sent::invalid_field;
  switch (id) {
    case FieldId::transfer_encoding:
    case FieldId::keep_alive:
    case FieldId::proxy_connection:
    case FieldId::upgrade: return Sent::forbidden_field;
    case FieldId::connection: return says_only_close(field.value) ? Sent::ok : Sent::forbidden_field;
    default: return Sent::ok;
  }
}

bool is_forbidden_in_trailers(std::string_view name) noexcept {
  switch (field_id(name)) {
    case FieldId::authorization:
    case FieldId::cache_control:
    case FieldId::connection:
    case FieldId::content_encoding:
    case FieldId::content_length:
    case FieldId::content_type:
    case FieldId::cookie:
    case FieldId::date:
    case FieldId::expect:
    case FieldId::forwarded:
    case FieldId::host:
    case FieldId::if_match:
    case FieldId::if_modified_since:
    case FieldId::if_none_match:
    case FieldId::if_range:
    case FieldId::if_unmodified_since:
    case FieldId::keep_alive:
    case FieldId::location:
    case FieldId::proxy_connection:
    case FieldId::range:
    case FieldId::set_cookie:
    case FieldId::te:
    case FieldId::trailer:
    case FieldId::transfer_encoding:
    case FieldId::upgrade:
    case FieldId::vary: return true;
    case FieldId::other: break;
    default: return false;
  }
  constexpr std::string_view forwarded = "x-forwarded-";
  if (equal_without_case(name.substr(0, forwarded.size()), forwarded)) return true;
  for (const std::string_view forbidden : other_forbidden) {
    if (equal_without_case(name, forbidden)) return true;
  }
  return false;
}

}  // namespace pounce::inline v0::http
