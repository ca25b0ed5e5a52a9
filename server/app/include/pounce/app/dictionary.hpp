// DictionaryResource: content that clients may keep, so that later responses are compressed with it (RFC 9842).
//
//   app.dictionary("/dictionaries/pages-1", std::move(typical_page), "/articles/*");
//
// A client that knows the RFC keeps what it gets there and names it in its requests for what `match` covers; the server then answers
// those in the coding `dcz`. To have clients fetch one that no page includes, say in other responses
// `Link: </dictionaries/pages-1>; rel="compression-dictionary"`.
// Limits: 4 MiB of content, 16 dictionaries of an application. Keep them as public as the pages that they serve: whoever can make a
// browser fetch a page learns from its length how much of the dictionary is in it.
#pragma once

#include <pounce/app/handler.hpp>
#include <pounce/core/decimal.hpp>
#include <pounce/core/kept_string.hpp>
#include <pounce/core/string_fwd.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>
#include <utility>

namespace pounce::inline v0 {

// Why a dictionary is none.
class InvalidDictionary final : public std::exception {
 public:
  explicit InvalidDictionary(const char* literal) noexcept : literal_(literal) {}
  [[nodiscard]] const char* what() const noexcept override { return literal_; }

 private:
  const char* literal_;
};

// The handler of such a resource. Applications say App::dictionary.
class DictionaryResource final : public Handler {
 public:
  static constexpr std::size_t most_content = 4 * mebibyte;
  static constexpr std::size_t most = 16;

  // `match`: URL pattern of paths; `*` stands for anything. Throws InvalidDictionary: a pattern that does not start with '/', or has
  // groups, quotes or backslashes; too much content. `next`: the application's dictionary before this one.
  template <std::same_as<std::string> Text>
  DictionaryResource(Text content, std::string_view match, std::string_view type, Duration max_age,
                     const DictionaryResource* next)
      : Handler(Kind::plain), head_(200), next_(next), place_(next == nullptr ? 1 : next->place_ + 1) {
    const auto allowed = [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\' && c != '(' && c != ')'; };
    if (place_ > most) throw InvalidDictionary{"too many dictionaries"};
    if (!match.starts_with('/')) throw InvalidDictionary{"a dictionary's match must start with '/'"};
    for (const char c : match) {
      if (!allowed(c)) throw InvalidDictionary{"a dictionary's match has a character that no such pattern may have"};
    }
    if (content.empty() || content.size() > most_content)
      throw InvalidDictionary{"a dictionary has from one byte to 4 MiB"};
    Bytes bytes;
    StorageRef owner = keep(std::move(content), bytes);
    content_ = Chunk{bytes, std::move(owner)};
    Text terms{"match=\""};
    terms.append(match).append("\"");
    Text keeping{"public, max-age="};
    const auto seconds = max_age / std::chrono::seconds{1};
    keeping.append(Decimal{seconds < 0 ? 0U : static_cast<std::uint64_t>(seconds)}.bytes());
    head_.add("content-type", type).add("use-as-dictionary", terms).add("cache-control", keeping);
  }

  [[nodiscard]] Response respond(const Request&) const override { return Response{head_, Body{content_}}; }
  [[nodiscard]] const Chunk& content() const noexcept { return content_; }
  [[nodiscard]] const DictionaryResource* next() const noexcept { return next_; }

 private:
  Head head_;
  Chunk content_;
  const DictionaryResource* next_;
  std::size_t place_;
};

}  // namespace pounce::inline v0
