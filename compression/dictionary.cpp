#include <pounce/compression/dictionary.hpp>

#include "compression/sha256.hpp"
#include "compression/words.hpp"
#include "compression/zstd.hpp"

#include <pounce/core/kept_string.hpp>

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace pounce::inline v0::compression {

namespace {

// A skippable frame of 32 bytes (RFC 9842, section 5).
constexpr std::string_view frame{"\x5e\x2a\x4d\x18\x20\x00\x00\x00", 8};
// zstd takes content that begins so for one of its own trained dictionaries; here it is raw all the same.
constexpr std::string_view trained{"\x37\xa4\x30\xec", 4};

constexpr int base64_value(char c) noexcept {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// A string as structured fields have it (RFC 9651, section 3.3.3).
bool append_string(std::string& to, std::string_view text) {
  to += '"';
  for (const char c : text) {
    if (c < ' ' || c > '~') return false;
    if (c == '"' || c == '\\') to += '\\';
    to += c;
  }
  to += '"';
  return true;
}

// The value of the first field of that name, or nothing.
std::optional<Bytes> value_of(FieldList fields, Bytes name) noexcept {
  for (const Field& field : fields) {
    if (equal_without_case(field.name, name)) return trim(field.value);
  }
  return std::nullopt;
}

}  // namespace

Dictionary::Dictionary(std::string content, int level)
    : owner_(keep(std::move(content), content_)),
      hash_(sha256(content_)),
      level_(std::clamp(level, 1, top_level(Coding::zstd))) {
  if (content_.size() > most_content) throw std::bad_alloc{};
  if (!content_.starts_with(trained)) prepared_ = zstd::prepare(content_, level_);
}

Dictionary::~Dictionary() { zstd::discard(prepared_); }

std::size_t Dictionary::memory() const noexcept { return sizeof(*this) + content_.size() + zstd::memory_of(prepared_); }

std::array<char, Dictionary::header_size> Dictionary::header() const noexcept {
  std::array<char, header_size> bytes{};
  std::copy(frame.begin(), frame.end(), bytes.begin());
  std::transform(hash_.begin(), hash_.end(), bytes.begin() + frame.size(),
                 [](std::uint8_t octet) { return static_cast<char>(octet); });
  return bytes;
}

std::optional<DictionaryHash> parse_available_dictionary(Bytes value) noexcept {
  // 32 bytes are 43 digits and one '='. The bits that the last digit has too many are not looked at (RFC 9651, section 4.2.7).
  constexpr std::size_t digits = 43;
  value = trim(value);
  if (value.size() != digits + 3 || value.front() != ':' || value.back() != ':' || value[digits + 1] != '=')
    return std::nullopt;
  DictionaryHash hash{};
  std::uint32_t bits = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const int digit = base64_value(value[1 + i]);
    if (digit < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    // After four digits there are three bytes; the last three digits hold two.
    if (i % 4 != 3) continue;
    for (const int shift : {16, 8, 0}) hash[at++] = static_cast<std::uint8_t>(bits >> shift);
  }
  hash[at++] = static_cast<std::uint8_t>(bits >> 10);
  hash[at] = static_cast<std::uint8_t>(bits >> 2);
  return hash;
}

std::optional<std::string> use_as_dictionary(const DictionaryTerms& terms) {
  constexpr std::size_t longest_id = 1024;
  if (!terms.match.starts_with('/') || terms.match.find('(') != std::string_view::npos || terms.id.size() > longest_id)
    return std::nullopt;
  std::string value = "match=";
  if (!append_string(value, terms.match)) return std::nullopt;
  if (!terms.destination.empty()) {
    value += ", match-dest=(";
    if (!append_string(value, terms.destination)) return std::nullopt;
    value += ')';
  }
  if (!terms.id.empty()) {
    value += ", id=";
    if (!append_string(value, terms.id)) return std::nullopt;
  }
  return value;
}

bool same_origin_context(FieldList request, FieldList response) noexcept {
  const auto site = value_of(request, "sec-fetch-site");
  if (!site || *site == "same-origin") return true;
  const auto mode = value_of(request, "sec-fetch-mode");
  if (!mode || *mode == "navigate" || *mode == "same-origin") return true;
  if (*mode != "cors") return false;
  const auto allowed = value_of(response, "access-control-allow-origin");
  const auto origin = value_of(request, "origin");
  return allowed && origin && (*allowed == "*" || *allowed == *origin);
}

}  // namespace pounce::inline v0::compression
