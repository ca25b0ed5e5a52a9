// The only source file that knows CLI11. It finds out which flag has which value and nothing else:
// the types, bounds and defaults of options are the option table's.
#include <pounce/program/command_line.hpp>

#include <pounce/core/ascii.hpp>

#include <algorithm>

#include <CLI/CLI.hpp>

namespace pounce::inline v0::program {

namespace {

using config::Kind;
using config::Option;
using config::Origin;
using config::Problem;

Problem problem(std::string subject, std::string message, std::string hint = {}) {
  return {std::move(subject), std::move(message), Origin::flag(), std::move(hint)};
}

/// The option of a flag that takes a value ("--port", not "--no-date-header").
const Option* valued(std::string_view flag_name) {
  for (const Option& option : config::options()) {
    if (option.kind != Kind::boolean && !config::is_positional(option) && config::flag(option) == flag_name) {
      return &option;
    }
  }
  return nullptr;
}

/// The flag somebody may have meant: an option's, an action's or the negation of a boolean.
std::string flag_hint(std::string_view unknown, config::Program which) {
  // Nothing but dashes may be left of "--=".
  const std::string_view name = unknown.substr(std::min(unknown.find_first_not_of('-'), unknown.size()));
  std::string best;
  std::size_t least = std::max<std::size_t>(2, name.size() / 3) + 1;
  const auto offer = [&](const std::string& flag_name) {
    if (name.size() == 1) {  // other programs have letters: the first that begins so is the one that most know
      if (best.empty() && flag_name[2] == lower(name.front())) best = flag_name;
      return;
    }
    const std::size_t edits = config::distance(name, std::string_view(flag_name).substr(2));
    if (edits < least && edits < name.size()) {
      least = edits;
      best = flag_name;
    }
  };
  for (const Option& option : config::options()) {
    if (!config::is_positional(option) && config::applies_to(option, which)) {
      offer(config::flag(option));
      if (option.kind == Kind::boolean) {
        offer("--no-" + config::flag(option).substr(2));
      }
    }
  }
  for (const config::Action& action : config::actions()) {
    offer(std::string(action.flag));
  }
  return best.empty() ? "see --help" : "did you mean " + best + "?";
}

/// CLI11 takes the next argument as the value of "--port=". Such arguments are settled before it
/// sees them.
void take_empty_values(std::vector<std::string>& arguments, std::vector<config::Setting>& settings) {
  const auto end_of_flags = std::find(arguments.begin(), arguments.end(), "--");
  const auto rest = std::remove_if(arguments.begin(), end_of_flags, [&](const std::string& text) {
    if (text.empty() || text.back() != '=') {
      return false;
    }
    const Option* option = valued(std::string_view(text).substr(0, text.size() - 1));
    if (option != nullptr) {
      settings.push_back({std::string(option->name), "", Origin::flag()});
    }
    return option != nullptr;
  });
  arguments.erase(rest, end_of_flags);
}

/// What CLI11 did not know: unknown flags and, without a flag, the target.
void take_rest(config::Program which, const std::vector<std::string>& rest, std::vector<config::Setting>& settings,
               std::vector<Problem>& problems) {
  bool flags = true;
  bool unknown = false;
  std::vector<std::string> targets;
  for (const std::string& text : rest) {
    if (flags && text == "--") {
      flags = false;
    } else if (flags && text.size() > 1 && text.front() == '-' && text.find_first_not_of('-') != std::string::npos) {
      const std::string name = text.substr(0, text.find('='));
      problems.push_back(problem(name, "is no option", flag_hint(name, which)));
      unknown = true;
    } else {
      targets.push_back(text);
    }
  }
  // After an unknown flag nobody can tell a target from the value of that flag.
  if (targets.size() > 1 && !unknown) {
    problems.push_back(problem("TARGET", "there is one target, and here are " + std::to_string(targets.size()) + ": " +
                                             config::quoted(targets[0]) + ", " + config::quoted(targets[1])));
  } else if (!targets.empty()) {
    settings.push_back({"target", targets.front(), Origin::flag()});
  }
}

}  // namespace

CommandLine read_command_line(config::Program which, std::span<const std::string> arguments,
                              std::vector<Problem>& problems) {
  CommandLine result;
  std::vector<std::string> left(arguments.begin(), arguments.end());
  take_empty_values(left, result.settings);

  // A flag without its value ends CLI11's parse. It can only be the last argument, so the rest is
  // parsed again without it.
  while (true) {
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    std::vector<std::pair<const Option*, CLI::Option*>> known;
    for (const Option& option : config::options()) {
      if (config::is_positional(option)) continue;
      const std::string name = config::flag(option);
      CLI::Option* const entry = option.kind == Kind::boolean
                                     ? app.add_flag(name + ",!--no-" + name.substr(2))
                                     : app.add_option(name)->expected(1)->allow_extra_args(false);
      entry->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
      known.emplace_back(&option, entry);
    }
    const auto action = [&app](const std::string& name) {
      return app.add_flag(name)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    };
    const CLI::Option* const check = action("--check");
    const CLI::Option* const print_config = action("--print-config");
    const CLI::Option* const version = action("--version");
    const CLI::Option* const help = action("-h,--help");
    try {
      std::vector<std::string> reversed(left.rbegin(), left.rend());
      app.parse(std::move(reversed));
    } catch (const CLI::ArgumentMismatch& mismatch) {
      if (left.empty()) {
        problems.push_back(problem("", config::printable(mismatch.what())));
        break;
      }
      problems.push_back(problem(left.back(), "needs a value", "see --help"));
      left.pop_back();
      continue;
    } catch (const CLI::ParseError& error) {
      problems.push_back(problem("", config::printable(error.what()), "see --help"));
      break;
    }
    for (const auto& [option, entry] : known) {
      for (const std::string& value : entry->results()) {
        result.settings.push_back({std::string(option->name), value, Origin::flag()});
      }
    }
    const auto asked = [&problems](const CLI::Option* entry) {
      const auto& values = entry->results();
      if (!std::all_of(values.begin(), values.end(), [](const auto& v) { return v == "true"; })) {
        problems.push_back(problem(entry->get_name(), "takes no value"));
      }
      return !values.empty();
    };
    result.check = asked(check);
    result.print_config = asked(print_config);
    result.version = asked(version);
    result.help = asked(help);
    take_rest(which, app.remaining(), result.settings, problems);
    break;
  }
  return result;
}

std::string_view cli11_version() { return CLI11_VERSION; }

}  // namespace pounce::inline v0::program
