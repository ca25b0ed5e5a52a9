// Signals and the lines a program prints.
#include <doctest/doctest.h>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include <pounce/program/banner.hpp>
#include <pounce/program/load.hpp>
#include <pounce/program/signals.hpp>

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
  started.program = Program::pounce_sync;
  started.workers = 1;
  started.target = {};
  CHECK(start_text(started, Style{})
            .starts_with("pounce-sync 0.1.0: serving a welcome page on http://127.0.0.1:8000 with "
                         "1 worker\n"));
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
  CHECK(drain_text(Program::pounce_async, 3, 10s, Style{}) ==
        "pounce-async: draining 3 connections, for 10s at most\n");
  CHECK(end_text(Ended{Program::pounce_sync, 1, 0}, Style{}) == "pounce-sync: drained, 1 request served\n");
  CHECK(end_text(Ended{Program::pounce_sync, 5, 2}, Style{}) == "pounce-sync: cut 2 connections, 5 requests served\n");
}
