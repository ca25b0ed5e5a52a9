#include "posix/program/served_files.hpp"

#include <pounce/config/compression.hpp>
#include <pounce/files/directory.hpp>
#include <pounce/posix/descriptor.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <utility>
#include <vector>

namespace pounce::inline v0::program {

namespace {

constexpr std::size_t largest_types_file = 1 << 20;

std::expected<files::MediaTypes, std::string> read_types(const std::string& path) {
  const auto failed = [&path](std::string_view why) { return std::unexpected(path + ": " + std::string{why}); };
  const posix::Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) return failed(std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): at the start
  std::string text(largest_types_file + 1, '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  if (filled > largest_types_file) return failed("is above 1 MiB");
  text.resize(filled);
  auto types = files::MediaTypes::parse(text);
  if (types) return std::move(*types);
  std::string all;
  for (const std::string& problem : types.error()) all.append(all.empty() ? "" : "; ").append(problem);
  return failed(all);
}

}  // namespace

std::expected<Owned<ServedFiles>, std::string> ServedFiles::open(const config::Config& config,
                                                                 const std::optional<std::string>& target, App& app) {
  if (!target && config.static_.empty()) return Owned<ServedFiles>{};
  Owned<ServedFiles> served{new ServedFiles{config.file_threads}};
  if (config.mime_types) {
    auto types = read_types(*config.mime_types);
    if (!types) return std::unexpected(std::move(types.error()));
    served->types_ = std::move(*types);
  }
  std::random_device random;
  served->boundary_seed_ = static_cast<std::uint64_t>(random()) << 32U | random();
  if (target) {
    const auto added =
        served->add(config, {.prefix = "/", .directory = *target, .cache_control = {}, .pass = false}, app);
    if (!added) return std::unexpected(added.error());
  }
  // The shorter prefixes first: what the longer ones pass on may be theirs.
  List<config::StaticMount> mounts = config.static_;
  std::ranges::sort(mounts, {}, [](const config::StaticMount& mount) { return mount.prefix.size(); });
  for (const config::StaticMount& mount : mounts) {
    if (target && mount.prefix == "/") return std::unexpected(mount.directory + ": the TARGET is at / already");
    if (const auto added = served->add(config, mount, app); !added) return std::unexpected(added.error());
  }
  return served;
}

std::expected<void, std::string> ServedFiles::add(const config::Config& config, const config::StaticMount& wanted,
                                                  App& app) {
  auto files = posix::RootedFiles::open_root(wanted.directory, {.symlinks = config.static_symlinks,
                                                                .open_files = config.static_open_files,
                                                                .contents = config.static_contents.value_or(0),
                                                                .fetchers = &fetchers_});
  if (!files) return std::unexpected(std::move(files.error()));
  auto mounted = make_owned<Mounted>();
  mounted->files = std::move(*files);
  files::Mount& mount = mounted->mount;
  mount.prefix = wanted.prefix;
  mount.index = config.static_index.value_or("");
  mount.fallback = config.static_fallback.value_or("");
  mount.not_found = config.static_not_found.value_or("");
  mount.cache_control =
      wanted.cache_control ? Bytes{*wanted.cache_control} : Bytes{config.static_cache_control.value_or("")};
  mount.immutable = config.static_immutable;
  mount.listing = config.static_listing;
  mount.precompressed = config.static_precompressed;
  mount.boundary_seed = boundary_seed_;
  mount.types = &types_;
  mount.coded = config::parse_media_types(config.compression_types).value_or(compression::MediaTypes{});
  // No exact route is called so: what is found is what the longest pattern but this mount's leads to.
  if (wanted.pass) mount.beneath = app.find(mount.prefix + '\n');
  app.route(mount.prefix + "*", make_directory_handler(*mounted->files, mount));
  // The prefix without its slash is sent to the slash.
  if (mount.prefix != "/") {
    app.route(std::string_view{mount.prefix}.substr(0, mount.prefix.size() - 1),
              make_directory_handler(*mounted->files, mount));
  }
  most_open_ += config.static_open_files;
  mounts_.push_back(std::move(mounted));
  return {};
}

}  // namespace pounce::inline v0::program
