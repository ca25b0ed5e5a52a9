// Flags, variables and file together, as main sees them.
#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <pounce/config/bind_address.hpp>
#include <pounce/program/load.hpp>

namespace {

using namespace pounce::config;
using pounce::program::Exit;
using pounce::program::Outcome;

// A working directory of its own, so that a pounce.toml around the build does not matter.
class Scratch {
 public:
  Scratch() {
    char name[] = "/tmp/pounce-load-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    path_ = name;
    char here[4096];
    REQUIRE(::getcwd(here, sizeof here) != nullptr);
    old_ = here;
    REQUIRE(::chdir(name) == 0);
  }
  ~Scratch() {
    for (const std::string& file : files_) ::unlink(file.c_str());
    (void)!::chdir(old_.c_str());
    ::rmdir(path_.c_str());
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  void write(const std::string& name, std::string_view text) {
    std::ofstream(name, std::ios::binary) << text;
    files_.push_back(name);
  }

 private:
  std::string path_;
  std::string old_;
  std::vector<std::string> files_;
};

Outcome load(std::vector<std::string> arguments, std::vector<std::string> variables = {},
             Program which = Program::pounce_async) {
  std::vector<const char*> argv = {"pounce"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  std::vector<const char*> environment;
  for (const std::string& variable : variables) environment.push_back(variable.c_str());
  const int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);
  environment.push_back(nullptr);
  return pounce::program::load(which, argc, argv.data(), environment.data());
}

Config served(std::vector<std::string> arguments, std::vector<std::string> variables = {}) {
  const Outcome outcome = load(std::move(arguments), std::move(variables));
  CAPTURE(outcome.text);
  REQUIRE(outcome.next == Outcome::Next::serve);
  REQUIRE(outcome.config != nullptr);
  CHECK(outcome.text.empty());
  return *outcome.config;
}

std::string refused(std::vector<std::string> arguments, std::vector<std::string> variables = {},
                    Program which = Program::pounce_async) {
  const Outcome outcome = load(std::move(arguments), std::move(variables), which);
  CHECK(outcome.next == Outcome::Next::leave);
  CHECK(outcome.exit == Exit::bad_usage);
  CHECK(outcome.is_error);
  CHECK(outcome.config == nullptr);
  return outcome.text;
}

std::ptrdiff_t line_count(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("nothing at all serves the welcome page with the defaults") {
  const Scratch scratch;
  const Config config = served({});
  CHECK_FALSE(config.target.has_value());
  CHECK(config.port == 8000);
}

TEST_CASE("flags in all their forms") {
  const Scratch scratch;
  const Config config = served({"--port", "0", "./libchat.so", "--host=::1", "--no-date-header", "--workers=2"});
  CHECK(config.port == 0);
  CHECK(config.host == "::1");
  CHECK(config.target == "./libchat.so");
  CHECK_FALSE(config.date_header);
  CHECK(config.workers == 2U);

  CHECK(served({"--date-header"}).origin(OptionId::date_header).text() == "command line");
  CHECK_FALSE(served({"--date-header=false"}).date_header);
  CHECK(served({"--", "--odd.so"}).target == "--odd.so");
  CHECK(served({"--host", "[::1]"}).addresses()[0].text() == "[::1]:8000");
  CHECK(served({"--server-header", "a=b, c"}).server_header == "a=b, c");
  CHECK(served({"--server-header=[x]"}).server_header == "[x]");

  const Config two = served({"--bind", "[::1]:80", "--bind=unix:/tmp/x"});
  REQUIRE(two.bind.size() == 2);
  CHECK(two.bind[0].text() == "[::1]:80");
  CHECK(two.bind[1].text() == "unix:/tmp/x");
  // A repeatable flag takes one value each time and never eats the target.
  CHECK(served({"--bind", "127.0.0.1:80", "./x.so"}).target == "./x.so");
}

TEST_CASE("wrong command lines") {
  const Scratch scratch;
  CHECK(refused({"--port", "70000"}) ==
        "pounce-async: error: --port: '70000' is above 65535 (from command line; hint: from 0 to 65535)\n");
  CHECK(refused({"--prot", "80"}) ==
        "pounce-async: error: --prot: is no option (from command line; hint: did you mean "
        "--port?)\n");
  CHECK(contains(refused({"--chekc"}), "did you mean --check?"));
  CHECK(contains(refused({"--no-date-heder"}), "did you mean --no-date-header?"));
  CHECK(contains(refused({"-p", "80"}), "-p: is no option (from command line; hint: did you mean --port?)"));
  CHECK(contains(refused({"-V"}), "-V: is no option (from command line; hint: did you mean --version?)"));
  CHECK(contains(refused({"-z"}), "-z: is no option (from command line; hint: see --help)"));
  CHECK(contains(refused({"--entirely-else=5"}), "--entirely-else: is no option"));
  CHECK(refused({"--port"}) == "pounce-async: error: --port: needs a value (from command line; hint: see --help)\n");
  CHECK(contains(refused({"--port="}), "--port: '' is empty"));
  CHECK(contains(refused({"--port=", "./x.so"}), "--port: '' is empty"));
  CHECK(contains(refused({"--port", "-1"}), "--port: '-1' has a sign"));
  CHECK(contains(refused({"--workers=0"}), "--workers: '0' is below 1"));
  CHECK(contains(refused({"--port", "1", "--port", "2"}), "--port: is given more than once"));
  CHECK(contains(refused({"a.so", "b.so"}), "TARGET: there is one target, and here are 2"));
  CHECK(contains(refused({""}), "TARGET: '' is no path"));
  CHECK(contains(refused({"--=x"}), "--: is no option"));
  CHECK(contains(refused({"--check=no"}), "--check: takes no value"));
  CHECK(contains(refused({"--date-header=maybe"}), "--date-header"));
  CHECK(contains(refused({"--no-date-header=maybe"}), "--date-header"));
  CHECK(contains(refused({"--async-workers", "2"}), "is an option of pounce-sync"));
  CHECK(contains(refused({"--\x1b[31m"}), "--\\x1b[31m: is no option"));
}

TEST_CASE("all problems of all places at once") {
  Scratch scratch;
  scratch.write("pounce.toml", "port = 99999\nhostt = \"x\"\nbacklog = 1.5\nworkers = \"many\"\n");
  const std::string text = refused({"--prot", "--max-headers", "0", "--write-timeout"}, {"POUNCE_MIN_RATE=slow"});
  CAPTURE(text);
  CHECK(line_count(text) == 8);
  CHECK(contains(text, "--prot: is no option"));
  CHECK(contains(text, "--max-headers: '0' is below 1"));
  CHECK(contains(text, "--write-timeout: needs a value"));
  CHECK(contains(text, "POUNCE_MIN_RATE: 'slow' is not a number"));
  CHECK(contains(text, "port: '99999' is above 65535 (from pounce.toml line 1; hint: from 0 to 65535)"));
  CHECK(contains(text, "hostt: is no option (from pounce.toml line 2; hint: did you mean host?)"));
  CHECK(contains(text,
                 "backlog: cannot be a number with a fraction (from pounce.toml line 3; hint: "
                 "write an integer)"));
  CHECK(contains(text,
                 "workers: 'many' is not a number (from pounce.toml line 4; hint: write a "
                 "whole number or auto)"));
}

TEST_CASE("the file: found, named by flag, named by variable, missing, unreadable") {
  Scratch scratch;
  CHECK(served({}).port == 8000);
  scratch.write("pounce.toml", "port = 9000\n");
  CHECK(served({}).port == 9000);
  CHECK(served({}).origin(OptionId::port).text() == "pounce.toml line 1");
  scratch.write("other.toml", "\n\nport = 9001\n");
  CHECK(served({"--config", "other.toml"}).port == 9001);
  CHECK(served({"--config", "other.toml"}).origin(OptionId::port).text() == "other.toml line 3");
  CHECK(served({}, {"POUNCE_CONFIG=other.toml"}).port == 9001);
  CHECK(served({"--config=pounce.toml"}, {"POUNCE_CONFIG=other.toml"}).port == 9000);
  CHECK(refused({"--config", "none.toml"}) ==
        "pounce-async: error: --config: cannot read 'none.toml': No such file or directory (from "
        "command line; hint: looked for in " +
            std::filesystem::current_path().string() + ")\n");
  CHECK(contains(refused({}, {"POUNCE_CONFIG=/"}), "POUNCE_CONFIG: cannot read '/'"));
  CHECK(line_count(refused({"--config="})) == 1);
  scratch.write("large.toml", std::string((1 << 20) + 1, '\n'));
  CHECK(contains(refused({"--config", "large.toml"}), "File too large"));
}

TEST_CASE("types in the file are taken where they fit") {
  Scratch scratch;
  scratch.write("pounce.toml",
                "# a comment\n"
                "target = \"./site\"\n"
                "bind = [\n  \"127.0.0.1:1\",\n  \"unix:/tmp/y\",\n]\n"
                "max_header_size = 70000\n"
                "max_request_size = \"2GiB\"\n"
                "min_rate = 1000\n"
                "workers = 4\n"
                "max_requests_per_connection = \"none\"\n"
                "header_timeout = \"3s\"\n"
                "server_header = \"none\"\n"
                "date_header = false\n");
  const Config config = served({});
  CHECK(config.target == "./site");
  REQUIRE(config.bind.size() == 2);
  CHECK(config.bind[1].text() == "unix:/tmp/y");
  CHECK(config.max_header_size == 70000);
  CHECK(config.max_request_size == 2147483648U);
  CHECK(config.min_rate == 1000);
  CHECK(config.workers == 4U);
  CHECK_FALSE(config.server_header.has_value());
  CHECK_FALSE(config.date_header);

  scratch.write("one.toml", "bind = \"127.0.0.1:7\"\n");
  CHECK(served({"--config", "one.toml"}).bind.size() == 1);

  scratch.write("wrong.toml",
                "host = 5\n"
                "date_header = \"true\"\n"
                "header_timeout = 5\n"
                "port = [80]\n"
                "bind = [1, \"127.0.0.1:8\"]\n"
                "backlog = 2020-01-01\n"
                "server_header = false\n"
                "max_headers = -5\n"
                "max-header-size = 5\n"
                "config = \"x\"\n"
                "max_connections = 0x1_0\n"
                "[limits]\n"
                "port = 1\n");
  const std::string text = refused({"--config", "wrong.toml"});
  CAPTURE(text);
  CHECK(line_count(text) == 11);
  CHECK(contains(text, "host: cannot be an integer (from wrong.toml line 1; hint: write a string)"));
  CHECK(contains(text, "date_header: cannot be a string (from wrong.toml line 2"));
  CHECK(contains(text, "header_timeout: '5' has no unit (from wrong.toml line 3"));
  CHECK(contains(text, "port: cannot be an array (from wrong.toml line 4"));
  CHECK(contains(text, "bind: cannot be an integer (from wrong.toml line 5"));
  CHECK(contains(text, "backlog: cannot be a date or time (from wrong.toml line 6"));
  CHECK(contains(text, "server_header: cannot be a boolean (from wrong.toml line 7"));
  CHECK(contains(text, "max_headers: '-5' has a sign (from wrong.toml line 8"));
  CHECK(contains(text,
                 "max-header-size: is no option (from wrong.toml line 9; hint: did you mean "
                 "max_header_size?)"));
  CHECK(contains(text, "config: cannot stand in a configuration file (from wrong.toml line 10"));
  CHECK(contains(text, "limits: is no option (from wrong.toml line 12"));

  scratch.write("broken.toml", "port = 1\nport = 2\n");
  CHECK(contains(refused({"--config", "broken.toml"}), "(from broken.toml line 2)"));
  scratch.write("syntax.toml", "\nport =\n");
  for (const char* const odd : {"port = [1,}", "[[[a]]]", "[[=", "port = ]", "a = {b = }", "x = [", "= 1"}) {
    CAPTURE(odd);
    scratch.write("odd.toml", odd);
    CHECK(contains(refused({"--config", "odd.toml"}), "no valid TOML: "));
  }
  const std::string syntax = refused({"--config", "syntax.toml"});
  CHECK(contains(syntax, "no valid TOML: "));
  CHECK(contains(syntax, "(from syntax.toml line 2)"));
  CHECK(line_count(syntax) == 1);
}

TEST_CASE("--check hands the configuration to main; all well is said on standard output") {
  const Scratch scratch;
  const Outcome outcome = load({"--check", "--port", "0"});
  CHECK(outcome.next == Outcome::Next::check);
  CHECK(outcome.text == "configuration ok\n");
  CHECK_FALSE(outcome.is_error);
  CHECK(outcome.exit == Exit::clean);
  REQUIRE(outcome.config != nullptr);
  CHECK(outcome.config->port == 0);
  CHECK(contains(refused({"--check", "--port", "x"}), "not a number"));
}

TEST_CASE("--print-config prints values with origins") {
  const Scratch scratch;
  const Outcome outcome = load({"--print-config"}, {"POUNCE_PORT=81"});
  CHECK(outcome.next == Outcome::Next::leave);
  CHECK(outcome.exit == Exit::clean);
  CHECK_FALSE(outcome.is_error);
  CHECK(contains(outcome.text, "environment POUNCE_PORT"));
  CHECK(line_count(refused({"--print-config", "--port", "x"})) == 1);
}

TEST_CASE("--help and --version answer whatever else is wrong") {
  const Scratch scratch;
  for (const char* const help : {"--help", "-h"}) {
    const Outcome outcome = load({help, "--nonsense", "--port", "x"});
    CHECK(outcome.exit == Exit::clean);
    CHECK_FALSE(outcome.is_error);
    CHECK(outcome.text.starts_with("Usage: pounce-async [TARGET] [options]\n"));
  }
  const char* const argv[] = {"pounce-sync", "--version", nullptr};
  const char* const environment[] = {nullptr};
  const Outcome version = pounce::program::load(Program::pounce_sync, 2, argv, environment);
  CHECK(version.exit == Exit::clean);
  CHECK(line_count(version.text) == 10);
  CHECK(version.text.starts_with("pounce-sync   " + std::string(pounce::program::pounce_version()) + "\n"));
  for (const char* const part :
       {"compiler      ", "llhttp        ", "nghttp2       1.", "OpenSSL       3.", "zlib          1.",
        "zstd          1.", "libdeflate    ", "CLI11         2.", "toml++        3."}) {
    CHECK(contains(version.text, part));
  }
}

TEST_CASE("no arguments at all, not even a name, is no crash") {
  const Scratch scratch;
  const char* const nothing[] = {nullptr};
  CHECK(pounce::program::load(Program::pounce_async, 0, nothing, nothing).exit == Exit::clean);
}
