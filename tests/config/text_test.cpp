// Texts made from the table: --help, --print-config, docs/configuration.md.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <pounce/config/print.hpp>
#include <pounce/program/config_file.hpp>

namespace {

using namespace pounce::config;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t start = 0;
  for (std::size_t end = 0; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
    lines.push_back(text.substr(start, end - start));
  }
  CHECK(start == text.size());  // ends with a line end
  return lines;
}

// Without line breaks and alignment, so that a phrase is found wherever it was wrapped.
std::string flowed(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const char plain = c == '\n' ? ' ' : c;
    if (plain != ' ' || (!result.empty() && result.back() != ' ')) {
      result.push_back(plain);
    }
  }
  return result;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("help fits 80 columns and has no trailing blanks or tabs") {
  for (const Program program : {Program::pounce_async, Program::pounce_sync}) {
    for (const std::string& line : lines_of(help_text(program))) {
      CAPTURE(line);
      CHECK(line.size() <= 80);
      CHECK_FALSE(line.ends_with(' '));
      CHECK_FALSE(contains(line, "\t"));
    }
  }
}

TEST_CASE("help shows every option of the program with default and variable, in its group") {
  for (const Program program : {Program::pounce_async, Program::pounce_sync}) {
    const std::string help = flowed(help_text(program));
    for (const Option& option : options()) {
      CAPTURE(option.name);
      CHECK(contains(help, variable(option) + "]") == applies_to(option, program));
      if (!applies_to(option, program)) continue;
      const std::string shown(option.default_value.empty() ? "none" : option.default_value);
      CHECK(contains(help, "[default: " + shown + "; " + variable(option) + "]"));
      CHECK(contains(help, option.help));
      CHECK(contains(help, title(option.group)));
      CHECK(contains(help, option.kind == Kind::boolean && option.default_value == "true"
                               ? "--no-" + flag(option).substr(2)
                               : flag(option)));
    }
    for (const Action& action : actions()) {
      CHECK(contains(help, action.flag));
    }
  }
  CHECK_FALSE(contains(help_text(Program::pounce_async), "async-workers"));
  CHECK(contains(help_text(Program::pounce_sync), "--async-workers N|auto"));
}

TEST_CASE("docs/configuration.md is what the table gives (if not: build target options-doc)") {
  std::ifstream file(POUNCE_SOURCE_DIR "/docs/configuration.md", std::ios::binary);
  const std::string found(std::istreambuf_iterator<char>(file), {});
  CHECK((found == manual_text()));
}

TEST_CASE("a printed configuration names each value's origin") {
  const std::vector<Setting> settings = {
      {"port", "0", Origin::flag()},
      {"max_header_size", "65536", Origin::environment("POUNCE_MAX_HEADER_SIZE")},
      {"header_timeout", "2m", Origin::file("my.toml", 3)},
  };
  const auto frozen = freeze(Program::pounce_async, settings);
  REQUIRE(frozen.has_value());
  const std::string text = flowed(config_text(**frozen));
  CHECK(contains(text, "port = 0 # command line"));
  CHECK(contains(text, "max_header_size = \"64KiB\" # environment POUNCE_MAX_HEADER_SIZE"));
  CHECK(contains(text, "header_timeout = \"2m\" # my.toml line 3"));
  CHECK(contains(text, "backlog = 4096 # default"));
  CHECK(contains(text, "workers = \"auto\" # default"));
  CHECK(contains(text, "date_header = true # default"));
  CHECK_FALSE(contains(text, "async_workers"));
}

TEST_CASE("a printed configuration is a file that gives the same configuration") {
  const std::vector<std::vector<Setting>> sets = {
      {},
      {{"bind", "127.0.0.1:1", Origin::flag()},
       {"bind", "unix:/tmp/a \"quoted\" \\path", Origin::flag()},
       {"target", "./lib\tä.so", Origin::flag()},
       {"async_workers", "2", Origin::flag()},
       {"workers", "3", Origin::flag()},
       {"max_requests_per_connection", "9", Origin::flag()},
       {"server_header", "none", Origin::flag()},
       {"date_header", "false", Origin::flag()},
       {"min_rate", "1KiB/s", Origin::flag()}},
      {{"host", "::1", Origin::flag()},
       {"port", "0", Origin::flag()},
       {"server_header", "8000", Origin::flag()},
       {"target", "8000", Origin::flag()},
       {"max_request_size", "1234567", Origin::flag()},
       {"shutdown_timeout", "1ms", Origin::flag()}},
  };
  for (const auto& settings : sets) {
    const auto first = freeze(Program::pounce_sync, settings);
    REQUIRE(first.has_value());
    const std::string text = config_text(**first);
    CAPTURE(text);
    std::vector<Problem> problems;
    const auto again = freeze(Program::pounce_sync,
                              pounce::program::settings_of_file(Program::pounce_sync, text, "printed", problems));
    CHECK(problems.empty());
    REQUIRE(again.has_value());
    for (const Option& option : options()) {
      CAPTURE(option.name);
      CHECK(value_text(**again, option.id) == value_text(**first, option.id));
    }
  }
}
