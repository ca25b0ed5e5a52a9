// Certificates and ticket keys of a program, as time goes on: time is an argument.
#include <doctest/doctest.h>

#include <pounce/config/config.hpp>
#include <pounce/posix/clock.hpp>

#include "posix/program/tls_files.hpp"
#include "tests/tls/peer.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;
using pounce::program::TlsFiles;
using pounce::test::Ends;

namespace {

Owned<TlsFiles> open(const config::Config& config) {
  std::vector<config::Problem> problems;
  std::vector<config::Problem> warnings;
  Owned<TlsFiles> files = TlsFiles::open(config, problems, warnings);
  for (const config::Problem& problem : problems) MESSAGE(problem.message);
  REQUIRE(files);
  return files;
}

config::Config self_signed() {
  config::Config config;
  config.tls_self_signed = true;
  return config;
}

// A client that comes again and again with its last ticket. A resumed connection of TLS 1.2 gets a fresh one when its own was not made
// with the current key.
struct Client {
  struct Saw {
    bool resumed;
    bool fresh_ticket;
    bool operator==(const Saw&) const = default;
  };
  Saw visit(TlsFiles& files) {
    Ends ends{files.filters().accept(), {.version = TLS1_2_VERSION, .session = session.get()}};
    ends.exchange();
    REQUIRE(ends.filter->state() == Filter::State::established);
    ends.peer.close();
    session = ends.peer.session();
    return {ends.filter->agreed().resumed, ends.peer.tickets != 0};
  }
  tls::Handle<SSL_SESSION, SSL_SESSION_free> session;
};

struct Folder {
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pounce-tls-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path); }
  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream{path / (name + ".new"), std::ios::binary} << content;
    std::filesystem::rename(path / (name + ".new"), path / name);  // as whoever rotates it would
    return (path / name).string();
  }
  std::filesystem::path path;
};

}  // namespace

TEST_CASE("ticket keys change with time, and the last four are accepted") {
  config::Config config = self_signed();
  config.tls_ticket_rotation = 1h;
  const Instant start = posix::monotonic_now();
  const Owned<TlsFiles> files = open(config);
  Client client;
  CHECK(client.visit(*files) == Client::Saw{false, true});
  CHECK(files->next() >= start + 1h);
  CHECK_FALSE(files->tend(start + 59min));
  CHECK(client.visit(*files) == Client::Saw{true, false});

  const Client old{tls::Handle<SSL_SESSION, SSL_SESSION_free>{SSL_SESSION_dup(client.session.get())}};
  Instant now = files->next();
  CHECK_FALSE(files->tend(now));  // no file has changed
  CHECK(files->next() == now + 1h);
  CHECK(client.visit(*files) == Client::Saw{true, true});  // by the key before
  CHECK(client.visit(*files) == Client::Saw{true, false});

  // The one that was made at the beginning.
  for (std::size_t age = 1; age < tls::TicketKeys::most; ++age) {
    CAPTURE(age);
    Client late{tls::Handle<SSL_SESSION, SSL_SESSION_free>{SSL_SESSION_dup(old.session.get())}};
    CHECK(late.visit(*files) == Client::Saw{true, true});
    now += 1h;
    (void)files->tend(now);
  }
  Client too_late{tls::Handle<SSL_SESSION, SSL_SESSION_free>{SSL_SESSION_dup(old.session.get())}};
  CHECK(too_late.visit(*files) == Client::Saw{false, true});
}

// As the supervisor of worker processes and two of them have it: only the first one makes keys.
TEST_CASE("a key that one has made opens the tickets of all who are told of it") {
  config::Config config = self_signed();
  config.tls_ticket_rotation = 1h;
  std::vector<config::Problem> problems;
  std::vector<config::Problem> warnings;
  const Owned<TlsFiles> supervisor = open(config);
  const Owned<TlsFiles> one = TlsFiles::open(config, problems, warnings, supervisor.get());
  const Owned<TlsFiles> other = TlsFiles::open(config, problems, warnings, supervisor.get());
  Client client;
  CHECK(client.visit(*one) == Client::Saw{false, true});
  CHECK(client.visit(*other) == Client::Saw{true, false});
  for (std::size_t age = 0; age < tls::TicketKeys::most; ++age) {
    CHECK_FALSE(supervisor->tend(supervisor->next()));
    one->use_ticket_key(supervisor->ticket_key());
    CHECK(client.visit(*one) == Client::Saw{true, true});  // by the key before
    other->use_ticket_key(supervisor->ticket_key());
    CHECK(client.visit(*other) == Client::Saw{true, false});
  }
}

TEST_CASE("as many handshakes as are allowed are under way at a time") {
  const config::Config config = self_signed();
  const Owned<TlsFiles> files = open(config);
  files->allow_handshakes(1);
  const Owned<Filter> first = files->filters().accept();
  CHECK(first);
  CHECK_FALSE(files->filters().accept());
}

TEST_CASE("keys from a file change when the file does, and not with time") {
  const Folder folder;
  const std::string first(80, 'a');
  const std::string second(80, 'b');
  config::Config config = self_signed();
  config.tls_ticket_keys = folder.write("keys", first);
  config.tls_watch = 1min;
  const Instant start = posix::monotonic_now();
  const Owned<TlsFiles> files = open(config);
  Client client;
  CHECK(client.visit(*files) == Client::Saw{false, true});
  CHECK_FALSE(files->tend(start + 100h));
  CHECK(client.visit(*files) == Client::Saw{true, false});

  folder.write("keys", second + first);
  Instant now = files->next();
  CHECK(files->tend(now));
  CHECK(files->reload().back().text == "certificates read again");
  CHECK(client.visit(*files) == Client::Saw{true, true});
  CHECK_FALSE(files->tend(now += 1min));

  folder.write("keys", "torn");
  CHECK(files->tend(now += 1min));
  CHECK(files->reload().back().text == "the certificates stay as they were");
  CHECK(client.visit(*files) == Client::Saw{true, false});

  folder.write("keys", std::string(80, 'c'));
  CHECK(files->tend(now += 1min));
  (void)files->reload();
  CHECK(client.visit(*files) == Client::Saw{false, true});
}
