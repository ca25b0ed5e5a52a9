#include <pounce/compression/media_types.hpp>

#include "compression/words.hpp"

#include <algorithm>
#include <utility>

namespace pounce::inline v0::compression {

MediaTypes::MediaTypes()
    : patterns_{"text/*",
                "application/json",
                "application/javascript",
                "+json",
                "+xml",
                "application/xml",
                "application/wasm",
                "application/x-ndjson",
                "application/x-javascript",
                "application/graphql",
                "application/sql",
                "application/toml",
                "application/yaml",
                "application/rtf",
                "application/x-tar",
                "application/vnd.ms-fontobject",
                "font/ttf",
                "font/otf",
                "font/collection",
                "image/bmp",
                "image/x-icon",
                "image/vnd.microsoft.icon"} {}

MediaTypes::MediaTypes(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}

bool MediaTypes::has(std::string_view content_type) const noexcept {
  const Bytes type = trim(content_type.substr(0, content_type.find(';')));
  const auto matches = [type](Bytes pattern) {
    if (pattern.starts_with('+')) {
      return type.size() > pattern.size() && equals(type.substr(type.size() - pattern.size()), pattern);
    }
    if (pattern.ends_with("/*")) {
      pattern.remove_suffix(1);
      return type.size() > pattern.size() && equals(type.substr(0, pattern.size()), pattern);
    }
    return equals(type, pattern);
  };
  return std::any_of(patterns_.begin(), patterns_.end(), matches);
}

bool MediaTypes::is_pattern(std::string_view text) noexcept {
  constexpr auto allowed = [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || Bytes{"!#$&-^_.+"}.find(c) != Bytes::npos;
  };
  const auto word = [allowed](Bytes part) { return !part.empty() && std::all_of(part.begin(), part.end(), allowed); };
  if (text.starts_with('+')) return word(text.substr(1));
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || !word(text.substr(0, slash))) return false;
  return text.substr(slash + 1) == "*" || word(text.substr(slash + 1));
}

}  // namespace pounce::inline v0::compression
