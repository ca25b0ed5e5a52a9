// Module: an application as a shared library.
//
//   POUNCE_APP(hello)   // a plain handler, a coroutine handler, or a function `pounce::App make()`
//   POUNCE_APP(hello, pounce::single_threaded)   // … that must never run on two threads at once
//
// exports one C symbol. The server checks the stamp before it calls anything: an application built with another compiler, standard
// library, sanitizer or version of these headers is refused with one line that names the difference.
// The app is made when the module is loaded, after the stamp was accepted; an exception from it stops the start. What it
// starts it ends in `on_stop`: at a reload its code is unloaded behind that.
#pragma once

#include <pounce/app/application.hpp>
#include <pounce/app/exchange.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace pounce::inline v0 {

// Raised whenever a type or table that a module shares with the server changes.
inline constexpr std::uint32_t module_abi = 10;

struct ModuleStamp {
  std::array<char, 8> magic{'p', 'o', 'u', 'n', 'c', 'e', '\0', '\0'};
  std::uint32_t abi = module_abi;
#if defined(__clang__)
  std::uint32_t compiler = 2;  // 1: GCC, 2: Clang; both follow the same C++ ABI, the coroutine frames differ
#else
  std::uint32_t compiler = 1;
#endif
#if defined(_GLIBCXX_USE_CXX11_ABI)
  std::uint32_t library = 10U + _GLIBCXX_USE_CXX11_ABI;  // libstdc++, with its string ABI
#elif defined(_LIBCPP_VERSION)
  std::uint32_t library = 20;
#else
  std::uint32_t library = 0;
#endif
#if defined(__SANITIZE_ADDRESS__)
  std::uint32_t sanitizer = 1;
#elif defined(__SANITIZE_THREAD__)
  std::uint32_t sanitizer = 2;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  std::uint32_t sanitizer = 1;
#elif __has_feature(thread_sanitizer)
  std::uint32_t sanitizer = 2;
#else
  std::uint32_t sanitizer = 0;
#endif
#else
  std::uint32_t sanitizer = 0;
#endif
  std::array<std::uint32_t, 5> sizes{sizeof(Exchange), sizeof(Request), sizeof(Response), sizeof(Wait), sizeof(App)};
};

// How many threads of a process an application bears. Each has a word for it in POUNCE_APP; without one, many.
enum class Threading : std::uint8_t { many, single };

// Nothing of the application runs on two threads of a process at once: handlers, hooks and collectors take turns. The server makes
// processes where it would make threads (`--worker-mode auto`). One after the other, different threads may still run it.
inline constexpr Threading single_threaded = Threading::single;

struct Module {
  ModuleStamp stamp;
  App* (*make)();
  void (*unmake)(App*);
  Threading threading = Threading::many;
};

inline constexpr const char* module_symbol = "pounce_module";

// What POUNCE_APP accepts, made into an App.
template <class F>
[[nodiscard]] App* make_app(F&& source) {
  if constexpr (std::is_invocable_r_v<App, F>) {
    return new App{source()};
  } else {
    return new App{std::forward<F>(source)};
  }
}

}  // namespace pounce::inline v0

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): it must define a symbol
#define POUNCE_APP(source, ...)                                                                  \
  extern "C" __attribute__((visibility("default"))) const ::pounce::Module* pounce_module();     \
  const ::pounce::Module* pounce_module() {                                                      \
    static constexpr ::pounce::Module module{                                                    \
        ::pounce::ModuleStamp{}, +[]() -> ::pounce::App* { return ::pounce::make_app(source); }, \
        +[](::pounce::App* app) { delete app; }, ::pounce::Threading{__VA_ARGS__}};              \
    return &module;                                                                              \
  }                                                                                              \
  static_assert(true)
