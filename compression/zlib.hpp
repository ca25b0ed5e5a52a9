// gzip and deflate: zlib for what comes piece by piece, libdeflate, where the build found it, for what is all there.
#pragma once

#include <pounce/compression/decoder.hpp>
#include <pounce/compression/encoder.hpp>

namespace pounce::inline v0::compression::zlib {

[[nodiscard]] Owned<Encoder> make_encoder(const EncoderSettings& settings);
[[nodiscard]] std::optional<std::size_t> encode_whole(const EncoderSettings& settings, Bytes content, MutableBytes out);
[[nodiscard]] Owned<Decoder> make_decoder(Coding coding, DecoderLimits limits);

}  // namespace pounce::inline v0::compression::zlib
