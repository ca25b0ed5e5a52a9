#include <pounce/h1/head_scan.hpp>

#include "head.hpp"

#include <pounce/http/syntax.hpp>

#include <cassert>
#include <cstring>

namespace pounce::inline v0::h1 {

namespace {

constexpr Bytes line_end = "\r\n";

Fault fault_of(SectionScan::Verdict verdict) noexcept {
  switch (verdict) {
    case SectionScan::Verdict::too_large: return Fault::head_too_large;
    case SectionScan::Verdict::too_many: return Fault::too_many_fields;
    case SectionScan::Verdict::bare_line_end: return Fault::invalid_line_end;
    default: return Fault::none;
  }
}

}  // namespace

Fault HeadScan::advance_request_line(Bytes head, const Limits& limits) noexcept {
  // The line and its CRLF must lie in the first so many bytes.
  const std::size_t most = limits.max_request_line + line_end.size();
  const Bytes part = head.substr(0, most);
  const void* const found = std::memchr(part.data() + searched_, '\n', part.size() - searched_);
  if (found == nullptr) {
    searched_ = static_cast<std::uint32_t>(part.size());
    return part.size() == most ? Fault::request_line_too_long : Fault::none;
  }
  const auto at = static_cast<std::uint32_t>(static_cast<const char*>(found) - head.data());
  if (at == 0 || head[at - 1] != '\r') return Fault::invalid_line_end;
  request_line_ = at + 1;
  return Fault::none;
}

Fault HeadScan::advance(Bytes head, const Limits& limits) noexcept {
  assert(!complete_ && !head.empty());
  // Bytes that begin no method begin no HTTP, such as those of TLS.
  if (!http::is_in(head[0], http::class_token)) return Fault::invalid_request_line;
  if (request_line_ == 0) {
    const Fault fault = advance_request_line(head, limits);
    if (fault != Fault::none || request_line_ == 0) return fault;
  }
  const auto verdict = fields_.advance(head.substr(request_line_), limits.max_header_size, limits.max_headers);
  if (verdict == SectionScan::Verdict::complete) {
    complete_ = true;
    return Fault::none;
  }
  // A wrong request line comes before whatever is wrong behind it, also when both arrive at once.
  if (!checked_) {
    checked_ = true;
    RequestHead ignored;
    const Fault fault = parse_request_line(head.substr(0, request_line_ - line_end.size()), ignored);
    if (fault != Fault::none) return fault;
  }
  return fault_of(verdict);
}

}  // namespace pounce::inline v0::h1
