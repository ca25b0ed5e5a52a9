#include "posix/program/watch.hpp"

#include <pounce/posix/clock.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <string_view>
#include <system_error>

namespace pounce::inline v0::program {

namespace {

// One number for all that was seen (FNV-1a): equal means unchanged.
class Trace {
 public:
  void add(std::string_view text) noexcept {
    for (const char c : text) add_octet(static_cast<unsigned char>(c));
  }
  void add(std::uint64_t number) noexcept {
    for (int i = 0; i < 8; ++i) add_octet(static_cast<unsigned char>(number >> (8 * i)));
  }
  // What tells one state of a file from another.
  void add_file(const std::string& path) {
    struct stat there{};
    add(path);
    if (::stat(path.c_str(), &there) != 0) return add(std::uint64_t{0});
    for (const auto number :
         {static_cast<std::uint64_t>(there.st_dev), static_cast<std::uint64_t>(there.st_ino),
          static_cast<std::uint64_t>(there.st_size), static_cast<std::uint64_t>(there.st_mtim.tv_sec),
          static_cast<std::uint64_t>(there.st_mtim.tv_nsec)}) {
      add(number);
    }
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

 private:
  void add_octet(unsigned char octet) noexcept { value_ = (value_ ^ octet) * 0x100000001b3; }

  std::uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace

Watch::Watch(const config::Config& config) {
  if (!config.reload) return;
  if (config.target) files_.push_back(*config.target);
  files_.push_back(config.config.value_or("pounce.toml"));
  directory_ = config.reload_directory.value_or("");
  known_ = last_ = look();
  look_at_ = after(posix::monotonic_now(), look_every);
}

bool Watch::tend(Instant now) {
  if (look_at_ > now) return false;
  look_at_ = after(now, look_every);
  const std::uint64_t before = last_;
  last_ = look();
  if (last_ == known_ || last_ != before) return false;
  known_ = last_;
  return true;
}

std::uint64_t Watch::look() const {
  Trace trace;
  for (const std::string& file : files_) trace.add_file(file);
  if (directory_.empty()) return trace.value();
  namespace fs = std::filesystem;
  std::error_code error;
  std::size_t count = 0;
  fs::recursive_directory_iterator at{directory_, fs::directory_options::skip_permission_denied, error};
  for (; !error && at != fs::recursive_directory_iterator{} && count < most_files; at.increment(error), ++count) {
    if (at->path().filename().native().starts_with('.')) {
      at.disable_recursion_pending();
    } else if (std::error_code ignored; !at->is_directory(ignored)) {
      trace.add_file(at->path().native());
    }
  }
  return trace.value();
}

}  // namespace pounce::inline v0::program
