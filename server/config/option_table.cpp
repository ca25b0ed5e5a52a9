#include <pounce/config/option_table.hpp>

#include <algorithm>
#include <array>
#include <limits>

#include <pounce/config/value.hpp>

namespace pounce::inline v0::config {

namespace {

// `static` is no name of a member.
constexpr std::string_view plain(std::string_view name) {
  if (name.ends_with('_')) name.remove_suffix(1);
  return name;
}

constexpr Option table[] = {
#define POUNCE_ROW(kind, name, initial, least, most, group, programs, stability, help) \
  {OptionId::name, Kind::kind,         plain(#name),         initial, least, most,     \
   Group::group,   Programs::programs, Stability::stability, help},
    POUNCE_OPTIONS(POUNCE_ROW)
#undef POUNCE_ROW
};
static_assert(std::size(table) == option_count);

constexpr Action action_table[] = {
    {"--check", "Check configuration and target, then exit: 0 if all is well."},
    {"--print-config", "Print every value with its origin as a pounce.toml, then exit."},
    {"--version", "Print the versions of this program and its libraries, then exit."},
    {"--help", "Print this text, then exit."},
};

constexpr bool within(std::uint64_t value, std::uint64_t least, std::uint64_t most) {
  return least <= value && value <= most;
}

// A row whose default is out of its own bounds, or whose bounds are no values, must not compile.
constexpr bool sound(const Option& option) {
  constexpr std::uint64_t word = std::numeric_limits<std::size_t>::max();
  switch (option.kind) {
    case Kind::port:
    case Kind::count: {
      const auto most = parse_count(option.most).value();
      return most <= word && within(parse_count(option.default_value).value(), parse_count(option.least).value(), most);
    }
    case Kind::optional_count:
    case Kind::auto_count:
      return option.default_value == (option.kind == Kind::auto_count ? "auto" : "none") &&
             within(1, parse_count(option.least).value(), parse_count(option.most).value());
    case Kind::size: {
      const auto most = parse_size(option.most).value();
      return most <= word && within(parse_size(option.default_value).value(), parse_size(option.least).value(), most);
    }
    case Kind::optional_size:
      return within(parse_size(option.default_value == "none" ? option.least : option.default_value).value(),
                    parse_size(option.least).value(), parse_size(option.most).value());
    case Kind::rate: {
      const auto most = parse_rate(option.most).value();
      return most <= word && within(parse_rate(option.default_value).value(), parse_rate(option.least).value(), most);
    }
    case Kind::duration: {
      const auto value = parse_duration(option.default_value).value();
      return parse_duration(option.least).value() <= value && value <= parse_duration(option.most).value();
    }
    case Kind::optional_duration:
      return option.default_value == "none" &&
             parse_duration(option.least).value() <= parse_duration(option.most).value();
    case Kind::optional_request_rate:
      return option.default_value == "none" &&
             parse_request_rate(option.least).value().interval == parse_request_rate(option.most).value().interval;
    case Kind::boolean: return option.default_value == "true" || option.default_value == "false";
    case Kind::path:
    case Kind::addresses:
    case Kind::mounts:
    case Kind::certificates:
    case Kind::networks:
    case Kind::prefixes: return option.default_value.empty();
    case Kind::choice: return is_choice(option.least, option.default_value);
    case Kind::host:
    case Kind::text:
    case Kind::optional_text: return !option.default_value.empty();
  }
  return false;
}
static_assert(std::all_of(std::begin(table), std::end(table), sound));

constexpr char folded(char c) {
  if (c >= 'A' && c <= 'Z') {
    return static_cast<char>(c - 'A' + 'a');
  }
  return c == '-' ? '_' : c;
}

}  // namespace

std::span<const Option> options() noexcept { return table; }
std::span<const Action> actions() noexcept { return action_table; }

const Option* find(std::string_view name) noexcept {
  for (const Option& option : table) {
    if (option.name == name) {
      return &option;
    }
  }
  return nullptr;
}

const Option& row(OptionId id) noexcept { return table[static_cast<std::size_t>(id)]; }

std::string_view program_name(Program program) noexcept {
  return program == Program::pounce_async ? "pounce-async" : "pounce-sync";
}

bool applies_to(const Option& option, Program program) noexcept {
  switch (option.programs) {
    case Programs::async_only: return program == Program::pounce_async;
    case Programs::sync_only: return program == Program::pounce_sync;
    case Programs::both: break;
  }
  return true;
}

bool is_list(const Option& option) noexcept { return is_list(option.kind); }
bool is_file_key(const Option& option) noexcept { return option.id != OptionId::config; }
bool is_positional(const Option& option) noexcept { return option.id == OptionId::target; }

std::string_view title(Group group) noexcept {
  switch (group) {
    case Group::application: return "Application";
    case Group::listening: return "Listening";
    case Group::proxies: return "Behind proxies";
    case Group::workers: return "Workers and connections";
    case Group::limits: return "Limits of a request";
    case Group::clients: return "Limits of a client";
    case Group::overload: return "Overload";
    case Group::deadlines: return "Deadlines";
    case Group::http2: return "HTTP/2";
    case Group::tls: return "TLS";
    case Group::websocket: return "WebSocket";
    case Group::answers: return "Answers";
    case Group::files: return "Files";
    case Group::compression: return "Compression";
    case Group::watching: return "Watching";
  }
  return {};
}

std::string_view placeholder(const Option& option) noexcept {
  switch (option.kind) {
    case Kind::path: return "PATH";
    case Kind::host: return "HOST";
    case Kind::port: return "PORT";
    case Kind::addresses: return "ADDRESS";
    case Kind::networks: return "CIDR";
    case Kind::prefixes: return "/PATH";
    case Kind::optional_request_rate: return "N/s|none";
    case Kind::count: return "N";
    case Kind::optional_count: return "N|none";
    case Kind::auto_count: return "N|auto";
    case Kind::size: return "SIZE";
    case Kind::rate: return "RATE";
    case Kind::duration: return "TIME";
    case Kind::optional_duration: return "TIME|none";
    case Kind::text: return "TEXT";
    case Kind::optional_text: return "TEXT|none";
    case Kind::optional_size: return "SIZE|none";
    case Kind::mounts: return "/PREFIX=DIR";
    case Kind::certificates: return "NAME=CERTIFICATE,KEY";
    case Kind::choice: return option.least;
    case Kind::boolean: break;
  }
  return {};
}

std::string_view unit(Kind kind) noexcept {
  switch (kind) {
    case Kind::size:
    case Kind::optional_size: return "bytes";
    case Kind::rate: return "bytes per second";
    case Kind::duration:
    case Kind::optional_duration: return "duration";
    default: return {};
  }
}

std::string flag(const Option& option) {
  if (is_positional(option)) {
    return "TARGET";
  }
  std::string text = "--";
  for (const char c : option.name) {
    text.push_back(c == '_' ? '-' : c);
  }
  return text;
}

std::string variable(const Option& option) {
  std::string text = "POUNCE_";
  for (const char c : option.name) {
    text.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return text;
}

// Optimal string alignment with three rows: this one, the one before, and the one before that for
// swapped neighbours.
std::size_t distance(std::string_view left, std::string_view right) {
  constexpr std::size_t longest = 64;
  if (left.size() > longest || right.size() > longest) {
    return std::numeric_limits<std::size_t>::max();
  }
  using Row = std::array<std::size_t, longest + 1>;
  Row older{};
  Row old{};
  Row now{};
  for (std::size_t j = 0; j <= right.size(); ++j) {
    old[j] = j;
  }
  for (std::size_t i = 1; i <= left.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const char a = folded(left[i - 1]);
      const char b = folded(right[j - 1]);
      now[j] = std::min({old[j] + 1, now[j - 1] + 1, old[j - 1] + (a == b ? 0U : 1U)});
      if (i > 1 && j > 1 && a == folded(right[j - 2]) && folded(left[i - 2]) == b) {
        now[j] = std::min(now[j], older[j - 2] + 1);
      }
    }
    older = old;
    old = now;
  }
  return old[right.size()];
}

const Option* nearest(std::string_view name, Program program) {
  const Option* best = nullptr;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const Option& option : table) {
    const std::size_t edits = distance(name, option.name);
    if (applies_to(option, program) && edits < least) {
      least = edits;
      best = &option;
    }
  }
  // A third of the name may be wrong, and two letters of a short one.
  const std::size_t close = std::max<std::size_t>(2, name.size() / 3);
  return least <= close && least < name.size() ? best : nullptr;
}

}  // namespace pounce::inline v0::config
