#include "head.hpp"

#include <pounce/http/syntax.hpp>
#include <pounce/http/target.hpp>

#include <cassert>

namespace pounce::inline v0::h1 {

namespace {

constexpr Bytes line_end = "\r\n";

// HTTP/1.0 and HTTP/1.1 exactly; any other "HTTP/" DIGIT "." DIGIT is a version that is not spoken here.
Fault parse_version(Bytes bytes, Version& version) noexcept {
  constexpr Bytes name = "HTTP/";
  if (bytes.size() != 8 || !bytes.starts_with(name) || bytes[6] != '.') return Fault::invalid_request_line;
  if (!http::is_digit(bytes[5]) || !http::is_digit(bytes[7])) return Fault::invalid_request_line;
  if (bytes[5] != '1' || bytes[7] > '1') return Fault::unsupported_version;
  version = bytes[7] == '1' ? Version::http11 : Version::http10;
  return Fault::none;
}

Fault parse_field(Bytes line, Field& field) noexcept {
  if (is_blank(line[0])) return Fault::obsolete_folding;
  const std::size_t colon = line.find(':');
  if (colon == Bytes::npos) {
    return line.find('\r') == Bytes::npos ? Fault::missing_colon : Fault::invalid_line_end;
  }
  field.name = line.substr(0, colon);
  const Bytes value = line.substr(colon + 1);
  if (!http::is_token(field.name)) return Fault::invalid_field_name;
  if (!http::is_field_value(value)) {
    return value.find('\r') == Bytes::npos ? Fault::invalid_field_value : Fault::invalid_line_end;
  }
  field.value = trim(value);
  field.id = field_id(field.name);
  return Fault::none;
}

}  // namespace

Fault parse_request_line(Bytes line, RequestHead& head) noexcept {
  const std::size_t first = line.find(' ');
  head.method = line.substr(0, first);
  if (!http::is_token(head.method)) {
    return line.find('\r') == Bytes::npos ? Fault::invalid_request_line : Fault::invalid_line_end;
  }
  head.method_id = method_id(head.method);
  if (first == Bytes::npos) return Fault::invalid_request_line;
  const Bytes rest = line.substr(first + 1);
  const std::size_t second = rest.find(' ');
  if (second == Bytes::npos) return Fault::invalid_request_line;  // HTTP/0.9
  head.target = rest.substr(0, second);
  if (rest.find('\r') != Bytes::npos) return Fault::invalid_line_end;
  if (head.target.empty()) return Fault::invalid_request_line;  // two spaces
  if (const Fault fault = parse_version(rest.substr(second + 1), head.version); fault != Fault::none) return fault;
  http::Target target;
  if (!http::parse_target(head.target, head.method_id, target)) return Fault::invalid_target;
  head.authority = target.authority;
  head.path = target.path;
  head.query = target.query;
  head.has_query = target.has_query;
  return Fault::none;
}

Fault parse_fields(Bytes lines, List<Field>& fields) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    assert(end != Bytes::npos && end > 1 && lines[end - 1] == '\r');
    Field field;
    if (const Fault fault = parse_field(lines.substr(0, end - 1), field); fault != Fault::none) return fault;
    fields.push_back(field);
    lines.remove_prefix(end + 1);
  }
  return Fault::none;
}

Fault parse_head(Bytes head, std::size_t request_line, Events::Slot& slot, http::Framing& framing) {
  RequestHead& request = slot.head;
  request.raw = head;
  Fault fault = parse_request_line(head.substr(0, request_line - line_end.size()), request);
  if (fault != Fault::none) return fault;
  fault = parse_fields(head.substr(request_line, head.size() - request_line - line_end.size()), slot.fields);
  if (fault != Fault::none) return fault;
  request.fields = slot.fields;

  Bytes host;
  fault = http::find_host(request.version, request.fields, host);
  if (fault != Fault::none) return fault;
  if (request.authority.empty()) request.authority = host;
  fault = http::decide_framing(request.version, request.fields, framing);
  if (fault != Fault::none) return fault;
  if (!llhttp_agrees(head, request)) return Fault::invalid_request_line;

  apply_framing(framing, request);
  return Fault::none;
}

void apply_framing(const http::Framing& framing, RequestHead& head) noexcept {
  if (framing.content_length) head.content_length.emplace(*framing.content_length);
  head.keep_alive = framing.keep_alive;
  head.expects_continue = framing.expects_continue;
  head.has_body = framing.chunked || framing.content_length.value_or(0) != 0;
}

}  // namespace pounce::inline v0::h1
