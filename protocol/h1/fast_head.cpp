#include "fast_head.hpp"

#include "fast_marks.hpp"
#include "head.hpp"

#include <pounce/http/syntax.hpp>
#include <pounce/http/target.hpp>

#include <cstring>

namespace pounce::inline v0::h1 {

namespace {

constexpr Bytes line_end = "\r\n";

// Whether these bytes stand at `at`; the caller knows that there is room for them.
template <std::size_t N>
[[nodiscard]] bool stands_at(const char* at, const char (&literal)[N]) noexcept {
  return std::memcmp(at, literal, N - 1) == 0;
}

// Without the check of `substr`: `start` <= `end` <= head.size().
[[nodiscard]] Bytes between(Bytes head, std::size_t start, std::size_t end) noexcept {
  return {head.data() + start, end - start};
}

// What is searched for is marked in the line end behind it at the latest, so that each search ends.
[[nodiscard]] std::size_t next_control(const Marks& marks, std::size_t at) noexcept {
  return Marks::next(marks.controls, at);
}
[[nodiscard]] std::size_t next_break(const Marks& marks, std::size_t at) noexcept {
  return Marks::next(marks.breaks, at);
}

// A valid target that starts with '/' and a slash's bytes on has neither space nor '#'. Most marks in it are slashes.
[[nodiscard]] bool read_target(Bytes head, const Marks& marks, std::size_t start, std::size_t end,
                               RequestHead& request) noexcept {
  std::size_t path_end = end;
  for (std::size_t at = next_break(marks, start + 1); at < end; at = next_break(marks, at + 1)) {
    if (head[at] == ' ' || head[at] == '#') return false;
    if (head[at] == '?' && path_end == end) path_end = at;
  }
  request.target = between(head, start, end);
  request.path = between(head, start, path_end);
  request.has_query = path_end != end;
  if (request.has_query) request.query = between(head, path_end + 1, end);
  return true;
}

// Returns the size of the line with its CR LF; 0: don't know.
[[nodiscard]] std::size_t read_request_line(Bytes head, const Marks& marks, RequestHead& request) noexcept {
  constexpr std::size_t version = 9;  // with the space before it
  const std::size_t method = next_break(marks, 0);
  const std::size_t end = next_control(marks, method);
  if (end < method + 2 + version || !stands_at(head.data() + end, "\r\n") || !stands_at(head.data() + method, " /"))
    return 0;
  const Method id = method_id(between(head, 0, method));
  if (id == Method::other || id == Method::connect) return 0;
  if (!stands_at(head.data() + end - version, " HTTP/1.")) return 0;
  const char minor = head[end - 1];
  if (minor != '1' && minor != '0') return 0;
  request.method = between(head, 0, method);
  request.method_id = id;
  request.version = minor == '1' ? Version::http11 : Version::http10;
  return read_target(head, marks, method + 1, end - version, request) ? end + line_end.size() : 0;
}

// What was seen among the fields: where the Host is, and the first and the last that framing may depend on.
struct Seen {
  Bytes host;
  std::size_t first_framing = 0;
  std::size_t end_of_framing = 0;
};

// Whether the bytes from `start` to `end` are a valid Host. Most consist of plain bytes and a port: no look at each byte of the name.
[[nodiscard]] bool is_host(Bytes head, const Marks& marks, std::size_t start, std::size_t end) noexcept {
  const std::size_t colon = next_break(marks, start);
  if (colon == end) return true;
  const Bytes value = between(head, start, end);
  if (colon == start || head[colon] != ':') return http::is_authority(value);
  return http::is_port(between(head, colon + 1, end), http::PortRule::optional);
}

[[nodiscard]] bool read_fields(Bytes head, const Marks& marks, std::size_t at, List<Field>& fields, Seen& seen) {
  const std::size_t last = head.size() - line_end.size();
  while (at != last) {
    const std::size_t colon = next_break(marks, at);
    if (head[colon] != ':' || colon == at) return false;
    const std::size_t end = next_control(marks, colon);
    if (!stands_at(head.data() + end, "\r\n")) return false;
    const std::size_t start = colon + (head[colon + 1] == ' ' ? 2 : 1);
    if (start >= end || head[start] == ' ' || head[end - 1] == ' ') return false;
    const FieldId id = field_id(between(head, at, colon));
    Field& field = fields.emplace_back();
    field.name = between(head, at, colon);
    field.value = between(head, start, end);
    field.id = id;
    switch (id) {
      case FieldId::host:
        if (!seen.host.empty() || !is_host(head, marks, start, end)) return false;
        seen.host = between(head, start, end);
        break;
      case FieldId::connection:
      case FieldId::content_length:
      case FieldId::expect:
      case FieldId::transfer_encoding:
        if (seen.end_of_framing == 0) seen.first_framing = fields.size() - 1;
        seen.end_of_framing = fields.size();
        break;
      default: break;
    }
    at = end + line_end.size();
  }
  return stands_at(head.data() + last, "\r\n");
}

[[nodiscard]] bool read_head(Bytes head, const Marks& marks, const Limits& limits, Events::Slot& slot,
                             http::Framing& framing) {
  RequestHead& request = slot.head;
  const std::size_t line = read_request_line(head, marks, request);
  if (line == 0 || line - line_end.size() > limits.max_request_line) return false;
  if (head.size() - line - line_end.size() > limits.max_header_size) return false;
  Seen seen;
  if (!read_fields(head, marks, line, slot.fields, seen) || slot.fields.size() > limits.max_headers) return false;
  if (seen.host.empty() && request.version != Version::http10) return false;
  request.raw = head;
  request.authority = seen.host;
  const FieldList fields{slot.fields};
  request.fields = fields;
  const FieldList framing_fields = fields.subspan(seen.first_framing, seen.end_of_framing - seen.first_framing);
  if (http::decide_framing(request.version, framing_fields, framing) != Fault::none) return false;
  apply_framing(framing, request);
  return true;
}

}  // namespace

FastHead accept_head(Bytes input, const Limits& limits, Events& events, http::Framing& framing) {
  Marks marks;  // without a start value: what is read of it was written
  const std::size_t size = find_marks(input, marks);
  if (size == 0) return {};
  Events::Slot& slot = events.slot();
  if (read_head(between(input, 0, size), marks, limits, slot, framing)) return {size, &slot};
  slot.head = RequestHead{};
  slot.fields.clear();
  return {0, &slot};
}

}  // namespace pounce::inline v0::h1
