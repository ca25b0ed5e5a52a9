// zstd, behind functions of ours: the only place that includes its header is zstd.cpp.
#pragma once

#include <pounce/compression/decoder.hpp>
#include <pounce/compression/encoder.hpp>

namespace pounce::inline v0::compression::zstd {

[[nodiscard]] Owned<Encoder> make_encoder(const EncoderSettings& settings);
[[nodiscard]] std::optional<std::size_t> encode_whole(const EncoderSettings& settings, Bytes content, MutableBytes out);
[[nodiscard]] Owned<Decoder> make_decoder(Coding coding, DecoderLimits limits, const Dictionary* dictionary);

// A dictionary that zstd has looked at.
[[nodiscard]] void* prepare(Bytes content, int level);
void discard(void* prepared) noexcept;
[[nodiscard]] std::size_t memory_of(const void* prepared) noexcept;

}  // namespace pounce::inline v0::compression::zstd
