// WebSockets of applications: the handshake, messages both ways, back-pressure, limits, compression, what is posted.
#include "tests/server/recorder.hpp"
#include "tests/server/ws_handlers.hpp"
#include "tests/server/ws_peer.hpp"

#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/server/session.hpp>

#include <string>

using namespace pounce;
using namespace std::chrono_literals;
using testing::Client;
using testing::echo;
using testing::frame;
using testing::listener;
using testing::observed;
using testing::occurrences;
using testing::Options;
using testing::Recorder;
using testing::Seen;
using testing::WsPeer;

TEST_CASE("an echo: 101 with a subprotocol, messages of any size, a Close that is answered, and one report") {
  const App app{echo};
  for (const std::size_t read_size : {65536UL, 997UL, 1UL}) {
    CAPTURE(read_size);
    Recorder recorder;
    Options options = observed(recorder);
    options.read_size = read_size;
    {
      Client client{app, options};
      WsPeer peer{client, "/", "Sec-WebSocket-Protocol: first, superchat, chat\r\n"};
      CHECK(peer.head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
      CHECK(peer.head.find("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != std::string::npos);
      CHECK(peer.head.find("\r\nSec-WebSocket-Protocol: superchat\r\n") != std::string::npos);
      CHECK(peer.head.find("Date") == std::string::npos);
      peer.text("hello");
      peer.binary(std::string(read_size == 1 ? 5000 : 300'000, 'b'));
      peer.ping("are you there");
      peer.text("");
      peer.run();
      const std::string size = read_size == 1 ? "5000" : "300000";
      // The machine answers a ping before the handler has seen what came with it.
      std::string got = peer.take();
      const std::size_t pong = got.find("pong are you there | ");
      REQUIRE(pong != std::string::npos);
      CHECK(got.erase(pong, 21) == "text hello | binary " + size + " bytes | text");
      peer.close(1001, "bye");
      peer.run();
      CHECK(peer.take() == "close 1001");
      CHECK(client.closed());
    }
    const std::string size = read_size == 1 ? "5005" : "300005";
    CHECK(recorder.text() ==
          "opened | started GET / | completed 101 in " + size + " out " + size + " | closed none after 1");
  }
}

TEST_CASE("what comes behind the request is read, at every cut of the bytes") {
  const App app{echo};
  const std::string bytes =
      std::string{"GET / HTTP/1.1\r\n"}.append(WsPeer::opening) + "\r\n" + frame("one") + frame("two");
  for (std::size_t cut = 1; cut <= bytes.size(); ++cut) {
    Client client{app};
    client.send(bytes.substr(0, cut));
    client.run();
    client.send(bytes.substr(cut));
    client.run();
    CHECK(client.take_output().ends_with("\r\n\r\n\x81\x03one\x81\x03two"));
  }
}

TEST_CASE("a batch of messages is read in one step, and answered in one write") {
  const App app{echo};
  Client client{app};
  const WsPeer peer{client, "/"};
  const std::size_t before = client.writes();
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += frame("m" + std::to_string(i));
  client.send(bytes);
  client.run();
  CHECK(client.writes() == before + 1);
  CHECK(occurrences(client.output(), "\x81") == 100);
}

TEST_CASE("who does not ask for a WebSocket is told what is spoken here, and the connection goes on") {
  Status said = Status::ok;
  const App app{[&said](Exchange& x) -> Task {
    const WebSocket socket = co_await x.accept_websocket();
    said = socket.status();
    CHECK_FALSE(socket);
  }};
  Client client{app};
  const auto plain = client.get("/");
  CHECK(plain.status == 426);
  CHECK(plain.header("upgrade") == "websocket");
  CHECK(plain.header("sec-websocket-version") == "13");
  CHECK(said == Status::refused);
  const auto ask = [&client](std::string_view name, std::string_view value) {
    Fields fields;
    fields.add("upgrade", "websocket");
    fields.add("connection", "upgrade");
    fields.add("sec-websocket-version", name == "version" ? value : "13");
    if (name != "no key") fields.add("sec-websocket-key", name == "key" ? value : "dGhlIHNhbXBsZSBub25jZQ==");
    if (name == "extensions") fields.add("sec-websocket-extensions", value);
    if (name == "protocol") fields.add("sec-websocket-protocol", value);
    return client.get("/", fields).status;
  };
  CHECK(ask("version", "8") == 426);
  CHECK(ask("no key", "") == 400);
  CHECK(ask("key", "c2hvcnQ=") == 400);
  CHECK(ask("extensions", "a b") == 400);
  CHECK(ask("protocol", "a b") == 400);
  CHECK(client.post("/", "content").status == 426);
  CHECK(client.get("/").status == 426);
}

TEST_CASE("an application that wants none refuses as it likes; without `Connection: upgrade` it is no WebSocket") {
  const App app{[](Exchange& x) -> Task {
    if (x.request().header("origin") != "https://a.example") {
      (void)x.respond(Response::text("no\n", 403));
      co_return;
    }
    const WebSocket socket = co_await x.accept_websocket();
    CHECK(socket);
  }};
  Client client{app};
  CHECK(WsPeer{client, "/"}.head.starts_with("HTTP/1.1 403 "));
  CHECK(WsPeer{client, "/", "Origin: https://a.example\r\n"}.head.starts_with("HTTP/1.1 101 "));
}

TEST_CASE("a handler that has answered cannot accept, and one that has accepted cannot answer") {
  Seen seen;
  const App app{[&seen](Exchange& x) -> Task {
    if (x.request().path() == "/late") {
      (void)x.respond(Response::text("answered"));
      WebSocket socket = co_await x.accept_websocket();
      seen.add("accept", socket.status());
      seen.add("send", co_await socket.send_text("x"));
      seen.add(co_await socket.receive());
      seen.add("close", socket.close());
      co_return;
    }
    WebSocket socket = co_await x.accept_websocket();
    const WebSocket again = co_await x.accept_websocket();
    seen.add("accept", again.status());
    seen.add("respond", x.respond(Response::text("x")));
    seen.add("start", x.start(Head{200}));
    seen.add("write", co_await x.write("x"));
    seen.add("inform", x.inform(103, Fields{}));
    seen.add("finish", x.finish());
    seen.add("read", (co_await x.read()).status());
    seen.add("send", co_await socket.send_text("still here"));
  }};
  Client client{app};
  CHECK(client.get("/late").body == "answered");
  CHECK(seen.text() == "accept wrong_order | send wrong_order | wrong_order | close wrong_order");
  seen.lines.clear();
  WsPeer peer{client, "/"};
  CHECK(peer.take() == "text still here | close 1000");
  CHECK(
      seen.text() ==
      "accept wrong_order | respond wrong_order | start wrong_order | write gone | inform wrong_order | finish gone | "
      "read end | send ok");
}

TEST_CASE("a peer that does not read makes `send` wait; memory is bounded, and nothing is lost or out of order") {
  std::size_t sent = 0;
  const App app{[&sent](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    for (; sent < 1000; ++sent) {
      if (co_await socket.send_binary(std::string(5000, static_cast<char>(sent % 251))) != Status::ok) co_return;
    }
  }};
  Options options;
  options.output_limit = 64 * kibibyte;
  Client client{app, options};
  client.open();
  client.take_at_most(0);
  client.send(std::string{"GET / HTTP/1.1\r\n"}.append(WsPeer::opening).append("\r\n"));
  client.run();
  CHECK(sent <= 64 * kibibyte / 5000 + 1);
  CHECK(client.session()->output().size() <= 70 * kibibyte);
  client.take_at_most(30'000);
  client.run();
  CHECK(sent <= (64 * kibibyte + 30'000) / 5000 + 2);
  client.take_at_most(std::nullopt);
  client.run();
  CHECK(sent == 1000);
  const std::string all = client.take_output();
  std::size_t at = all.find("\r\n\r\n") + 4;
  bool right = true;
  for (std::size_t i = 0; i < 1000; ++i, at += 5004) {
    right = right && all.compare(at, 4, std::string_view{"\x82\x7e\x13\x88", 4}) == 0 &&
            all.compare(at + 4, 5000, std::string(5000, static_cast<char>(i % 251))) == 0;
  }
  CHECK(right);
  CHECK(all.substr(at) == std::string_view{"\x88\x02\x03\xe8", 4});
}

TEST_CASE("`send` can be given a time, and gives up without having sent") {
  Seen seen;
  const App app{[&seen](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    const std::string large(20'000, 'x');
    Status status = Status::ok;
    while (status == Status::ok) status = co_await socket.send_binary(large, 2s);
    seen.add("send", status);
    seen.add("receive", (co_await socket.receive(1s)).status());
  }};
  Options options;
  options.output_limit = 32 * kibibyte;
  Client client{app, options};
  client.open();
  client.take_at_most(0);
  client.send(std::string{"GET / HTTP/1.1\r\n"}.append(WsPeer::opening).append("\r\n"));
  client.run();
  CHECK(seen.text() == "send timeout | receive timeout");
}

TEST_CASE("messages that nobody takes are bounded: no more is read, and all of them come in order") {
  std::size_t received = 0;
  bool in_order = true;
  const App app{[&](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    (void)co_await x.message();  // until something is posted, which never happens; or drain
    while (true) {
      const Incoming got = co_await socket.receive();
      if (got.status() != Status::ok) break;
      in_order = in_order && got.bytes().starts_with(std::to_string(received) + ":");
      ++received;
    }
  }};
  for (const std::size_t size : {10UL, 100UL, 6000UL}) {
    CAPTURE(size);
    received = 0;
    Options options;
    options.inbox_limit = 16 * kibibyte;
    Client client{app, options};
    WsPeer peer{client, "/"};
    constexpr std::size_t count = 3000;
    std::size_t total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::string message = std::to_string(i) + ":";
      message.resize(std::max(size, message.size()), 'x');
      peer.text(message);
      total += message.size();
      peer.run();
    }
    CHECK(received == 0);
    CHECK_FALSE(client.session()->wants_input());
    client.drain();  // wakes the handler from `message`; 1001 is sent, and what was sent before is read
    peer.run();
    CHECK(received == count);
    CHECK(in_order);
    CHECK(client.closed());
    CHECK(total >= count * 10);
  }
}

TEST_CASE("limits: a message at its limit arrives, one byte more is 1009, also inflated and in fragments") {
  Options options;
  options.ws.max_message_size = 1000;
  for (const bool compressed : {false, true}) {
    for (const bool at_limit : {true, false}) {
      CAPTURE(compressed);
      CAPTURE(at_limit);
      Seen seen;
      const App app = listener(seen);
      Client client{app, options};
      WsPeer peer{client, "/", compressed ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : ""};
      CHECK((peer.head.find("permessage-deflate") != std::string::npos) == compressed);
      peer.text(std::string(at_limit ? 1000 : 1001, 'x'));
      peer.run();
      CHECK(seen.lines.size() == 1);
      CHECK(seen.lines[0].starts_with(at_limit ? "ok " : "end 1006"));
      CHECK(peer.take().starts_with("close 1009") == !at_limit);
    }
  }
}

TEST_CASE("compression: agreed on, used from its threshold on, left out where it is not wished") {
  const App app{echo};
  const std::string offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
  Options options;
  {
    Client client{app, options};
    WsPeer peer{client, "/", offer};
    CHECK(peer.head.find("\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=15\r\n") !=
          std::string::npos);
    const std::string text = "Compress me, and again: compress me. " + std::string(5000, 'z');
    for (int i = 0; i < 5; ++i) peer.text(text);
    peer.text("short");
    peer.run();
    CHECK(peer.messages == 6);
    for (int i = 0; i < 5; ++i) CHECK((peer.received[static_cast<std::size_t>(i)] == text));
    CHECK(peer.received[5] == "short");
    CHECK(client.session()->output().total_written() < 2000);
  }
  options.ws_compression = false;
  {
    Client client{app, options};
    CHECK(WsPeer(client, "/", offer).head.find("permessage-deflate") == std::string::npos);
  }
  options.ws_compression = true;
  options.ws_deflate = {.send_window_bits = 10, .receive_window_bits = 10, .send_takeover = false};
  Client client{app, options};
  CHECK(WsPeer(client, "/", offer)
            .head.find("permessage-deflate; server_no_context_takeover; server_max_window_bits=10; "
                       "client_max_window_bits=10\r\n") != std::string::npos);
}

TEST_CASE("what is posted comes out of `receive`, between the peer's messages, in order; afterwards it is refused") {
  Seen seen;
  Token token;
  const App app{[&](Exchange& x) -> Task {
    token = x.token();
    WebSocket socket = co_await x.accept_websocket();
    while (true) {
      const Incoming got = co_await socket.receive();
      seen.add(got);
      if (got.status() != Status::ok) break;
      if (got.is_posted() && co_await socket.send(got) != Status::ok) break;
    }
  }};
  Client client{app};
  WsPeer peer{client, "/"};
  CHECK(token.post("p1") == Status::ok);
  CHECK(token.post("p2") == Status::ok);
  CHECK(token.post("\xff") == Status::ok);  // what cannot be sent as text
  peer.text("m1");
  peer.text("m2");
  peer.run();
  CHECK(peer.take() == "text p1 | text p2 | close 1000");
  CHECK(token.post("late") == Status::gone);
  CHECK(seen.lines.size() == 5);
  CHECK(seen.text().find("ok m1") < seen.text().find("ok m2"));
  CHECK(seen.text().find("ok posted p1") < seen.text().find("ok posted p2"));
  CHECK(client.closed());
}

TEST_CASE("a flood of posts keeps nobody's messages out, nor the other way round") {
  std::size_t posted = 0;
  std::size_t received = 0;
  std::size_t unfair = 0;
  Token token;
  const App app{[&](Exchange& x) -> Task {
    token = x.token();
    WebSocket socket = co_await x.accept_websocket();
    while (true) {
      const Incoming got = co_await socket.receive();
      if (got.status() != Status::ok) break;
      ++(got.is_posted() ? posted : received);
      if (posted + received <= 200 && (posted > received + 1 || received > posted + 1)) ++unfair;
    }
  }};
  Client client{app};
  WsPeer peer{client, "/"};
  for (int i = 0; i < 100; ++i) {
    CHECK(token.post("p") == Status::ok);
    peer.text("m");
  }
  peer.run();
  CHECK(posted == 100);
  CHECK(received == 100);
  CHECK(unfair == 0);
}

TEST_CASE("an echo to a flood owns no reactor: its budgets end each resume") {
  const App app{echo};
  Client client{app};
  const WsPeer peer{client, "/"};
  std::string bytes;
  for (int i = 0; i < 5000; ++i) bytes += frame("x");
  const std::size_t steps = client.steps();
  client.send(bytes);
  client.run();
  CHECK(client.steps() - steps >= 5000 * 2 / Session::waits_per_resume / 8);
  CHECK(occurrences(client.output(), "\x81\x01x") == 5000);
}
