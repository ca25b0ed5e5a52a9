// What an endpoint is made of: certificates that fit, and what is said of those that do not; names; clients with certificates.
#include "tests/tls/authority.hpp"
#include "tests/tls/peer.hpp"

#include <doctest/doctest.h>

#include <pounce/tls/endpoint.hpp>
#include <pounce/tls/settings.hpp>
#include <pounce/tls/ticket_keys.hpp>

#include <chrono>
#include <memory>

using namespace pounce;
using test::Authority;
using test::Ends;
using test::PeerOptions;

namespace {

WallTime today() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

// All that is said, a line each.
std::string said(const tls::Settings& settings, bool usable) {
  tls::Problems problems;
  const Loan<tls::Endpoint> made = tls::Endpoint::make(settings, nullptr, today(), problems);
  CHECK(static_cast<bool>(made) == usable);
  std::string text;
  for (const tls::Problem& problem : problems)
    text.append(problem.is_warning ? "warning: " : "").append(problem.text).append("\n");
  return text;
}

Loan<tls::Endpoint> make(const tls::Settings& settings, tls::TicketKeys* keys = nullptr) {
  tls::Problems problems;
  Loan<tls::Endpoint> made = tls::Endpoint::make(settings, keys, today(), problems);
  for (const tls::Problem& problem : problems) MESSAGE(problem.text);
  REQUIRE(made);
  return made;
}

const Authority& authority() {
  static const Authority one{"Authority"};
  return one;
}

tls::Settings with(tls::Certificate certificate) {
  tls::Settings settings;
  settings.certificates.push_back(std::move(certificate));
  return settings;
}

}  // namespace

TEST_CASE("certificates that do not fit are told from one another") {
  const tls::Certificate good = authority().issue({});
  CHECK(said(with(good), true).empty());
  CHECK(said({}, false) == "there is no certificate\n");

  tls::Certificate other = good;
  other.key = authority().issue({.subject = "other"}).key;
  CHECK(said(with(other), false) == "other.key: is not the key of localhost.pem (key values mismatch)\n");

  tls::Certificate broken = good;
  broken.chain.bytes = "# a comment\n\n" + good.chain.bytes;
  broken.chain.bytes[good.chain.bytes.size() / 2] = '!';
  CHECK(said(with(broken), false) == "localhost.pem:3: bad base64 decode\n");

  tls::Certificate none = good;
  none.chain.bytes = "nothing\n";
  none.key.bytes.clear();
  CHECK(said(with(none), false) ==
        "localhost.pem: holds no certificate in PEM\nlocalhost.key: holds no private key in PEM\n");
}

TEST_CASE("a chain is complete and in order") {
  const Authority below = authority().subordinate("Below");
  tls::Certificate chained = below.issue({});
  const std::string own = chained.chain.bytes;
  chained.chain.bytes = own + below.certificate();
  CHECK(said(with(chained), true).empty());
  chained.chain.bytes = own + below.certificate() + authority().certificate();
  CHECK(said(with(chained), true).empty());
  chained.chain.bytes = own + authority().certificate() + below.certificate();
  CHECK(said(with(chained), false) ==
        "localhost.pem: certificate 2 (CN=Authority) did not issue the one before it (CN=localhost); the server's own "
        "comes first, then each issuer\n");
}

TEST_CASE("dates are warned of") {
  CHECK(said(with(authority().issue({.until = -60})), true).starts_with("warning: localhost.pem: expired at 20"));
  CHECK(said(with(authority().issue({.until = 86400})), true).starts_with("warning: localhost.pem: expires at 20"));
  CHECK(said(with(authority().issue({.from = 86400})), true).find("on, not yet") != std::string::npos);
}

TEST_CASE("an encrypted key needs its passphrase") {
  tls::Certificate certificate = authority().issue({});
  certificate.key.bytes = test::encrypt_key(certificate.key.bytes, "open sesame");
  CHECK(said(with(certificate), false) == "localhost.key:1: the key is encrypted and there is no passphrase\n");
  certificate.passphrase = "wrong";
  CHECK(said(with(certificate), false).starts_with("localhost.key:1: the passphrase does not open the key ("));
  certificate.passphrase = "open sesame";
  CHECK(said(with(certificate), true).empty());
}

TEST_CASE("lists that OpenSSL does not know, authorities and staples that are none") {
  tls::Settings settings = with(authority().issue({}));
  settings.ciphers = "NO-SUCH";
  settings.groups = "P-999";
  settings.client_auth = tls::ClientAuth::request;
  settings.client_ca = {"ca.pem", "empty"};
  settings.certificates[0].staple = {"staple.der", "junk"};
  settings.certificates[0].names = "a..b ok.example.org";
  const std::string text = said(settings, false);
  CAPTURE(text);
  CHECK(text.find("\"NO-SUCH\": no cipher match\n") != std::string::npos);
  CHECK(text.find("\"P-999\" holds a group that OpenSSL does not know\n") != std::string::npos);
  CHECK(text.find("ca.pem: holds no certificate in PEM\n") != std::string::npos);
  CHECK(text.find("staple.der: is no OCSP response in DER (") != std::string::npos);
  CHECK(text.find("\"a..b\" is neither a host name nor one with *. in front\n") != std::string::npos);
}

