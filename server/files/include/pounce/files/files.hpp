// Files: the seam through which the pure layers read files. posix/files.cpp stands behind it; tests put a map there.
//
// What it is not: a file system. It opens what may be served, by name, and reads it; it does not list, write or watch.
// Paths: decoded, relative to the root ("sub/page.html"), without empty, "." or ".." segments; never empty.
// Ownership: a Files outlives the handlers that borrow it; a File belongs to the exchange that opened it.
// Threads: `open` is called from many threads at once. A File is used by one thread at a time, not always the same one.
// Time: both calls answer before they return, so a slow disk holds its worker for that long. An implementation that answers
// later needs no other contract for handlers: it posts to the exchange's Token when the answer is there, and the
// handler waits with `co_await exchange.message()`.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/time.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

namespace pounce::inline v0 {

enum class FileError : std::uint8_t {
  not_found,
  forbidden,  // it is there, but not to be served: no permission, a link, no regular file
  is_directory,
  busy,    // no descriptor or memory is left just now
  failed,  // the disk says no
};

[[nodiscard]] constexpr std::string_view name(FileError error) noexcept {
  switch (error) {
    case FileError::not_found: return "not_found";
    case FileError::forbidden: return "forbidden";
    case FileError::is_directory: return "is_directory";
    case FileError::busy: return "busy";
    case FileError::failed: return "failed";
  }
  return "unknown";
}

// An open regular file. Size and time are those of the moment it was opened; it may change under the reader.
class File {
 public:
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  // When its content last changed; nothing when the file claims a moment that has not come yet.
  [[nodiscard]] std::optional<WallTime> modified() const noexcept { return modified_; }
  // Reads up to `room.size()` bytes from `offset` on; fewer only at the end of the file.
  [[nodiscard]] virtual std::expected<std::size_t, FileError> read(std::uint64_t offset, MutableBytes room) = 0;

 protected:
  File(std::uint64_t size, std::optional<WallTime> modified) noexcept : size_(size), modified_(modified) {}

 private:
  std::uint64_t size_;
  std::optional<WallTime> modified_;
};

class Files {
 public:
  [[nodiscard]] virtual std::expected<Owned<File>, FileError> open(std::string_view path) const = 0;

 protected:
  ~Files() = default;
};

}  // namespace pounce::inline v0
