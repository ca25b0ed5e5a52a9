// The directories that a program serves: opened, with what the configuration says of them, and routed to.
#pragma once

#include <pounce/app/application.hpp>
#include <pounce/config/config.hpp>
#include <pounce/config/setting.hpp>
#include <pounce/config/static_mount.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/files/media_type.hpp>
#include <pounce/files/mount.hpp>
#include <pounce/posix/files.hpp>

#include "posix/fetchers.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace pounce::inline v0::program {

class ServedFiles {
 public:
  // Looks at what the configuration names besides the TARGET: directories, the pages below them, the types of endings, which it
  // returns (with what is built in).
  [[nodiscard]] static files::MediaTypes check(const config::Config& config, std::vector<config::Problem>& problems,
                                               std::vector<config::Problem>& warnings);

  // The directories of --static, and `target` at "/"; each becomes a route of `app`. Null where there is none. An error is one line.
  [[nodiscard]] static std::expected<Owned<ServedFiles>, std::string> open(const config::Config& config,
                                                                           const std::optional<std::string>& target,
                                                                           files::MediaTypes types, App& app);

  // How many files the caches may keep open.
  [[nodiscard]] std::size_t most_open() const noexcept { return most_open_; }

 private:
  explicit ServedFiles(std::size_t threads) : fetchers_(threads) {}

  [[nodiscard]] std::expected<void, std::string> add(const config::Config& config, const config::StaticMount& wanted,
                                                     App& app);

  // What requests on their way borrow, in the order of its making.
  struct Mounted {
    files::Mount mount;
    Owned<posix::RootedFiles> files;
  };

  files::MediaTypes types_;
  std::uint64_t boundary_seed_ = 0;
  std::size_t most_open_ = 0;
  std::vector<Owned<Mounted>> mounts_;
  posix::Fetchers fetchers_;  // first to end: its threads open files
};

}  // namespace pounce::inline v0::program
