#include "tls/alert.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace pounce::inline v0::tls {

namespace {

constexpr bool is_about_certificates(unsigned char description) noexcept {
  switch (description) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_CERTIFICATE_REQUIRED: return true;
    default: return false;
  }
}

}  // namespace

TlsFailure meaning_of(Alert alert, unsigned long error) noexcept {
  const bool about_certificates = is_about_certificates(alert.description);
  // What does not even look like a record is answered with nothing.
  if (alert.description == SSL_AD_CLOSE_NOTIFY) return TlsFailure::protocol_error;
  if (!alert.is_sent) return about_certificates ? TlsFailure::peer_refused_certificate : TlsFailure::peer_alert;
  // TLS 1.2 says handshake_failure, too, to who has no certificate.
  if (about_certificates || ERR_GET_REASON(error) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
    return TlsFailure::client_certificate;
  switch (alert.description) {
    case SSL_AD_PROTOCOL_VERSION: return TlsFailure::no_common_version;
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_INSUFFICIENT_SECURITY: return TlsFailure::no_common_cipher;
    case SSL_AD_NO_APPLICATION_PROTOCOL: return TlsFailure::no_common_protocol;
    case SSL_AD_UNRECOGNIZED_NAME: return TlsFailure::unknown_name;
    case SSL_AD_INTERNAL_ERROR: return TlsFailure::internal_error;
    default: return TlsFailure::protocol_error;
  }
}

}  // namespace pounce::inline v0::tls
