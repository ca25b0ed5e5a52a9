#include <pounce/compression/libraries.hpp>

#include <zlib.h>
#include <zstd.h>
#ifdef POUNCE_HAS_LIBDEFLATE
#include <libdeflate.h>
#endif

namespace pounce::inline v0::compression {

std::string_view running_zlib() noexcept { return ::zlibVersion(); }

std::string_view running_zstd() noexcept { return ::ZSTD_versionString(); }

std::string_view built_libdeflate() noexcept {
#ifdef POUNCE_HAS_LIBDEFLATE
  return LIBDEFLATE_VERSION_STRING;
#else
  return {};
#endif
}

}  // namespace pounce::inline v0::compression
