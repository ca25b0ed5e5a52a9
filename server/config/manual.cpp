// docs/configuration.md as a function of the option table.
#include <pounce/config/manual.hpp>
#include <pounce/config/print.hpp>

namespace pounce::inline v0::config {

namespace {

constexpr std::string_view opening =
    R"(<!-- Made from server/config/include/pounce/config/option_list.hpp. Do not edit: build the target
     `options-doc` instead, for example `cmake --build build/debug --target options-doc`. -->

# Configuration

Both programs take the same options in three places. The stronger place wins, whatever the value:

1. a flag: `--max-header-size 32KiB` or `--max-header-size=32KiB`,
2. an environment variable: `POUNCE_MAX_HEADER_SIZE=32KiB`,
3. a key at the top level of a TOML file: `max_header_size = "32KiB"`,
4. the default.

The file is the one that `--config` or `POUNCE_CONFIG` names, else `pounce.toml` in the working
directory if it exists. Relative paths are relative to the working directory, wherever they are
written.

Everything is checked before anything starts. All problems are reported at once, a line each, with
the place they come from and what to write instead; the exit code is then 2. A value is checked even
where a stronger one beats it. `--check` does that and tries the target; `--print-config` prints
every value with its origin, as a file that gives the same configuration again. Installed beside the
programs are man pages (`man pounce-async`, `man pounce.toml`), completions for bash, zsh and fish, and
`share/pounce/pounce.schema.json`, with which an editor checks such a file while it is written.

## How values are written

| kind | written | in TOML also |
|---|---|---|
| size | `512`, `512B`, `64KiB`, `1MiB`, `2GiB`; a bare number is bytes | an integer |
| time | `250ms`, `5s`, `2m`, `1h`; the unit is needed | |
| rate | `500`, `500B/s`, `64KiB/s`; a bare number is bytes per second | an integer |
| number | digits only: no sign, blank, fraction or leading zero | an integer |
| yes or no | `true`, `false`; as flags `--date-header` and `--no-date-header` | `true`, `false` |
| list | the flag repeated; in the environment separated by commas | an array of strings |

Zero is below the least of everything but a port: it never means "unlimited". Where a limit can be
absent the word is `none`. An unknown key in the file is a problem with its line and the nearest
name. An environment variable that begins with `POUNCE_` and is no option is left alone, unless it
is one letter away from an option.
)";

constexpr std::string_view closing = R"(
## Instead of serving

| flag | what it does |
|---|---|
)";

std::string code(std::string_view text) {
  std::string result = "`";
  return result.append(text).append("`");
}

std::string range(const Option& option) {
  if (option.least.empty() || option.kind == Kind::choice) {
    return {};
  }
  return code(option.least) + " to " + code(option.most);
}

std::string shown_flag(const Option& option) {
  std::string text = flag(option);
  if (option.kind == Kind::boolean) {
    return code(text) + ", " + code("--no-" + text.substr(2));
  }
  if (is_positional(option)) {
    return code(text);
  }
  // The bars of `N|auto` would end the table cell.
  std::string value(placeholder(option));
  for (std::size_t bar = value.find('|'); bar != std::string::npos; bar = value.find('|', bar + 2)) {
    value.insert(bar, "\\");
  }
  return code(text.append(" ").append(value));
}

void add_row(std::string& text, const Option& option) {
  text.append("| ").append(shown_flag(option));
  text.append("<br>").append(code(variable(option)));
  text.append(is_file_key(option) ? "<br>" + code(option.name) : "");
  text.append(" | ").append(option.default_value.empty() ? "" : code(option.default_value));
  text.append(" | ").append(range(option)).append(" | ").append(option.help);
  if (option.programs != Programs::both) {
    const bool async = option.programs == Programs::async_only;
    text.append(async ? " Only `pounce-async`." : " Only `pounce-sync`.");
  }
  if (option.stability == Stability::experimental) {
    text.append(" Experimental.");
  }
  text.append(" |\n");
}

}  // namespace

std::string manual_text() {
  std::string text(opening);
  for (std::size_t g = 0; g < group_count; ++g) {
    const auto group = static_cast<Group>(g);
    text.append("\n## ").append(title(group));
    text.append("\n\n| flag, variable, key | default | range | meaning |\n|---|---|---|---|\n");
    for (const Option& option : options()) {
      if (option.group == group) {
        add_row(text, option);
      }
    }
  }
  text.append(closing);
  for (const Action& action : actions()) {
    text.append("| ").append(code(action.flag)).append(" | ").append(action.help).append(" |\n");
  }
  text.append("\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
  for (const ExitCode& exit : exit_codes) {
    text.append("| ").append(exit.code).append(" | ").append(exit.meaning).append(" |\n");
  }
  return text;
}

}  // namespace pounce::inline v0::config
