// Man pages in man(7), from the option table.
#include <pounce/config/manual.hpp>

namespace pounce::inline v0::config {

namespace {

// Plain text as roff reads it.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\') {
      result.append("\\e");
    } else if (c == '-') {
      result.append("\\-");
    } else {
      result.push_back(c);
    }
  }
  return result;
}

// A paragraph in lines of source that a person can read. A line that began with a dot would be a request.
void add_text(std::string& page, std::string_view text) {
  constexpr std::size_t columns = 78;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    const std::string word = escaped(text.substr(0, blank));
    if (column != 0 && column + 1 + word.size() > columns) {
      page.push_back('\n');
      column = 0;
    }
    if (column != 0) {
      page.push_back(' ');
      ++column;
    } else if (word.starts_with('.') || word.starts_with('\'')) {
      page.append("\\&");
    }
    page.append(word);
    column += word.size();
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
  }
  page.push_back('\n');
}

std::string bold(std::string_view text) { return "\\fB" + escaped(text) + "\\fR"; }
std::string slanted(std::string_view text) { return "\\fI" + escaped(text) + "\\fR"; }

void add_section(std::string& page, std::string_view name) { page.append(".SH ").append(name).append("\n"); }

void add_entry(std::string& page, std::string_view tag, std::string_view text) {
  page.append(".TP\n").append(tag).append("\n");
  add_text(page, text);
}

std::string upper(std::string_view text) {
  std::string result;
  for (const char c : text) result.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  return result;
}

std::string opening(std::string_view name, std::string_view section, std::string_view about, const Edition& edition) {
  std::string page = ".\\\" Made from the option table.\n.TH ";
  page.append(escaped(upper(name))).append(" ").append(section).append(" ").append(edition.date);
  page.append(" \"Pounce ").append(edition.version).append("\" \"Pounce\"\n");
  add_section(page, "NAME");
  return page.append(escaped(name)).append(" \\- ").append(about).append("\n");
}

std::string flag_tag(const Option& option) {
  if (is_positional(option)) return slanted("TARGET");
  const std::string text = flag(option);
  if (option.kind == Kind::boolean) return bold(text) + ", " + bold("--no-" + text.substr(2));
  return bold(text) + " " + slanted(placeholder(option));
}

// "Default 4096, from 1 to 65535."
std::string bounds(const Option& option) {
  std::string text = "Default: ";
  text.append(option.default_value.empty() ? "none" : option.default_value);
  if (!option.least.empty() && option.kind != Kind::choice) {
    text.append("; from ").append(option.least).append(" to ").append(option.most);
  }
  return text.append(".");
}

std::string notes(const Option& option) {
  std::string text = bounds(option);
  if (option.programs != Programs::both) {
    text.append(option.programs == Programs::async_only ? " Only pounce-async." : " Only pounce-sync.");
  }
  return text.append(option.stability == Stability::experimental ? " Experimental." : "");
}

void add_exit_status(std::string& page) {
  add_section(page, "EXIT STATUS");
  for (const ExitCode& exit : exit_codes) add_entry(page, bold(exit.code), exit.meaning);
}

void add_references(std::string& page, std::initializer_list<std::string_view> names) {
  add_section(page, "SEE ALSO");
  std::size_t left = names.size();
  for (const std::string_view name : names) {
    page.append(".BR ")
        .append(escaped(name.substr(0, name.size() - 3)))
        .append(" ")
        .append(name.substr(name.size() - 3));
    page.append(--left != 0 ? ",\n" : "\n");
  }
}

void add_code(std::string& page, std::initializer_list<std::string_view> lines) {
  page.append(".PP\n.RS 4\n.nf\n");
  for (const std::string_view line : lines) page.append(escaped(line)).append("\n");
  page.append(".fi\n.RE\n");
}

// How values are written, and what that is in TOML.
struct Notation {
  std::string_view kind, text;
};
constexpr Notation notations[] = {
    {"size", "512, 512B, 64KiB, 1MiB, 2GiB; a bare number is bytes, and may be an integer"},
    {"time", "250ms, 5s, 2m, 1h; the unit is needed"},
    {"rate", "500, 500B/s, 64KiB/s; a bare number is bytes per second, and may be an integer"},
    {"number", "digits only; may be an integer"},
    {"yes or no", "true or false; as flags --NAME and --no-NAME"},
    {"list", "an array of strings; the flag repeated; in a variable separated by commas"},
    {"none", "where a limit can be absent; zero never means unlimited"},
};

void add_notations(std::string& page) {
  add_section(page, "VALUES");
  for (const auto& [kind, text] : notations) add_entry(page, slanted(kind), text);
}

std::string_view other(Program program) {
  return program == Program::pounce_async ? "pounce-sync(1)" : "pounce-async(1)";
}

}  // namespace

