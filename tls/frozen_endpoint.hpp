// FrozenEndpoint: an Endpoint as OpenSSL has it: an SSL_CTX per certificate, and what its callbacks decide by.
//
// Connections begin on the first SSL_CTX; SNI moves them to another one, which changes the certificate and the staple alone.
#pragma once

#include "tls/identity.hpp"
#include "tls/openssl.hpp"

#include <pounce/tls/endpoint.hpp>
#include <pounce/tls/settings.hpp>
#include <pounce/tls/ticket_keys.hpp>

#include <string>
#include <utility>
#include <vector>

namespace pounce::inline v0::tls {

class FrozenEndpoint final : public Endpoint {
 public:
  FrozenEndpoint(const Settings& settings, TicketKeys* keys);

  // What is wrong goes into `problems`; it may not be used then.
  void fill(const Settings& settings, WallTime now, Problems& problems);
  [[nodiscard]] Owned<Filter> accept(StorageRef slot) override;

 private:
  void destroy() noexcept override { delete this; }

  // endpoint.cpp: what stands in every SSL_CTX
  [[nodiscard]] CtxHandle make_ctx(const Settings& settings, Problems& problems);
  void set_lists(SSL_CTX& ctx, const Settings& settings, Problems& problems);
  void set_client_auth(SSL_CTX& ctx, const Settings& settings, const std::vector<X509Handle>& authorities);
  static void set_identity(SSL_CTX& ctx, Identity& identity);
  void set_names(std::size_t index, std::vector<std::string> names, Problems& problems);
  void set_protocols(const List<std::string>& protocols, Problems& problems);

  // endpoint_negotiation.cpp: what is decided per connection
  void set_callbacks(SSL_CTX& ctx);
  [[nodiscard]] SSL_CTX* find(Bytes name) const;
  static int choose_certificate(SSL* ssl, int* alert, void* self) noexcept;
  static int choose_protocol(SSL* ssl, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                             unsigned offered_size, void* self) noexcept;
  static int seal_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                         int sealing) noexcept;
  static int give_staple(SSL* ssl, void* self) noexcept;

  TicketKeys* keys_;
  bool reject_unknown_;
  CipherHandle ticket_cipher_;  // fetched once
  std::vector<CtxHandle> ctxs_;
  std::vector<std::string> staples_;                     // of each
  std::vector<std::pair<std::string, SSL_CTX*>> names_;  // sorted
  List<std::string> protocols_;
};

// A filter on a fresh connection of `ctx`. (filter.cpp)
[[nodiscard]] Owned<Filter> make_filter(Loan<Endpoint> endpoint, SSL_CTX& ctx, StorageRef slot);

}  // namespace pounce::inline v0::tls
