// The directory that is served: Files over the directory that a path names.
//
// Everything is opened relative to one descriptor, and nothing outside it can be
// reached: openat2 with RESOLVE_BENEATH, no magic link, and no symbolic link unless they are allowed, and then none that leads out.
// Where the kernel lacks openat2, or a sandbox forbids it, component after component with O_NOFOLLOW, and links are not followed at all.
// Which of the two is decided once, at the start. Only regular files are served; the opened
// descriptor is asked, not the name, so there is no moment between check and use. A FIFO or device stops nobody: opening never waits.
// The root may be a link. Its path is looked at again half a second after the last look, by who opens something then: another directory
// takes its place, and what was cached is forgotten; while there is none, nothing is found. What is open stays what it is.
// Open files are cached for half a second by name, and names that are not there; a file that was replaced, removed or written to is noticed
// at once, unless its contents are kept in memory: then within that half second. With fetchers, `Haste::now` never waits for a disk, as far as the kernel can tell.
// Threads: all of it from any thread. Not a chroot: mounts and hard links below the root are part of it.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/core/string_fwd.hpp>
#include <pounce/core/time.hpp>
#include <pounce/files/files.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

namespace pounce::inline v0::posix {

class FileCache;
class Fetchers;
class Root;

class RootedFiles final : public Files {
 public:
  enum class Resolve : std::uint8_t { detect, at_once, by_component };

  struct Options {
    Resolve resolve = Resolve::detect;  // else for tests; `at_once` where there is no openat2 fails at each open
    bool symlinks = false;              // those that stay below the root
    std::size_t open_files = 0;         // most cached names; 0: no cache
    std::size_t contents = 0;           // bytes of small files kept in memory, of those
    Fetchers* fetchers = nullptr;       // borrowed; null: whoever opens and reads waits
  };

  // The error is errno's: ENOENT, ENOTDIR, EACCES also where nothing in it may be opened.
  [[nodiscard]] static std::expected<Owned<RootedFiles>, int> open_root(const std::string& path,
                                                                        const Options& options);

  RootedFiles(const RootedFiles&) = delete;
  RootedFiles& operator=(const RootedFiles&) = delete;
  ~RootedFiles();

  [[nodiscard]] std::expected<OpenedFile, FileError> open(std::string_view path, Haste haste) const override;
  [[nodiscard]] bool warm(std::string_view path, Token token) const override;
  [[nodiscard]] std::expected<ListedNames, FileError> list(std::string_view path, std::size_t most) const override;
  // What `open` and `list` do first. False: in haste, and a disk has to be asked where the path leads.
  [[nodiscard]] bool look_again(Instant now, Haste haste) const;
  [[nodiscard]] Resolve resolve() const noexcept { return options_.resolve; }

 private:
  RootedFiles(Owned<Root> root, const Options& options);

  [[nodiscard]] int open_at(std::string_view path, int flags, Haste haste) const;
  [[nodiscard]] std::expected<OpenedFile, FileError> open_fresh(std::string_view path, Haste haste) const;

  Owned<Root> root_;
  Options options_;
  Owned<FileCache> cache_;  // null: none
};

}  // namespace pounce::inline v0::posix
