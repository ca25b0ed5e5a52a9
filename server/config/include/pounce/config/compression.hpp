// What the texts of the options `compression` and `compression_types` mean. freeze() refuses those that mean nothing.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include <pounce/compression/media_types.hpp>
#include <pounce/compression/negotiation.hpp>

namespace pounce::inline v0::config {

/// "zstd,gzip": codings in the order of preference. No text offers none. Else the word that is no coding or is there twice.
[[nodiscard]] std::expected<compression::Offers, std::string> parse_offers(const std::optional<std::string>& text);

/// "usual,application/x-thing": patterns of media types; `usual` is the built-in table. Else the word that is no pattern.
[[nodiscard]] std::expected<compression::MediaTypes, std::string> parse_media_types(
    const std::optional<std::string>& text);

}  // namespace pounce::inline v0::config
