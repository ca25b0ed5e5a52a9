// The filter between a peer (OpenSSL by itself) and a plain text: handshake, records, ends.
#include "tests/tls/authority.hpp"
#include "tests/tls/peer.hpp"
#include "tests/tls/record_forge.hpp"

#include <doctest/doctest.h>

#include <pounce/tls/endpoint.hpp>
#include <pounce/tls/server.hpp>
#include <pounce/tls/settings.hpp>
#include <pounce/tls/ticket_keys.hpp>

#include <array>
#include <chrono>

using namespace pounce;
using test::Ends;
using test::PeerOptions;

namespace {

Loan<tls::Endpoint> endpoint(tls::TicketKeys* keys = nullptr, tls::Settings settings = {}) {
  static const tls::SelfSigned own = tls::make_self_signed();
  if (settings.certificates.empty()) settings.certificates.push_back(own.certificate);
  tls::Problems problems;
  const WallTime today = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  Loan<tls::Endpoint> made = tls::Endpoint::make(settings, keys, today, problems);
  for (const tls::Problem& problem : problems) MESSAGE(problem.text);
  REQUIRE(made);
  return made;
}

std::string numbers(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

}  // namespace

TEST_CASE("a handshake, and data both ways, in both versions") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Ends ends{endpoint()->accept(), {.version = version, .server_name = "localhost", .protocols = {"http/1.1"}}};
    CHECK(ends.filter->state() == Filter::State::handshaking);
    ends.exchange();
    REQUIRE(ends.filter->state() == Filter::State::established);
    const Agreed& agreed = ends.filter->agreed();
    CHECK(agreed.version == (version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3"));
    CHECK(agreed.protocol == "http/1.1");
    CHECK(agreed.server_name == "localhost");
    CHECK_FALSE(agreed.cipher.empty());
    CHECK_FALSE(agreed.resumed);
    ends.peer.write("GET / HTTP/1.1\r\n\r\n");
    ends.exchange();
    CHECK(ends.received == "GET / HTTP/1.1\r\n\r\n");
    ends.send("HTTP/1.1 200 OK\r\n\r\n");
    ends.exchange();
    CHECK(ends.peer.received == "HTTP/1.1 200 OK\r\n\r\n");
  }
}

TEST_CASE("a handshake and a request that come in pieces are the same handshake and request") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const std::size_t piece : {1, 2, 3, 5, 6, 100, 517}) {
      Ends ends{endpoint()->accept(), {.version = version}};
      for (int turn = 0; turn < 4; ++turn) {
        ends.peer.advance();
        if (ends.peer.established() && turn < 3) ends.peer.write("one request");
        ends.give(ends.peer.take(), piece);
        ends.peer.give(ends.take_wire());
      }
      CAPTURE(piece);
      REQUIRE(ends.filter->state() == Filter::State::established);
      CHECK(ends.received.find("one request") == 0);
    }
  }
}

TEST_CASE("every split of the ciphertext gives the same plaintext") {
  // The records are sealed once per split: a filter cannot be rewound.
  const std::string text = numbers(300);
  const auto sealed_size = [&] {
    Ends ends{endpoint()->accept()};
    ends.exchange();
    ends.peer.write(Bytes{text}.substr(0, 100));
    ends.peer.write(Bytes{text}.substr(100));
    ends.peer.close();
    return ends.peer.take().size();
  }();
  for (std::size_t cut = 0; cut <= sealed_size; cut += cut < 40 ? 1 : 13) {
    Ends ends{endpoint()->accept()};
    ends.exchange();
    ends.peer.write(Bytes{text}.substr(0, 100));
    ends.peer.write(Bytes{text}.substr(100));
    ends.peer.close();
    const std::string sealed = ends.peer.take();
    ends.give(Bytes{sealed}.substr(0, cut));
    CHECK(ends.filter->state() == (cut == sealed.size() ? Filter::State::ended : Filter::State::established));
    ends.give(Bytes{sealed}.substr(cut));
    CAPTURE(cut);
    CHECK(ends.received == text);
    CHECK(ends.filter->state() == Filter::State::ended);
  }
}

TEST_CASE("plaintext that does not fit waits, and the ciphertext behind it too") {
  for (const std::size_t space : {1, 7, 4096, 16384, 16385}) {
    Ends ends{endpoint()->accept()};
    ends.exchange();
    const std::string text = numbers(40000);
    ends.peer.write(text);
    const std::string sealed = ends.peer.take();
    ends.give(sealed, sealed.size(), space);
    CAPTURE(space);
    CHECK(ends.received == text);
    CHECK_FALSE(ends.filter->has_more());
  }
}

