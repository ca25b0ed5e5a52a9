#include "posix/open_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

namespace pounce::inline v0::posix {

namespace {

constexpr auto most_offset = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());

// Reads until `room` is full or nothing more comes.
template <class Read>
std::expected<std::size_t, int> fill(std::uint64_t offset, MutableBytes room, Read read) {
  std::size_t filled = 0;
  while (filled < room.size() && offset + filled <= most_offset) {
    const ssize_t got = read(room.data() + filled, room.size() - filled, static_cast<off_t>(offset + filled));
    if (got > 0) {
      filled += static_cast<std::size_t>(got);
    } else if (got == 0) {
      break;
    } else if (errno != EINTR) {
      if (filled != 0) break;
      return std::unexpected(errno);
    }
  }
  return filled;
}

std::int64_t nanoseconds_of(const timespec& time) noexcept {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

// Reads only what is in memory.
ssize_t read_now(int file, char* at, std::size_t size, off_t offset) noexcept {
#ifdef RWF_NOWAIT
  iovec vector{at, size};
  const ssize_t got = ::preadv2(file, &vector, 1, offset, RWF_NOWAIT);
  // A kernel or file system that cannot say: then it waits.
  if (got >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)) return got;
#endif
  return ::pread(file, at, size, offset);
}

}  // namespace

FileError file_error(int number) noexcept {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case EINVAL: return FileError::not_found;  // EINVAL: a name that this file system cannot hold
    case EACCES:
    case EPERM:
    case ELOOP:  // a link
    case EXDEV:  // out of the root
    case ENXIO:  // a socket
    case ENODEV:
    case EROFS: return FileError::forbidden;
    case EISDIR: return FileError::is_directory;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN: return FileError::busy;
    default: return FileError::failed;
  }
}

OpenFile::OpenFile(Descriptor descriptor, Fetchers* fetchers) noexcept
    : descriptor_(std::move(descriptor)), fetchers_(fetchers) {}

std::optional<std::size_t> OpenFile::read(std::uint64_t offset, MutableBytes room) {
  const auto got = fill(offset, room, [this](char* at, std::size_t size, off_t from) {
    return ::pread(descriptor_.get(), at, size, from);
  });
  return got ? std::optional{*got} : std::nullopt;
}

std::expected<std::size_t, FileError> OpenFile::read_ready(std::uint64_t offset, MutableBytes room) {
  const auto got = fill(offset, room, [this](char* at, std::size_t size, off_t from) {
    return read_now(descriptor_.get(), at, size, from);
  });
  if (got) return *got;
  return std::unexpected(got.error() == EAGAIN ? FileError::later : file_error(got.error()));
}

bool OpenFile::ready(std::uint64_t offset, std::size_t size) const noexcept {
  if (fetchers_ == nullptr || size == 0 || offset > most_offset - size) return true;
#ifdef __linux__
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif
  struct {
    std::uint64_t offset;
    std::uint64_t size;
  } range{offset, size};
  struct {
    std::uint64_t cached, dirty, writeback, evicted, recently_evicted;
  } pages{};
  if (::syscall(SYS_cachestat, descriptor_.get(), &range, &pages, 0) == 0) {
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return pages.cached >= (offset + size - 1) / page - offset / page + 1;
  }
#endif
  // No such call: the two ends stand for what is between them.
  char byte = 0;
  const auto there = [&](std::uint64_t at) {
    return read_now(descriptor_.get(), &byte, 1, static_cast<off_t>(at)) >= 0 || errno != EAGAIN;
  };
  return there(offset) && there(offset + size - 1);
}

bool OpenFile::warm(std::uint64_t offset, std::size_t size, Token token) {
  if (fetchers_ == nullptr) return false;
  lend();
  return fetchers_->fetch(
      [file = Loan<OpenFile>{this}, offset, size]() mutable {
        std::array<char, 64 * 1024> waste;
        while (size != 0) {
          const std::size_t piece = std::min(size, waste.size());
          const auto got = file->read(offset, MutableBytes{waste.data(), piece});
          if (!got || *got != piece) return;
          offset += piece;
          size -= piece;
        }
      },
      std::move(token));
}

std::expected<FileState, FileError> OpenFile::state() const noexcept { return state(false); }
std::expected<FileState, FileError> OpenFile::named_state() const noexcept { return state(true); }

std::expected<FileState, FileError> OpenFile::state(bool named) const noexcept {
  struct stat status{};
  if (::fstat(descriptor_.get(), &status) != 0) return std::unexpected(FileError::failed);
  if (S_ISDIR(status.st_mode)) return std::unexpected(FileError::is_directory);
  if (!S_ISREG(status.st_mode)) return std::unexpected(FileError::forbidden);
  if (named && status.st_nlink == 0) return std::unexpected(FileError::not_found);
#ifdef __APPLE__
  const timespec& modified = status.st_mtimespec;
  const timespec& changed = status.st_ctimespec;
#else
  const timespec& modified = status.st_mtim;
  const timespec& changed = status.st_ctim;
#endif
  return FileState{.size = static_cast<std::uint64_t>(status.st_size),
                   .inode = static_cast<std::uint64_t>(status.st_ino),
                   .modified = nanoseconds_of(modified),
                   .changed = nanoseconds_of(changed),
                   .seen = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())};
}

// A file that was written to a moment ago may be written to again within what its time can tell apart.
bool OpenFile::keep(const FileState& state) {
  constexpr std::int64_t settled = 2;
  if (state.seen.time_since_epoch().count() - state.modified / 1'000'000'000 < settled) return false;
  std::string text(static_cast<std::size_t>(state.size), '\0');
  const auto got = read_ready(0, text);
  if (!got || *got != text.size() || this->state() != state) return false;
  contents_ = std::move(text);
  return true;
}

}  // namespace pounce::inline v0::posix
