#include "posix/root.hpp"

#include "posix/file_cache.hpp"
#include "posix/resolve.hpp"

#include <pounce/posix/clock.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace pounce::inline v0::posix {

namespace {

// Else it is we who cannot see just now: no descriptor, no memory, a disk that fails.
bool leads_nowhere(int error) noexcept {
  return error == ENOENT || error == ENOTDIR || error == ELOOP || error == ENAMETOOLONG || error == EACCES;
}

}  // namespace

Root::Root(std::string path, Descriptor directory, dev_t device, ino_t inode) noexcept
    : path_(std::move(path)),
      directory_(std::move(directory)),
      device_(device),
      inode_(inode),
      due_(monotonic_now() + FileCache::valid) {}

std::expected<Owned<Root>, int> Root::open(const std::string& path) {
  Descriptor directory{open_retried(AT_FDCWD, path.c_str(), directory_flags)};
  struct stat status{};
  if (!directory || ::fstat(directory.get(), &status) != 0) return std::unexpected(errno);
  return Owned<Root>{new Root{path, std::move(directory), status.st_dev, status.st_ino}};
}

Root::Look Root::look(Instant now, bool in_haste) noexcept {
  if (looking_.exchange(true, std::memory_order_acquire)) return Look::same;
  const Look seen = due(now) ? look_now(now, in_haste) : Look::same;
  looking_.store(false, std::memory_order_release);
  return seen;
}

Root::Look Root::look_now(Instant now, bool in_haste) noexcept {
  const Descriptor there{in_haste ? open_at_once(AT_FDCWD, path_.c_str(), directory_flags, Within::anything, true)
                                  : open_retried(AT_FDCWD, path_.c_str(), directory_flags)};
  const int error = there ? 0 : errno;
  if (in_haste && error == EAGAIN) return Look::later;
  due_.store(now + FileCache::valid, std::memory_order_relaxed);
  const int before = fault_.load(std::memory_order_relaxed);
  if (error != 0) {
    if (error == before || !leads_nowhere(error)) return Look::same;
    fault_.store(error, std::memory_order_release);
    return Look::another;
  }
  struct stat status{};
  if (::fstat(there.get(), &status) != 0) return Look::same;
  const bool changed = status.st_dev != device_ || status.st_ino != inode_;
  if (!changed && before == 0) return Look::same;
  if (changed) {
    if (::dup3(there.get(), directory_.get(), O_CLOEXEC) < 0) return Look::same;
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
  fault_.store(0, std::memory_order_release);
  return Look::another;
}

}  // namespace pounce::inline v0::posix
