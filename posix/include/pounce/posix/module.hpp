// Loading an application module: a shared library made with POUNCE_APP.
//
// Looked at before any of its code runs: that it is a file, an ELF file, and made with the sanitizer that this program has.
// Then it is loaded with all symbols resolved, its stamp is compared, and its App is made. Whatever goes wrong is one clear line,
// "PATH: what". A path without a slash is a file in the current directory, never a library of the system.
// A constructor of static storage duration that throws ends the process: C++ leaves no other way. While a module is being loaded,
// that end is one line on standard error and exit code 3.
// A module is never unloaded: frames, destructors and thread locals of its code may outlive everything that could be counted.
// Not thread-safe: a start loads one module after the other.
#pragma once

#include <pounce/app/application.hpp>
#include <pounce/app/module.hpp>

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace pounce::inline v0::posix {

// Owns the App of a module, and has the module destroy it.
class LoadedApp {
 public:
  LoadedApp(App* app, void (*unmake)(App*)) noexcept : app_(app), unmake_(unmake) {}
  LoadedApp(LoadedApp&& other) noexcept : app_(std::exchange(other.app_, nullptr)), unmake_(other.unmake_) {}
  LoadedApp& operator=(LoadedApp&& other) noexcept {
    std::swap(app_, other.app_);
    std::swap(unmake_, other.unmake_);
    return *this;
  }
  ~LoadedApp() {
    if (app_ != nullptr) unmake_(app_);
  }

  [[nodiscard]] App& app() const noexcept { return *app_; }

 private:
  App* app_;
  void (*unmake_)(App*);
};

// `program` names this program in the line that a throwing static constructor leaves: "pounce-async".
[[nodiscard]] std::expected<LoadedApp, std::string> load_module(std::string_view program, const std::string& path);

// What tells a module's stamp from this program's, as part of a line; empty when it fits.
[[nodiscard]] std::string stamp_difference(const ModuleStamp& module, const ModuleStamp& program);

}  // namespace pounce::inline v0::posix
