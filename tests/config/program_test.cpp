// Signals and the lines a program prints.
#include <doctest/doctest.h>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include <pounce/program/banner.hpp>
#include <pounce/program/load.hpp>
#include <pounce/program/signals.hpp>

#include "posix/program/operator_pages.hpp"

namespace {

using namespace pounce::program;
using pounce::config::BindAddress;
using pounce::config::parse_bind_address;
using pounce::config::Program;

bool readable(int descriptor) {
  pollfd entry{descriptor, POLLIN, 0};
  return ::poll(&entry, 1, 1000) == 1;
}

}  // namespace

TEST_CASE("a signal makes the descriptor readable and is taken once") {
  Signals signals;
  CHECK(signals.next() == Signal::none);
  ::kill(::getpid(), SIGTERM);
  CHECK(readable(signals.descriptor()));
  CHECK(signals.next() == Signal::terminate);
  CHECK(signals.next() == Signal::none);
  ::kill(::getpid(), SIGINT);
  CHECK(readable(signals.descriptor()));
  CHECK(signals.next() == Signal::interrupt);
}

TEST_CASE("SIGUSR1 asks for new log files") {
  Signals signals;
  ::kill(::getpid(), SIGUSR1);
  CHECK(readable(signals.descriptor()));
  CHECK(signals.next() == Signal::reopen);
}

TEST_CASE("a signal that somebody had us ignore arrives all the same") {
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  struct sigaction before{};
  ::sigaction(SIGTERM, &ignore, &before);
  {
    Signals signals;
    ::kill(::getpid(), SIGTERM);
    CHECK(signals.next() == Signal::terminate);
  }
  ::sigaction(SIGTERM, &before, nullptr);
}

TEST_CASE("a write to a closed pipe is an error, not a death") {
  const Signals signals;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  ::close(ends[0]);
  CHECK(::write(ends[1], "x", 1) == -1);
  print(ends[1], "nobody reads this");
  ::close(ends[1]);
}

TEST_CASE("afterwards SIGPIPE is as before, and a late signal does not kill") {
  {
    const Signals signals;
    ::kill(::getpid(), SIGTERM);
  }
  struct sigaction now{};
  ::sigaction(SIGPIPE, nullptr, &now);
  CHECK((now.sa_handler == SIG_DFL));
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  CHECK(sigismember(&mask, SIGTERM) == 1);
  CHECK(sigismember(&mask, SIGINT) == 1);
}

TEST_CASE("in a log: a plain line per address, with its URL as a word") {
  const BindAddress addresses[] = {*parse_bind_address("127.0.0.1:8000"), *parse_bind_address("[::1]:8000"),
                                   *parse_bind_address("unix:/tmp/p")};
  Started started;
  started.version = "0.1.0";
  started.target = "./libtour.so";
  started.workers = 2;
  started.addresses = addresses;
  CHECK(start_text(started, Style{}) ==
        "pounce-async 0.1.0: serving ./libtour.so on http://127.0.0.1:8000 with 2 reactors\n"
        "pounce-async 0.1.0: serving ./libtour.so on http://[::1]:8000 with 2 reactors\n"
        "pounce-async 0.1.0: serving ./libtour.so on unix:/tmp/p with 2 reactors\n");
  started.admin = std::span{addresses}.first(1);
  CHECK(start_text(started, Style{}).ends_with("pounce-async 0.1.0: for its operator on http://127.0.0.1:8000\n"));
  started.program = Program::pounce_sync;
  started.workers = 1;
  started.target = {};
  CHECK(start_text(started, Style{})
            .starts_with("pounce-sync 0.1.0: serving a welcome page on http://127.0.0.1:8000 with "
                         "1 worker\n"));
  started.processes = true;
  CHECK(start_text(started, Style{}).find(" with 1 worker process\n") != std::string::npos);
  started.workers = 3;
  CHECK(start_text(started, Style{}).find(" with 3 worker processes\n") != std::string::npos);
}

TEST_CASE("on a terminal: a line per URL, colours only if wanted") {
  const BindAddress addresses[] = {*parse_bind_address("127.0.0.1:8000")};
  Started started;
  started.version = "0.1.0";
  started.addresses = addresses;
  const std::string plain = start_text(started, Style{true, false});
  CHECK(plain.find("\n    http://127.0.0.1:8000\n") != std::string::npos);
  CHECK(plain.find('\x1b') == std::string::npos);
  CHECK(start_text(started, Style{true, true}).find('\x1b') != std::string::npos);
  CHECK(url_of(addresses[0], true) == "https://127.0.0.1:8000");
}

