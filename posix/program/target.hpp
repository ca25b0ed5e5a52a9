// What a TARGET is: an application module, a directory of files, or nothing: the welcome page.
#pragma once

#include <pounce/app/application.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/posix/files.hpp>
#include <pounce/posix/module.hpp>

#include <expected>
#include <optional>
#include <string>

namespace pounce::inline v0::program {

class Target {
 public:
  // An error is one line without the program's name.
  [[nodiscard]] static std::expected<Target, std::string> open(const std::optional<std::string>& path,
                                                               const std::string& program);

  [[nodiscard]] const App& app() const noexcept { return module_ ? module_->app() : *own_; }

 private:
  Owned<posix::RootedFiles> files_;
  Owned<App> own_;
  std::optional<posix::LoadedApp> module_;
};

}  // namespace pounce::inline v0::program
