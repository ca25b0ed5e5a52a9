#include "posix/library.hpp"

#include <pounce/posix/descriptor.hpp>
#include <pounce/posix/own_threads.hpp>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/sendfile.h>
#endif

#include <atomic>

namespace pounce::inline v0::posix {

namespace {

constexpr std::size_t spellings = 64;

std::atomic<std::size_t> loads{0};
std::atomic<std::size_t> kept{0};

// An exception that comes out of the loader leaves it locked and half done, so it ends here. The C library declares dlopen as never
// throwing; the pointer keeps the compiler from believing it and leaving the barrier out.
void* load(const std::string& name) noexcept {
  void* (*volatile const open)(const char*, int) = &::dlopen;
  return open(name.c_str(), RTLD_NOW | RTLD_LOCAL);
}

// By name, or because it is the same file.
bool is_loaded(const std::string& name) noexcept {
  void* const handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  if (handle == nullptr) return false;
  ::dlclose(handle);
  return true;
}

std::string respelled(const std::string& file, std::size_t number) {
  const std::size_t base = file.rfind('/') + 1;
  std::string name = file.substr(0, base);
  for (std::size_t i = 0; i < number; ++i) name.append("./");
  return name.append(file, base);
}

#ifdef __linux__
Descriptor copy_of(const std::string& file) {
  const Descriptor from{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status{};
  if (!from || ::fstat(from.get(), &status) != 0) return {};
  Descriptor copy{::memfd_create(file.c_str() + file.rfind('/') + 1, MFD_CLOEXEC)};
  off_t at = 0;
  while (copy && at < status.st_size) {
    if (::sendfile(copy.get(), from.get(), &at, static_cast<std::size_t>(status.st_size - at)) <= 0) return {};
  }
  return copy;
}

std::string path_of(const Descriptor& descriptor) { return "/proc/self/fd/" + std::to_string(descriptor.get()); }

// Under a number of which the loader knows no library yet.
Descriptor unknown_number_of(Descriptor copy) {
  while (copy && is_loaded(path_of(copy))) {
    copy = Descriptor{::fcntl(copy.get(), F_DUPFD_CLOEXEC, copy.get() + 1)};
  }
  return copy;
}
#endif

}  // namespace

Library Library::open(const std::string& file) {
  Library library;
  const std::size_t before = loads.fetch_add(1, std::memory_order_relaxed);
  library.name_ = before == 0 ? file : respelled(file, 1 + before % spellings);
#ifdef __linux__
  Descriptor copy;
  if (before == 0) {
    (void)are_all_threads_known();  // those that are there now are none of its own
  } else if (is_loaded(library.name_)) {
    copy = unknown_number_of(copy_of(file));
    if (copy) library.name_ = path_of(copy);
  }
#endif
  library.handle_ = load(library.name_);
  return library;
}

Library::~Library() {
  if (handle_ == nullptr) return;
  if (!are_all_threads_known()) {
    kept.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  ::dlclose(handle_);
  if (is_loaded(name_)) kept.fetch_add(1, std::memory_order_relaxed);
}

std::size_t kept_libraries() noexcept { return kept.load(std::memory_order_relaxed); }

}  // namespace pounce::inline v0::posix
