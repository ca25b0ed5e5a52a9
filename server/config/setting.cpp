#include <pounce/config/setting.hpp>

#include <pounce/config/value.hpp>

namespace pounce::inline v0::config {

namespace {

std::string escaped(std::string_view value, std::size_t longest) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text;
  for (const char c : value.substr(0, longest)) {
    const auto byte = static_cast<unsigned char>(c);
    // Bytes from 0x80 up are escaped too: C1 controls hide among them.
    if (byte < 0x20 || byte >= 0x7f) {
      text.append("\\x").push_back(hex[byte >> 4U]);
      text.push_back(hex[byte & 0xfU]);
    } else {
      text.push_back(c);
    }
  }
  return value.size() > longest ? text.append("...") : text;
}

}  // namespace

std::string printable(std::string_view text) { return escaped(text, 200); }

Origin Origin::file(std::string path, std::size_t line) { return {Kind::file, std::move(path), line}; }
Origin Origin::environment(std::string variable) { return {Kind::environment, std::move(variable), 0}; }
Origin Origin::flag() { return {Kind::flag, {}, 0}; }

std::string Origin::text() const {
  switch (kind) {
    case Kind::built_in: return "default";
    case Kind::file: return line == 0 ? printable(name) : printable(name) + " line " + detail::decimal(line);
    case Kind::environment: return "environment " + printable(name);
    case Kind::flag: return "command line";
  }
  return {};
}

std::string name_at(const Option& option, const Origin& origin) {
  switch (origin.kind) {
    case Origin::Kind::flag: return flag(option);
    case Origin::Kind::environment: return variable(option);
    case Origin::Kind::file:
    case Origin::Kind::built_in: break;
  }
  return std::string(option.name);
}

std::string quoted(std::string_view value) { return "'" + escaped(value, 80) + "'"; }

std::string text_of(const Problem& problem) {
  std::string text;
  if (!problem.subject.empty()) {
    text.append(printable(problem.subject)).append(": ");
  }
  text.append(problem.message).append(" (from ").append(problem.origin.text());
  if (!problem.hint.empty()) {
    text.append("; hint: ").append(problem.hint);
  }
  return text.append(")");
}

std::string line_of(Program program, const Problem& problem, bool is_warning) {
  std::string line = std::string(program_name(program)) + (is_warning ? ": warning: " : ": error: ");
  return line.append(text_of(problem)).append("\n");
}

std::string nearest_hint(std::string_view name, Program program, Origin::Kind kind) {
  const Option* option = nearest(name, program);
  if (option == nullptr) {
    return {};
  }
  return "did you mean " + name_at(*option, Origin{kind, {}, 0}) + "?";
}

}  // namespace pounce::inline v0::config
