#include <pounce/http/response.hpp>

#include <pounce/http/fields.hpp>
#include <pounce/http/syntax.hpp>

namespace pounce::inline v0::http {

Sent judge_response(const ResponseHead& head, ResponseFraming& framing) {
  if (head.status < 200 || head.status > 599) return Sent::invalid_field;
  framing = {head.content_length, head.close};
  for (const Field& field : head.fields) {
    const FieldId name = field_id(field.name);
    if (const Sent sent = check_response_field(field, name); sent != Sent::ok) return sent;
    if (name == FieldId::connection) framing.close = framing.close || list_has(field.value, "close");
    if (name != FieldId::content_length) continue;
    const auto declared = parse_digits(field.value);
    if (!declared) return Sent::invalid_field;
    if (framing.content_length && *framing.content_length != *declared) return Sent::length_mismatch;
    framing.content_length = declared;
  }
  return Sent::ok;
}

Sent judge_informational(std::uint16_t status, FieldList fields) {
  if (status < 102 || status > 199) return Sent::invalid_field;
  for (const Field& field : fields) {
    const FieldId name = field_id(field.name);
    if (const Sent sent = check_response_field(field, name); sent != Sent::ok) return sent;
    if (name == FieldId::content_length || name == FieldId::connection) return Sent::forbidden_field;
  }
  return Sent::ok;
}

}  // namespace pounce::inline v0::http
