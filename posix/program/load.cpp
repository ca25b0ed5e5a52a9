#include <pounce/program/load.hpp>

#include "posix/program/whole_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <expected>
#include <utility>
#include <vector>

#include <pounce/config/environment.hpp>
#include <pounce/config/print.hpp>
#include <pounce/posix/advice.hpp>
#include <pounce/posix/clock.hpp>
#include <pounce/posix/journal.hpp>
#include <pounce/posix/write_lines.hpp>
#include <pounce/program/banner.hpp>
#include <pounce/program/command_line.hpp>
#include <pounce/program/config_file.hpp>

namespace pounce::inline v0::program {

namespace {

using config::Origin;
using config::Problem;
using config::Setting;

constexpr std::string_view default_file = "pounce.toml";
constexpr std::size_t largest_file = 1 << 20;

/// A pipe gives what it has once: at a reload there is nothing more, and nothing is no configuration. ENODATA says so.
std::expected<std::string, int> contents(const std::string& path) {
  auto text = whole_file(path, largest_file);
  struct stat status{};
  if (text && text->empty() && ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode)) {
    return std::unexpected(ENODATA);
  }
  return text;
}

/// The strongest setting of `config`, which says where the other settings are.
const Setting* named_file(const std::vector<Setting>& settings) {
  const Setting* best = nullptr;
  for (const Setting& setting : settings) {
    if (setting.name == "config" && (best == nullptr || best->origin.kind < setting.origin.kind)) {
      best = &setting;
    }
  }
  return best;
}

/// Returns whether there is one.
bool add_file(config::Program which, std::vector<Setting>& settings, std::vector<Problem>& problems, bool needs_file) {
  const Setting* const named = named_file(settings);
  const std::string path = named != nullptr ? named->value : std::string(default_file);
  if (path.empty()) {
    return false;  // freeze reports it
  }
  const auto text = contents(path);
  if (text) {
    for (Setting& setting : settings_of_file(which, *text, path, problems)) {
      settings.push_back(std::move(setting));
    }
  } else if (named != nullptr || text.error() != ENOENT || needs_file) {
    const Origin origin = named != nullptr ? named->origin : Origin::file(path, 0);
    problems.push_back({config::name_at(config::row(config::OptionId::config), origin),
                        "cannot read " + config::quoted(path) + ": " + std::strerror(text.error()), origin,
                        text.error() == ENODATA ? "a pipe can be read once: a reload needs a file"
                                                : posix::file_advice(path, text.error())});
  }
  return text.has_value();
}

Outcome leave(std::string text) {
  Outcome outcome;
  outcome.text = std::move(text);
  return outcome;
}

}  // namespace

Outcome load(config::Program which, int argc, const char* const* argv, const char* const* environment, FileCheck* files,
             bool needs_file) {
  std::vector<Problem> problems;
  const std::vector<std::string> arguments(argc > 0 ? argv + 1 : argv, argc > 0 ? argv + argc : argv);
  CommandLine line = read_command_line(which, arguments, problems);
  // Somebody who asks for help gets it, whatever else is wrong.
  if (line.help) {
    return leave(config::help_text(which));
  }
  if (line.version) {
    return leave(version_text(which));
  }

  std::vector<std::string_view> variables;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    variables.emplace_back(*environment);
  }
  std::vector<Setting> settings = config::settings_of_environment(which, variables, problems);
  for (Setting& setting : line.settings) {
    settings.push_back(std::move(setting));
  }

  Outcome outcome;
  outcome.has_file = add_file(which, settings, problems, needs_file);
  Owned<const config::Config> config = config::freeze(which, settings, problems);
  const Style style = style_of(STDERR_FILENO, environment, config->log_format);
  const auto tell = [which, style](const Problem& problem, bool is_warning) {
    if (!style.json) return config::line_of(which, problem, is_warning);
    const std::string text = text_of(problem);
    const std::string_view level = is_warning ? "warning" : "error";
    return remark_text(Remark{.program = which, .level = level, .text = text, .at = posix::wall_now()}, style);
  };
  if (files != nullptr && !line.print_config) {
    std::vector<Problem> warnings;
    files->check(*config, problems, warnings);
    for (const Problem& found : warnings) {
      outcome.warnings += tell(found, true);
    }
  }
  if (!problems.empty()) {
    for (const Problem& found : problems) {
      outcome.text += tell(found, false);
    }
    outcome.is_error = true;
    outcome.exit = Exit::bad_usage;
    return outcome;
  }
  if (line.print_config) {
    return leave(config::config_text(*config));
  }
  outcome.next = line.check ? Outcome::Next::check : Outcome::Next::serve;
  outcome.config = std::move(config);
  outcome.text = line.check ? configuration_ok : "";
  return outcome;
}

void print(int descriptor, std::string_view text) {
  std::string marked;
  if (posix::is_journal(descriptor)) {
    marked = posix::with_priorities(text);
    text = marked;
  }
  (void)posix::write_lines(descriptor, text, std::chrono::seconds{1});
}

void print(const Outcome& outcome) { print(outcome.is_error ? STDERR_FILENO : STDOUT_FILENO, outcome.text); }

}  // namespace pounce::inline v0::program
