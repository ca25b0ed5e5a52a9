#include <pounce/http/framing.hpp>

#include <pounce/http/syntax.hpp>
#include <pounce/http/target.hpp>

namespace pounce::inline v0::http {

namespace {

// What all Transfer-Encoding fields together say, one element after the other.
struct Codings {
  bool any = false;
  bool chunked = false;  // chunked was the last element so far
  bool other = false;    // a well-formed coding that is not chunked
  bool wrong = false;    // chunked not last, or twice; an empty or malformed element

  void add(Bytes value) noexcept {
    any = true;
    ListElements elements{value};
    while (const auto element = elements.next()) {
      if (chunked) wrong = true;
      if (equal_without_case(*element, "chunked")) {
        chunked = true;
        continue;
      }
      const Bytes name = trim(element->substr(0, element->find(';')));
      if (!is_token(name) || equal_without_case(name, "chunked")) wrong = true;
      other = true;
    }
  }

  [[nodiscard]] Fault fault() const noexcept {
    if (wrong) return Fault::invalid_transfer_coding;
    if (other) return Fault::unsupported_transfer_coding;
    return chunked ? Fault::none : Fault::invalid_transfer_coding;
  }
};

}  // namespace

Fault decide_framing(Version version, FieldList fields, Framing& framing) noexcept {
  framing = Framing{};
  framing.keep_alive = version != Version::http10;
  if (fields.empty()) return Fault::none;
  Codings codings;
  bool close = false;
  bool keep_alive = false;
  bool expects = false;
  bool other_expectation = false;
  for (const Field& field : fields) {
    switch (field.id) {
      case FieldId::content_length:
        if (framing.content_length) return Fault::repeated_content_length;
        framing.content_length = parse_digits(field.value);
        if (!framing.content_length) return Fault::invalid_content_length;
        break;
      case FieldId::transfer_encoding:
        if (version == Version::http10) return Fault::transfer_coding_on_http10;
        codings.add(field.value);
        break;
      case FieldId::connection:  // mostly one of the two, alone
        if (equal_without_case(field.value, "close")) {
          close = true;
        } else if (equal_without_case(field.value, "keep-alive")) {
          keep_alive = true;
        } else {
          close = close || list_has(field.value, "close");
          keep_alive = keep_alive || list_has(field.value, "keep-alive");
        }
        break;
      case FieldId::expect: {
        ListElements elements{field.value};
        while (const auto element = elements.next()) {
          (equal_without_case(*element, "100-continue") ? expects : other_expectation) = true;
        }
        break;
      }
      default: break;
    }
  }
  if (codings.any) {
    if (framing.content_length) return Fault::length_with_transfer_coding;
    if (const Fault fault = codings.fault(); fault != Fault::none) return fault;
    framing.chunked = true;
  }
  // HTTP/1.0 knows no expectations: there they are fields like any other.
  if (other_expectation && version != Version::http10) return Fault::unsupported_expectation;
  const bool content = framing.chunked || framing.content_length.value_or(0) != 0;
  framing.expects_continue = expects && content && version != Version::http10;
  framing.keep_alive = !close && (version != Version::http10 || keep_alive);
  return Fault::none;
}

Fault find_host(Version version, FieldList fields, Bytes& host) noexcept {
  const Field* found = nullptr;
  for (const Field& field : fields) {
    if (field.id != FieldId::host) continue;
    if (found != nullptr) return Fault::repeated_host;
    found = &field;
  }
  if (found == nullptr) return version == Version::http10 ? Fault::none : Fault::missing_host;
  if (!is_authority(found->value)) return Fault::invalid_host;
  host = found->value;
  return Fault::none;
}

}  // namespace pounce::inline v0::http
