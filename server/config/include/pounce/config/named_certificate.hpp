// What it is: a certificate for a name, as an operator writes it: `NAME=CERTIFICATE,KEY`, both paths.
// What it is not: read or checked: whoever opens the files does that.
// Ownership: a value that owns its text.
// Limits: NAME is a host name, or one with `*.` in front for any one label; paths are not empty and hold no comma.
// Errors: a sentence.
// RFC: 6066 section 3 (SNI), 9525 section 6.3 (wildcards).
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace pounce::inline v0::config {

struct NamedCertificate {
  std::string name;
  std::string certificate;
  std::string key;

  /// As the operator would write it; parse_named_certificate reads it back to an equal value.
  [[nodiscard]] std::string text() const { return name + "=" + certificate + "," + key; }

  friend bool operator==(const NamedCertificate&, const NamedCertificate&) = default;
};

[[nodiscard]] std::expected<NamedCertificate, std::string> parse_named_certificate(std::string_view text);

}  // namespace pounce::inline v0::config