TEST_CASE("an answer begins in small records and goes on in large ones; after a rest it begins again") {
  Ends ends{endpoint()->accept()};
  ends.exchange();
  ends.peer.records.clear();
  const Instant start{std::chrono::seconds{100}};
  const std::string text = numbers(100000);
  ends.send(text, start);
  ends.exchange();
  CHECK(ends.peer.received == text);
  REQUIRE(ends.peer.records.size() > 11);
  const std::size_t overhead = 17;  // inner type and tag
  for (std::size_t i = 0; i < 10; ++i) CHECK(ends.peer.records[i] == 1300 + overhead);
  CHECK(ends.peer.records[10] == 16320 + overhead);

  ends.peer.records.clear();
  ends.send(text, start + std::chrono::milliseconds{900});
  ends.exchange();
  CHECK(ends.peer.records.front() == 16320 + overhead);

  ends.peer.records.clear();
  ends.send(text, start + std::chrono::seconds{3});
  ends.exchange();
  CHECK(ends.peer.records.front() == 1300 + overhead);
}

TEST_CASE("slices that lie apart share a record, however they are cut") {
  const std::string text = numbers(30000);
  for (const std::size_t piece : {1, 100, 1299, 1300, 1301, 16319, 16320, 16321, 29999}) {
    Ends ends{endpoint()->accept()};
    ends.exchange();
    ends.peer.records.clear();
    Bytes rest = text;
    std::size_t calls = 0;
    while (!rest.empty()) {
      std::array<Bytes, 16> slices;
      std::size_t count = 0;
      for (Bytes left = rest; count != slices.size() && !left.empty(); ++count) {
        slices[count] = left.substr(0, count == 0 ? piece : 997);
        left.remove_prefix(slices[count].size());
      }
      const std::size_t sealed = ends.filter->send({slices.data(), count}, Instant{}, ends.wire);
      REQUIRE(sealed != 0);
      rest.remove_prefix(sealed);
      ++calls;
    }
    ends.exchange();
    CAPTURE(piece);
    CHECK(ends.peer.received == text);
    // No slice makes a record of its own but the last of a call.
    CHECK(ends.peer.records.size() <= 10 + calls + text.size() / 1300);
  }
}

TEST_CASE("close_notify is said once, and the peer's is seen") {
  Ends ends{endpoint()->accept()};
  ends.exchange();
  ends.send("bye");
  ends.filter->send_close(ends.wire);
  ends.filter->send_close(ends.wire);
  CHECK(ends.filter->send(std::array<Bytes, 1>{"more"}, Instant{}, ends.wire) == 0);
  ends.peer.give(ends.take_wire());
  ends.peer.advance();
  CHECK(ends.peer.received == "bye");
  CHECK(ends.peer.ended);
  // What the peer still sends is still received: each side ends for itself.
  ends.peer.write("late");
  ends.peer.close();
  ends.give(ends.peer.take());
  CHECK(ends.received == "late");
  CHECK(ends.filter->state() == Filter::State::ended);
  ends.filter->receive_end();
  CHECK(ends.filter->fault() == Fault::none);
}

TEST_CASE("a connection that ends without close_notify was cut") {
  Ends ends{endpoint()->accept()};
  ends.exchange();
  ends.filter->receive_end();
  CHECK(ends.filter->state() == Filter::State::failed);
  CHECK(ends.filter->fault() == Fault::tls_truncated);
}

TEST_CASE("what is no TLS at all") {
  Ends clear{endpoint()->accept()};
  clear.give("GET / HTTP/1.1\r\n\r\n");
  CHECK(clear.filter->fault() == Fault::tls_clear_text);
  CHECK(clear.take_wire().empty());
  Ends noise{endpoint()->accept()};
  noise.give(Bytes{"\x80\x2e\x01\x00\x02", 5});
  CHECK(noise.filter->fault() == Fault::tls_handshake_failed);
  CHECK(noise.filter->failure() == TlsFailure::not_tls);
  Ends gone{endpoint()->accept()};
  gone.filter->receive_end();
  CHECK(gone.filter->fault() == Fault::tls_handshake_failed);
  CHECK(gone.filter->failure() == TlsFailure::peer_left);
}

