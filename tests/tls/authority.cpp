#include "tests/tls/authority.hpp"

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace pounce::test {

namespace {

using namespace pounce::tls;

template <class Write>
std::string pem(Write write) {
  const BioHandle bio{BIO_new(BIO_s_mem())};
  REQUIRE(write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  return pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX ctx;
  X509V3_set_ctx(&ctx, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &ctx, kind, value.c_str());
  REQUIRE(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

X509Handle make(const Wanted& wanted, bool is_authority, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  static long serial = 1;
  X509Handle made{X509_new()};
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), wanted.from);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), wanted.until);
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(wanted.subject.c_str()), -1, -1, 0);
  if (issuer == nullptr) issuer = made.get();
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
  extend(made.get(), issuer, NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  extend(made.get(), issuer, NID_subject_key_identifier, "hash");
  if (!wanted.names.empty() && !is_authority) extend(made.get(), issuer, NID_subject_alt_name, wanted.names);
  REQUIRE(X509_sign(made.get(), issuer_key, EVP_sha256()) != 0);
  return made;
}

std::string key_pem(EVP_PKEY* key) {
  return pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

}  // namespace

Authority::Authority(std::string name) : Authority(std::move(name), nullptr) {}

Authority::Authority(std::string name, const Authority* issuer) : name_(std::move(name)), key_(EVP_EC_gen("P-256")) {
  made_ = make({.subject = name_}, true, key_.get(), issuer != nullptr ? issuer->made_.get() : nullptr,
               issuer != nullptr ? issuer->key_.get() : key_.get());
  pem_ = pem_of(made_.get());
}

Authority Authority::subordinate(std::string name) const { return {std::move(name), this}; }

tls::Certificate Authority::issue(const Wanted& wanted) const {
  const KeyHandle key{EVP_EC_gen("P-256")};
  const X509Handle made = make(wanted, false, key.get(), made_.get(), key_.get());
  tls::Certificate result;
  result.chain = {wanted.subject + ".pem", pem_of(made.get())};
  result.key = {wanted.subject + ".key", key_pem(key.get())};
  return result;
}

std::string encrypt_key(const std::string& text, const std::string& passphrase) {
  const KeyHandle key{PEM_read_bio_PrivateKey(bio_on(text).get(), nullptr, nullptr, nullptr)};
  return pem([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), EVP_aes_256_cbc(), passphrase.data(),
                                         static_cast<int>(passphrase.size()), nullptr, nullptr);
  });
}

}  // namespace pounce::test
