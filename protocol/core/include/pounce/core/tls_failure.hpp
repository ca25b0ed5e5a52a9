// TlsFailure: why TLS has failed on a connection, as an operator counts it. The details are the library's words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pounce::inline v0 {

enum class TlsFailure : std::uint8_t {
  timeout,                   // the handshake did not end in time
  peer_left,                 // … the peer went in the middle of it
  not_tls,                   // the first octet is none of TLS
  no_common_version,         // alert protocol_version (RFC 8446, section 6)
  no_common_cipher,          // handshake_failure, insufficient_security: ciphers, groups, signatures
  no_common_protocol,        // no_application_protocol (RFC 7301)
  unknown_name,              // unrecognized_name (RFC 6066)
  client_certificate,        // there is none that is trusted, and one is required
  peer_refused_certificate,  // the peer's alert says that ours will not do
  peer_alert,                // any other of its alerts
  protocol_error,            // what it sent breaks the rules, or was forged
  internal_error,            // it is nobody's fault but ours: no memory, say
};
inline constexpr std::size_t tls_failure_count = static_cast<std::size_t>(TlsFailure::internal_error) + 1;

// As the enumerators are written: stable, for logs and metrics.
[[nodiscard]] std::string_view name(TlsFailure failure) noexcept;

}  // namespace pounce::inline v0
