// What an endpoint shows and trusts, as text: certificates, keys, responses, in memory. Whoever has files reads them.
//
// What it is not: parsed. Endpoint::make does that and says what is wrong with which part.
#pragma once

#include <pounce/core/list.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace pounce::inline v0::tls {

// The content of a file, and what to call it in messages.
struct Text {
  std::string name;
  std::string bytes;
  [[nodiscard]] bool empty() const noexcept { return name.empty() && bytes.empty(); }
};

// A certificate with its key, for some names.
struct Certificate {
  std::string names;  // "example.org", "*.example.org", several with blanks between; empty: those in the certificate
  Text chain;         // PEM: the certificate, then each issuer of the one before
  Text key;           // PEM; may be encrypted, and may be in the same text as the chain
  std::string passphrase;  // for such a key
  Text staple;             // DER: an OCSP response (RFC 6960) that goes with it; may be empty
};

// What is wrong, or, as a warning, soon will be.
struct Problem {
  enum class Part : std::uint8_t { chain, key, staple, names, client_ca, ciphers, groups, protocols, tickets, library };
  Part part = Part::library;
  std::size_t certificate = 0;  // which one, for chain, key, staple, names
  std::string text;             // "server.pem:31: did not issue the certificate before it"
  bool is_warning = false;
};
using Problems = List<Problem>;

// A certificate for development, signed by its own key: for localhost, 127.0.0.1 and ::1, for 30 days.
struct SelfSigned {
  Certificate certificate;
  std::string fingerprint;  // SHA-256: "AB:CD:…"
};
[[nodiscard]] SelfSigned make_self_signed();

}  // namespace pounce::inline v0::tls
