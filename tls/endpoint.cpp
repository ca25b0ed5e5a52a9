#include "tls/frozen_endpoint.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <new>

namespace pounce::inline v0::tls {

namespace {

using Part = Problem::Part;

constexpr long max_client_certificates = 64 * 1024;

// Which sessions may be resumed here: those of any endpoint with the same ticket keys that trusts the same clients. A ticket for which
// nobody was asked to say who he is opens no door where that is required.
using Domain = std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH>;
Domain session_domain(const Settings& settings) {
  std::string text{"pounce"};
  text.push_back(static_cast<char>('0' + static_cast<int>(settings.client_auth)));
  if (settings.client_auth != ClientAuth::none) text.append(settings.client_ca.bytes);
  Domain domain{};
  std::size_t size = domain.size();
  static_assert(SSL_MAX_SID_CTX_LENGTH == 32, "as long as a digest");
  if (EVP_Q_digest(nullptr, "SHA256", nullptr, text.data(), text.size(), domain.data(), &size) != 1)
    throw std::bad_alloc{};
  return domain;
}

}  // namespace

Loan<Endpoint> Endpoint::make(const Settings& settings, TicketKeys* keys, WallTime now, Problems& problems) {
  ERR_clear_error();
  Loan<FrozenEndpoint> endpoint{new FrozenEndpoint{settings, keys}};
  endpoint->fill(settings, now, problems);
  const bool usable = std::all_of(problems.begin(), problems.end(), [](const Problem& p) { return p.is_warning; });
  return usable ? Loan<Endpoint>{std::move(endpoint)} : Loan<Endpoint>{};
}

FrozenEndpoint::FrozenEndpoint(const Settings& settings, TicketKeys* keys)
    : keys_(keys),
      reject_unknown_(settings.reject_unknown_names),
      ticket_cipher_(EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr)) {}

void FrozenEndpoint::fill(const Settings& settings, WallTime now, Problems& problems) {
  if (settings.certificates.empty()) return problems.push_back({Part::chain, 0, "there is no certificate", false});
  if (!ticket_cipher_) return problems.push_back({Part::library, 0, "OpenSSL lacks AES-256-CBC", false});
  set_protocols(settings.protocols, problems);
  std::vector<X509Handle> authorities;
  if (settings.client_auth != ClientAuth::none)
    authorities = read_certificates(settings.client_ca, Part::client_ca, 0, problems);
  ctxs_.reserve(settings.certificates.size());
  for (std::size_t i = 0; i < settings.certificates.size(); ++i) {
    Identity identity = read_identity(settings.certificates[i], i, now, problems);
    Problems of_lists;  // the same for all
    CtxHandle ctx = make_ctx(settings, i == 0 ? problems : of_lists);
    if (!ctx) return;
    set_client_auth(*ctx, settings, authorities);
    if (!identity.chain.empty() && identity.key) {
      ERR_clear_error();
      set_identity(*ctx, identity);
      if (SSL_CTX_check_private_key(ctx.get()) != 1) {
        // Too weak for OpenSSL's security level, say.
        if (std::all_of(problems.begin(), problems.end(), [](const Problem& p) { return p.is_warning; }))
          problems.push_back({Part::chain, i, settings.certificates[i].chain.name + ": " + take_words(), false});
        ERR_clear_error();
      }
    }
    ctxs_.push_back(std::move(ctx));
    staples_.push_back(std::move(identity.staple));
    set_names(i, std::move(identity.names), problems);
  }
  std::sort(names_.begin(), names_.end());
}

