#include "posix/program/target.hpp"

#include <pounce/files/directory.hpp>
#include <pounce/files/welcome.hpp>

#include <sys/stat.h>

#include <utility>

namespace pounce::inline v0::program {

std::expected<Target, std::string> Target::open(const std::optional<std::string>& path, const std::string& program) {
  Target target;
  if (!path) {
    target.own_ = make_owned<App>(welcome());
    return target;
  }
  struct stat there{};
  if (::stat(path->c_str(), &there) == 0 && S_ISDIR(there.st_mode)) {
    auto files = posix::RootedFiles::open_root(*path);
    if (!files) return std::unexpected(std::move(files.error()));
    target.files_ = std::move(*files);
    target.own_ = make_owned<App>();
    target.own_->route("*", make_directory_handler(*target.files_));
    return target;
  }
  auto module = posix::load_module(program, *path);
  if (!module) return std::unexpected(std::move(module.error()));
  target.module_.emplace(std::move(*module));
  return target;
}

}  // namespace pounce::inline v0::program
