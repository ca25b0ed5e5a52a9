// Loading an application module: a shared library made with POUNCE_APP.
//
// Looked at before any of its code runs: that it is a file, an ELF file, and made with the sanitizer that this program has.
// Then it is loaded with all symbols resolved, its stamp is compared, and its App is made. Whatever goes wrong is one clear line,
// "PATH: what". A path without a slash is a file in the current directory, never a library of the system.
// A constructor of static storage duration that throws ends the process: C++ leaves no other way. While a module is being loaded,
// that end is one line on standard error and exit code 3.
// Each load gives fresh code, with statics of its own, also of a file that is loaded already.
// Not thread-safe: one module after the other.
#pragma once

#include <pounce/app/application.hpp>
#include <pounce/app/module.hpp>
#include <pounce/core/owned.hpp>

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace pounce::inline v0::posix {

// Owns the App of a module, and has the module destroy it; then its code is unloaded, or kept (posix/library.hpp says when).
class LoadedApp {
 public:
  struct Code;
  LoadedApp(App* app, void (*unmake)(App*), Threading threading, Owned<Code> code) noexcept;
  LoadedApp(LoadedApp&& other) noexcept;
  LoadedApp& operator=(LoadedApp&& other) noexcept;
  ~LoadedApp();

  [[nodiscard]] App& app() const noexcept { return *app_; }
  // What it has said of itself.
  [[nodiscard]] Threading threading() const noexcept { return threading_; }

 private:
  App* app_;
  void (*unmake_)(App*);
  Threading threading_;
  Owned<Code> code_;
};

// How many modules that nobody serves with any more had to be kept in memory.
[[nodiscard]] std::size_t kept_modules() noexcept;

// `program` names this program in the line that a throwing static constructor leaves: "pounce-async".
[[nodiscard]] std::expected<LoadedApp, std::string> load_module(std::string_view program, const std::string& path);

// What tells a module's stamp from this program's, as part of a line; empty when it fits.
[[nodiscard]] std::string stamp_difference(const ModuleStamp& module, const ModuleStamp& program);

}  // namespace pounce::inline v0::posix
