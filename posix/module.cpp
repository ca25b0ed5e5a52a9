#include <pounce/posix/module.hpp>

#include "posix/library.hpp"

#include <pounce/posix/advice.hpp>
#include <pounce/posix/descriptor.hpp>
#include <pounce/posix/log.hpp>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>

namespace pounce::inline v0::posix {

namespace {

constexpr int exit_no_start = 3;

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    return printable(exception.what());
  } catch (...) {
    return "not a std::exception";
  }
}

// --- static constructors ---

// While it lives, std::terminate is one line and exit code 3.
class LoadGuard {
 public:
  LoadGuard(std::string_view program, const std::string& path)
      : prefix_(std::string{program} + ": error: " + printable(path)) {
    current = this;
    before_ = std::set_terminate(&end);
  }
  LoadGuard(const LoadGuard&) = delete;
  LoadGuard& operator=(const LoadGuard&) = delete;
  ~LoadGuard() {
    std::set_terminate(before_);
    current = nullptr;
  }

 private:
  [[noreturn]] static void end() {
    const std::exception_ptr error = std::current_exception();
    std::string line = current->prefix_;
    line.append(error ? ": a constructor threw an exception: " + text_of(error) : ": terminated while it was loaded")
        .append("\n");
    const ssize_t ignored = ::write(STDERR_FILENO, line.data(), line.size());
    static_cast<void>(ignored);
    std::_Exit(exit_no_start);
  }

  static LoadGuard* current;  // a terminate handler takes no argument
  std::string prefix_;
  std::terminate_handler before_ = nullptr;
};

LoadGuard* LoadGuard::current = nullptr;

// --- the file, before any of its code runs ---

std::string_view sanitizer_name(std::uint32_t id) noexcept {
  switch (id) {
    case 0: return "no sanitizer";
    case 1: return "AddressSanitizer";
    case 2: return "ThreadSanitizer";
    default: return "another sanitizer";
  }
}

// The run-time of a sanitizer that is not in this process ends it as soon as it is loaded, before a stamp can be read. So
// look for its mark among the names that the file needs.
std::uint32_t sanitizer_of(std::string_view file) noexcept {
  using namespace std::string_view_literals;
  if (file.find("\0__asan_init\0"sv) != std::string_view::npos) return 1;
  if (file.find("\0__tsan_init\0"sv) != std::string_view::npos) return 2;
  return 0;
}

std::optional<std::string> fault_of_file(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
  if (!file) {
    const int error = errno;
    const std::string why =
        error == ENOENT ? "no such file" : std::strerror(error);  // NOLINT(concurrency-mt-unsafe): at the start
    return why + as_hint(file_advice(path, error));
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return std::strerror(errno);  // NOLINT(concurrency-mt-unsafe)
  if (S_ISDIR(status.st_mode)) return "a directory, not an application module";
  if (!S_ISREG(status.st_mode)) return "not a file";
  constexpr std::string_view elf = "\177ELF";
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size < elf.size()) return "not a shared library (the file is too short)";
  void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (memory == MAP_FAILED) return std::strerror(errno);  // NOLINT(concurrency-mt-unsafe)
  const std::string_view content{static_cast<const char*>(memory), size};
  std::optional<std::string> fault;
  if (!content.starts_with(elf)) {
    fault = "not a shared library (no ELF file)";
  } else if (const std::uint32_t needs = sanitizer_of(content); needs != 0 && needs != ModuleStamp{}.sanitizer) {
    fault = "built with " + std::string{sanitizer_name(needs)} + ", this program with " +
            std::string{sanitizer_name(ModuleStamp{}.sanitizer)};
  }
  ::munmap(memory, size);
  return fault;
}

// What dlerror says begins with the path, which the caller says already.
std::string loader_text(const std::string& path) {
  const char* const error = ::dlerror();
  std::string_view text = error != nullptr ? error : "cannot be loaded";
  if (text.starts_with(path + ": ")) text.remove_prefix(path.size() + 2);
  return printable(text);
}

