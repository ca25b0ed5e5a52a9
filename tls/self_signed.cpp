#include "tls/openssl.hpp"

#include <pounce/tls/certificate.hpp>

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <stdexcept>

namespace pounce::inline v0::tls {

namespace {

using ExtensionHandle = Handle<X509_EXTENSION, X509_EXTENSION_free>;

void require(bool condition) {
  if (!condition) throw std::runtime_error{"making a certificate: " + take_words()};
}

void extend(X509& certificate, int kind, const char* value) {
  X509V3_CTX ctx;
  X509V3_set_ctx_nodb(&ctx);
  X509V3_set_ctx(&ctx, &certificate, &certificate, nullptr, nullptr, 0);
  const ExtensionHandle extension{X509V3_EXT_conf_nid(nullptr, &ctx, kind, value)};
  require(extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1);
}

template <class Write>
std::string pem(Write write) {
  const BioHandle bio{BIO_new(BIO_s_mem())};
  require(bio != nullptr && write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string fingerprint_of(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  require(X509_digest(&certificate, EVP_sha256(), digest.data(), &size) == 1);
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    constexpr char hex[] = "0123456789ABCDEF";
    if (i != 0) text.push_back(':');
    text.push_back(hex[digest[i] >> 4U]);
    text.push_back(hex[digest[i] & 15U]);
  }
  return text;
}

}  // namespace

SelfSigned make_self_signed() {
  const KeyHandle key{EVP_EC_gen("P-256")};
  const X509Handle certificate{X509_new()};
  require(key != nullptr && certificate != nullptr);
  X509& made = *certificate;
  std::array<unsigned char, 8> serial{};
  require(RAND_bytes(serial.data(), serial.size()) == 1);
  std::uint64_t number = 1;
  for (const unsigned char octet : serial) number = (number << 7U) ^ octet;
  constexpr long days = 30 * 24 * 3600;
  require(X509_set_version(&made, X509_VERSION_3) == 1 &&
          ASN1_INTEGER_set_uint64(X509_get_serialNumber(&made), number) == 1 &&
          X509_gmtime_adj(X509_getm_notBefore(&made), -300) != nullptr &&
          X509_gmtime_adj(X509_getm_notAfter(&made), days) != nullptr && X509_set_pubkey(&made, key.get()) == 1);
  X509_NAME* const name = X509_get_subject_name(&made);
  const auto* const text = reinterpret_cast<const unsigned char*>("localhost");
  require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
          X509_set_issuer_name(&made, name) == 1);
  extend(made, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
  extend(made, NID_basic_constraints, "critical,CA:FALSE");
  extend(made, NID_key_usage, "critical,digitalSignature");
  extend(made, NID_ext_key_usage, "serverAuth");
  extend(made, NID_subject_key_identifier, "hash");
  require(X509_sign(&made, key.get(), EVP_sha256()) != 0);
  SelfSigned result;
  result.certificate.chain = {"the self-signed certificate",
                              pem([&](BIO* bio) { return PEM_write_bio_X509(bio, &made); })};
  result.certificate.key = {"its key", pem([&](BIO* bio) {
                              return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
                            })};
  result.fingerprint = fingerprint_of(made);
  return result;
}

}  // namespace pounce::inline v0::tls
