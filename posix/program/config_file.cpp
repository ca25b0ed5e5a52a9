// The only source file that knows toml++. It finds out which key has which text and nothing else.
#include <pounce/program/config_file.hpp>

#include <algorithm>
#include <utility>

// toml++ 3.3 states preconditions that a malformed file can break (`[1,}`): an abort in a debug build
// and, with NDEBUG and clang, a promise to the optimiser that is not kept. Here each becomes an
// exception, in every build. The name is for this file alone, and so is the library.
namespace {
struct BrokenPrecondition {};
[[noreturn]] void broken_precondition() { throw BrokenPrecondition(); }
}  // namespace
#undef NDEBUG
#define TOML_ASSERT(expression) ((expression) ? void() : broken_precondition())
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

namespace pounce::inline v0::program {

namespace {

using config::Kind;
using config::Option;
using config::Origin;
using config::Problem;
using config::Setting;

std::string_view expected_type(Kind kind) {
  switch (kind) {
    case Kind::boolean: return "write true or false";
    case Kind::addresses:
    case Kind::mounts:
    case Kind::certificates:
    case Kind::networks:
    case Kind::prefixes: return "write a string or an array of strings";
    case Kind::duration: return "write a string with a unit, such as \"5s\" or \"250ms\"";
    case Kind::optional_duration: return "write a string with a unit, such as \"5s\", or \"none\"";
    case Kind::optional_request_rate: return "write a string such as \"100/s\", or \"none\"";
    case Kind::size: return "write an integer or a string such as \"64KiB\"";
    case Kind::optional_size: return "write an integer, a string such as \"64MiB\", or \"none\"";
    case Kind::rate: return "write an integer or a string such as \"500B/s\"";
    case Kind::auto_count: return "write an integer or \"auto\"";
    case Kind::optional_count: return "write an integer or \"none\"";
    case Kind::port:
    case Kind::count: return "write an integer";
    case Kind::path:
    case Kind::host:
    case Kind::choice:
    case Kind::text:
    case Kind::optional_text: break;
  }
  return "write a string";
}

bool takes_integer(Kind kind) {
  switch (kind) {
    case Kind::port:
    case Kind::count:
    case Kind::optional_count:
    case Kind::auto_count:
    case Kind::size:
    case Kind::optional_size:
    case Kind::rate: return true;
    default: return false;
  }
}

std::string_view type_of(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a number with a fraction";
    case toml::node_type::boolean: return "a boolean";
    default: return "a date or time";
  }
}

class Reader {
 public:
  Reader(config::Program which, const std::string& path, std::vector<Problem>& problems)
      : which_(which), path_(path), problems_(problems) {}

  void take(std::string_view key, std::size_t line, const toml::node& node) {
    const Origin origin = Origin::file(path_, line);
    const Option* option = config::find(key);
    if (option == nullptr) {
      std::string hint = config::nearest_hint(key, which_, Origin::Kind::file);
      if (hint.empty() && node.is_table()) {
        hint = "options stand at the top level, outside of any table";
      }
      problems_.push_back({std::string(key), "is no option", origin, std::move(hint)});
      return;
    }
    const toml::array* const list = node.as_array();
    if (list != nullptr && config::is_list(*option)) {
      for (const toml::node& element : *list) {
        take_value(*option, Origin::file(path_, element.source().begin.line), element);
      }
      return;
    }
    take_value(*option, origin, node);
  }

  std::vector<Setting> settings() { return std::move(settings_); }

 private:
  void take_value(const Option& option, Origin origin, const toml::node& node) {
    const std::string name(option.name);
    if (const auto* text = node.as_string()) {
      if (option.kind != Kind::boolean) {
        settings_.push_back({name, text->get(), std::move(origin)});
        return;
      }
    } else if (const auto* number = node.as_integer()) {
      // A duration is let through as well: freeze says best that it lacks a unit.
      if (takes_integer(option.kind) || option.kind == Kind::duration || option.kind == Kind::optional_duration) {
        settings_.push_back({name, std::to_string(number->get()), std::move(origin)});
        return;
      }
    } else if (const auto* truth = node.as_boolean()) {
      if (option.kind == Kind::boolean) {
        settings_.push_back({name, truth->get() ? "true" : "false", std::move(origin)});
        return;
      }
    }
    problems_.push_back(
        {name, "cannot be " + std::string(type_of(node)), std::move(origin), std::string(expected_type(option.kind))});
  }

  config::Program which_;
  const std::string& path_;
  std::vector<Problem>& problems_;
  std::vector<Setting> settings_;
};

}  // namespace

std::vector<Setting> settings_of_file(config::Program which, std::string_view text, const std::string& path,
                                      std::vector<Problem>& problems) {
  const auto malformed = [&](std::string_view what, std::size_t line) {
    problems.push_back({"", "no valid TOML: " + config::printable(what), Origin::file(path, line), ""});
    return std::vector<Setting>();
  };
  toml::table table;
  try {
    table = toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    return malformed(error.description(), error.source().begin.line);
  } catch (const BrokenPrecondition&) {
    return malformed("a value, key or bracket out of place", 0);
  }
  // toml++ sorts by key; an operator reads by line.
  std::vector<std::pair<const toml::key*, const toml::node*>> entries;
  for (const auto& [key, node] : table) {
    entries.emplace_back(&key, &node);
  }
  // The key of a table that only dotted keys imply has no position; its value has.
  const auto place = [](const auto& entry) {
    const toml::source_position key = entry.first->source().begin;
    return key.line != 0 ? key : entry.second->source().begin;
  };
  std::sort(entries.begin(), entries.end(), [&](const auto& a, const auto& b) { return place(a) < place(b); });
  Reader reader(which, path, problems);
  for (const auto& entry : entries) {
    reader.take(entry.first->str(), place(entry).line, *entry.second);
  }
  return reader.settings();
}

std::string_view tomlplusplus_version() {
#define POUNCE_TEXT_OF(x) #x
#define POUNCE_TEXT(x) POUNCE_TEXT_OF(x)
  return POUNCE_TEXT(TOML_LIB_MAJOR) "." POUNCE_TEXT(TOML_LIB_MINOR) "." POUNCE_TEXT(TOML_LIB_PATCH);
#undef POUNCE_TEXT
#undef POUNCE_TEXT_OF
}

}  // namespace pounce::inline v0::program
