#include <pounce/compression/coding.hpp>

#include "compression/words.hpp"

namespace pounce::inline v0::compression {

std::optional<Coding> coding_named(std::string_view text) noexcept {
  for (const Coding coding : {Coding::identity, Coding::deflate, Coding::gzip, Coding::zstd, Coding::dcz}) {
    if (equal_without_case(text, name(coding))) return coding;
  }
  if (equal_without_case(text, "x-gzip")) return Coding::gzip;
  return std::nullopt;
}

}  // namespace pounce::inline v0::compression
