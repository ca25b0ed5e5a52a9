#include <pounce/compression/media_types.hpp>

#include "compression/words.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace pounce::inline v0::compression {

namespace {

constexpr std::array<std::string_view, 22> usual{"text/*",
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
                                                 "image/vnd.microsoft.icon"};

}  // namespace

class MediaTypes::Tables final : public Storage {
 public:
  explicit Tables(std::span<const std::string_view> all) {
    std::size_t size = 0;
    for (const std::string_view pattern : all) size += pattern.size();
    text.reserve(size);
    for (const std::string_view pattern : all) {
      const std::size_t at = text.size();
      text.append(pattern);
      patterns.push_back(std::string_view{text}.substr(at));
    }
    for (const std::string_view pattern : patterns) {
      if (pattern.starts_with('+')) {
        suffixes.push_back(pattern);
      } else if (pattern.ends_with("/*")) {
        kinds.push_back(pattern.substr(0, pattern.size() - 1));
      } else {
        whole.push_back(pattern);
      }
    }
    std::sort(whole.begin(), whole.end(), [](std::string_view a, std::string_view b) { return a.size() < b.size(); });
  }

  std::string text;  // of all patterns
  std::vector<std::string_view> patterns;
  std::vector<std::string_view> kinds;     // "text/"
  std::vector<std::string_view> suffixes;  // "+json"
  std::vector<std::string_view> whole;     // by length, so that few are compared

 private:
  void destroy() noexcept override { delete this; }
};

MediaTypes::MediaTypes() : MediaTypes(usual) {}
MediaTypes::MediaTypes(std::span<const std::string_view> patterns) : tables_(new Tables{patterns}) {}

const MediaTypes::Tables& MediaTypes::tables() const noexcept { return *static_cast<const Tables*>(tables_.get()); }

std::span<const std::string_view> MediaTypes::patterns() const noexcept { return tables().patterns; }

bool MediaTypes::has(std::string_view content_type) const noexcept {
  const Tables& all = tables();
  const Bytes type = trim(content_type.substr(0, content_type.find(';')));
  for (const Bytes kind : all.kinds) {
    if (type.size() > kind.size() && equal_without_case(type.substr(0, kind.size()), kind)) return true;
  }
  if (type.find('+') != Bytes::npos) {
    for (const Bytes suffix : all.suffixes) {
      if (type.size() > suffix.size() && equal_without_case(type.substr(type.size() - suffix.size()), suffix))
        return true;
    }
  }
  auto whole = std::lower_bound(all.whole.begin(), all.whole.end(), type.size(),
                                [](std::string_view a, std::size_t size) { return a.size() < size; });
  for (; whole != all.whole.end() && whole->size() == type.size(); ++whole) {
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