std::string program_page(Program program, const Edition& edition) {
  const std::string name(program_name(program));
  const bool async = program == Program::pounce_async;
  std::string page = opening(
      name, "1", async ? "HTTP server whose reactors never block" : "HTTP server with blocking workers", edition);
  add_section(page, "SYNOPSIS");
  page.append(".B ").append(escaped(name)).append("\n.RI [ TARGET ]\n.RI [ options ]\n");
  add_section(page, "DESCRIPTION");
  page.append(bold(name)).append("\nserves\n").append(slanted("TARGET")).append("\n");
  add_text(page,
           "over HTTP/1.1 and HTTP/2, in the clear and over TLS: an application (a shared library), or a directory of "
           "files.");
  page.append(".PP\n");
  add_text(page,
           "Each option has a flag, an environment variable and a key in pounce.toml. The flag beats the variable, the "
           "variable the file, the file the default. All are checked before anything starts, and all problems are "
           "reported at once.");
  add_section(page, "OPTIONS");
  for (std::size_t g = 0; g < group_count; ++g) {
    const auto group = static_cast<Group>(g);
    page.append(".SS ").append(title(group)).append("\n");
    for (const Option& option : options()) {
      if (option.group != group || !applies_to(option, program)) continue;
      add_entry(page, flag_tag(option), option.help);
      add_text(page, bounds(option));
    }
  }
  page.append(".SS Instead of serving\n");
  for (const Action& action : actions()) add_entry(page, bold(action.flag), action.help);
  add_notations(page);
  add_exit_status(page);
  add_section(page, "ENVIRONMENT");
  add_entry(page, bold("POUNCE_*"), "An option: --max-header-size is POUNCE_MAX_HEADER_SIZE.");
  add_entry(page, bold("NO_COLOR"), "With any value there are no colours on a terminal.");
  add_entry(
      page,
      bold("NOTIFY_SOCKET") + ", " + bold("WATCHDOG_USEC") + ", " + bold("LISTEN_FDS") + ", " + bold("JOURNAL_STREAM"),
      "As systemd sets them: readiness, watchdog, passed sockets, priorities of lines.");
  add_section(page, "FILES");
  add_entry(page, slanted("pounce.toml"),
            "In the working directory, unless --config or POUNCE_CONFIG names another file.");
  add_section(page, "EXAMPLES");
  add_text(page, "An application, and a directory, on port 8000 of this machine:");
  add_code(page, {name + " ./libapp.so", name + " public/"});
  page.append(".PP\n");
  add_text(page, "With TLS for everybody, and an address for the operator:");
  add_code(page, {name + " ./libapp.so --bind 0.0.0.0:443,tls --tls-cert server.pem \\",
                  "    --tls-key server.key --admin-bind 127.0.0.1:9100 --health-path /-/health"});
  add_references(page, {"pounce.toml(5)", "pounce-signals(7)", other(program)});
  return page;
}

std::string file_page(const Edition& edition) {
  std::string page = opening("pounce.toml", "5", "configuration of pounce-async and pounce-sync", edition);
  add_section(page, "DESCRIPTION");
  add_text(page,
           "A file in TOML. Each key stands at the top level and is an option of pounce-async(1) and pounce-sync(1); a "
           "flag or an environment variable beats it. Relative paths are relative to the working directory. The file "
           "is at most 1 MiB.");
  page.append(".PP\n");
  add_text(
      page,
      "An unknown key, a wrong type and a value out of its range are problems, reported with line and origin, all at "
      "once; the exit code is 2. --check looks at a file without serving, --print-config prints one with every value.");
  add_code(page, {"target = \"/srv/app/libapp.so\"", "bind = [\"0.0.0.0:443,tls\", \"127.0.0.1:8000\"]",
                  "tls_cert = \"/etc/pounce/server.pem\"", "tls_key = \"/etc/pounce/server.key\"",
                  "max_request_size = \"10MiB\"", "header_timeout = \"5s\"", "workers = 4"});
  add_notations(page);
  add_section(page, "KEYS");
  for (std::size_t g = 0; g < group_count; ++g) {
    const auto group = static_cast<Group>(g);
    page.append(".SS ").append(title(group)).append("\n");
    for (const Option& option : options()) {
      if (option.group != group || !is_file_key(option)) continue;
      const bool yes_or_no = option.kind == Kind::boolean;
      add_entry(page, bold(option.name) + " = " + slanted(yes_or_no ? "true|false" : placeholder(option)), option.help);
      add_text(page, notes(option));
    }
  }
  add_section(page, "FILES");
  add_entry(page, slanted("pounce.toml"),
            "In the working directory, unless --config or POUNCE_CONFIG names another file.");
  add_entry(page, slanted("/usr/share/pounce/pounce.schema.json"),
            "What an editor needs to check such a file while it is written.");
  add_references(page, {"pounce-async(1)", "pounce-sync(1)", "pounce-signals(7)"});
  return page;
}

std::string signals_page(const Edition& edition) {
  std::string page = opening("pounce-signals", "7", "signals that pounce-async and pounce-sync understand", edition);
  add_section(page, "DESCRIPTION");
  add_text(page, "What the programs do at these signals:");
  for (const SignalEffect& signal : signal_effects) add_entry(page, bold(signal.signal), signal.effect);
  add_section(page, "NOTIFICATIONS");
  add_text(
      page,
      "Under systemd (Type=notify) they send READY=1 when they accept connections, STOPPING=1 when a drain begins, "
      "with the time that it may take, and WATCHDOG=1 twice in WatchdogSec=.");
  add_exit_status(page);
  add_references(page, {"pounce-async(1)", "pounce-sync(1)", "pounce.toml(5)"});
  return page;
}

}  // namespace pounce::inline v0::config
