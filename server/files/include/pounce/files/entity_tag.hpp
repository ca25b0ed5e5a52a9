// Entity tags and times of files (RFC 9110, section 8.8), made from what is known of an open file.
//
// The tag is strong: it holds the size, the time to the nanosecond and the inode, so that neither a replaced nor a rewritten file keeps
// it, and a name for the content coding, so that no two codings share one. Nothing secret is in it but the inode number.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/time.hpp>
#include <pounce/files/files.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace pounce::inline v0::files {

// A tag with its quotes, in place.
class EntityTag {
 public:
  // `coding`: "gzip", "br", "zstd"; empty for the identity. At most eight bytes of it are used.
  EntityTag(const FileState& state, Bytes coding) noexcept;
  [[nodiscard]] Bytes text() const noexcept { return {text_.data(), size_}; }

 private:
  void put(char c) noexcept { text_[size_++] = c; }
  void put_hexadecimal(std::uint64_t number) noexcept;

  // Two quotes, three numbers with two dashes between them, a dash and the name.
  static constexpr std::size_t most = 2 + 3 * 16 + 2 + 1 + 8;
  std::array<char, most> text_;  // the first `size_` of them
  std::size_t size_ = 0;
};

// The time for Last-Modified: whole seconds; nothing when it has not come yet (RFC 9110, section 8.8.2.1) or when no HTTP date can say it.
[[nodiscard]] std::optional<WallTime> last_modified(const FileState& state) noexcept;

}  // namespace pounce::inline v0::files
