#include <pounce/posix/files.hpp>

#include "posix/file_cache.hpp"
#include "posix/open_file.hpp"

#include <pounce/app/token.hpp>
#include <pounce/files/listed_names.hpp>
#include <pounce/posix/advice.hpp>
#include <pounce/posix/clock.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
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

// In haste: fails with EAGAIN where it would have to read a directory from its disk.
int open_at_once(int root, const char* path, int flags, bool symlinks, bool in_haste) noexcept {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  if (!symlinks) how.resolve |= RESOLVE_NO_SYMLINKS;
  if (in_haste) how.resolve |= RESOLVE_CACHED;
  // EAGAIN: something below the root was renamed in that moment.
  const int patience = in_haste ? 0 : 8;
  for (int attempt = 0;; ++attempt) {
    const long result = ::syscall(SYS_openat2, root, path, &how, sizeof how);
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
int open_at_once(int, const char*, int, bool, bool) noexcept {
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

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

WallTime seconds_of(const struct stat& status) noexcept { return WallTime{std::chrono::seconds{status.st_mtime}}; }

}  // namespace

RootedFiles::RootedFiles(Descriptor root, const Options& options)
    : root_(std::move(root)),
      options_(options),
      cache_(options.open_files == 0 ? Owned<FileCache>{}
                                     : make_owned<FileCache>(options.open_files, options.contents)) {}

RootedFiles::~RootedFiles() = default;

std::expected<Owned<RootedFiles>, std::string> RootedFiles::open_root(const std::string& path, const Options& options) {
  Descriptor root{open_retried(AT_FDCWD, path.c_str(), directory_flags)};
  if (!root) {
    const int number = errno;
    const char* const reason = number == ENOENT ? "no such directory"
                               : number == ENOTDIR
                                   ? "not a directory"
                                   : std::strerror(number);  // NOLINT(concurrency-mt-unsafe): at the start
    return std::unexpected(path + ": " + reason + as_hint(file_advice(path, number)));
  }
  // O_PATH asks for no permission; find out now and not at the first request.
  if (::faccessat(root.get(), ".", X_OK, AT_EACCESS) != 0)
    return std::unexpected(path + ": no permission to open what is in it" + as_hint(file_advice(path, EACCES)));
  Options decided = options;
  if (decided.resolve == Resolve::detect) {
    // ENOSYS: an old kernel; EPERM: a sandbox that does not know the call.
    const Descriptor probe{open_at_once(root.get(), ".", directory_flags, false, false)};
    decided.resolve = probe ? Resolve::at_once : Resolve::by_component;
  }
  return Owned<RootedFiles>{new RootedFiles{std::move(root), decided}};
}

int RootedFiles::open_at(std::string_view path, int flags, Haste haste) const {
  std::string name{path};  // ends with a zero, and may be cut
  if (options_.resolve == Resolve::by_component) return open_by_component(root_.get(), name, flags);
  const bool in_haste = haste == Haste::now && options_.fetchers != nullptr;
  return open_at_once(root_.get(), name.c_str(), flags, options_.symlinks, in_haste);
}

std::expected<OpenedFile, FileError> RootedFiles::open(std::string_view path, Haste haste) const {
  if (!cache_) return open_fresh(path, haste);
  const Instant now = monotonic_now();
  if (auto entry = cache_->find(path); entry && now - entry->checked < FileCache::valid) {
    if (!entry->file) return std::unexpected(FileError::not_found);
    if (!entry->file->contents().empty()) return OpenedFile{std::move(entry->file), entry->state};
    // Asked each time, so that what is sent and what is said of it agree. Without a name any more, it was replaced.
    if (const auto state = entry->file->named_state()) return OpenedFile{std::move(entry->file), *state};
  }
  auto opened = open_fresh(path, haste);
  if (!opened) {
    if (opened.error() == FileError::not_found) cache_->put(path, {.file = {}, .state = {}, .checked = now});
    return opened;
  }
  Loan<OpenFile> file{static_cast<OpenFile*>(opened->file.release())};
  if (cache_->keeps_contents() && opened->state.size <= FileCache::most_kept_file && opened->state.size != 0)
    (void)file->keep(opened->state);
  FileCache::Entry kept = cache_->put(path, {.file = std::move(file), .state = opened->state, .checked = now});
  return OpenedFile{std::move(kept.file), kept.state};
}

std::expected<OpenedFile, FileError> RootedFiles::open_fresh(std::string_view path, Haste haste) const {
  if (!is_plain(path)) return std::unexpected(FileError::not_found);
  Descriptor descriptor{open_at(path, file_flags, haste)};
  if (!descriptor) {
    const bool in_haste = haste == Haste::now && options_.fetchers != nullptr;
    return std::unexpected(errno == EAGAIN && in_haste ? FileError::later : file_error(errno));
  }
  Loan<OpenFile> file{new OpenFile{std::move(descriptor), options_.fetchers}};
  // Also when it has been replaced since: it was there.
  const auto state = file->state();
  if (!state) return std::unexpected(state.error());
  return OpenedFile{std::move(file), *state};
}

bool RootedFiles::warm(std::string_view path, Token token) const {
  if (options_.fetchers == nullptr) return false;
  const auto open_once = [this, name = std::string{path}] {
    static_cast<void>(open(name, Haste::may_wait).has_value());
  };
  return options_.fetchers->fetch(open_once, std::move(token));
}

std::expected<ListedNames, FileError> RootedFiles::list(std::string_view path, std::size_t most) const {
  if (!path.empty() && !is_plain(path)) return std::unexpected(FileError::not_found);
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  Descriptor descriptor{path.empty() ? open_retried(root_.get(), ".", flags) : open_at(path, flags, Haste::may_wait)};
  if (!descriptor) return std::unexpected(file_error(errno));
  const std::unique_ptr<DIR, CloseDirectory> directory{::fdopendir(descriptor.get())};
  if (!directory) return std::unexpected(file_error(errno));
  const int number = descriptor.release();  // the DIR's from now on
  ListedNames listed;
  // Each DIR has its own state.
  while (const dirent* const entry = ::readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe)
    const std::string_view name = entry->d_name;
    if (name.starts_with('.')) continue;
    struct stat status{};
    if (::fstatat(number, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISLNK(status.st_mode)) {
      // Whether it stays below the root is for the kernel to say, as when it is opened.
      std::string target{path};
      if (!target.empty()) target.push_back('/');
      const Descriptor there{options_.symlinks ? open_at(target.append(name), O_PATH | O_CLOEXEC, Haste::may_wait)
                                               : -1};
      if (!there || ::fstat(there.get(), &status) != 0) continue;
    }
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) continue;
    if (listed.names.size() == most) {
      listed.complete = false;
      break;
    }
    listed.names.push_back({.name = name,
                            .directory = S_ISDIR(status.st_mode),
                            .size = static_cast<std::uint64_t>(status.st_size),
                            .modified = seconds_of(status)});
  }
  return listed;
}

}  // namespace pounce::inline v0::posix
