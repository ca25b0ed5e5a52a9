// Secured: TLS in scenarios: the server's end as in the programs, and a client's, by OpenSSL, that answers as soon as bytes arrive.
//
// The certificate is of Ed25519, whose signatures have one length: so the length of everything, and with it a run, follows from the seed.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/tls/endpoint.hpp>
#include <pounce/tls/server.hpp>
#include <pounce/tls/settings.hpp>
#include <pounce/tls/ticket_keys.hpp>

#include "tests/sim/network.hpp"
#include "tests/tls/peer.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace pounce::sim {

class SecureServer {
 public:
  SecureServer();
  [[nodiscard]] FilterSource& filters() { return *server_; }

 private:
  tls::TicketKeys keys_;
  Owned<tls::Server> server_;
};

class SecureClient {
 public:
  // Says hello at once. `wire` is borrowed.
  SecureClient(Peer& wire, const test::PeerOptions& options);
  // Behind the handshake.
  void send(std::string_view plaintext);
  void shut_down();
  [[nodiscard]] const std::string& got() const { return tls_.received; }

 private:
  void react();

  Peer& wire_;
  test::Peer tls_;
  std::size_t read_ = 0;  // of the ciphertext
  std::string waiting_;
  bool ends_ = false;
  bool ended_ = false;
};

}  // namespace pounce::sim
