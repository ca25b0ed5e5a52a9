#include "tests/sim/secured.hpp"

#include "tls/openssl.hpp"

#include <openssl/pem.h>

#include <stdexcept>
#include <utility>

namespace pounce::sim {

namespace {

void require(bool condition) {
  if (!condition) throw std::runtime_error{"no certificate for the scenarios"};
}

template <class Write>
tls::Text pem(std::string name, Write write) {
  const tls::BioHandle bio{BIO_new(BIO_s_mem())};
  require(write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {std::move(name), {data, static_cast<std::size_t>(size)}};
}

tls::Certificate make_certificate() {
  const tls::KeyHandle key{EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")};
  const tls::X509Handle made{X509_new()};
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), 30L * 24 * 3600);
  X509_set_pubkey(made.get(), key.get());
  require(X509_sign(made.get(), key.get(), nullptr) != 0);
  tls::Certificate result;
  result.chain = pem("scenario.pem", [&](BIO* bio) { return PEM_write_bio_X509(bio, made.get()); });
  result.key = pem("scenario.key", [&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return result;
}

Loan<tls::Endpoint> make_endpoint(tls::TicketKeys& keys) {
  tls::Settings settings;
  settings.certificates.push_back(make_certificate());
  tls::Problems problems;
  Loan<tls::Endpoint> endpoint = tls::Endpoint::make(settings, &keys, WallTime{}, problems);
  if (!endpoint) throw std::runtime_error{problems[0].text};
  return endpoint;
}

}  // namespace

SecureServer::SecureServer() : server_(make_owned<tls::Server>(make_endpoint(keys_), 1000)) {}

SecureClient::SecureClient(Peer& wire, const test::PeerOptions& options) : wire_(wire), tls_(options) {
  wire_.on_arrival([this] { react(); });
  react();
}

void SecureClient::send(std::string_view plaintext) {
  waiting_ += plaintext;
  react();
}

void SecureClient::shut_down() {
  ends_ = true;
  react();
}

void SecureClient::react() {
  tls_.give(std::string_view{wire_.got()}.substr(read_));
  read_ = wire_.got().size();
  tls_.advance();
  const bool usable = tls_.established() && tls_.failure.empty() && !ended_;
  if (usable && !waiting_.empty()) tls_.write(std::exchange(waiting_, {}));
  const bool ends_now = usable && ends_;
  // Who has seen the server's end has nobody to tell: a closed socket would answer with a reset.
  if (ends_now && !wire_.ended()) tls_.close();
  if (const std::string bytes = tls_.take(); !bytes.empty()) wire_.send(bytes);
  if (ends_now || (ends_ && wire_.ended())) wire_.shut_down();
  ended_ = ended_ || ends_now;
}

}  // namespace pounce::sim
