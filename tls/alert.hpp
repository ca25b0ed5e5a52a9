// Alert: what a connection was ended with (RFC 8446, section 6), and what that means to an operator.
#pragma once

#include <pounce/core/tls_failure.hpp>

namespace pounce::inline v0::tls {

struct Alert {
  unsigned char description = 0;  // close_notify: there was none that ends in failure
  bool is_sent = false;           // by us
};

// `error` is OpenSSL's, the first in its queue.
[[nodiscard]] TlsFailure meaning_of(Alert alert, unsigned long error) noexcept;

}  // namespace pounce::inline v0::tls
