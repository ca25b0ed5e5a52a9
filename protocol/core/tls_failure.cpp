#include <pounce/core/tls_failure.hpp>

namespace pounce::inline v0 {

std::string_view name(TlsFailure failure) noexcept {
  switch (failure) {
    case TlsFailure::timeout: return "timeout";
    case TlsFailure::peer_left: return "peer_left";
    case TlsFailure::not_tls: return "not_tls";
    case TlsFailure::no_common_version: return "no_common_version";
    case TlsFailure::no_common_cipher: return "no_common_cipher";
    case TlsFailure::no_common_protocol: return "no_common_protocol";
    case TlsFailure::unknown_name: return "unknown_name";
    case TlsFailure::client_certificate: return "client_certificate";
    case TlsFailure::peer_refused_certificate: return "peer_refused_certificate";
    case TlsFailure::peer_alert: return "peer_alert";
    case TlsFailure::protocol_error: return "protocol_error";
    case TlsFailure::internal_error: return "internal_error";
  }
  return "unknown";
}

}  // namespace pounce::inline v0
