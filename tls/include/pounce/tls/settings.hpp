// Settings: what an operator decides about TLS, from which an Endpoint is made.
//
// Plain values: nothing is checked before Endpoint::make.
#pragma once

#include <pounce/core/lean.hpp>
#include <pounce/core/list.hpp>
#include <pounce/tls/certificate.hpp>

#include <cstdint>
#include <string>

namespace pounce::inline v0::tls {

enum class Version : std::uint8_t { tls12, tls13 };

enum class ClientAuth : std::uint8_t {
  none,     // not asked for a certificate
  request,  // asked: the application sees what came and whether it is trusted
  require,  // without a trusted one there is no connection
};

// The defaults are Mozilla's "intermediate", without the finite-field key exchange.
struct Settings {
  List<Certificate> certificates;     // the first one is for names that no other has, and for clients without SNI
  bool reject_unknown_names = false;  // with the alert unrecognized_name instead
  Version min_version = Version::tls12;
  std::string ciphers =  // of TLS 1.2, in OpenSSL's notation; empty: its own default
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-"
      "SHA384:"
      "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
  std::string groups = "X25519:P-256:P-384";
  List<std::string> protocols = {"h2", "http/1.1", "http/1.0"};  // ALPN, the best first
  ClientAuth client_auth = ClientAuth::none;
  Text client_ca;  // PEM: who may issue certificates of clients
  std::chrono::seconds ticket_lifetime{7200};
};

}  // namespace pounce::inline v0::tls
