#include "tls/frozen_endpoint.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>

namespace pounce::inline v0::tls {

namespace {

// Where an SSL_CTX keeps its endpoint.
int endpoint_slot() noexcept {
  static const int slot = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return slot;
}

}  // namespace

void FrozenEndpoint::set_callbacks(SSL_CTX& ctx) {
  SSL_CTX_set_ex_data(&ctx, endpoint_slot(), this);
  SSL_CTX_set_tlsext_servername_callback(&ctx, &FrozenEndpoint::choose_certificate);
  SSL_CTX_set_tlsext_servername_arg(&ctx, this);
  SSL_CTX_set_alpn_select_cb(&ctx, &FrozenEndpoint::choose_protocol, this);
  SSL_CTX_set_tlsext_status_cb(&ctx, &FrozenEndpoint::give_staple);
  SSL_CTX_set_tlsext_status_arg(&ctx, this);
  if (keys_ != nullptr) SSL_CTX_set_tlsext_ticket_key_evp_cb(&ctx, &FrozenEndpoint::seal_ticket);
}

// --- SNI (RFC 6066, section 3) ---

SSL_CTX* FrozenEndpoint::find(Bytes name) const {
  const auto exact = [&](Bytes wanted) -> SSL_CTX* {
    const auto at = std::lower_bound(names_.begin(), names_.end(), wanted,
                                     [](const auto& one, Bytes other) { return Bytes{one.first} < other; });
    return at != names_.end() && at->first == wanted ? at->second : nullptr;
  };
  if (SSL_CTX* const found = exact(name); found != nullptr) return found;
  // A wildcard stands for one label, and that is not an empty one.
  const std::size_t dot = name.find('.');
  if (dot == Bytes::npos || dot == 0) return nullptr;
  char pattern[256];
  const Bytes rest = name.substr(dot);
  if (rest.size() >= sizeof pattern) return nullptr;
  pattern[0] = '*';
  std::memcpy(pattern + 1, rest.data(), rest.size());
  return exact({pattern, rest.size() + 1});
}

int FrozenEndpoint::choose_certificate(SSL* ssl, int* alert, void* self) noexcept {
  const auto& endpoint = *static_cast<const FrozenEndpoint*>(self);
  const char* const sent = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (sent == nullptr) return SSL_TLSEXT_ERR_NOACK;
  char name[256];
  std::size_t size = std::strlen(sent);
  if (size < sizeof name) {
    std::transform(sent, sent + size, name,
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    if (size != 0 && name[size - 1] == '.') --size;
    if (SSL_CTX* const ctx = endpoint.find({name, size}); ctx != nullptr) {
      if (ctx != SSL_get_SSL_CTX(ssl) && SSL_set_SSL_CTX(ssl, ctx) == nullptr) return SSL_TLSEXT_ERR_ALERT_FATAL;
      return SSL_TLSEXT_ERR_OK;
    }
  }
  if (!endpoint.reject_unknown_) return SSL_TLSEXT_ERR_NOACK;
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// --- ALPN (RFC 7301): the server's order counts ---

int FrozenEndpoint::choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                                    const unsigned char* offered, unsigned offered_size, void* self) noexcept {
  const auto& endpoint = *static_cast<const FrozenEndpoint*>(self);
  if (endpoint.protocols_.empty()) return SSL_TLSEXT_ERR_NOACK;
  for (const std::string& protocol : endpoint.protocols_) {
    for (unsigned at = 0; at < offered_size; at += 1U + offered[at]) {
      if (offered[at] != protocol.size() || offered_size - at <= protocol.size()) continue;
      if (std::memcmp(offered + at + 1, protocol.data(), protocol.size()) != 0) continue;
      *chosen = offered + at + 1;
      *size = offered[at];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;  // no_application_protocol
}

// --- tickets (RFC 5077, section 4) ---

int FrozenEndpoint::seal_ticket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                                EVP_MAC_CTX* mac, int sealing) noexcept {
  const auto& endpoint =
      *static_cast<const FrozenEndpoint*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), endpoint_slot()));
  TicketKey key;
  int answer = 1;
  if (sealing != 0) {
    key = endpoint.keys_->current();
    std::memcpy(name, key.name.data(), key.name.size());
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(endpoint.ticket_cipher_.get())) != 1) return -1;
  } else {
    answer = endpoint.keys_->find(name, key);
    if (answer == 0) return 0;  // a full handshake
    // A client shows a ticket of TLS 1.3 once (RFC 8446, appendix C.4), so it gets a fresh one with each.
    if (SSL_version(ssl) == TLS1_3_VERSION) answer = 2;
  }
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac.data(), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
  const bool ready =
      EVP_MAC_CTX_set_params(mac, parameters) == 1 &&
      EVP_CipherInit_ex(cipher, endpoint.ticket_cipher_.get(), nullptr, key.cipher.data(), iv, sealing) == 1;
  OPENSSL_cleanse(&key, sizeof key);
  return ready ? answer : -1;
}

// --- stapling (RFC 6066, section 8) ---

int FrozenEndpoint::give_staple(SSL* ssl, void* self) noexcept {
  const auto& endpoint = *static_cast<const FrozenEndpoint*>(self);
  const SSL_CTX* const ctx = SSL_get_SSL_CTX(ssl);
  for (std::size_t i = 0; i < endpoint.ctxs_.size(); ++i) {
    if (endpoint.ctxs_[i].get() != ctx || endpoint.staples_[i].empty()) continue;
    const std::string& staple = endpoint.staples_[i];
    auto* const copy = static_cast<unsigned char*>(OPENSSL_memdup(staple.data(), staple.size()));
    if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(staple.size()));  // owns the copy
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_NOACK;
}

}  // namespace pounce::inline v0::tls
