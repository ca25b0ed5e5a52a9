// Files: the seam through which the pure layers read files. posix/files.cpp stands behind it; tests put a map there.
//
// What it is not: a file system. It opens what may be served, by name, reads it and lists it; it does not write or watch.
// Paths: decoded, relative to the root ("sub/page.html"), without empty, "." or ".." segments; empty only for `list`: the root.
// Ownership: a Files outlives the handlers that borrow it; a File is on loan, and stays what it was when it was opened, whatever
// its name leads to by now. The same File may be on loan to many exchanges, on many threads.
// Later: an answer may have to wait for a disk. Who must not wait asks with `Haste::now`; when the answer is `later`, `warm` has somebody
// else fetch what is needed and post an empty message to the token; then the question is asked again. `warm` may refuse, when too
// much is being fetched already: then waiting is what is left.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/source.hpp>
#include <pounce/core/time.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>
#include <utility>

namespace pounce::inline v0 {

enum class FileError : std::uint8_t {
  not_found,
  forbidden,  // it is there, but not to be served: no permission, a link, no regular file
  is_directory,
  busy,    // no descriptor or memory is left just now
  failed,  // the disk says no
  later,   // asked in haste: it would have to wait
};

[[nodiscard]] constexpr std::string_view name(FileError error) noexcept {
  switch (error) {
    case FileError::not_found: return "not_found";
    case FileError::forbidden: return "forbidden";
    case FileError::is_directory: return "is_directory";
    case FileError::busy: return "busy";
    case FileError::failed: return "failed";
    case FileError::later: return "later";
  }
  return "unknown";
}

enum class Haste : std::uint8_t { now, may_wait };

// What was true of an open file at one moment. Two states of one name that differ in content differ here: a file that is replaced has
// another inode, one that is written to another time, to the nanosecond; and who sets that time back cannot set `changed`.
struct FileState {
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  std::int64_t modified = 0;  // when its content last changed: nanoseconds since 1970
  std::int64_t changed = 0;   // when anything about it last did, its times among that; the system's, where it has one
  WallTime seen{};            // the moment

  [[nodiscard]] bool operator==(const FileState& other) const noexcept {
    return size == other.size && inode == other.inode && modified == other.modified && changed == other.changed;
  }
};

class Token;

namespace files {
class Metadata;
}

// An open regular file. It may change under the reader.
class File : public Source {
 public:
  ~File() override;

  // What was worked out about it for an answer with all of it, so that the next one need not (server/files/metadata.hpp). Null: nothing
  // yet. Lives as long as the loan.
  [[nodiscard]] const files::Metadata* metadata() const noexcept {
    return __atomic_load_n(&metadata_, __ATOMIC_ACQUIRE);
  }
  // Keeps the first that comes; that is the file's from then on. False: there is one already.
  [[nodiscard]] bool keep_metadata(const files::Metadata* metadata) noexcept {
    const files::Metadata* none = nullptr;
    return __atomic_compare_exchange_n(&metadata_, &none, metadata, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
  }

  // As `read`, but does not wait for a disk: then `later`. Fewer bytes than there is room for: the end of the file, or of what is ready.
  [[nodiscard]] virtual std::expected<std::size_t, FileError> read_ready(std::uint64_t offset, MutableBytes room) = 0;
  // Whether these bytes can be had without waiting, as far as anybody knows.
  [[nodiscard]] virtual bool ready(std::uint64_t offset, std::size_t size) const noexcept = 0;
  // Has them brought into memory; then a message comes to `token`. False: nobody will.
  [[nodiscard]] virtual bool warm(std::uint64_t offset, std::size_t size, Token token) = 0;
  // All of it as it was in `state`, where it is kept in memory; else nothing. Lives as long as the loan.
  [[nodiscard]] virtual Bytes contents() const noexcept { return {}; }

 private:
  const files::Metadata* metadata_ = nullptr;
};

class OpenedFile {
 public:
  OpenedFile(Loan<File> its_file, const FileState& its_state) noexcept : file(std::move(its_file)), state(its_state) {}

  Loan<File> file;
  FileState state;
};

struct ListedNames;

class Files {
 public:
  [[nodiscard]] virtual std::expected<OpenedFile, FileError> open(std::string_view path, Haste haste) const = 0;
  // Has what `open` needs brought into memory; then a message comes to `token`. False: nobody will.
  [[nodiscard]] virtual bool warm(std::string_view path, Token token) const = 0;
  // At most `most` of what is in a directory, without hidden names. May wait for a disk.
  [[nodiscard]] virtual std::expected<ListedNames, FileError> list(std::string_view path, std::size_t most) const = 0;

 protected:
  ~Files() = default;
};

}  // namespace pounce::inline v0
