// Library: the code of a module, loaded afresh each time, and unloaded when nothing can run in it any more.
//
// The loader knows libraries by name and by file, and gives the same code for either. So the first one is loaded as it stands; one whose
// file was replaced since (as linkers and installers do) under another spelling of its name, for debuggers and $ORIGIN; one whose file
// is loaded already from a copy in memory. Nobody may write into a file that is loaded: that changes the code that runs.
// A library that may still be in use is kept for good, and counted: when there are threads that are not the server's (OwnThreads), and
// when the loader keeps it (-z nodelete, unique symbols).
#pragma once

#include <cstddef>
#include <string>
#include <utility>

namespace pounce::inline v0::posix {

class Library {
 public:
  Library() noexcept = default;
  // Null inside: `dlerror` says why. Never throws what a constructor of its code throws: see module.cpp.
  [[nodiscard]] static Library open(const std::string& file);
  Library(Library&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)), name_(std::move(other.name_)) {}
  Library& operator=(Library&& other) noexcept {
    std::swap(handle_, other.handle_);
    std::swap(name_, other.name_);
    return *this;
  }
  ~Library();

  [[nodiscard]] void* get() const noexcept { return handle_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  void* handle_ = nullptr;
  std::string name_;  // as the loader knows it
};

// How many were kept that nobody serves with any more.
[[nodiscard]] std::size_t kept_libraries() noexcept;

}  // namespace pounce::inline v0::posix
