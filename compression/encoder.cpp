#include <pounce/compression/encoder.hpp>

#include "compression/zlib.hpp"
#include "compression/zstd.hpp"

namespace pounce::inline v0::compression {

namespace {

bool is_zstd(Coding coding) noexcept { return coding == Coding::zstd || coding == Coding::dcz; }

}  // namespace

Owned<Encoder> make_encoder(const EncoderSettings& settings) {
  return is_zstd(settings.coding) ? zstd::make_encoder(settings) : zlib::make_encoder(settings);
}

std::optional<std::size_t> encode_whole(const EncoderSettings& settings, Bytes content, MutableBytes out) {
  return is_zstd(settings.coding) ? zstd::encode_whole(settings, content, out)
                                  : zlib::encode_whole(settings, content, out);
}

}  // namespace pounce::inline v0::compression
