// Agreed: what both ends of a secured connection have agreed on. Views; they live as long as the connection.
#pragma once

#include <pounce/core/bytes.hpp>

namespace pounce::inline v0 {

struct Agreed {
  Bytes version{};      // "TLSv1.3"
  Bytes cipher{};       // "TLS_AES_128_GCM_SHA256"
  Bytes protocol{};     // ALPN (RFC 7301): "h2", "http/1.1"; empty: the client named none
  Bytes server_name{};  // SNI (RFC 6066), as it was sent
  bool resumed = false;
  // The client's certificate, when it sent one:
  Bytes client_subject{};  // RFC 2253: "CN=alice,O=Example"
  Bytes client_names{};    // subject alternative names: "DNS:alice.example.org, email:alice@example.org"
  Bytes client_verdict{};  // "ok", or why it is not trusted, in OpenSSL's words; empty: it sent none
};

}  // namespace pounce::inline v0
