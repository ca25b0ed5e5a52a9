// Endpoint: everything about the server's end of TLS that does not change while it lives: certificates, versions, ciphers, trust.
//
// What it is not: a connection (Filter), nor what may change while a server runs (Server). It is frozen: threads share it freely.
// OpenSSL itself reads the clock (ticket ages, validity of client certificates), draws random numbers, reads its configuration file
// and the environment variables that name it, and takes locks when an endpoint is made and when a connection begins.
// Limits: a client's certificates 64 KiB; key updates and refused renegotiations 32, and one more per MiB received; no renegotiation, no compression, no early data.
// RFCs: 8446 (TLS 1.3), 5246 (TLS 1.2), 6066 (SNI, stapling), 7301 (ALPN), 5077 (tickets), 9325 (recommendations).
#pragma once

#include <pounce/core/filter.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/storage.hpp>
#include <pounce/core/time.hpp>
#include <pounce/tls/certificate.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace pounce::inline v0::tls {

class TicketKeys;

enum class Version : std::uint8_t { tls12, tls13 };

enum class ClientAuth : std::uint8_t {
  none,     // not asked for a certificate
  request,  // asked: the application sees what came and whether it is trusted
  require,  // without a trusted one there is no connection
};

// The defaults are Mozilla's "intermediate", without the finite-field key exchange.
struct Settings {
  std::vector<Certificate> certificates;  // the first one is for names that no other has, and for clients without SNI
  bool reject_unknown_names = false;      // with the alert unrecognized_name instead
  Version min_version = Version::tls12;
  std::string ciphers =  // of TLS 1.2, in OpenSSL's notation; empty: its own default
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-"
      "SHA384:"
      "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
  std::string groups = "X25519:P-256:P-384";
  std::vector<std::string> protocols = {"h2", "http/1.1"};  // ALPN, the best first
  ClientAuth client_auth = ClientAuth::none;
  Text client_ca;  // PEM: who may issue certificates of clients
  std::chrono::seconds ticket_lifetime{7200};
};

class Endpoint : public Storage {
 public:
  // Null when something is wrong: then `problems` has it, all of it. Warnings stand there too. `now` judges dates. `keys` outlives
  // the endpoint and its filters; null: no tickets.
  [[nodiscard]] static Loan<Endpoint> make(const Settings& settings, TicketKeys* keys, WallTime now,
                                           Problems& problems);

  // The filter of one new connection; it gives `slot` up when its handshake has ended. Throws std::bad_alloc.
  [[nodiscard]] virtual Owned<Filter> accept(StorageRef slot = {}) = 0;

 protected:
  Endpoint() noexcept = default;
};

}  // namespace pounce::inline v0::tls