TEST_CASE("names choose certificates") {
  tls::Settings settings = with(authority().issue({.subject = "default", .names = "DNS:default.org"}));
  const auto add = [&](const char* subject, const char* names) {
    tls::Certificate one = authority().issue({.subject = subject, .names = "DNS:unused.org"});
    one.names = names;
    settings.certificates.push_back(one);
  };
  add("exact", "a.example.org b.example.org");
  add("wild", "*.example.org");
  settings.certificates.push_back(authority().issue({.subject = "san", .names = "DNS:san.org,DNS:*.san.org"}));
  const auto shown = [&](const char* name) {
    Ends ends{make(settings)->accept(), {.server_name = name}};
    ends.exchange();
    return ends.filter->state() == Filter::State::established ? ends.peer.server_subject() : ends.peer.failure;
  };
  CHECK(shown("") == "CN=default");
  CHECK(shown("default.org") == "CN=default");
  CHECK(shown("a.example.org") == "CN=exact");
  CHECK(shown("B.EXAMPLE.org") == "CN=exact");
  CHECK(shown("a.example.org.") == "CN=exact");
  CHECK(shown("c.example.org") == "CN=wild");
  CHECK(shown("c.d.example.org") == "CN=default");
  CHECK(shown("example.org") == "CN=default");
  CHECK(shown("san.org") == "CN=san");
  CHECK(shown("x.san.org") == "CN=san");
  CHECK(shown("unknown.org") == "CN=default");
  CHECK(shown("unused.org") == "CN=default");
  settings.reject_unknown_names = true;
  CHECK(shown("unknown.org") == "tlsv1 unrecognized name");
  CHECK(shown("default.org") == "CN=default");
  CHECK(shown("") == "CN=default");
  CHECK(shown("c.example.org") == "CN=wild");

  add("again", "a.example.org");
  CHECK(said(settings, false) == "\"a.example.org\" has a certificate already\n");
}

TEST_CASE("clients with and without certificates") {
  const Authority wrong{"Wrong"};
  tls::TicketKeys keys;
  tls::Settings settings = with(authority().issue({}));
  settings.client_ca = authority().text();
  const tls::Certificate alice = authority().issue({.subject = "Älice", .names = "DNS:alice.org,email:a@alice.org"});
  const tls::Certificate late = authority().issue({.subject = "late", .until = -60});
  const tls::Certificate stranger = wrong.issue({.subject = "stranger"});
  const tls::Certificate nobody;

  const auto visit = [&](const tls::Certificate& client, int version, SSL_SESSION* session = nullptr) {
    auto ends = std::make_unique<Ends>(
        make(settings, &keys)->accept(),
        PeerOptions{
            .version = version, .session = session, .certificate = client.chain.bytes, .key = client.key.bytes});
    ends->exchange();
    return ends;
  };
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    settings.client_auth = tls::ClientAuth::none;
    CHECK(visit(alice, version)->filter->agreed().client_subject.empty());

    settings.client_auth = tls::ClientAuth::request;
    CHECK(visit(nobody, version)->filter->state() == Filter::State::established);
    CHECK(visit(nobody, version)->filter->agreed().client_verdict.empty());
    {
      const auto ends = visit(alice, version);
      REQUIRE(ends->filter->state() == Filter::State::established);
      CHECK(ends->filter->agreed().client_subject == "CN=Älice");
      CHECK(ends->filter->agreed().client_names == "DNS:alice.org, email:a@alice.org");
      CHECK(ends->filter->agreed().client_verdict == "ok");
      const auto session = ends->peer.session();
      const auto again = visit(alice, version, session.get());
      CHECK(again->filter->agreed().resumed);
      CHECK(again->filter->agreed().client_subject == "CN=Älice");
      CHECK(again->filter->agreed().client_verdict == "ok");
    }
    CHECK(visit(late, version)->filter->agreed().client_verdict == "certificate has expired");
    CHECK(visit(stranger, version)->filter->agreed().client_verdict != "ok");
    CHECK(visit(stranger, version)->filter->agreed().client_subject == "CN=stranger");

    settings.client_auth = tls::ClientAuth::require;
    CHECK(visit(alice, version)->filter->agreed().client_verdict == "ok");
    CHECK(visit(nobody, version)->filter->words() == "peer did not return a certificate");
    CHECK(visit(late, version)->filter->words() == "certificate verify failed");
    CHECK(visit(stranger, version)->filter->fault() == Fault::tls_handshake_failed);
  }
}

