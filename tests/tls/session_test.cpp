// A session behind the filter, in memory: what it tells of handshakes and their failures, and how connections end.
#include <doctest/doctest.h>

#include <pounce/app/application.hpp>
#include <pounce/testing.hpp>
#include <pounce/tls/endpoint.hpp>
#include <pounce/tls/server.hpp>
#include <pounce/tls/settings.hpp>
#include <pounce/tls/ticket_keys.hpp>

#include "tests/server/recorder.hpp"
#include "tests/tls/authority.hpp"
#include "tests/tls/peer.hpp"

#include <chrono>
#include <string>
#include <string_view>

using namespace pounce;
using namespace std::chrono_literals;
using pounce::test::PeerOptions;
using pounce::testing::Recorder;

namespace {

App application() {
  App app;
  app.route("/", [](const Request& request) { return Response::text(std::string{request.scheme()}); });
  app.route("/big", [](const Request&) { return Response::text(std::string(200'000, 'x')); });
  app.route("/stream", [](Exchange& x) -> Task {
    std::string text;
    Received got = co_await x.read();
    for (; got.status() == Status::ok; got = co_await x.read()) text.append(got.bytes());
    if (got.status() == Status::end) (void)x.respond(Response::text(text));
  });
  app.route("/wait", [](Exchange& x) -> Task {
    (void)co_await x.sleep(1s);
    (void)x.respond(Response::text("late"));
  });
  return app;
}

struct Site {
  explicit Site(const tls::Settings& wanted = {}) : server{make(wanted), 10} {}

  Loan<tls::Endpoint> make(tls::Settings settings) {
    const test::Authority authority{"Authority"};
    settings.certificates.push_back(authority.issue({}));
    tls::Problems problems;
    return tls::Endpoint::make(settings, &keys,
                               std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()), problems);
  }

  tls::TicketKeys keys;
  tls::Server server;
  App app = application();
};

// A client at the other end of one connection.
struct Visit {
  Visit(Site& site, const PeerOptions& options = {}) : client{site.app, options_for(site, recorder)}, peer{options} {
    client.open();
  }

  static testing::Options options_for(Site& site, Recorder& recorder) {
    testing::Options options = testing::observed(recorder);
    options.filters = &site.server;
    return options;
  }
  // Bytes go both ways until there are none.
  void exchange() {
    for (int quiet = 0; quiet != 2;) {
      peer.advance();
      const std::string up = peer.take();
      if (!up.empty() && !client.closed()) client.send(up);
      if (!client.closed()) client.run();
      const std::string down = client.take_output();
      peer.give(down);
      quiet = up.empty() && down.empty() ? quiet + 1 : 0;
    }
  }
  void send(std::string_view plaintext) {
    peer.write(plaintext);
    exchange();
  }
  // The transport ends, with the peer's close_notify or without.
  void leave(bool notify) {
    if (client.closed()) return;
    if (notify) peer.close();
    client.send(peer.take());
    client.close_write();
    client.run();
    peer.give(client.take_output());
    peer.advance();
  }

  Recorder recorder;
  testing::Client client;
  test::Peer peer;
};

std::string events_of(Site& site, const PeerOptions& options, auto act) {
  std::string text;
  Recorder* recorder = nullptr;
  Visit visit{site, options};
  recorder = &visit.recorder;
  act(visit);
  visit.client.reset();
  text = recorder->text();
  return text;
}

}  // namespace

TEST_CASE("what was agreed on comes before what is spoken") {
  Site site;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Visit visit{site, {.version = version, .protocols = {"http/1.1"}}};
    visit.exchange();
    visit.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    CHECK(visit.peer.received.ends_with("\r\n\r\nhttps"));
    CHECK(visit.peer.ended);
    visit.leave(true);
    CHECK(visit.client.closed());
    CHECK(visit.recorder.text() == std::string{"opened | established "} +
                                       (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3") +
                                       " | started GET / | completed 200 in 0 out 5 | closed none after 1");
  }
}

TEST_CASE("the last answer and the close_notify behind it are one write") {
  Site site;
  Visit visit{site};
  visit.exchange();
  const std::size_t before = visit.client.writes();
  visit.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(visit.peer.ended);
  CHECK(visit.client.writes() == before + 1);

  Visit long_one{site};
  long_one.exchange();
  long_one.send("GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  CHECK(long_one.peer.received.size() > 200'000);
  CHECK(long_one.peer.ended);
}

TEST_CASE("handshakes that fail say why") {
  tls::Settings fresh;
  fresh.min_version = tls::Version::tls13;
  Site site{fresh};
  const auto shake = [](Visit& visit) { visit.exchange(); };
  CHECK(events_of(site, {.version = TLS1_2_VERSION}, shake) ==
        "opened | TLS failed: no_common_version (unsupported protocol) | closed tls_handshake_failed after 0");
  CHECK(events_of(site, {},
                  [](Visit& visit) {
                    SSL_set_verify(visit.peer.ssl(), SSL_VERIFY_PEER, nullptr);
                    visit.exchange();
                  }) ==
        "opened | TLS failed: peer_refused_certificate (tlsv1 alert unknown ca) | closed tls_handshake_failed after 0");
  CHECK(events_of(site, {}, [](Visit& visit) { visit.client.advance(1min); }) ==
        "opened | TLS failed: timeout | closed tls_handshake_timeout after 0");
  CHECK(events_of(site, {}, [](Visit& visit) { visit.leave(false); }) ==
        "opened | TLS failed: peer_left | closed tls_handshake_failed after 0");
  CHECK(events_of(site, {}, [](Visit& visit) { visit.client.reset(); }) ==
        "opened | TLS failed: peer_left | disconnected | closed connection_reset after 0");
  CHECK(events_of(site, {},
                  [](Visit& visit) {
                    visit.client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                    visit.client.run();
                    CHECK(visit.client.output().starts_with("HTTP/1.1 400 "));
                  }) ==
        "opened | TLS failed: not_tls (the first octet is none of TLS) | disconnected | closed tls_clear_text after 0");
}

TEST_CASE("records that were changed under way end the request that they belong to") {
  Site site;
  CHECK(events_of(site, {},
                  [](Visit& visit) {
                    visit.exchange();
                    visit.send("POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
                    visit.peer.write("56789");
                    std::string sealed = visit.peer.take();
                    sealed.back() = static_cast<char>(sealed.back() ^ 1);
                    visit.client.send(sealed);
                    visit.client.run();
                  }) ==
        "opened | established TLSv1.3 | started POST /stream | "
        "TLS failed: protocol_error (decryption failed or bad record mac) | failed peer_fault tls_failed 0 | "
        "closed tls_failed after 1");
}

TEST_CASE("who leaves without close_notify has cut the connection") {
  Site site;
  const auto after = [&](std::string_view sent, bool notify, const std::string& expected) {
    CAPTURE(sent);
    CAPTURE(notify);
    CHECK(events_of(site, {}, [&](Visit& visit) {
            visit.exchange();
            visit.peer.write(sent);
            visit.leave(notify);
          }) == "opened | established TLSv1.3 | " + expected);
  };
  const std::string_view part = "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234";
  const std::string_view chunk = "POST /stream HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n";
  for (const std::string_view sent : {part, chunk}) {
    after(sent, true, "started POST /stream | failed peer_fault truncated_body 0 | closed truncated_body after 1");
    after(sent, false,
          "started POST /stream | failed peer_fault tls_truncated 0 | disconnected | closed tls_truncated after 1");
  }
  // Its answer is ready, and nobody is there for it.
  const std::string_view slow = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";
  after(slow, true, "started GET /wait | completed 200 in 0 out 4 | closed none after 1");
  after(slow, false, "started GET /wait | completed 200 in 0 out 4 | disconnected | closed tls_truncated after 1");
  // Between requests nobody misses it.
  after("", false, "closed none after 0");
  after("GET / HTTP/1.1\r\nHost: a\r\n\r\n", false, "started GET / | completed 200 in 0 out 5 | closed none after 1");
  after("GET / HTTP/1.1\r\nHo", false, "disconnected | closed truncated_head after 0");
}
