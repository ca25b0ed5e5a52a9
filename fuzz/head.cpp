// Request heads: the search for the end sees the same thing however the bytes are cut, and what is accepted obeys the grammar.
//
// Input: the bytes of a head.
#include "protocol/h1/head.hpp"

#include <pounce/h1/head_scan.hpp>
#include <pounce/h1/limits.hpp>
#include <pounce/http/syntax.hpp>
#include <pounce/http/target.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

using namespace pounce;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct Found {
  Fault fault = Fault::none;
  std::size_t size = 0;
};

// Shows the bytes in steps of `step`.
Found scan(Bytes bytes, std::size_t step, const h1::Limits& limits, h1::HeadScan& scan) {
  for (std::size_t end = std::min(step, bytes.size());; end = std::min(end + step, bytes.size())) {
    const Fault fault = scan.advance(bytes.substr(0, end), limits);
    if (fault != Fault::none) return {fault, 0};
    if (scan.complete()) return {Fault::none, scan.size()};
    if (end == bytes.size()) return {};
  }
}

void check_view(Bytes view, Bytes raw) {
  require(view.empty() || (view.data() >= raw.data() && view.data() + view.size() <= raw.data() + raw.size()));
}

// Checks an accepted head; says why it is not.
Fault check_head(Bytes raw, std::size_t request_line) {
  Events events;
  Events::Slot& slot = events.slot();
  http::Framing framing;
  const Fault fault = h1::parse_head(raw, request_line, slot, framing);
  if (fault != Fault::none) return fault;
  const RequestHead& head = slot.head;
  for (const Bytes view : {head.method, head.target, head.authority, head.path, head.query}) check_view(view, raw);
  require(http::is_token(head.method));
  require(http::all_in(head.target, http::class_target) && !head.target.empty());
  require(head.version == Version::http10 || http::is_authority(head.authority));
  std::size_t lengths = 0;
  std::size_t codings = 0;
  for (const Field& field : head.fields) {
    check_view(field.name, raw);
    check_view(field.value, raw);
    require(http::is_token(field.name) && http::is_field_value(field.value));
    require(field.value == trim(field.value) && field.id == field_id(field.name));
    lengths += field.id == FieldId::content_length ? 1 : 0;
    codings += field.id == FieldId::transfer_encoding ? 1 : 0;
  }
  require(lengths + codings <= 1);
  require(framing.chunked == (codings == 1));
  require(framing.content_length.has_value() == (lengths == 1));
  require(head.has_body == (framing.chunked || framing.content_length.value_or(0) != 0));
  return Fault::none;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes{reinterpret_cast<const char*>(data), size};
  if (bytes.empty()) return 0;
  h1::Limits limits;
  limits.max_request_line = 200;
  limits.max_header_size = 400;
  limits.max_headers = 10;
  h1::HeadScan whole;
  Found found = scan(bytes, size, limits, whole);
  if (whole.complete()) found.fault = check_head(bytes.substr(0, whole.size()), whole.request_line_size());
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, 1 + size / 2}) {
    h1::HeadScan piecewise;
    const Found again = scan(bytes, step, limits, piecewise);
    // A wrong request line is seen before the end of the head, when that has not come yet.
    if (again.fault != Fault::none || found.size == 0) require(again.fault == found.fault);
    if (again.fault == Fault::none) require(again.size == found.size);
  }
  return 0;
}
