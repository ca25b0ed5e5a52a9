// Dictionary: what a client has of us already, so that zstd need not send it again (RFC 9842, Compression Dictionary Transport).
//
// How it goes: a response says `Use-As-Dictionary: match="/app/*"` and the client keeps its content. Its later requests for what
// matches say `Available-Dictionary: :<SHA-256>:` and accept `dcz`. Who finds that hash here may answer in `dcz`: 40 bytes that
// name the dictionary, then zstd with the content as a raw dictionary, whatever it looks like.
// Ownership: a Dictionary owns its content, twice, and the tables made of it; encoders and decoders borrow it. It never changes and
// may be used by many threads at once.
// Secrecy: whoever can make a client fetch a response can learn from its length how much of the dictionary is in it, so keep
// dictionaries as public as what is coded with them. `same_origin_context` refuses what the RFC tells servers to refuse.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/message.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/storage.hpp>
#include <pounce/core/string_fwd.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pounce::inline v0::compression {

using DictionaryHash = std::array<std::uint8_t, 32>;  // SHA-256

class Dictionary {
 public:
  // So that a zstd window of 8 MiB holds the dictionary and as much content.
  static constexpr std::size_t most_content = 4 * mebibyte;
  static constexpr std::size_t header_size = 40;

  // `level` is that of the encoders that will use it. Throws std::bad_alloc, also when the content has more than `most_content` bytes.
  explicit Dictionary(std::string content, int level = 3);
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  ~Dictionary();

  [[nodiscard]] Bytes content() const noexcept { return content_; }
  [[nodiscard]] const DictionaryHash& hash() const noexcept { return hash_; }
  // The 40 bytes that open a `dcz` body: a skippable zstd frame with the hash.
  [[nodiscard]] std::array<char, header_size> header() const noexcept;
  // Bytes of memory held.
  [[nodiscard]] std::size_t memory() const noexcept;

  // For the codec: what zstd made of the content; null when it must be taken raw each time.
  [[nodiscard]] const void* prepared() const noexcept { return prepared_; }
  [[nodiscard]] int level() const noexcept { return level_; }

 private:
  Bytes content_;
  StorageRef owner_;  // of the content
  DictionaryHash hash_;
  int level_;
  void* prepared_ = nullptr;
};

// Available-Dictionary: a byte sequence of 32 bytes (RFC 9842, section 2.2; RFC 9651, section 3.3.5), and nothing else.
[[nodiscard]] std::optional<DictionaryHash> parse_available_dictionary(Bytes value) noexcept;

// What a response says of itself in Use-As-Dictionary.
struct DictionaryTerms {
  std::string_view match;          // URL pattern of the paths that it is for: absolute path, `*` stands for anything
  std::string_view id{};           // given back in Dictionary-ID; optional, at most 1024 characters
  std::string_view destination{};  // Fetch destination such as "document" or "script"; optional
};

// The field's value. None when a term has characters that no structured string has, the pattern does not start with '/' or has
// groups of a regular expression (which clients refuse), or the id is too long.
[[nodiscard]] std::optional<std::string> use_as_dictionary(const DictionaryTerms& terms);

// Whether a dictionary may be used for an answer to this request (RFC 9842, section 9.3.3): false when the client says that it asks
// across origins and the response does not allow that origin to read it.
[[nodiscard]] bool same_origin_context(FieldList request, FieldList response) noexcept;

}  // namespace pounce::inline v0::compression
