#include "tests/tls/record_forge.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include <algorithm>
#include <cstdlib>

namespace pounce::test {

namespace {

using KdfHandle = tls::Handle<EVP_KDF, EVP_KDF_free>;
using KdfRun = tls::Handle<EVP_KDF_CTX, EVP_KDF_CTX_free>;
using CipherRun = tls::Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

void require(bool condition) {
  if (!condition) std::abort();
}

void append_big_endian(std::string& out, std::uint64_t number, int octets) {
  while (octets-- != 0) out.push_back(static_cast<char>(number >> (8 * octets)));
}

}  // namespace

RecordForge::RecordForge(const Peer& peer) {
  std::array<unsigned char, SSL_MAX_MASTER_KEY_LENGTH> secret{};
  require(SSL_SESSION_get_master_key(SSL_get0_session(peer.ssl()), secret.data(), secret.size()) == secret.size());
  std::string seed = "key expansion";
  std::array<unsigned char, SSL3_RANDOM_SIZE> random{};
  require(SSL_get_server_random(peer.ssl(), random.data(), random.size()) == random.size());
  seed.append(reinterpret_cast<const char*>(random.data()), random.size());
  require(SSL_get_client_random(peer.ssl(), random.data(), random.size()) == random.size());
  seed.append(reinterpret_cast<const char*>(random.data()), random.size());
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(), seed.size()), OSSL_PARAM_construct_end()};
  const KdfHandle kdf{EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_TLS1_PRF, nullptr)};
  const KdfRun context{EVP_KDF_CTX_new(kdf.get())};
  std::array<unsigned char, 40> block{};  // both keys, then both salts
  require(EVP_KDF_derive(context.get(), block.data(), block.size(), parameters) == 1);
  std::copy_n(block.begin(), key_.size(), key_.begin());
  std::copy_n(block.begin() + 2 * key_.size(), salt_.size(), salt_.begin());
}

std::string RecordForge::seal(std::uint8_t type, Bytes plaintext) {
  std::string known;  // sealed along
  append_big_endian(known, sequence_, 8);
  known.append(1, static_cast<char>(type)).append("\x03\x03");
  append_big_endian(known, plaintext.size(), 2);
  std::string nonce{reinterpret_cast<const char*>(salt_.data()), salt_.size()};
  append_big_endian(nonce, sequence_++, 8);

  const CipherRun context{EVP_CIPHER_CTX_new()};
  const auto octets = [](const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); };
  std::string sealed(plaintext.size() + 16, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(sealed.data());
  int size = 0;
  require(EVP_EncryptInit_ex(context.get(), EVP_aes_128_gcm(), nullptr, key_.data(), octets(nonce)) == 1);
  require(EVP_EncryptUpdate(context.get(), nullptr, &size, octets(known), static_cast<int>(known.size())) == 1);
  require(EVP_EncryptUpdate(context.get(), out, &size, reinterpret_cast<const unsigned char*>(plaintext.data()),
                            static_cast<int>(plaintext.size())) == 1);
  require(EVP_EncryptFinal_ex(context.get(), out + size, &size) == 1);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, 16, out + plaintext.size()) == 1);

  std::string record(1, static_cast<char>(type));
  record.append("\x03\x03");
  append_big_endian(record, 8 + sealed.size(), 2);
  return record.append(nonce.substr(4)).append(sealed);
}

}  // namespace pounce::test
