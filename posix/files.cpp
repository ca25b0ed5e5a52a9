#include <pounce/posix/files.hpp>

#include "posix/file_cache.hpp"
#include "posix/open_file.hpp"
#include "posix/resolve.hpp"
#include "posix/root.hpp"

#include <pounce/app/token.hpp>
#include <pounce/files/listed_names.hpp>
#include <pounce/posix/clock.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace pounce::inline v0::posix {

namespace {

constexpr int file_flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;

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

RootedFiles::RootedFiles(Owned<Root> root, const Options& options)
    : root_(std::move(root)),
      options_(options),
      cache_(options.open_files == 0 ? Owned<FileCache>{}
                                     : make_owned<FileCache>(options.open_files, options.contents)) {}

RootedFiles::~RootedFiles() = default;

std::expected<Owned<RootedFiles>, int> RootedFiles::open_root(const std::string& path, const Options& options) {
  auto root = Root::open(path);
  if (!root) return std::unexpected(root.error());
  const int directory = (*root)->descriptor();
  // O_PATH asks for no permission; find out now and not at the first request.
  if (::faccessat(directory, ".", X_OK, AT_EACCESS) != 0) return std::unexpected(EACCES);
  Options decided = options;
  if (decided.resolve == Resolve::detect) {
    // ENOSYS: an old kernel; EPERM: a sandbox that does not know the call.
    const Descriptor probe{open_at_once(directory, ".", directory_flags, Within::directory, false)};
    decided.resolve = probe ? Resolve::at_once : Resolve::by_component;
  }
  return Owned<RootedFiles>{new RootedFiles{std::move(*root), decided}};
}

bool RootedFiles::look_again(Instant now, Haste haste) const {
  if (!root_->due(now)) return true;
  const bool in_haste = haste == Haste::now && options_.fetchers != nullptr && options_.resolve == Resolve::at_once;
  switch (root_->look(now, in_haste)) {
    case Root::Look::later: return false;
    case Root::Look::another:
      if (cache_) cache_->forget();
      return true;
    case Root::Look::same: return true;
  }
  return true;
}

int RootedFiles::open_at(std::string_view path, int flags, Haste haste) const {
  if (const int fault = root_->fault(); fault != 0) {
    errno = fault;
    return -1;
  }
  std::string name{path};  // ends with a zero, and may be cut
  if (options_.resolve == Resolve::by_component) return open_by_component(root_->descriptor(), name, flags);
  const bool in_haste = haste == Haste::now && options_.fetchers != nullptr;
  const Within within = options_.symlinks ? Within::directory_by_links : Within::directory;
  return open_at_once(root_->descriptor(), name.c_str(), flags, within, in_haste);
}

std::expected<OpenedFile, FileError> RootedFiles::open(std::string_view path, Haste haste) const {
  const Instant now = monotonic_now();
  if (!look_again(now, haste)) return std::unexpected(FileError::later);
  if (!cache_) return open_fresh(path, haste);
  if (auto entry = cache_->find(path); entry && now - entry->checked < FileCache::valid) {
    if (!entry->file) return std::unexpected(FileError::not_found);
    if (!entry->file->contents().empty()) return OpenedFile{std::move(entry->file), entry->state};
    // Asked each time, so that what is sent and what is said of it agree. Without a name any more, it was replaced.
    if (const auto state = entry->file->named_state()) return OpenedFile{std::move(entry->file), *state};
  }
  const std::uint64_t epoch = cache_->epoch();  // before it is opened: what was found in another root is not kept
  auto opened = open_fresh(path, haste);
  if (!opened) {
    if (opened.error() == FileError::not_found) cache_->put(path, {.file = {}, .state = {}, .checked = now}, epoch);
    return opened;
  }
  Loan<OpenFile> file{static_cast<OpenFile*>(opened->file.release())};
  if (cache_->keeps_contents() && opened->state.size <= FileCache::most_kept_file && opened->state.size != 0)
    (void)file->keep(opened->state);
  FileCache::Entry kept = cache_->put(path, {.file = std::move(file), .state = opened->state, .checked = now}, epoch);
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
  static_cast<void>(look_again(monotonic_now(), Haste::may_wait));
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  Descriptor descriptor{open_at(path.empty() ? "." : path, flags, Haste::may_wait)};
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
