// Which OpenSSL runs, for --version and --info-path.
#pragma once

#include <string_view>

namespace pounce::inline v0::tls {

// "3.0.18": of the library that was loaded, not of the headers.
[[nodiscard]] std::string_view running_openssl() noexcept;

}  // namespace pounce::inline v0::tls