TEST_CASE("a changed octet ends the connection with an alert, and nothing of the record is seen") {
  Ends ends{endpoint()->accept()};
  ends.exchange();
  ends.peer.write("first");
  ends.give(ends.peer.take());
  ends.peer.write("second");
  std::string sealed = ends.peer.take();
  sealed[sealed.size() / 2] = static_cast<char>(sealed[sealed.size() / 2] ^ 1);
  ends.give(sealed);
  CHECK(ends.received == "first");
  CHECK(ends.filter->state() == Filter::State::failed);
  CHECK(ends.filter->fault() == Fault::tls_failed);
  CHECK(ends.filter->words() == "decryption failed or bad record mac");
  CHECK(ends.filter->failure() == TlsFailure::protocol_error);
  ends.peer.give(ends.take_wire());
  ends.peer.advance();
  CHECK(ends.peer.failure == "sslv3 alert bad record mac");
}

TEST_CASE("old versions and foreign protocols are refused with the alert for it") {
  Ends old{endpoint(nullptr,
                    [] {
                      tls::Settings settings;
                      settings.min_version = tls::Version::tls13;
                      return settings;
                    }())
               ->accept(),
           {.version = TLS1_2_VERSION}};
  old.exchange();
  CHECK(old.filter->fault() == Fault::tls_handshake_failed);
  CHECK(old.filter->words() == "unsupported protocol");
  CHECK(old.filter->failure() == TlsFailure::no_common_version);
  CHECK(old.peer.failure == "tlsv1 alert protocol version");

  Ends foreign{endpoint()->accept(), {.protocols = {"spdy/3"}}};
  foreign.exchange();
  CHECK(foreign.filter->fault() == Fault::tls_handshake_failed);
  CHECK(foreign.filter->failure() == TlsFailure::no_common_protocol);
  CHECK(foreign.peer.failure == "tlsv1 alert no application protocol");

  Ends silent{endpoint()->accept()};
  silent.exchange();
  CHECK(silent.filter->state() == Filter::State::established);
  CHECK(silent.filter->agreed().protocol.empty());
  CHECK(silent.peer.tickets == 0);  // there are no keys
}

TEST_CASE("the server's order of protocols counts") {
  Ends both{endpoint()->accept(), {.protocols = {"http/1.1", "h2"}}};
  both.exchange();
  CHECK(both.filter->agreed().protocol == "h2");
}

TEST_CASE("a peer that renegotiates is refused") {
  Ends ends{endpoint()->accept(), {.version = TLS1_2_VERSION}};
  ends.exchange();
  REQUIRE(ends.filter->state() == Filter::State::established);
  SSL_renegotiate(ends.peer.ssl());
  (void)SSL_do_handshake(ends.peer.ssl());
  ends.give(ends.peer.take());
  const std::string answer = ends.take_wire();
  CHECK(answer.size() < 64);  // a warning: no_renegotiation
  CHECK(ends.received.empty());
}

