// Fault: everything that a peer, or time, can do wrong, with the answer to it.
//
// One table (fault.cpp) gives each fault its stable name, a sentence for people, and the HTTP status that answers it.
// Names never change once released: logs, metrics and tests use them. Status 0 means that no response is sent (nobody is
// there to read it, or silence is the right answer); HTTP/2 then resets the stream or the connection with `h2_code`, and a WebSocket
// is closed with `ws_code`. Faults are terminal for their connection; *our* mistakes are `Sent`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pounce::inline v0 {

enum class Fault : std::uint8_t {
  none,
  // HTTP/1.1 request line (RFC 9112, section 3)
  invalid_request_line,
  invalid_target,
  request_line_too_long,
  unsupported_version,
  too_many_empty_lines,
  // field lines (RFC 9110, section 5; RFC 9112, section 5)
  invalid_line_end,
  obsolete_folding,
  invalid_field_name,
  invalid_field_value,
  missing_colon,
  head_too_large,
  too_many_fields,
  // routing (RFC 9110, section 7.2; RFC 9112, section 3.2)
  missing_host,
  repeated_host,
  invalid_host,
  // framing (RFC 9112, section 6)
  invalid_content_length,
  repeated_content_length,
  length_with_transfer_coding,
  transfer_coding_on_http10,
  invalid_transfer_coding,
  unsupported_transfer_coding,
  unsupported_expectation,
  // content (RFC 9112, section 7)
  invalid_chunk_size,
  invalid_chunk_extension,
  invalid_chunk_end,
  chunk_extensions_too_large,
  invalid_trailer,
  trailers_too_large,
  body_too_large,
  // the peer left in the middle
  truncated_head,
  truncated_body,
  // time
  header_timeout,
  body_timeout,
  body_too_slow,
  write_timeout,
  write_too_slow,
  keep_alive_timeout,
  linger_timeout,
  // the transport
  connection_reset,
  tls_clear_text,
  tls_unexpected,
  tls_handshake_failed,
  tls_handshake_timeout,
  tls_failed,
  tls_truncated,
  // the PROXY protocol
  invalid_proxy_header,
  proxy_header_timeout,
  // HTTP/2 framing (RFC 9113, sections 3.4, 4, 5, 6)
  invalid_preface,
  invalid_frame,
  invalid_frame_size,
  stream_closed,
  flow_control_exceeded,
  invalid_compression,
  // HTTP/2 messages (RFC 9113, section 8)
  invalid_pseudo_field,
  connection_specific_field,
  authority_mismatch,
  content_length_mismatch,
  // HTTP/2 streams that end early
  stream_reset,
  // HTTP/2 time
  preface_timeout,
  settings_timeout,
  ping_timeout,
  // HTTP/2 abuse: each has its limit in h2::Limits
  reset_flood,
  ping_flood,
  settings_flood,
  empty_data_flood,
  continuation_flood,
  priority_flood,
  window_flood,
  unknown_frame_flood,
  late_frame_flood,
  header_bomb,
  // WebSocket handshake (RFC 6455, section 4.2)
  upgrade_required,
  invalid_handshake,
  invalid_websocket_key,
  unsupported_websocket_version,
  // WebSocket framing (RFC 6455, section 5)
  reserved_bits,
  reserved_opcode,
  missing_mask,
  unexpected_mask,
  invalid_length,
  fragmented_control,
  control_too_long,
  unexpected_continuation,
  unfinished_message,
  // WebSocket messages (RFC 6455, section 8; RFC 7692) and closing (section 7)
  invalid_text,
  invalid_deflate,
  message_too_large,
  invalid_close,
  missing_close,
  // WebSocket time
  pong_timeout,
  message_timeout,
  message_too_slow,
  close_timeout,
};

inline constexpr std::size_t fault_count = static_cast<std::size_t>(Fault::close_timeout) + 1;

struct FaultInfo {
  Fault fault;
  std::string_view name;      // stable, snake_case
  std::string_view text;      // one sentence without a final stop
  std::uint16_t status;       // HTTP status of the answer, 0: none
  std::uint8_t h2_code;       // what HTTP/2 says when there is no such answer (RFC 9113, section 7)
  std::uint16_t ws_code = 0;  // what a WebSocket's Close says (RFC 6455, section 7.4); 0: it ends without one
};

[[nodiscard]] const FaultInfo& info(Fault fault) noexcept;

}  // namespace pounce::inline v0
