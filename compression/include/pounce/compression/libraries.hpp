// Which libraries do the coding: their versions as they run, for --version and --info-path.
#pragma once

#include <string_view>

namespace pounce::inline v0::compression {

[[nodiscard]] std::string_view running_zlib() noexcept;
[[nodiscard]] std::string_view running_zstd() noexcept;
// As it was built with, for the library does not say; empty: built without it.
[[nodiscard]] std::string_view built_libdeflate() noexcept;

}  // namespace pounce::inline v0::compression
