// What a TARGET is: an application module, a directory of files, or nothing: the welcome page. And the directories beside it.
#pragma once

#include <pounce/app/application.hpp>
#include <pounce/config/config.hpp>
#include <pounce/config/static_mount.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/posix/module.hpp>

#include "posix/program/served_files.hpp"

#include <cstddef>
#include <expected>
#include <optional>
#include <string>

namespace pounce::inline v0::program {

class Target {
 public:
  // `linked`, where it is not null, is the application, and outlives this. `types`: what ServedFiles::check returned. An error is one line without the program's name.
  [[nodiscard]] static std::expected<Target, std::string> open(const config::Config& config, const std::string& program,
                                                               App* linked, files::MediaTypes types);

  [[nodiscard]] App& app() const noexcept { return *app_; }
  // Nothing of it may run on two threads of a process at once.
  [[nodiscard]] bool single_threaded() const noexcept { return module_ && module_->threading() == Threading::single; }
  // How many files it may keep open beside those that are being sent.
  [[nodiscard]] std::size_t most_open_files() const noexcept { return files_ ? files_->most_open() : 0; }

 private:
  App* app_ = nullptr;
  // In the order of their making: handlers borrow files.
  Owned<ServedFiles> files_;
  Owned<App> own_;
  std::optional<posix::LoadedApp> module_;
};

}  // namespace pounce::inline v0::program
