#include <pounce/posix/files.hpp>

#include <pounce/posix/descriptor.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#if defined(__linux__) && __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#endif
#if defined(RESOLVE_BENEATH) && defined(SYS_openat2)
#define POUNCE_OPENAT2 1
#else
#define POUNCE_OPENAT2 0
#endif
#ifndef O_PATH
#define O_PATH 0
#endif

namespace pounce::inline v0::posix {

namespace {

constexpr int file_flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
constexpr int directory_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

FileError error_of(int number) noexcept {
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

int open_retried(int directory, const char* name, int flags) noexcept {
  int result = -1;
  do {
    result = ::openat(directory, name, flags);
  } while (result < 0 && errno == EINTR);
  return result;
}

#if POUNCE_OPENAT2
int open_at_once(int root, const char* path, int flags) noexcept {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS;
  // EAGAIN: something below the root was renamed in that moment.
  constexpr int patience = 8;
  for (int attempt = 0;; ++attempt) {
    const long result = ::syscall(SYS_openat2, root, path, &how, sizeof how);
    if (result >= 0) return static_cast<int>(result);
    if (errno != EINTR && (errno != EAGAIN || attempt == patience)) return -1;
  }
}
#else
int open_at_once(int, const char*, int) noexcept {
  errno = ENOSYS;
  return -1;
}
#endif

// One name at a time: none of them can lead anywhere but to a child of the directory before it.
int open_by_component(int root, std::string& path, int flags) {
  Descriptor directory;
  int from = root;
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
    directory = std::move(next);
    from = directory.get();
    start = slash + 1;
  }
}

// The pure layer has seen to this; whoever else calls is not trusted.
bool is_plain(std::string_view path) noexcept {
  if (path.empty() || path.find('\0') != std::string_view::npos) return false;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    if (name.empty() || name == "." || name == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

// Nothing for a moment that has not come: a Last-Modified after the Date would be a lie (RFC 9110, section 8.8.2.1).
std::optional<WallTime> past(std::time_t seconds) noexcept {
  const WallTime time{std::chrono::seconds{seconds}};
  if (time > std::chrono::system_clock::now()) return std::nullopt;
  return time;
}

class OpenFile final : public File {
 public:
  OpenFile(Descriptor descriptor, const struct stat& status)
      : File(static_cast<std::uint64_t>(status.st_size), past(status.st_mtime)), descriptor_(std::move(descriptor)) {}

  [[nodiscard]] std::expected<std::size_t, FileError> read(std::uint64_t offset, MutableBytes room) override {
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
    std::size_t filled = 0;
    while (filled < room.size()) {
      if (offset + filled > most) break;
      const ssize_t got =
          ::pread(descriptor_.get(), room.data() + filled, room.size() - filled, static_cast<off_t>(offset + filled));
      if (got > 0) {
        filled += static_cast<std::size_t>(got);
      } else if (got == 0) {
        break;
      } else if (errno != EINTR) {
        return std::unexpected(error_of(errno));
      }
    }
    return filled;
  }

 private:
  Descriptor descriptor_;
};

}  // namespace

std::expected<Owned<RootedFiles>, std::string> RootedFiles::open_root(const std::string& path) {
  auto files = open_root(path, Resolve::at_once);
  if (files) {
    const Descriptor probe{open_at_once((*files)->root_.get(), ".", directory_flags)};
    // ENOSYS: an old kernel; EPERM: a sandbox that does not know the call.
    if (!probe) (*files)->how_ = Resolve::by_component;
  }
  return files;
}

std::expected<Owned<RootedFiles>, std::string> RootedFiles::open_root(const std::string& path, Resolve how) {
  Descriptor root{open_retried(AT_FDCWD, path.c_str(), directory_flags)};
  if (!root) {
    const int number = errno;
    const char* const reason = number == ENOENT ? "no such directory"
                               : number == ENOTDIR
                                   ? "not a directory"
                                   : std::strerror(number);  // NOLINT(concurrency-mt-unsafe): at the start
    return std::unexpected(path + ": " + reason);
  }
  // O_PATH asks for no permission; find out now and not at the first request.
  if (::faccessat(root.get(), ".", X_OK, AT_EACCESS) != 0)
    return std::unexpected(path + ": no permission to open what is in it");
  return Owned<RootedFiles>{new RootedFiles{std::move(root), how}};
}

std::expected<Owned<File>, FileError> RootedFiles::open(std::string_view path) const {
  if (!is_plain(path)) return std::unexpected(FileError::not_found);
  std::string name{path};  // ends with a zero, and may be cut
  Descriptor file{how_ == Resolve::at_once ? open_at_once(root_.get(), name.c_str(), file_flags)
                                           : open_by_component(root_.get(), name, file_flags)};
  if (!file) return std::unexpected(error_of(errno));
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return std::unexpected(FileError::failed);
  if (S_ISDIR(status.st_mode)) return std::unexpected(FileError::is_directory);
  if (!S_ISREG(status.st_mode)) return std::unexpected(FileError::forbidden);
  return make_owned<OpenFile>(std::move(file), status);
}

}  // namespace pounce::inline v0::posix
