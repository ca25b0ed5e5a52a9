// What it is: from argc, argv and environ to a frozen Config, or to a text and an exit code.
// What it is not: a start. Nothing is opened but the configuration file and what a FileCheck looks at, nothing printed.
// Ownership: arguments are borrowed for the call; the Outcome owns what it holds.
// Limits: a configuration file is at most 1 MiB.
// Errors: every problem of flags, variables, file and the files that it names at once, each a line, as --log-format says; exit code 2.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <pounce/config/freeze.hpp>
#include <pounce/core/owned.hpp>

namespace pounce::inline v0::program {

/// The exit codes of both programs.
enum class Exit : std::uint8_t {
  clean = 0,
  failed = 1,       // at run time
  bad_usage = 2,    // command line or configuration
  no_start = 3,     // address, module, start hook
  cut_at_drain = 4  // the drain was cut
};

/// What --check says of a configuration that is well, and of a target that can be served.
inline constexpr std::string_view configuration_ok = "configuration ok\n";

struct Outcome {
  enum class Next : std::uint8_t {
    serve,  // config is set
    check,  // config is set: try the target, then print text, or your own error instead
    leave,  // print text, exit
  };

  Next next = Next::leave;
  Owned<const config::Config> config;
  std::string text;
  bool is_error = false;  // text belongs on standard error
  std::string warnings;   // lines for standard error, beside all else
  Exit exit = Exit::clean;
  bool has_file = false;  // a configuration file was read
};

/// Looks at the files that a configuration names, also where it has problems of its own. Where there are none in the end, the Config
/// is the one of the Outcome.
class FileCheck {
 public:
  virtual void check(const config::Config& config, std::vector<config::Problem>& problems,
                     std::vector<config::Problem>& warnings) = 0;

 protected:
  ~FileCheck() = default;
};

// `needs_file`: that there is no pounce.toml is a problem.
[[nodiscard]] Outcome load(config::Program which, int argc, const char* const* argv, const char* const* environment,
                           FileCheck* files = nullptr, bool needs_file = false);

/// The version of Pounce that this was built as: "0.1.0".
[[nodiscard]] std::string_view pounce_version();

/// What runs: the program, the compiler, each library with its version; a line each, "name version".
[[nodiscard]] std::string version_text(config::Program which);

/// Writes all of the text to a descriptor; a closed pipe or a full disk is nobody's concern here.
void print(int descriptor, std::string_view text);

/// print() to standard output or standard error, as the outcome says.
void print(const Outcome& outcome);

}  // namespace pounce::inline v0::program
