// What a TARGET is: an application module, a directory of files, or nothing: the welcome page.
#pragma once

#include <pounce/app/application.hpp>
#include <pounce/posix/files.hpp>
#include <pounce/posix/module.hpp>

#include <expected>
#include <memory>
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
  std::unique_ptr<posix::RootedFiles> files_;
  std::unique_ptr<App> own_;
  std::optional<posix::LoadedApp> module_;
};

}  // namespace pounce::inline v0::program
