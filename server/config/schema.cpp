// The JSON schema of pounce.toml, from the option table.
#include <pounce/config/manual.hpp>

#include <cstdint>
#include <initializer_list>
#include <utility>

#include <pounce/config/value.hpp>

namespace pounce::inline v0::config {

namespace {

std::string json_string(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result.push_back('\\');
    result.push_back(c);
  }
  return result.append("\"");
}

// Digits as parse_count takes them, behind them a unit.
std::string pattern(std::string_view digits_then) {
  return R"({"type": "string", "pattern": )" + json_string("^(0|[1-9][0-9]*)" + std::string(digits_then) + "$") + "}";
}

std::string integer(std::uint64_t least, std::uint64_t most) {
  return R"({"type": "integer", "minimum": )" + detail::decimal(least) + R"(, "maximum": )" + detail::decimal(most) +
         "}";
}

std::string word(std::string_view text) { return R"({"const": )" + json_string(text) + "}"; }

std::string any_of(std::initializer_list<std::string> schemas) {
  std::string text = R"("anyOf": [)";
  bool first = true;
  for (const std::string& schema : schemas) {
    text.append(first ? "" : ", ").append(schema);
    first = false;
  }
  return text.append("]");
}

constexpr std::string_view some_text = R"({"type": "string", "minLength": 1})";

// What a value has to be, as the inside of an object.
std::string value_schema(const Option& option) {
  constexpr std::string_view size_unit = "(B|KiB|MiB|GiB|TiB)?";
  const auto counts = [&] { return integer(parse_count(option.least).value(), parse_count(option.most).value()); };
  const auto sizes = [&] { return integer(parse_size(option.least).value(), parse_size(option.most).value()); };
  switch (option.kind) {
    case Kind::boolean: return R"("type": "boolean")";
    case Kind::port:
    case Kind::count: return any_of({counts(), pattern("")});
    case Kind::optional_count: return any_of({counts(), pattern(""), word("none")});
    case Kind::auto_count: return any_of({counts(), pattern(""), word("auto")});
    case Kind::size: return any_of({sizes(), pattern(size_unit)});
    case Kind::optional_size: return any_of({sizes(), pattern(size_unit), word("none")});
    case Kind::rate:
      return any_of({integer(parse_rate(option.least).value(), parse_rate(option.most).value()),
                     pattern("((B|KiB|MiB|GiB|TiB)(/s)?)?")});
    case Kind::duration: return any_of({pattern("(ms|s|m|h)")});
    case Kind::optional_duration: return any_of({pattern("(ms|s|m|h)"), word("none")});
    case Kind::optional_request_rate: return any_of({pattern("/(s|m|h|d)"), word("none")});
    case Kind::choice: {
      std::string text = R"("enum": [)";
      for (std::string_view left = option.least; !left.empty();) {
        const std::size_t bar = left.find('|');
        text.append(json_string(left.substr(0, bar))).append(bar == std::string_view::npos ? "]" : ", ");
        left.remove_prefix(bar == std::string_view::npos ? left.size() : bar + 1);
      }
      return text;
    }
    case Kind::addresses:
    case Kind::mounts:
    case Kind::networks:
    case Kind::prefixes:
    case Kind::certificates:
      return any_of({std::string(some_text), R"({"type": "array", "items": )" + std::string(some_text) + "}"});
    case Kind::path:
    case Kind::host:
    case Kind::text:
    case Kind::optional_text: break;
  }
  return R"("type": "string", "minLength": 1)";
}

}  // namespace

std::string schema_text() {
  std::string text = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "pounce.toml",
  "description": "Configuration of pounce-async and pounce-sync",
  "type": "object",
  "additionalProperties": false,
  "properties": {
)";
  bool first = true;
  for (const Option& option : options()) {
    if (!is_file_key(option)) continue;
    text.append(first ? "" : ",\n").append("    ").append(json_string(option.name)).append(": {");
    text.append(value_schema(option)).append(", \"description\": ").append(json_string(option.help));
    if (!option.default_value.empty()) {
      text.append(", \"default\": ");
      text.append(option.kind == Kind::boolean ? std::string(option.default_value) : json_string(option.default_value));
    }
    text.append("}");
    first = false;
  }
  return text.append("\n  }\n}\n");
}

}  // namespace pounce::inline v0::config
