// The opening handshake: rows of requests with their verdicts, subprotocols, offers of permessage-deflate with their answers.
#include "protocol/ws/sha1.hpp"

#include <doctest/doctest.h>

#include <pounce/core/output.hpp>
#include <pounce/h1/connection.hpp>
#include <pounce/ws/extensions.hpp>
#include <pounce/ws/handshake.hpp>

#include <set>
#include <string>
#include <vector>

using namespace pounce;

namespace {

constexpr std::string_view sample_key = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455, section 1.3

std::string request(std::string_view changed) {
  return "GET /chat HTTP/1.1\r\nHost: a.example\r\n" + std::string(changed) + "\r\n";
}
std::string usual(std::string_view more = {}) {
  return request("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + std::string(sample_key) +
                 "\r\nSec-WebSocket-Version: 13\r\n" + std::string(more));
}
std::string with(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

// A request as a server has it.
struct Asked {
  explicit Asked(std::string text) : input(std::move(text)) {
    (void)connection.receive(input, now, events, output);
    REQUIRE(!events.empty());
    const auto* found = std::get_if<event::Request>(events.begin());
    REQUIRE(found != nullptr);
    head = found->head;
    stream = found->stream;
    fault = ws::read_opening(*head, opening);
  }

  std::string input;
  h1::Limits limits;
  Instant now{};
  h1::Connection connection{limits, now};
  Events events;
  Output output;
  const RequestHead* head = nullptr;
  StreamId stream{};
  ws::Opening opening;
  Fault fault = Fault::none;
};

std::string text_of(const Output& output) {
  std::array<Bytes, 8> slices;
  std::string text;
  for (std::size_t i = 0, count = output.gather(slices); i < count; ++i) text += slices[i];
  return text;
}

std::string hexadecimal(Bytes bytes) {
  std::string text;
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4U];
    text += "0123456789abcdef"[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}
std::string digest(Bytes message) {
  const ws::Sha1 found = ws::sha1(message);
  return hexadecimal({found.data(), found.size()});
}

// The answer to offers; empty when there is none.
std::string answer(std::vector<std::string_view> offers, const ws::DeflateWishes& wishes = {}) {
  std::vector<Field> fields;
  for (const std::string_view offer : offers) fields.push_back({"sec-websocket-extensions", offer});
  const auto agreement = ws::DeflateAgreement::of(fields, wishes);
  return agreement ? std::string(agreement->answer()) : "";
}

bool valid(std::string_view extensions) {
  const Field field{"Sec-WebSocket-Extensions", extensions};
  return ws::are_extensions_valid({&field, 1});
}

}  // namespace

TEST_CASE("SHA-1: the standard's examples, and every length around the border of a block") {
  CHECK(digest("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  CHECK(digest("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  CHECK(digest(std::string(55, 'a')) == "c1c8bbdc22796e28c0e15163d20899b65621d65a");
  CHECK(digest(std::string(56, 'a')) == "c2db330f6083854c99d4b5bfb6e8f29f201be699");
  CHECK(digest(std::string(63, 'a')) == "03f09f5b158a7a8cdad920bddc29b81c18a551f5");
  CHECK(digest(std::string(64, 'a')) == "0098ba824b5c16427bd7a1122a5a442a25ec644d");
  CHECK(digest(std::string(119, 'a')) == "ee971065aaa017e0632a8ca6c77bb3bf8b1dfc56");
}

TEST_CASE("the RFC's example, from the request to the answer and to what is behind it") {
  Asked asked{usual() +
              "\x81\x80"
              "frame"};
  CHECK(asked.fault == Fault::none);
  CHECK(asked.opening.key == sample_key);
  const ws::Acceptance acceptance{asked.opening, "chat", "permessage-deflate"};
  CHECK(asked.connection.send_switch(asked.stream, acceptance.fields(), asked.output) == Sent::ok);
  CHECK(text_of(asked.output) ==
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
  CHECK(asked.connection.switched());
  CHECK_FALSE(asked.connection.wants_input());
  CHECK(asked.connection.deadline(asked.output) == never);
  Events events;
  std::string behind =
      "\x81\x80"
      "frame";
  CHECK(asked.connection.receive(behind, asked.now, events, asked.output) == 0);
  asked.connection.receive_end(asked.now, events, asked.output);
  asked.connection.drain(asked.now, asked.output);
  asked.connection.expire(never, events, asked.output);
  CHECK(events.empty());
  CHECK_FALSE(asked.output.finished());
  CHECK(asked.connection.send_head(asked.stream, {}, asked.output) == Sent::gone);
}

TEST_CASE("openings that are accepted, however they are written") {
  const std::vector<std::string> rows{
      usual(),
      with(usual(), "Upgrade: websocket", "UPGRADE: WebSocket"),
      with(usual(), "Connection: Upgrade", "Connection: keep-alive, UPGRADE"),
      with(usual(), "Connection: Upgrade", "Connection: keep-alive\r\nConnection: upgrade"),
      with(usual(), "Upgrade: websocket", "Upgrade: h2c, websocket"),
      with(usual(), "Sec-WebSocket-Key", "sec-websocket-key"),
      usual("Origin: https://a.example\r\n"),
      usual("Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Protocol: more\r\n"),
      usual("Sec-WebSocket-Extensions: foo; bar=1; baz=\"2\", permessage-deflate\r\n"),
      usual("Content-Length: 0\r\n"),
  };
  for (const std::string& row : rows) {
    CAPTURE(row);
    CHECK(Asked{row}.fault == Fault::none);
  }
}

TEST_CASE("openings that are refused, and how") {
  struct Row {
    std::string text;
    Fault fault;
  };
  const std::string key = "Sec-WebSocket-Key: " + std::string(sample_key);
  const std::vector<Row> rows{
      {request(""), Fault::upgrade_required},
      {with(usual(), "Upgrade: websocket", "Upgrade: h2c"), Fault::upgrade_required},
      {with(usual(), "Upgrade: websocket\r\n", ""), Fault::upgrade_required},
      {with(usual(), "HTTP/1.1", "HTTP/1.0"), Fault::upgrade_required},
      {with(usual(), "Version: 13", "Version: 8"), Fault::unsupported_websocket_version},
      {with(usual(), "Version: 13", "Version: 12, 13"), Fault::unsupported_websocket_version},
      {with(usual(), "Version: 13", "Version: 013"), Fault::unsupported_websocket_version},
      {with(usual(), "Version: 13", "Version: 14"), Fault::unsupported_websocket_version},
      {usual("Sec-WebSocket-Version: 13\r\n"), Fault::unsupported_websocket_version},
      {with(with(usual(), "Version: 13", "Version: 7"), key, "Sec-WebSocket-Key: x"),
       Fault::unsupported_websocket_version},
      {with(usual(), "Sec-WebSocket-Version: 13\r\n", ""), Fault::invalid_handshake},
      {with(usual(), "Connection: Upgrade", "Connection: keep-alive"), Fault::invalid_handshake},
      {with(usual(), "Connection: Upgrade", "Connection: Upgraded"), Fault::invalid_handshake},
      {with(usual(), "Connection: Upgrade", "Connection: Upgrade, close"), Fault::invalid_handshake},
      {with(usual(), "Connection: Upgrade\r\n", ""), Fault::invalid_handshake},
      {with(usual(), "GET", "POST"), Fault::invalid_handshake},
      {with(usual(), "GET", "HEAD"), Fault::invalid_handshake},
      {usual("Content-Length: 5\r\n"), Fault::invalid_handshake},
      {usual("Sec-WebSocket-Protocol: chat, super chat\r\n"), Fault::invalid_handshake},
      {usual("Sec-WebSocket-Protocol: ,\r\n"), Fault::invalid_handshake},
      {usual("Sec-WebSocket-Extensions: foo; =1\r\n"), Fault::invalid_handshake},
      {usual("Sec-WebSocket-Extensions: foo bar\r\n"), Fault::invalid_handshake},
      {with(usual(), key + "\r\n", ""), Fault::invalid_websocket_key},
      {usual(key + "\r\n"), Fault::invalid_websocket_key},
      {with(usual(), key, "Sec-WebSocket-Key:"), Fault::invalid_websocket_key},
      {with(usual(), key, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ="), Fault::invalid_websocket_key},
      {with(usual(), key, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==="), Fault::invalid_websocket_key},
      {with(usual(), key, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR=="), Fault::invalid_websocket_key},
      {with(usual(), key, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25*ZQ=="), Fault::invalid_websocket_key},
      {with(usual(), key, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTEy"), Fault::invalid_websocket_key},
  };
  std::set<Fault> seen;
  for (const Row& row : rows) {
    CAPTURE(row.text);
    Asked asked{row.text};
    CHECK(info(asked.fault).name == info(row.fault).name);
    seen.insert(row.fault);
    // And the refusal is a response.
    const FaultInfo& fault = info(row.fault);
    const ResponseHead head{.status = fault.status, .fields = ws::refusal_fields(row.fault)};
    CHECK(asked.connection.send_response(asked.stream, head, "no", {}, asked.now, asked.output) == Sent::ok);
    const std::string answer = text_of(asked.output);
    CHECK(answer.starts_with("HTTP/1.1 " + std::to_string(fault.status)));
    const std::string says = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    CHECK((answer.find(says) != std::string::npos) == (fault.status == 426));
  }
  CHECK(seen.size() == 4);
}

TEST_CASE("a switch that was not asked for, or cannot be") {
  constexpr Field upgrade{"Upgrade", "websocket"};
  constexpr Field broken{"Upgrade", "web\nsocket"};
  for (const std::string& text :
       {with(usual(), "HTTP/1.1", "HTTP/1.0"), usual("Connection: close\r\n"), usual("Content-Length: 5\r\n")}) {
    Asked asked{text};
    CHECK(asked.connection.send_switch(asked.stream, {&upgrade, 1}, asked.output) == Sent::wrong_order);
    CHECK_FALSE(asked.connection.switched());
  }
  Asked asked{usual()};
  CHECK(asked.connection.send_switch(asked.stream, {&broken, 1}, asked.output) == Sent::invalid_field);
  CHECK(asked.connection.send_switch(StreamId{7}, {&upgrade, 1}, asked.output) == Sent::gone);
  CHECK(asked.output.empty());
  CHECK(asked.connection.send_head(asked.stream, {}, asked.output) == Sent::ok);
  CHECK(asked.connection.send_switch(asked.stream, {&upgrade, 1}, asked.output) == Sent::wrong_order);
}

TEST_CASE("subprotocols: the first of the client's that is ours, as it is written") {
  const std::vector<Field> fields{{"Sec-WebSocket-Protocol", "Chat, superchat"},
                                  {"sec-websocket-protocol", "chat,last"}};
  const std::array<Bytes, 3> ours{"last", "chat", "superchat"};
  const std::array<Bytes, 1> others{"CHAT"};
  CHECK(ws::choose_subprotocol(fields, ours) == "superchat");
  CHECK(ws::choose_subprotocol(fields, others).empty());
  CHECK(ws::choose_subprotocol(fields, {}).empty());
  CHECK(ws::choose_subprotocol({}, ours).empty());
}

TEST_CASE("the grammar of extensions") {
  for (const std::string_view good :
       {"a", "a, b", "a;b", "a ; b = c , d", "a; b=\"c\"", "", ",", ", a,,", "a; b; c=1; d=\"2\", e", R"(a; b="c\d")",
        R"(a; b="\c\d\e\f\g\h"; i, j)", R"(a;b = "\!\~" ,c)"}) {
    CAPTURE(std::string(good));
    CHECK(valid(good));
  }
  for (const std::string_view bad : {"a;",           "a; ;b",        "=",
                                     "a=b",          "a; b=",        "a; b=\"",
                                     "a; b=\"c",     "a; b=\"\"",    "a; b=\"c d\"",
                                     "a b",          "a; b c",       "a; b=c d",
                                     "a; \"b\"",     "(a)",          "a; b=\"c\"d",
                                     R"(a; b="\)",   R"(a; b="\")",  R"(a; b="c\ d")",
                                     R"(a; b="\"")", R"(a; b="\\")", R"(a; b=c\d)",
                                     R"(a\b)",       R"(a; b="c\)",  "a; b=\"\\\x80\""}) {
    CAPTURE(std::string(bad));
    CHECK_FALSE(valid(bad));
  }
}

TEST_CASE("permessage-deflate: offers and answers") {
  struct Row {
    std::string_view offer;
    std::string_view answer;  // empty: declined
  };
  const std::vector<Row> rows{
      {"permessage-deflate", "permessage-deflate"},
      {"PerMessage-Deflate", "permessage-deflate"},
      {"permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=15"},
      {"permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits=10"},
      {"permessage-deflate; client_max_window_bits=\"8\"", "permessage-deflate; client_max_window_bits=8"},
      {R"(permessage-deflate; client_max_window_bits="1\0")", "permessage-deflate; client_max_window_bits=10"},
      {R"(permessage-deflate; client_max_window_bits="\1\1"; server_max_window_bits="\9")",
       "permessage-deflate; server_max_window_bits=9; client_max_window_bits=11"},
      {R"(foo; bar="a\b", permessage-deflate)", "permessage-deflate"},
      {"permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=10"},
      {"permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15"},
      {"permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover"},
      {"permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover"},
      {"permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; "
       "client_max_window_bits=9",
       "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; "
       "client_max_window_bits=9"},
      // Declined: what cannot be met, and what is not allowed.
      {"permessage-deflate; server_max_window_bits=8", ""},
      {"permessage-deflate; server_max_window_bits=16", ""},
      {"permessage-deflate; server_max_window_bits=7", ""},
      {"permessage-deflate; server_max_window_bits=010", ""},
      {"permessage-deflate; server_max_window_bits", ""},
      {"permessage-deflate; client_max_window_bits=16", ""},
      {"permessage-deflate; client_max_window_bits=x", ""},
      {R"(permessage-deflate; client_max_window_bits="\1\x")", ""},
      {R"(permessage-deflate; client_max_window_bits="\0\9")", ""},
      {R"(permessage-deflate; client_max_window_bits="\1\0\0\0\0\0\0\0\0")", ""},
      {R"(permessage-deflate; server_no_context_takeover="\1")", ""},
      {"permessage-deflate; server_no_context_takeover=1", ""},
      {"permessage-deflate; client_no_context_takeover=true", ""},
      {"permessage-deflate; unknown", ""},
      {"permessage-deflate; server_no_context_takeover; server_no_context_takeover", ""},
      {"permessage-deflate; client_max_window_bits; client_max_window_bits=10", ""},
      {"permessage-deflate; client_max_window_bits=10; client_max_window_bits", ""},
      {"permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", ""},
      {"x-webkit-deflate-frame", ""},
      {"permessage-bzip2", ""},
      {"", ""},
      // The first that can be met.
      {"foo, permessage-deflate; unknown, permessage-deflate; server_max_window_bits=8, permessage-deflate; "
       "server_max_window_bits=11, permessage-deflate",
       "permessage-deflate; server_max_window_bits=11"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.offer));
    CHECK(answer({row.offer}) == row.answer);
  }
  CHECK(answer({}).empty());
  CHECK(answer({"permessage-deflate; unknown", "permessage-deflate"}) == "permessage-deflate");
}

TEST_CASE("permessage-deflate: what the server wishes") {
  const ws::DeflateWishes small{
      .send_window_bits = 11, .receive_window_bits = 12, .send_takeover = false, .receive_takeover = false};
  CHECK(answer({"permessage-deflate"}, small).empty());  // a client that cannot be limited
  CHECK(answer({"permessage-deflate; client_max_window_bits"}, small) ==
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; "
        "client_max_window_bits=12");
  CHECK(answer({"permessage-deflate; client_max_window_bits=9; server_max_window_bits=15"}, small) ==
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; "
        "client_max_window_bits=9");
  const Field offer{"Sec-WebSocket-Extensions",
                    "permessage-deflate; client_max_window_bits=9; server_no_context_takeover"};
  const auto agreement = ws::DeflateAgreement::of({&offer, 1}, {.send_window_bits = 10});
  REQUIRE(agreement);
  CHECK(agreement->terms().send_window_bits == 10);
  CHECK(agreement->terms().receive_window_bits == 9);
  CHECK_FALSE(agreement->terms().send_takeover);
  CHECK(agreement->terms().receive_takeover);
}

TEST_CASE("the client's side: keys, answers, terms") {
  std::array<char, 16> nonce{};
  Bytes{"the sample nonce"}.copy(nonce.data(), nonce.size());
  const auto key = ws::make_key(nonce);
  CHECK(Bytes{key.data(), key.size()} == sample_key);

  const std::array<Bytes, 2> offered{"chat", "superchat"};
  const std::vector<Field> good{{"upgrade", "WebSocket"},
                                {"connection", "keep-alive, Upgrade"},
                                {"sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
                                {"sec-websocket-protocol", "chat"}};
  CHECK(ws::is_accepted(101, good, sample_key, offered));
  CHECK_FALSE(ws::is_accepted(200, good, sample_key, offered));
  CHECK_FALSE(ws::is_accepted(101, good, sample_key, {}));  // a subprotocol that nobody offered
  CHECK_FALSE(ws::is_accepted(101, good, "dGhlIHNhbXBsZSBub25jZA==", offered));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::vector<Field> fields = good;
    fields.push_back(fields[i]);
    CHECK(ws::is_accepted(101, fields, sample_key, offered) == (i < 2));
    fields.pop_back();
    fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(ws::is_accepted(101, fields, sample_key, offered) == (i == 3));
  }

  const auto terms = [](std::string_view extensions) {
    const Field field{"Sec-WebSocket-Extensions", extensions};
    return ws::read_deflate_answer({&field, 1});
  };
  CHECK(ws::read_deflate_answer({}).valid);
  CHECK_FALSE(ws::read_deflate_answer({}).terms);
  const auto full =
      terms("permessage-deflate; server_no_context_takeover; client_max_window_bits=10; server_max_window_bits=9");
  REQUIRE(full.terms);
  CHECK(full.terms->send_window_bits == 10);
  CHECK(full.terms->receive_window_bits == 9);
  CHECK(full.terms->send_takeover);
  CHECK_FALSE(full.terms->receive_takeover);
  for (const std::string_view bad :
       {"foo", "permessage-deflate, permessage-deflate", "permessage-deflate; unknown",
        "permessage-deflate; client_max_window_bits", "permessage-deflate; client_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=16", "permessage-deflate;"}) {
    CAPTURE(std::string(bad));
    CHECK_FALSE(terms(bad).valid);
    CHECK_FALSE(terms(bad).terms);
  }
}
