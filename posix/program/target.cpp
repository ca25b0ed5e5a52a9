#include "posix/program/target.hpp"

#include <pounce/app/application.hpp>
#include <pounce/files/welcome.hpp>

#include <sys/stat.h>

#include <utility>

namespace pounce::inline v0::program {

namespace {

bool is_directory(const std::string& path) noexcept {
  struct stat there{};
  return ::stat(path.c_str(), &there) == 0 && S_ISDIR(there.st_mode);
}

}  // namespace

std::expected<Target, std::string> Target::open(const config::Config& config, const std::string& program, App* linked,
                                                files::MediaTypes types) {
  Target target;
  const bool directory = linked == nullptr && config.target && is_directory(*config.target);
  if (linked != nullptr) {
    target.app_ = linked;
  } else if (directory || (!config.target && !config.static_.empty())) {
    target.own_ = make_owned<App>();
    target.app_ = target.own_.get();
  } else if (!config.target) {
    target.own_ = make_owned<App>(welcome());
    target.app_ = target.own_.get();
  } else {
    auto module = posix::load_module(program, *config.target);
    if (!module) return std::unexpected(std::move(module.error()));
    target.module_.emplace(std::move(*module));
    target.app_ = &target.module_->app();
  }
  auto files = ServedFiles::open(config, directory ? config.target : std::nullopt, std::move(types), *target.app_);
  if (!files) return std::unexpected(std::move(files.error()));
  target.files_ = std::move(*files);
  return target;
}

}  // namespace pounce::inline v0::program