// Servers with the same ticket keys need not trust the same clients.
TEST_CASE("a ticket is no way around a client's certificate") {
  const Authority others{"Others"};
  tls::TicketKeys keys;
  const tls::Settings open = with(authority().issue({}));
  tls::Settings closed = open;
  closed.client_ca = authority().text();
  closed.client_auth = tls::ClientAuth::require;
  tls::Settings asking = closed;
  asking.client_auth = tls::ClientAuth::request;
  tls::Settings elsewhere = closed;
  elsewhere.client_ca = others.text();
  const tls::Certificate alice = authority().issue({.subject = "alice"});
  const tls::Certificate nobody;
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    const auto visit = [&](const tls::Settings& settings, const tls::Certificate& client, SSL_SESSION* session) {
      // A copy: a session of a connection that was cut is not shown again.
      const tls::Handle<SSL_SESSION, SSL_SESSION_free> shown{session == nullptr ? nullptr : SSL_SESSION_dup(session)};
      auto ends = std::make_unique<Ends>(
          make(settings, &keys)->accept(),
          PeerOptions{
              .version = version, .session = shown.get(), .certificate = client.chain.bytes, .key = client.key.bytes});
      ends->exchange();
      return ends;
    };
    const auto session_of = [&](const tls::Settings& settings, const tls::Certificate& client) {
      const auto ends = visit(settings, client, nullptr);
      REQUIRE(ends->filter->state() == Filter::State::established);
      ends->peer.close();
      return ends->peer.session();
    };
    const auto from_open = session_of(open, nobody);
    CHECK(visit(closed, nobody, from_open.get())->filter->failure() == TlsFailure::client_certificate);
    CHECK_FALSE(visit(closed, alice, from_open.get())->filter->agreed().resumed);
    const auto from_asking = session_of(asking, nobody);
    CHECK(visit(closed, nobody, from_asking.get())->filter->failure() == TlsFailure::client_certificate);
    const auto from_closed = session_of(closed, alice);
    CHECK(visit(elsewhere, alice, from_closed.get())->filter->failure() == TlsFailure::client_certificate);
    CHECK(visit(closed, nobody, from_closed.get())->filter->agreed().resumed);
    CHECK(visit(closed, nobody, from_closed.get())->filter->agreed().client_subject == "CN=alice");
  }
}

TEST_CASE("why a handshake failed, as it is counted") {
  const tls::Settings plain = with(authority().issue({}));
  const auto failure = [](const tls::Settings& settings, const PeerOptions& options, auto prepare) {
    Ends ends{make(settings)->accept(), options};
    prepare(ends);
    ends.exchange();
    REQUIRE(ends.filter->state() == Filter::State::failed);
    return std::string{name(ends.filter->failure())} + ": " + std::string{ends.filter->words()};
  };
  const auto nothing = [](Ends&) {};
  const auto believe_nobody = [](Ends& ends) { SSL_set_verify(ends.peer.ssl(), SSL_VERIFY_PEER, nullptr); };
  const auto give_up = [](Ends& ends) {
    ends.peer.advance();
    ends.give(ends.peer.take());
    ends.give(Bytes{"\x15\x03\x03\x00\x02\x02\x5a", 7});  // user_canceled, as if it were fatal
  };
  const auto babble = [](Ends& ends) { ends.give(Bytes{"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", 10}); };
  const auto stutter = [](Ends& ends) { ends.give(Bytes{"\x16\x00\x00\x00\x05\x01\x00\x00\x01\x00", 10}); };
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    CAPTURE(version);
    const PeerOptions peer{.version = version};
    CHECK(failure(plain, peer, believe_nobody).starts_with("peer_refused_certificate: "));
    tls::Settings settings = plain;
    settings.client_ca = authority().text();
    settings.client_auth = tls::ClientAuth::require;
    CHECK(failure(settings, peer, nothing) == "client_certificate: peer did not return a certificate");
    settings = plain;
    settings.reject_unknown_names = true;
    CHECK(failure(settings, {.version = version, .server_name = "unknown.org"}, nothing).starts_with("unknown_name: "));
    CHECK(failure(plain, {.version = version, .protocols = {"spdy/3"}}, nothing).starts_with("no_common_protocol: "));
  }
  const PeerOptions old{.version = TLS1_2_VERSION};
  CHECK(failure(plain, old, give_up).starts_with("peer_alert: "));
  CHECK(failure(plain, old, babble).starts_with("protocol_error: "));
  CHECK(failure(plain, old, stutter).starts_with("protocol_error: "));
  CHECK(failure(plain, {.version = TLS1_2_VERSION, .ciphers = "ECDHE-RSA-AES128-GCM-SHA256"}, nothing) ==
        "no_common_cipher: no shared cipher");
  tls::Settings fresh = plain;
  fresh.min_version = tls::Version::tls13;
  CHECK(failure(fresh, old, nothing) == "no_common_version: unsupported protocol");
}

TEST_CASE("a self-signed certificate is good for localhost") {
  const tls::SelfSigned made = tls::make_self_signed();
  CHECK(made.fingerprint.size() == 95);
  CHECK(said(with(made.certificate), true).empty());
  Ends ends{make(with(made.certificate))->accept(), {.server_name = "localhost"}};
  ends.exchange();
  CHECK(ends.peer.server_subject() == "CN=localhost");
}
