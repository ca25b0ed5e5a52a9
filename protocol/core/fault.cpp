#include <pounce/core/fault.hpp>

#include <array>
#include <cstdint>

namespace pounce::inline v0 {

namespace {

// RFC 9113, section 7; the ones that are the last word about a fault.
enum : std::uint8_t {
  no_error = 0x0,
  protocol_error = 0x1,
  flow_control_error = 0x3,
  settings_timeout = 0x4,
  stream_closed_error = 0x5,
  frame_size_error = 0x6,
  cancel = 0x8,
  compression_error = 0x9,
  enhance_your_calm = 0xb,
};

// RFC 6455, section 7.4.1.
enum : std::uint16_t {
  ws_protocol_error = 1002,
  ws_invalid_payload = 1007,
  ws_policy_violation = 1008,
  ws_too_big = 1009,
};

constexpr std::array<FaultInfo, fault_count> table{{
    {Fault::none, "none", "no fault", 0, no_error},
    {Fault::invalid_request_line, "invalid_request_line", "the request line is malformed", 400, protocol_error},
    {Fault::invalid_target, "invalid_target", "the request target is malformed", 400, protocol_error},
    {Fault::request_line_too_long, "request_line_too_long", "the request line is too long", 414, protocol_error},
    {Fault::unsupported_version, "unsupported_version", "this version of HTTP is not spoken here", 505, protocol_error},
    {Fault::too_many_empty_lines, "too_many_empty_lines", "too many empty lines before the request line", 400,
     protocol_error},
    {Fault::invalid_line_end, "invalid_line_end", "a line does not end in CR LF", 400, protocol_error},
    {Fault::obsolete_folding, "obsolete_folding", "a field line is continued on the next line", 400, protocol_error},
    {Fault::invalid_field_name, "invalid_field_name", "a field name is not a token", 400, protocol_error},
    {Fault::invalid_field_value, "invalid_field_value", "a field value holds a control byte", 400, protocol_error},
    {Fault::missing_colon, "missing_colon", "a field line has no colon", 400, protocol_error},
    {Fault::head_too_large, "head_too_large", "the field lines are too large", 431, enhance_your_calm},
    {Fault::too_many_fields, "too_many_fields", "there are too many field lines", 431, enhance_your_calm},
    {Fault::missing_host, "missing_host", "the Host field is missing", 400, protocol_error},
    {Fault::repeated_host, "repeated_host", "there is more than one Host field", 400, protocol_error},
    {Fault::invalid_host, "invalid_host", "the host is malformed", 400, protocol_error},
    {Fault::invalid_content_length, "invalid_content_length", "Content-Length is not a plain number", 400,
     protocol_error},
    {Fault::repeated_content_length, "repeated_content_length", "there is more than one Content-Length", 400,
     protocol_error},
    {Fault::length_with_transfer_coding, "length_with_transfer_coding",
     "Content-Length and Transfer-Encoding exclude each other", 400, protocol_error},
    {Fault::transfer_coding_on_http10, "transfer_coding_on_http10", "HTTP/1.0 has no Transfer-Encoding", 400,
     protocol_error},
    {Fault::invalid_transfer_coding, "invalid_transfer_coding", "Transfer-Encoding does not end in one chunked", 400,
     protocol_error},
    {Fault::unsupported_transfer_coding, "unsupported_transfer_coding", "the only transfer coding here is chunked", 501,
     protocol_error},
    {Fault::unsupported_expectation, "unsupported_expectation", "the only expectation here is 100-continue", 417,
     cancel},
    {Fault::invalid_chunk_size, "invalid_chunk_size", "a chunk size is malformed", 400, protocol_error},
    {Fault::invalid_chunk_extension, "invalid_chunk_extension", "a chunk extension is malformed", 400, protocol_error},
    {Fault::invalid_chunk_end, "invalid_chunk_end", "chunk data is not followed by CR LF", 400, protocol_error},
    {Fault::chunk_extensions_too_large, "chunk_extensions_too_large", "the chunk extensions are too large", 400,
     protocol_error},
    {Fault::invalid_trailer, "invalid_trailer", "the trailer section is malformed", 400, protocol_error},
    {Fault::trailers_too_large, "trailers_too_large", "the trailer section is too large", 431, enhance_your_calm},
    {Fault::body_too_large, "body_too_large", "the content is too large", 413, cancel},
    {Fault::truncated_head, "truncated_head", "the request ended in the middle of its head", 400, protocol_error},
    {Fault::truncated_body, "truncated_body", "the request ended in the middle of its content", 400, protocol_error},
    {Fault::header_timeout, "header_timeout", "the request head did not arrive in time", 408, enhance_your_calm},
    {Fault::body_timeout, "body_timeout", "the request content stopped arriving", 408, cancel},
    {Fault::body_too_slow, "body_too_slow", "the request content arrives too slowly", 408, cancel},
    {Fault::write_timeout, "write_timeout", "the peer stopped reading", 0, cancel},
    {Fault::write_too_slow, "write_too_slow", "the peer reads too slowly", 0, cancel},
    {Fault::keep_alive_timeout, "keep_alive_timeout", "the idle connection was closed", 0, no_error},
    {Fault::linger_timeout, "linger_timeout", "the peer did not close in time", 0, no_error},
    {Fault::connection_reset, "connection_reset", "the peer reset the connection", 0, no_error},
    {Fault::tls_clear_text, "tls_clear_text", "a request without TLS came to a port for TLS", 400, no_error},
    {Fault::tls_unexpected, "tls_unexpected", "a TLS handshake came to a port without TLS", 400, no_error},
    {Fault::tls_handshake_failed, "tls_handshake_failed", "the TLS handshake failed", 0, no_error},
    {Fault::tls_handshake_timeout, "tls_handshake_timeout", "the TLS handshake did not end in time", 0, no_error},
    {Fault::tls_failed, "tls_failed", "a TLS record or alert ended the connection", 0, no_error},
    {Fault::tls_truncated, "tls_truncated", "the connection ended without the close_notify of TLS", 0, no_error},
    {Fault::invalid_proxy_header, "invalid_proxy_header", "the connection does not begin with a valid PROXY header", 0,
     no_error},
    {Fault::proxy_header_timeout, "proxy_header_timeout", "the PROXY header did not arrive in time", 0, no_error},
    {Fault::invalid_preface, "invalid_preface", "the connection does not begin as HTTP/2", 0, protocol_error},
    {Fault::invalid_frame, "invalid_frame", "a frame is malformed or not allowed where it stands", 0, protocol_error},
    {Fault::invalid_frame_size, "invalid_frame_size", "a frame has a wrong size", 0, frame_size_error},
    {Fault::stream_closed, "stream_closed", "a frame for a stream that is closed", 0, stream_closed_error},
    {Fault::flow_control_exceeded, "flow_control_exceeded", "more was sent than the window allows", 0,
     flow_control_error},
    {Fault::invalid_compression, "invalid_compression", "a field block cannot be decoded", 0, compression_error},
    {Fault::invalid_pseudo_field, "invalid_pseudo_field", "a pseudo-header field is wrong, missing or misplaced", 0,
     protocol_error},
    {Fault::connection_specific_field, "connection_specific_field", "a field that belongs to a connection", 0,
     protocol_error},
    {Fault::authority_mismatch, "authority_mismatch", "Host and :authority differ", 0, protocol_error},
    {Fault::content_length_mismatch, "content_length_mismatch", "the content is not as long as declared", 0,
     protocol_error},
    {Fault::stream_reset, "stream_reset", "the peer reset the stream", 0, cancel},
    {Fault::preface_timeout, "preface_timeout", "the connection preface did not arrive in time", 0, protocol_error},
    {Fault::settings_timeout, "settings_timeout", "the settings were not acknowledged in time", 0, settings_timeout},
    {Fault::ping_timeout, "ping_timeout", "the peer does not answer", 0, no_error},
    {Fault::reset_flood, "reset_flood", "too many streams are reset", 0, enhance_your_calm},
    {Fault::ping_flood, "ping_flood", "too many PING frames", 0, enhance_your_calm},
    {Fault::settings_flood, "settings_flood", "too many settings", 0, enhance_your_calm},
    {Fault::empty_data_flood, "empty_data_flood", "too many empty DATA frames", 0, enhance_your_calm},
    {Fault::continuation_flood, "continuation_flood", "too many CONTINUATION frames", 0, enhance_your_calm},
    {Fault::priority_flood, "priority_flood", "too many priority frames", 0, enhance_your_calm},
    {Fault::window_flood, "window_flood", "too many WINDOW_UPDATE frames", 0, enhance_your_calm},
    {Fault::unknown_frame_flood, "unknown_frame_flood", "too many frames of unknown types", 0, enhance_your_calm},
    {Fault::late_frame_flood, "late_frame_flood", "too many frames for streams that were reset", 0, enhance_your_calm},
    {Fault::header_bomb, "header_bomb", "a field section is far too large", 0, enhance_your_calm},
    {Fault::upgrade_required, "upgrade_required", "this is for WebSocket clients", 426, cancel},
    {Fault::invalid_handshake, "invalid_handshake", "the WebSocket handshake is malformed", 400, protocol_error},
    {Fault::invalid_websocket_key, "invalid_websocket_key", "Sec-WebSocket-Key is not 16 octets in Base64", 400,
     protocol_error},
    {Fault::unsupported_websocket_version, "unsupported_websocket_version", "the only WebSocket version here is 13",
     426, protocol_error},
    {Fault::reserved_bits, "reserved_bits", "a reserved bit is set", 0, cancel, ws_protocol_error},
    {Fault::reserved_opcode, "reserved_opcode", "a frame has a reserved opcode", 0, cancel, ws_protocol_error},
    {Fault::missing_mask, "missing_mask", "a frame of a client is not masked", 0, cancel, ws_protocol_error},
    {Fault::unexpected_mask, "unexpected_mask", "a frame of a server is masked", 0, cancel, ws_protocol_error},
    {Fault::invalid_length, "invalid_length", "a payload length is not in its shortest form, or too large for 63 bits",
     0, cancel, ws_protocol_error},
    {Fault::fragmented_control, "fragmented_control", "a control frame is fragmented", 0, cancel, ws_protocol_error},
    {Fault::control_too_long, "control_too_long", "a control frame has more than 125 octets", 0, cancel,
     ws_protocol_error},
    {Fault::unexpected_continuation, "unexpected_continuation", "there is no message to continue", 0, cancel,
     ws_protocol_error},
    {Fault::unfinished_message, "unfinished_message", "a message begins within another", 0, cancel, ws_protocol_error},
    {Fault::invalid_text, "invalid_text", "text is not UTF-8", 0, cancel, ws_invalid_payload},
    {Fault::invalid_deflate, "invalid_deflate", "a compressed message cannot be inflated", 0, cancel,
     ws_invalid_payload},
    {Fault::message_too_large, "message_too_large", "a message is too large", 0, cancel, ws_too_big},
    {Fault::invalid_close, "invalid_close", "a Close frame is malformed", 0, cancel, ws_protocol_error},
    {Fault::missing_close, "missing_close", "the peer left without a Close frame", 0, cancel},
    {Fault::pong_timeout, "pong_timeout", "the peer does not answer our Ping", 0, cancel},
    {Fault::message_timeout, "message_timeout", "a message stopped arriving", 0, cancel, ws_policy_violation},
    {Fault::message_too_slow, "message_too_slow", "a message arrives too slowly", 0, cancel, ws_policy_violation},
    {Fault::close_timeout, "close_timeout", "the peer did not answer our Close in time", 0, cancel},
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