TEST_CASE("as JSON: an object per line, with time and state") {
  using namespace std::chrono_literals;
  const Style json{.json = true};
  const pounce::events::WallInstant at{784111777123ms};
  const BindAddress addresses[] = {*parse_bind_address("127.0.0.1:8000"), *parse_bind_address("unix:/tmp/\"p\"")};
  Started started;
  started.version = "0.1.0";
  started.target = "./a\x1b.so";
  started.workers = 2;
  started.addresses = addresses;
  started.at = at;
  CHECK(
      start_text(started, json) ==
      R"({"time":"1994-11-06T08:49:37.123Z","program":"pounce-async","state":"serving","version":"0.1.0","generation":1,)"
      R"("target":"./a\u001b.so","workers":2,"mode":"threads","addresses":["http://127.0.0.1:8000","unix:/tmp/\"p\""],"admin":[]})"
      "\n");
  CHECK(
      drain_text(Draining{Program::pounce_sync, 3, 1500ms, false, at}, json) ==
      R"({"time":"1994-11-06T08:49:37.123Z","program":"pounce-sync","state":"shutting_down","connections":3,"left_ms":1500})"
      "\n");
  CHECK(
      end_text(Ended{Program::pounce_sync, 5, {2, 3, 1}, at}, json) ==
      R"({"time":"1994-11-06T08:49:37.123Z","program":"pounce-sync","state":"stopped","requests":5,"cut":2,"cut_requests":3,"cut_websockets":1})"
      "\n");
  CHECK(
      remark_text(Remark{Program::pounce_sync, "warning", "few\ndescriptors", at}, json) ==
      R"({"time":"1994-11-06T08:49:37.123Z","program":"pounce-sync","level":"warning","message":"few\u000adescriptors"})"
      "\n");
  CHECK(remark_text(Remark{Program::pounce_sync, "warning", "few", at}, Style{}) == "pounce-sync: warning: few\n");
}

TEST_CASE("the format that is asked for, whatever standard error is") {
  const char* const plain[] = {"TERM=xterm", nullptr};
  const char* const colourless[] = {"TERM=xterm", "NO_COLOR=1", nullptr};
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  CHECK(style_of(ends[1], plain, "pretty").terminal);
  CHECK(style_of(ends[1], plain, "pretty").colour);
  CHECK_FALSE(style_of(ends[1], colourless, "pretty").colour);
  CHECK_FALSE(style_of(ends[1], plain, "plain").terminal);
  CHECK(style_of(ends[1], plain, "json").json);
  CHECK_FALSE(style_of(ends[1], plain, "auto").json);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("information about the configuration: paths and texts are redacted, unless they are known to be no secrets") {
  using namespace pounce::config;
  std::vector<Setting> settings;
  for (const char* name :
       {"target", "config", "access_log", "event_log", "static_fallback", "static_not_found", "mime_types"}) {
    settings.push_back({name, "s3cret", Origin::flag()});
  }
  settings.push_back({"static", "/a=s3cret", Origin::flag()});
  settings.push_back({"info_path", "/-/info", Origin::flag()});
  std::erase_if(settings, [](const Setting& setting) { return find(setting.name) == nullptr; });
  REQUIRE(settings.size() >= 8);
  const auto config = freeze(Program::pounce_async, settings);
  REQUIRE(config.has_value());
  const std::string text = public_config_json(**config);
  CHECK(text.find("s3cret") == std::string::npos);
  CHECK(text.find("\"access_log\":\"redacted\"") != std::string::npos);
  CHECK(text.find("\"info_path\":\"/-/info\"") != std::string::npos);
  CHECK(text.find("\"max_connections\":\"10000\"") != std::string::npos);
  CHECK(text.find("\"mime_types\":\"redacted\"") != std::string::npos);
  CHECK(text.find("async_workers") == std::string::npos);
}

TEST_CASE("which addresses other machines can reach") {
  for (const char* here : {"127.0.0.1:1", "127.1.2.3:1", "[::1]:1", "localhost:1", "unix:/x"}) {
    CAPTURE(here);
    CHECK_FALSE(is_reachable_from_outside(*parse_bind_address(here)));
  }
  for (const char* everywhere : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "example.org:1"}) {
    CAPTURE(everywhere);
    CHECK(is_reachable_from_outside(*parse_bind_address(everywhere)));
  }
}

TEST_CASE("no colours without a terminal") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const char* const environment[] = {"TERM=xterm", nullptr};
  CHECK_FALSE(style_of(ends[1], environment).terminal);
  CHECK_FALSE(style_of(ends[1], environment).colour);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("drain and end") {
  using namespace std::chrono_literals;
  CHECK(drain_text(Draining{Program::pounce_async, 3, 10s, true}, Style{}) ==
        "pounce-async: draining 3 connections, for 10s at most\n");
  CHECK(drain_text(Draining{Program::pounce_async, 1, 9s, false}, Style{true}) ==
        "pounce-async: still draining 1 connection, for 9s at most\n");
  CHECK(drain_text(Draining{Program::pounce_async, 1, 9s, true}, Style{true}).find("once more") != std::string::npos);
  CHECK(end_text(Ended{Program::pounce_sync, 1, {}}, Style{}) == "pounce-sync: drained, 1 request served\n");
  CHECK(end_text(Ended{Program::pounce_sync, 5, {2, 0, 0}}, Style{}) ==
        "pounce-sync: cut 2 connections, 5 requests served\n");
  CHECK(end_text(Ended{Program::pounce_sync, 5, {1, 1, 0}}, Style{}) ==
        "pounce-sync: cut 1 connection with 1 request, 5 requests served\n");
  CHECK(cut_text({2, 0, 1}) == "2 connections with 1 WebSocket");
  CHECK(cut_text({3, 4, 2}) == "3 connections with 4 requests and 2 WebSockets");
}
