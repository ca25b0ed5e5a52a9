// Completions for shells, from the option table.
#include <pounce/config/manual.hpp>

#include <vector>

namespace pounce::inline v0::config {

namespace {

struct Flag {
  std::string name;                // --max-headers
  std::string_view value;          // "N"; empty: takes none
  const Option* option = nullptr;  // null: an action
  std::string_view help;
};

std::vector<Flag> flags_of(Program program) {
  std::vector<Flag> flags;
  for (const Option& option : options()) {
    if (!applies_to(option, program) || is_positional(option)) continue;
    const std::string name = flag(option);
    flags.push_back({name, placeholder(option), &option, option.help});
    if (option.kind == Kind::boolean) flags.push_back({"--no-" + name.substr(2), {}, &option, option.help});
  }
  for (const Action& action : actions()) flags.push_back({std::string(action.flag), {}, nullptr, action.help});
  return flags;
}

bool takes_file(const Flag& entry) { return entry.option != nullptr && entry.option->kind == Kind::path; }

// The words among which a value is chosen, or that it may be beside numbers.
std::string words_of(const Flag& entry) {
  if (entry.option == nullptr || entry.value.empty()) return {};
  switch (entry.option->kind) {
    case Kind::choice: break;
    case Kind::auto_count: return "auto";
    case Kind::optional_count:
    case Kind::optional_duration:
    case Kind::optional_size:
    case Kind::optional_text:
    case Kind::optional_request_rate: return "none";
    default: return {};
  }
  std::string words(entry.option->least);
  for (char& c : words) c = c == '|' ? ' ' : c;
  return words;
}

// As far as the first stop: there is one line for it.
std::string_view brief(std::string_view help) {
  for (std::size_t end = 0; (end = help.find_first_of(".:;", end)) != std::string_view::npos; ++end) {
    if (end + 1 == help.size() || help[end + 1] == ' ') return help.substr(0, end);
  }
  return help;
}

std::string without(std::string_view text, std::string_view unwanted) {
  std::string result;
  for (const char c : text) {
    if (unwanted.find(c) == std::string_view::npos) result.push_back(c);
  }
  return result;
}

// Inside of an argument of _arguments, in single quotes.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'') {
      result.append("'\\''");
      continue;
    }
    if (c == '[' || c == ']' || c == ':' || c == '\\') result.push_back('\\');
    result.push_back(c);
  }
  return result;
}

void add_joined(std::string& text, const std::vector<std::string>& names, std::string_view between) {
  bool first = true;
  for (const std::string& name : names) {
    text.append(first ? std::string_view{} : between).append(name);
    first = false;
  }
}

std::string bash_completion(Program program) {
  const std::string name(program_name(program));
  std::string function = "_" + name;
  for (char& c : function) c = c == '-' ? '_' : c;
  std::vector<std::string> all;
  std::vector<std::string> files;
  std::vector<std::string> free;
  std::string words;
  for (const Flag& entry : flags_of(program)) {
    all.push_back(entry.name);
    const std::string choices = words_of(entry);
    if (takes_file(entry)) {
      files.push_back(entry.name);
    } else if (!choices.empty()) {
      words.append("    ")
          .append(entry.name)
          .append(") COMPREPLY=($(compgen -W '")
          .append(choices)
          .append("' -- \"$current\")); return ;;\n");
    } else if (!entry.value.empty()) {
      free.push_back(entry.name);
    }
  }
  std::string text = "# bash completion for " + name + ", made from its option table.\n" + function + "() {\n";
  // Readline splits --flag=value into three words.
  text.append(R"(  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD-2]}
  fi
  case $previous in
    )");
  add_joined(text, files, "|");
  text.append(") compopt -o filenames; COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n")
      .append(words)
      .append("    ");
  add_joined(text, free, "|");
  text.append(") return ;;\n  esac\n  if [[ $current == -* ]]; then\n    COMPREPLY=($(compgen -W '");
  add_joined(text, all, " ");
  text.append(
      "' -- \"$current\"))\n  else\n    compopt -o filenames\n    COMPREPLY=($(compgen -f -- \"$current\"))\n  "
      "fi\n}\ncomplete -F ");
  return text.append(function).append(" ").append(name).append("\n");
}

std::string zsh_completion(Program program) {
  const std::string name(program_name(program));
  std::string text = "#compdef " + name + "\n# Made from the option table.\n_arguments -S \\\n";
  for (const Flag& entry : flags_of(program)) {
    const bool repeats = entry.option != nullptr && is_list(*entry.option);
    text.append("  '").append(repeats ? "*" : "").append(entry.name).append(entry.value.empty() ? "" : "=");
    text.append("[").append(escaped(brief(entry.help))).append("]");
    if (!entry.value.empty()) {
      const std::string choices = words_of(entry);
      text.append(":").append(escaped(entry.value)).append(":");
      text.append(takes_file(entry) ? "_files" : choices.empty() ? " " : "(" + choices + ")");
    }
    text.append("' \\\n");
  }
  return text.append("  '1:application or directory:_files'\n");
}

std::string fish_completion(Program program) {
  const std::string name(program_name(program));
  std::string text = "# Made from the option table.\n";
  for (const Flag& entry : flags_of(program)) {
    text.append("complete -c ").append(name).append(" -l ").append(entry.name, 2);
    const std::string choices = words_of(entry);
    if (takes_file(entry)) {
      text.append(" -r -F");
    } else if (!choices.empty()) {
      text.append(" -x -a '").append(choices).append("'");
    } else if (!entry.value.empty()) {
      text.append(" -x");
    }
    text.append(" -d '").append(without(brief(entry.help), "'\\")).append("'\n");
  }
  return text;
}

}  // namespace

std::string completion(Shell shell, Program program) {
  switch (shell) {
    case Shell::bash: return bash_completion(program);
    case Shell::zsh: return zsh_completion(program);
    case Shell::fish: return fish_completion(program);
  }
  return {};
}

}  // namespace pounce::inline v0::config
