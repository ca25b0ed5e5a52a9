// Authority: a certificate authority in memory, for tests: it issues certificates as they are, or as they should not be.
#pragma once

#include "tls/openssl.hpp"

#include <pounce/tls/certificate.hpp>

#include <string>

namespace pounce::test {

struct Wanted {
  std::string subject = "localhost";
  std::string names = "DNS:localhost";  // subjectAltName as OpenSSL writes it; empty: none
  long from = -3600;                    // seconds from now
  long until = 90L * 24 * 3600;
};

class Authority {
 public:
  explicit Authority(std::string name);
  // Signed by this one.
  [[nodiscard]] tls::Certificate issue(const Wanted& wanted) const;
  // An authority below this one.
  [[nodiscard]] Authority subordinate(std::string name) const;
  [[nodiscard]] const std::string& certificate() const { return pem_; }
  [[nodiscard]] tls::Text text() const { return {name_ + ".pem", pem_}; }

 private:
  Authority(std::string name, const Authority* issuer);

  std::string name_;
  tls::KeyHandle key_;
  tls::X509Handle made_;
  std::string pem_;
};

// The key, encrypted.
[[nodiscard]] std::string encrypt_key(const std::string& pem, const std::string& passphrase);

}  // namespace pounce::test