// Each is answered with a warning, also to who does not read. OpenSSL's client gives up at the first: these records are made by hand.
TEST_CASE("a peer that asks for renegotiation without end is let go") {
  Ends ends{endpoint()->accept(), {.version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"}};
  ends.exchange();
  REQUIRE(ends.filter->state() == Filter::State::established);
  test::RecordForge forge{ends.peer};
  std::size_t asked = 0;
  for (; asked != 1000 && ends.filter->state() == Filter::State::established; ++asked)
    ends.give(forge.seal(SSL3_RT_HANDSHAKE, Bytes{"\x01\x00\x00\x00", 4}));  // the head of a ClientHello
  CHECK(asked == 32);
  CHECK(ends.filter->fault() == Fault::tls_failed);
  CHECK(ends.filter->failure() == TlsFailure::protocol_error);
  CHECK(ends.filter->words() == "too many renegotiations");
  CHECK(ends.take_wire().size() < 32 * 64);
}

TEST_CASE("a few key updates are obeyed, a flood is not") {
  Ends ends{endpoint()->accept()};
  ends.exchange();
  for (int i = 0; i < 20; ++i) {
    ends.peer.update_key();
    ends.peer.write("x");
    ends.exchange();
  }
  CHECK(ends.filter->state() == Filter::State::established);
  CHECK(ends.received.size() == 20);
  for (int i = 0; i < 20; ++i) {
    ends.peer.update_key();
    ends.peer.write("x");
    ends.give(ends.peer.take());
  }
  CHECK(ends.filter->fault() == Fault::tls_failed);
  CHECK(ends.filter->words() == "too many key updates");
}

TEST_CASE("what a peer asks for behind the end of what is sent is heard, and not answered") {
  Ends ends{endpoint()->accept()};
  ends.exchange();
  ends.filter->send_close(ends.wire);
  ends.wire.finish();
  (void)ends.take_wire();
  ends.peer.update_key();
  ends.peer.write("x");
  ends.give(ends.peer.take());
  CHECK(ends.received == "x");
  CHECK(ends.wire.empty());
  CHECK(ends.filter->state() == Filter::State::established);
}

TEST_CASE("tickets resume a connection, as long as their key is known") {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    tls::TicketKeys keys;
    const Loan<tls::Endpoint> server = endpoint(&keys);
    const auto visit = [&](SSL_SESSION* session) {
      Ends ends{server->accept(), {.version = version, .session = session}};
      ends.exchange();
      REQUIRE(ends.filter->state() == Filter::State::established);
      CHECK(ends.filter->agreed().resumed == (SSL_session_reused(ends.peer.ssl()) == 1));
      ends.peer.close();  // a session of a connection that was cut is not resumed
      return std::pair{ends.filter->agreed().resumed, ends.peer.session()};
    };
    auto [fresh, session] = visit(nullptr);
    CHECK_FALSE(fresh);
    CHECK(visit(session.get()).first);
    keys.rotate();
    auto [resumed, renewed] = visit(session.get());
    CHECK(resumed);  // by the older key
    for (std::size_t i = 1; i < tls::TicketKeys::most; ++i) keys.rotate();
    CHECK_FALSE(visit(session.get()).first);
    CHECK(visit(renewed.get()).first);  // its ticket was made with a later key

    // A fleet with one file of keys: another endpoint, the same tickets.
    tls::TicketKeys one;
    tls::TicketKeys other;
    const std::string shared = numbers(160);
    CHECK(one.replace(shared));
    CHECK(other.replace(shared));
    Ends here{endpoint(&one)->accept(), {.version = version}};
    here.exchange();
    const auto ticket = here.peer.session();
    Ends there{endpoint(&other)->accept(), {.version = version, .session = ticket.get()}};
    there.exchange();
    CHECK(there.filter->agreed().resumed);
  }
  tls::TicketKeys keys;
  CHECK(tls::TicketKeys::fault_of("short") == "holds 5 bytes; it takes one to 4 keys of 80 random bytes each");
  CHECK_FALSE(keys.replace("short"));
  CHECK_FALSE(keys.replace(numbers(400)));
}

// A client shows a ticket of TLS 1.3 once (RFC 8446, appendix C.4): without a fresh one the connection after the next is no resumption.
TEST_CASE("a resumed connection of TLS 1.3 gets one fresh ticket, of TLS 1.2 none while its key is current") {
  struct Row {
    int version;
    std::size_t at_first;
    std::size_t resumed;
    std::size_t by_an_older_key;
  };
  for (const Row& row : {Row{TLS1_2_VERSION, 1, 0, 1}, Row{TLS1_3_VERSION, 2, 1, 1}}) {
    CAPTURE(row.version);
    tls::TicketKeys keys;
    const Loan<tls::Endpoint> server = endpoint(&keys);
    tls::Handle<SSL_SESSION, SSL_SESSION_free> session;
    const auto visit = [&] {
      Ends ends{server->accept(), {.version = row.version, .session = session.get()}};
      ends.exchange();
      CHECK(ends.filter->agreed().resumed == (session != nullptr));
      ends.peer.close();
      session = ends.peer.session();
      return ends.peer.tickets;
    };
    CHECK(visit() == row.at_first);
    for (int i = 0; i < 3; ++i) CHECK(visit() == row.resumed);
    keys.rotate();
    CHECK(visit() == row.by_an_older_key);
    CHECK(visit() == row.resumed);
  }
}

TEST_CASE("a server exchanges its endpoint under way and bounds the handshakes") {
  test::Authority authority{"Authority"};
  const auto named = [&](const char* subject) {
    tls::Settings settings;
    settings.certificates.push_back(authority.issue({.subject = subject}));
    return endpoint(nullptr, settings);
  };
  tls::Server server{named("old"), 2};
  Ends first{server.accept()};
  server.use(named("new"));
  Ends second{server.accept()};
  CHECK(server.handshakes() == 2);
  CHECK_FALSE(server.accept());
  CHECK(server.handshakes() == 2);
  first.exchange();
  CHECK(first.peer.server_subject() == "CN=old");  // it keeps what it began with
  CHECK(server.handshakes() == 1);
  second.give("GET / HTTP/1.1\r\n");
  CHECK(server.handshakes() == 0);
  Ends third{server.accept()};
  third.exchange();
  CHECK(third.peer.server_subject() == "CN=new");
  {
    const Owned<Filter> abandoned = server.accept();
    CHECK(server.handshakes() == 1);
  }
  CHECK(server.handshakes() == 0);
}
