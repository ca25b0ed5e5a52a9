// Identity: a certificate as OpenSSL has it, checked. Parsing with names of files and numbers of lines.
#pragma once

#include "tls/openssl.hpp"

#include <pounce/core/time.hpp>
#include <pounce/tls/certificate.hpp>

#include <string>
#include <vector>

namespace pounce::inline v0::tls {

struct Identity {
  std::vector<X509Handle> chain;  // the certificate, then its issuers
  KeyHandle key;
  std::vector<std::string> names;  // lower case
  std::string staple;              // DER
};

// Everything that is wrong goes into `problems`; `index` is the certificate's place among the settings.
[[nodiscard]] Identity read_identity(const Certificate& certificate, std::size_t index, WallTime now,
                                     Problems& problems);

// All certificates of a PEM text.
[[nodiscard]] std::vector<X509Handle> read_certificates(const Text& text, Problem::Part part, std::size_t index,
                                                        Problems& problems);

}  // namespace pounce::inline v0::tls
