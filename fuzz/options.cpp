// Option text from strangers: a configuration file, variables, flag values.
//
// The first line says what the rest is: "toml" a whole file, "environment" a variable a line, "flags"
// an argument a line, "settings" a name=value a line, anything else a value a line, given to every
// parser. Whatever freezes is printed and read again, and must give the same configuration.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <pounce/config/bind_address.hpp>
#include <pounce/config/environment.hpp>
#include <pounce/config/named_certificate.hpp>
#include <pounce/config/print.hpp>
#include <pounce/config/static_mount.hpp>
#include <pounce/config/value.hpp>
#include <pounce/program/command_line.hpp>
#include <pounce/program/config_file.hpp>

namespace {

using namespace pounce::config;
using namespace pounce::program;

void require(bool truth) {
  if (!truth) std::abort();
}

// Problems are one line each and safe for a terminal.
void check(const std::vector<Problem>& problems) {
  for (const Problem& problem : problems) {
    const std::string line = line_of(Program::pounce_sync, problem);
    require(line.ends_with('\n'));
    for (const char c : std::string_view(line).substr(0, line.size() - 1)) {
      require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    }
  }
}

void check(const std::vector<Setting>& settings) {
  const auto frozen = freeze(Program::pounce_sync, settings);
  if (!frozen) {
    require(!frozen.error().empty());
    return check(frozen.error());
  }
  const Config& first = **frozen;
  require(!first.addresses().empty());
  std::vector<Problem> problems;
  const auto again =
      freeze(Program::pounce_sync, settings_of_file(Program::pounce_sync, config_text(first), "printed", problems));
  check(problems);
  require(problems.empty() && again.has_value());
  for (const Option& option : options()) {
    // `config` is where the file is, and so is not in it.
    require(option.id == OptionId::config || value_text(first, option.id) == value_text(**again, option.id));
  }
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

void try_value(const std::string& line) {
  if (const auto size = parse_size(line)) require(parse_size(size_text(*size)) == *size);
  if (const auto rate = parse_rate(line)) require(parse_rate(rate_text(*rate)) == *rate);
  if (const auto duration = parse_duration(line)) {
    require(parse_duration(duration_text(*duration)) == *duration);
  }
  if (const auto address = parse_bind_address(line)) {
    const auto again = parse_bind_address(address->text());
    require(again.has_value() && *again == *address);
  }
  if (const Option* const near = nearest(line, Program::pounce_sync)) {
    require(distance(line, near->name) < line.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = text.find('\n');
  const std::string_view kind = text.substr(0, end);
  const std::string_view rest = end == std::string_view::npos ? "" : text.substr(end + 1);
  std::vector<Problem> problems;
  if (kind == "toml") {
    check(settings_of_file(Program::pounce_sync, rest, "pounce.toml", problems));
  } else if (kind == "environment") {
    const std::vector<std::string> lines = lines_of(rest);
    const std::vector<std::string_view> variables(lines.begin(), lines.end());
    check(settings_of_environment(Program::pounce_sync, variables, problems));
  } else if (kind == "flags") {
    check(read_command_line(Program::pounce_sync, lines_of(rest), problems).settings);
  } else if (kind == "settings") {
    std::vector<Setting> settings;
    for (const std::string& line : lines_of(rest)) {
      const std::size_t equals = std::min(line.find('='), line.size());
      settings.push_back({line.substr(0, equals), line.substr(std::min(equals + 1, line.size())), Origin::flag()});
    }
    check(settings);
  } else {
    for (const std::string& line : lines_of(rest)) {
      try_value(line);
    }
  }
  check(problems);
  return 0;
}
