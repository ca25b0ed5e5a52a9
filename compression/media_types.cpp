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
                "image/vnd.microsoft.icon"} {
  sort();
}

MediaTypes::MediaTypes(std::vector<std::string> patterns) : patterns_(std::move(patterns)) { sort(); }

void MediaTypes::sort() {
  for (const std::string& pattern : patterns_) {
    if (pattern.starts_with('+')) {
      suffixes_.push_back(pattern);
    } else if (pattern.ends_with("/*")) {
      kinds_.push_back(pattern.substr(0, pattern.size() - 1));
    } else {
      whole_.push_back(pattern);
    }
  }
  std::sort(whole_.begin(), whole_.end(),
            [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
}

bool MediaTypes::has(std::string_view content_type) const noexcept {
  const Bytes type = trim(content_type.substr(0, content_type.find(';')));
  for (const Bytes kind : kinds_) {
    if (type.size() > kind.size() && equal_without_case(type.substr(0, kind.size()), kind)) return true;
  }
  if (type.find('+') != Bytes::npos) {
    for (const Bytes suffix : suffixes_) {
      if (type.size() > suffix.size() && equal_without_case(type.substr(type.size() - suffix.size()), suffix))
        return true;
    }
  }
  auto whole = std::lower_bound(whole_.begin(), whole_.end(), type.size(),
                                [](const std::string& a, std::size_t size) { return a.size() < size; });
  for (; whole != whole_.end() && whole->size() == type.size(); ++whole) {
    if (equal_without_case(type, *whole)) return true;
  }
  return false;
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
