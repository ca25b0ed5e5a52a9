// Coding: the content codings that can be made and read here (RFC 9110, section 8.4.1; RFC 9659; RFC 9842).
//
// It is not the registry: brotli is not among them (its files, compressed beforehand, are served as they are).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pounce::inline v0::compression {

enum class Coding : std::uint8_t {
  identity,
  deflate,  // the zlib format (RFC 1950), as HTTP means it; the bare format is refused
  gzip,     // RFC 1952
  zstd,     // RFC 8878, with a window of at most 8 MiB (RFC 9659)
  dcz,      // zstd with a dictionary that the client has (RFC 9842, section 5)
};

inline constexpr std::size_t coding_count = 5;

// As it stands in Content-Encoding.
[[nodiscard]] constexpr std::string_view name(Coding coding) noexcept {
  switch (coding) {
    case Coding::identity: return "identity";
    case Coding::deflate: return "deflate";
    case Coding::gzip: return "gzip";
    case Coding::zstd: return "zstd";
    case Coding::dcz: return "dcz";
  }
  return "identity";
}

// The coding of that name, in any case; `x-gzip` is gzip (RFC 9110, section 8.4.1.3).
[[nodiscard]] std::optional<Coding> coding_named(std::string_view name) noexcept;

// Levels go from 1 to this, as the codec's own do: 9 for gzip and deflate, 22 for zstd and dcz.
[[nodiscard]] constexpr int top_level(Coding coding) noexcept {
  return coding == Coding::zstd || coding == Coding::dcz ? 22 : 9;
}

// The largest zstd window that is written or read, as its logarithm: 8 MiB (RFC 9659).
inline constexpr int most_window_log = 23;

}  // namespace pounce::inline v0::compression
