// What it is: what is installed beside the programs and made from the option table: man pages, completions for shells, the JSON
// schema of pounce.toml.
// What it is not: output, nor docs/configuration.md and --help, which are in print.hpp.
// Ownership: each function gives a text of its own.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include <pounce/config/option_table.hpp>

namespace pounce::inline v0::config {

/// What stands in the margins of a man page.
struct Edition {
  std::string_view version;  // "0.1.0"
  std::string_view date;     // "2026-11-21"
};

struct ExitCode {
  std::string_view code;
  std::string_view meaning;
};

struct SignalEffect {
  std::string_view signal;  // "SIGTERM, SIGINT"
  std::string_view effect;
};

inline constexpr std::array<ExitCode, 5> exit_codes{{
    {"0", "clean end"},
    {"1", "failure at run time; worker processes died too often"},
    {"2", "bad command line or configuration"},
    {"3", "start-up failed: address, application module or its start hook"},
    {"4", "the drain was cut"},
}};

inline constexpr std::array<SignalEffect, 5> signal_effects{{
    {"SIGTERM, SIGINT",
     "Drain: no new connections, idle ones close, requests under way are answered. The same signal again, or the end "
     "of "
     "--shutdown-timeout, cuts what is left."},
    {"SIGTTIN, SIGTTOU", "One worker more, one less: a process, or a reload with another number of threads."},
    {"SIGHUP",
     "Reload: configuration, application and certificates are read again, and new workers take over; if anything "
     "fails, "
     "those that serve go on. Drain, where it comes because the terminal has gone."},
    {"SIGUSR1", "The files of --access-log and --event-log are opened anew."},
    {"SIGPIPE", "Ignored."},
}};

/// pounce-async(1), pounce-sync(1).
[[nodiscard]] std::string program_page(Program program, const Edition& edition);
/// pounce.toml(5).
[[nodiscard]] std::string file_page(const Edition& edition);
/// pounce-signals(7).
[[nodiscard]] std::string signals_page(const Edition& edition);

enum class Shell : std::uint8_t { bash, zsh, fish };
/// What a shell needs to complete the flags of a program and their values.
[[nodiscard]] std::string completion(Shell shell, Program program);

/// JSON Schema (draft 2020-12) of pounce.toml for both programs: keys, types, notations. It knows no relation between options.
[[nodiscard]] std::string schema_text();

}  // namespace pounce::inline v0::config
