#include <pounce/core/fault.hpp>

#include <array>

namespace pounce::inline v0 {

namespace {

constexpr std::array<FaultInfo, fault_count> table{{
    {Fault::none, "none", "no fault", 0},
    {Fault::invalid_request_line, "invalid_request_line", "the request line is malformed", 400},
    {Fault::invalid_target, "invalid_target", "the request target is malformed", 400},
    {Fault::request_line_too_long, "request_line_too_long", "the request line is too long", 414},
    {Fault::unsupported_version, "unsupported_version", "this version of HTTP is not spoken here", 505},
    {Fault::too_many_empty_lines, "too_many_empty_lines", "too many empty lines before the request line", 400},
    {Fault::invalid_line_end, "invalid_line_end", "a line does not end in CR LF", 400},
    {Fault::obsolete_folding, "obsolete_folding", "a field line is continued on the next line", 400},
    {Fault::invalid_field_name, "invalid_field_name", "a field name is not a token", 400},
    {Fault::invalid_field_value, "invalid_field_value", "a field value holds a control byte", 400},
    {Fault::missing_colon, "missing_colon", "a field line has no colon", 400},
    {Fault::head_too_large, "head_too_large", "the field lines are too large", 431},
    {Fault::too_many_fields, "too_many_fields", "there are too many field lines", 431},
    {Fault::missing_host, "missing_host", "the Host field is missing", 400},
    {Fault::repeated_host, "repeated_host", "there is more than one Host field", 400},
    {Fault::invalid_host, "invalid_host", "the host is malformed", 400},
    {Fault::invalid_content_length, "invalid_content_length", "Content-Length is not a plain number", 400},
    {Fault::repeated_content_length, "repeated_content_length", "there is more than one Content-Length", 400},
    {Fault::length_with_transfer_coding, "length_with_transfer_coding",
     "Content-Length and Transfer-Encoding exclude each other", 400},
    {Fault::transfer_coding_on_http10, "transfer_coding_on_http10", "HTTP/1.0 has no Transfer-Encoding", 400},
    {Fault::invalid_transfer_coding, "invalid_transfer_coding", "Transfer-Encoding does not end in one chunked", 400},
    {Fault::unsupported_transfer_coding, "unsupported_transfer_coding", "the only transfer coding here is chunked",
     501},
    {Fault::unsupported_expectation, "unsupported_expectation", "the only expectation here is 100-continue", 417},
    {Fault::invalid_chunk_size, "invalid_chunk_size", "a chunk size is malformed", 400},
    {Fault::invalid_chunk_extension, "invalid_chunk_extension", "a chunk extension is malformed", 400},
    {Fault::invalid_chunk_end, "invalid_chunk_end", "chunk data is not followed by CR LF", 400},
    {Fault::chunk_extensions_too_large, "chunk_extensions_too_large", "the chunk extensions are too large", 400},
    {Fault::invalid_trailer, "invalid_trailer", "the trailer section is malformed", 400},
    {Fault::trailers_too_large, "trailers_too_large", "the trailer section is too large", 431},
    {Fault::body_too_large, "body_too_large", "the content is too large", 413},
    {Fault::truncated_head, "truncated_head", "the request ended in the middle of its head", 400},
    {Fault::truncated_body, "truncated_body", "the request ended in the middle of its content", 400},
    {Fault::header_timeout, "header_timeout", "the request head did not arrive in time", 408},
    {Fault::body_timeout, "body_timeout", "the request content stopped arriving", 408},
    {Fault::body_too_slow, "body_too_slow", "the request content arrives too slowly", 408},
    {Fault::write_timeout, "write_timeout", "the peer stopped reading", 0},
    {Fault::write_too_slow, "write_too_slow", "the peer reads too slowly", 0},
    {Fault::keep_alive_timeout, "keep_alive_timeout", "the idle connection was closed", 0},
    {Fault::linger_timeout, "linger_timeout", "the peer did not close in time", 0},
    {Fault::connection_reset, "connection_reset", "the peer reset the connection", 0},
}};

constexpr bool in_order() noexcept {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].fault) != i || table[i].name.empty()) return false;
  }
  return true;
}
static_assert(in_order(), "one row per fault, in the order of the enumeration");

}  // namespace

const FaultInfo& info(Fault fault) noexcept { return table[static_cast<std::size_t>(fault)]; }

}  // namespace pounce::inline v0
