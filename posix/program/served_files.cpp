#include "posix/program/served_files.hpp"

#include "posix/program/whole_file.hpp"

#include <pounce/config/compression.hpp>
#include <pounce/files/directory.hpp>
#include <pounce/posix/advice.hpp>

#include <algorithm>
#include <cerrno>
#include <random>
#include <system_error>
#include <utility>
#include <vector>

namespace pounce::inline v0::program {

namespace {

constexpr std::size_t largest_types_file = 1 << 20;

using config::OptionId;
using config::Problem;

Problem problem_of(const config::Config& config, OptionId id, std::string text, std::string hint) {
  const config::Origin& origin = config.origin(id);
  return {config::name_at(config::row(id), origin), std::move(text), origin, std::move(hint)};
}

files::MediaTypes read_types(const config::Config& config, const std::string& path, std::vector<Problem>& problems) {
  const auto complain = [&](std::string text, std::string hint) {
    problems.push_back(problem_of(config, OptionId::mime_types, std::move(text), std::move(hint)));
  };
  const auto text = whole_file(path, largest_types_file);
  if (!text) {
    const int error = text.error();
    complain("cannot read " + config::quoted(path) + ": " + std::generic_category().message(error),
             error == EFBIG ? "the limit is 1 MiB" : posix::file_advice(path, error));
    return {};
  }
  auto types = files::MediaTypes::parse(*text);
  if (types) return std::move(*types);
  for (const std::string& wrong : types.error()) complain(config::quoted(path) + ": " + wrong, "");
  return {};
}

std::string reason_of(int error) {
  if (error == ENOENT) return "no such directory";
  return error == ENOTDIR ? "not a directory" : std::generic_category().message(error);
}

bool has(const posix::RootedFiles& files, std::string_view name) {
  return files.open(name, Haste::may_wait).has_value();
}

// Of the names that stand for what is not there, those that are not there.
class StandIns {
 public:
  explicit StandIns(const config::Config& config) noexcept : config_(config) {}

  void look_in(const posix::RootedFiles& files) {
    looked_ = true;
    if (config_.static_fallback && has(files, *config_.static_fallback)) fallback_ = true;
    if (config_.static_not_found && has(files, *config_.static_not_found)) not_found_ = true;
  }
  void report(std::vector<Problem>& warnings) const {
    if (!looked_) return;  // nowhere would they be sent
    if (config_.static_fallback && !fallback_) warn(OptionId::static_fallback, *config_.static_fallback, warnings);
    if (config_.static_not_found && !not_found_) warn(OptionId::static_not_found, *config_.static_not_found, warnings);
  }

 private:
  void warn(OptionId id, std::string_view name, std::vector<Problem>& warnings) const {
    warnings.push_back(problem_of(config_, id, "there is no " + config::quoted(name) + " in what is served",
                                  "it is sent as soon as there is one"));
  }

  const config::Config& config_;
  bool looked_ = false;
  bool fallback_ = false;
  bool not_found_ = false;
};

}  // namespace

files::MediaTypes ServedFiles::check(const config::Config& config, std::vector<Problem>& problems,
                                     std::vector<Problem>& warnings) {
  const posix::RootedFiles::Options options{.symlinks = config.static_symlinks};
  StandIns stand_ins{config};
  bool at_root = false;
  if (config.target) {
    // What is wrong with it is said when it is opened: it may as well be a module.
    if (const auto files = posix::RootedFiles::open_root(*config.target, options)) {
      at_root = true;
      stand_ins.look_in(**files);
    }
  }
  for (const config::StaticMount& mount : config.static_) {
    const std::string name = config::quoted(mount.directory);
    if (at_root && mount.prefix == "/")
      problems.push_back(
          problem_of(config, OptionId::static_, "cannot serve " + name + " at /: the TARGET is there already", ""));
    const auto files = posix::RootedFiles::open_root(mount.directory, options);
    if (!files) {
      problems.push_back(problem_of(config, OptionId::static_, "cannot serve " + name + ": " + reason_of(files.error()),
                                    posix::file_advice(mount.directory, files.error())));
    } else if (!mount.pass) {
      stand_ins.look_in(**files);
    }
  }
  stand_ins.report(warnings);
  return config.mime_types ? read_types(config, *config.mime_types, problems) : files::MediaTypes{};
}

std::expected<Owned<ServedFiles>, std::string> ServedFiles::open(const config::Config& config,
                                                                 const std::optional<std::string>& target,
                                                                 files::MediaTypes types, App& app) {
  if (!target && config.static_.empty()) return Owned<ServedFiles>{};
  Owned<ServedFiles> served{new ServedFiles{config.file_threads}};
  served->types_ = std::move(types);
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
  if (!files) {
    const std::string& path = wanted.directory;
    return std::unexpected(path + ": " + reason_of(files.error()) +
                           posix::as_hint(posix::file_advice(path, files.error())));
  }
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