CtxHandle FrozenEndpoint::make_ctx(const Settings& settings, Problems& problems) {
  CtxHandle ctx{SSL_CTX_new(TLS_server_method())};
  if (!ctx) {
    problems.push_back({Part::library, 0, take_words(), false});
    return ctx;
  }
  SSL_CTX_set_min_proto_version(ctx.get(), settings.min_version == Version::tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(ctx.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Our order counts, but for clients that put ChaCha20 first: they have no AES in hardware.
  SSL_CTX_set_options(ctx.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  // A finished connection between requests holds no record buffer.
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS);
  // Resumption by tickets alone: no cache, no lock, nothing to share between processes but the keys.
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_OFF);
  const Domain domain = session_domain(settings);
  SSL_CTX_set_session_id_context(ctx.get(), domain.data(), static_cast<unsigned>(domain.size()));
  SSL_CTX_set_timeout(ctx.get(), static_cast<long>(settings.ticket_lifetime.count()));
  if (keys_ == nullptr) {
    SSL_CTX_set_options(ctx.get(), SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(ctx.get(), 0);  // TLS 1.3 would send names of sessions that nobody keeps
  }
  SSL_CTX_set_max_cert_list(ctx.get(), max_client_certificates);
  set_lists(*ctx, settings, problems);
  set_callbacks(*ctx);
  return ctx;
}

void FrozenEndpoint::set_lists(SSL_CTX& ctx, const Settings& settings, Problems& problems) {
  ERR_clear_error();
  if (!settings.ciphers.empty() && SSL_CTX_set_cipher_list(&ctx, settings.ciphers.c_str()) != 1)
    problems.push_back({Part::ciphers, 0, "\"" + settings.ciphers + "\": " + take_words(), false});
  ERR_clear_error();
  if (!settings.groups.empty() && SSL_CTX_set1_groups_list(&ctx, settings.groups.c_str()) != 1)
    problems.push_back(
        {Part::groups, 0, "\"" + settings.groups + "\" holds a group that OpenSSL does not know", false});
  ERR_clear_error();
}

void FrozenEndpoint::set_client_auth(SSL_CTX& ctx, const Settings& settings,
                                     const std::vector<X509Handle>& authorities) {
  if (settings.client_auth == ClientAuth::none) return;
  for (const X509Handle& authority : authorities) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(&ctx), authority.get());
    SSL_CTX_add_client_CA(&ctx, authority.get());
  }
  if (settings.client_auth == ClientAuth::require) {
    SSL_CTX_set_verify(&ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  } else {
    // The verdict is for the application; it stands in the connection whatever this returns.
    SSL_CTX_set_verify(&ctx, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  }
}

void FrozenEndpoint::set_identity(SSL_CTX& ctx, Identity& identity) {
  if (SSL_CTX_use_certificate(&ctx, identity.chain.front().get()) != 1) return;
  if (SSL_CTX_use_PrivateKey(&ctx, identity.key.get()) != 1) return;
  for (std::size_t i = 1; i < identity.chain.size(); ++i) SSL_CTX_add1_chain_cert(&ctx, identity.chain[i].get());
}

void FrozenEndpoint::set_names(std::size_t index, std::vector<std::string> names, Problems& problems) {
  for (std::string& name : names) {
    const auto same = std::find_if(names_.begin(), names_.end(), [&](const auto& one) { return one.first == name; });
    if (same == names_.end()) {
      names_.emplace_back(std::move(name), ctxs_[index].get());
    } else if (index != 0 && same->second != ctxs_.front().get()) {
      problems.push_back({Part::names, index, "\"" + name + "\" has a certificate already", false});
    } else {
      same->second = ctxs_[index].get();  // said so, which counts for more than what the default one holds besides
    }
  }
}

void FrozenEndpoint::set_protocols(const List<std::string>& protocols, Problems& problems) {
  protocols_ = protocols;
  for (const std::string& protocol : protocols_) {
    if (protocol.empty() || protocol.size() > 255)
      problems.push_back({Part::protocols, 0, "the name of a protocol has 1 to 255 bytes", false});
  }
}

Owned<Filter> FrozenEndpoint::accept(StorageRef slot) {
  lend();
  return make_filter(Loan<Endpoint>{this}, *ctxs_.front(), std::move(slot));
}

}  // namespace pounce::inline v0::tls