std::string_view compiler_name(std::uint32_t id) noexcept {
  return id == 1 ? "GCC" : id == 2 ? "Clang" : "another compiler";
}

std::string_view library_name(std::uint32_t id) noexcept {
  switch (id) {
    case 10: return "libstdc++ with the old string ABI";
    case 11: return "libstdc++";
    case 20: return "libc++";
    default: return "another standard library";
  }
}

}  // namespace

std::string stamp_difference(const ModuleStamp& module, const ModuleStamp& program) {
  const auto differ = [](std::string_view what, std::string_view theirs, std::string_view ours) {
    return std::string{what}.append(theirs).append(", this program with ").append(ours);
  };
  if (module.magic != program.magic) return "its stamp is not one of Pounce";
  if (module.abi != program.abi) {
    return differ("built with headers of application ABI ", std::to_string(module.abi),
                  "ABI " + std::to_string(program.abi));
  }
  if (module.compiler != program.compiler)
    return differ("built with ", compiler_name(module.compiler), compiler_name(program.compiler));
  if (module.library != program.library)
    return differ("built with ", library_name(module.library), library_name(program.library));
  if (module.sanitizer != program.sanitizer) {
    return differ("built with ", sanitizer_name(module.sanitizer), sanitizer_name(program.sanitizer));
  }
  constexpr std::array<std::string_view, 5> types{"Exchange", "Request", "Response", "Wait", "App"};
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (module.sizes[i] == program.sizes[i]) continue;
    return differ(std::string{"built with other options or headers: its "}.append(types[i]).append(" has a size of "),
                  std::to_string(module.sizes[i]), std::to_string(program.sizes[i]));
  }
  return {};
}

struct LoadedApp::Code {
  Library library;
};

std::expected<LoadedApp, std::string> load_module(std::string_view program, const std::string& path) {
  const auto failed = [&path](std::string_view why) {
    return std::unexpected(printable(path).append(": ").append(why));
  };
  if (const auto fault = fault_of_file(path)) return failed(*fault);

  // Without a slash the loader would search the libraries of the system.
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  Library library;
  {
    const LoadGuard guard{program, path};
    library = Library::open(file);
  }
  if (library.get() == nullptr) return failed(loader_text(library.name()));

  using Entry = const Module* (*)();
  const auto entry = reinterpret_cast<Entry>(::dlsym(library.get(), module_symbol));
  if (entry == nullptr) return failed("no application module: it has no POUNCE_APP(...)");
  const Module* const module = entry();
  if (module == nullptr) return failed("no application module: its POUNCE_APP gives nothing");
  if (const std::string difference = stamp_difference(module->stamp, ModuleStamp{}); !difference.empty()) {
    return failed(difference + "; rebuild it with this program's compiler and headers");
  }
  try {
    App* const app = module->make();
    if (app == nullptr) return failed("its application is null");
    return LoadedApp{app, module->unmake, module->threading, make_owned<LoadedApp::Code>(std::move(library))};
  } catch (...) {
    return failed("its application could not be made: " + text_of(std::current_exception()));
  }
}

LoadedApp::LoadedApp(App* app, void (*unmake)(App*), Threading threading, Owned<Code> code) noexcept
    : app_(app), unmake_(unmake), threading_(threading), code_(std::move(code)) {}

LoadedApp::LoadedApp(LoadedApp&& other) noexcept
    : app_(std::exchange(other.app_, nullptr)),
      unmake_(other.unmake_),
      threading_(other.threading_),
      code_(std::move(other.code_)) {}

LoadedApp& LoadedApp::operator=(LoadedApp&& other) noexcept {
  std::swap(app_, other.app_);
  std::swap(unmake_, other.unmake_);
  std::swap(threading_, other.threading_);
  std::swap(code_, other.code_);
  return *this;
}

LoadedApp::~LoadedApp() {
  if (app_ != nullptr) unmake_(app_);
}

std::size_t kept_modules() noexcept { return kept_libraries(); }

}  // namespace pounce::inline v0::posix
