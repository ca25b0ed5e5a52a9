// The directory that is served: Files over a root descriptor.
//
// Everything is opened relative to one descriptor taken at the start, so the root may be renamed, and nothing outside it can be
// reached: openat2 with RESOLVE_BENEATH, no symbolic link anywhere below the root, no magic link; where the kernel lacks
// openat2, or a sandbox forbids it, component after component with O_NOFOLLOW. Which of the two is decided once, at the start.
// The root itself may be a link. Only regular files are served; the opened descriptor is asked, not the name, so there is no moment
// between check and use. A FIFO or device stops nobody: opening never waits.
// Threads: `open` from any thread. Not a chroot: mounts and hard links below the root are part of it.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/files/files.hpp>
#include <pounce/posix/descriptor.hpp>

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace pounce::inline v0::posix {

class RootedFiles final : public Files {
 public:
  enum class Resolve : std::uint8_t { at_once, by_component };

  // An error is one clear line: "PATH: no such directory".
  [[nodiscard]] static std::expected<Owned<RootedFiles>, std::string> open_root(const std::string& path);
  // With the given way of resolving names, for tests; `at_once` where there is no openat2 fails at each open.
  [[nodiscard]] static std::expected<Owned<RootedFiles>, std::string> open_root(const std::string& path, Resolve how);

  RootedFiles(const RootedFiles&) = delete;
  RootedFiles& operator=(const RootedFiles&) = delete;
  ~RootedFiles() = default;

  [[nodiscard]] std::expected<Owned<File>, FileError> open(std::string_view path) const override;
  [[nodiscard]] Resolve resolve() const noexcept { return how_; }

 private:
  RootedFiles(Descriptor root, Resolve how) noexcept : root_(std::move(root)), how_(how) {}

  Descriptor root_;
  Resolve how_;
};

}  // namespace pounce::inline v0::posix
