#include "posix/resolve.hpp"

#include <pounce/posix/descriptor.hpp>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#if defined(__linux__) && __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#endif
#if defined(RESOLVE_BENEATH) && defined(SYS_openat2)
#define POUNCE_OPENAT2 1
#else
#define POUNCE_OPENAT2 0
#endif

namespace pounce::inline v0::posix {

int open_retried(int directory, const char* name, int flags) noexcept {
  int result = -1;
  do {
    result = ::openat(directory, name, flags);
  } while (result < 0 && errno == EINTR);
  return result;
}

#if POUNCE_OPENAT2
#ifndef RESOLVE_CACHED
#define RESOLVE_CACHED 0x20
#endif

int open_at_once(int directory, const char* path, int flags, Within within, bool in_haste) noexcept {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  if (within != Within::anything) how.resolve |= RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (within == Within::directory) how.resolve |= RESOLVE_NO_SYMLINKS;
  if (in_haste) how.resolve |= RESOLVE_CACHED;
  // EAGAIN: something below the root was renamed in that moment.
  const int patience = in_haste ? 0 : 8;
  for (int attempt = 0;; ++attempt) {
    const long result = ::syscall(SYS_openat2, directory, path, &how, sizeof how);
    if (result >= 0) return static_cast<int>(result);
    if (errno == EINVAL && in_haste) {  // a kernel before 5.12 does not know haste
      how.resolve &= ~static_cast<std::uint64_t>(RESOLVE_CACHED);
      in_haste = false;
      continue;
    }
    if (errno != EINTR && (errno != EAGAIN || attempt >= patience)) return -1;
  }
}
#else
int open_at_once(int, const char*, int, Within, bool) noexcept {
  errno = ENOSYS;
  return -1;
}
#endif

// One name at a time: none of them can lead anywhere but to a child of the directory before it.
int open_by_component(int directory, std::string& path, int flags) {
  Descriptor holder;
  int from = directory;
  for (std::size_t start = 0;;) {
    const std::size_t slash = path.find('/', start);
    char* const name = path.data() + start;
    if (slash == std::string::npos) return open_retried(from, name, flags | O_NOFOLLOW);
    path[slash] = '\0';
    Descriptor next{open_retried(from, name, directory_flags | O_NOFOLLOW)};
    if (!next) {
      // O_DIRECTORY sees the link as what it is, no directory.
      struct stat status{};
      if (errno == ENOTDIR && ::fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = S_ISLNK(status.st_mode) ? ELOOP : ENOTDIR;
      }
      return -1;
    }
    holder = std::move(next);
    from = holder.get();
    start = slash + 1;
  }
}

}  // namespace pounce::inline v0::posix
