// WebSockets of applications on streams of HTTP/2 (RFC 8441): the handshake, messages both ways, flow control, limits.
#include "tests/server/h2_socket.hpp"
#include "tests/server/recorder.hpp"
#include "tests/server/ws_handlers.hpp"

#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/server/session.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;
using testing::accepting;
using testing::echo;
using testing::H2Client;
using testing::H2Socket;
using testing::listener;
using testing::observed;
using testing::Options;
using testing::Recorder;
using testing::Seen;

TEST_CASE("an echo: 200 with a subprotocol, messages of any size, a Close that is answered, and one report") {
  const App app = accepting(App{echo});
  for (const std::size_t read_size : {65536UL, 997UL, 1UL}) {
    CAPTURE(read_size);
    Recorder recorder;
    Options options = observed(recorder);
    options.read_size = read_size;
    H2Client peer{app, options};
    H2Socket socket{peer, "/", {{"sec-websocket-protocol", "first, superchat, chat"}}};
    socket.run();
    CHECK(socket.answer().status == "200");
    CHECK(socket.answer().fields.size() == 2);
    CHECK(socket.answer().field("sec-websocket-protocol") == "superchat");
    CHECK(peer.settings[8] == 1);
    socket.text("hello");
    socket.binary(std::string(read_size == 1 ? 5000 : 300'000, 'b'));
    socket.ping("are you there");
    socket.text("");
    socket.run();
    const std::string size = read_size == 1 ? "5000" : "300000";
    std::string got = socket.take();
    const std::size_t pong = got.find("pong are you there | ");
    REQUIRE(pong != std::string::npos);
    CHECK(got.erase(pong, 21) == "text hello | binary " + size + " bytes | text");
    socket.close(1001, "bye");
    socket.run();
    CHECK(socket.take() == "close 1001");
    CHECK(socket.answer().ended);
    CHECK_FALSE(socket.answer().reset);
    const std::string sum = read_size == 1 ? "5005" : "300005";
    CHECK(recorder.text() == "opened | started CONNECT / | completed 200 in " + sum + " out " + sum);
  }
}

TEST_CASE("who is not told of extended CONNECT must not use it") {
  const App app{echo};
  H2Client peer{app};
  const auto stream = peer.connect("/");
  peer.run();
  CHECK_FALSE(peer.settings.contains(8));
  CHECK(peer.answer(stream).reset == 1);
}

TEST_CASE("refusals are ordinary answers, and only acceptance is 2xx") {
  Status said = Status::ok;
  App app;
  app.route("/socket", echo);
  app.route("/page", [](const Request&) { return Response::text("a page"); });
  app.route("/no", [](Exchange& x) -> Task { co_return (void) x.respond(Response::text("no\n", 403)); });
  app.route("/respond", [&said](Exchange& x) -> Task { co_return (void)(said = x.respond(Response::text("yes"))); });
  app.route("/start", [&said](Exchange& x) -> Task {
    said = x.start(Head{200});
    CHECK(co_await x.write("content") == Status::wrong_order);
    (void)x.finish();
  });
  app.accept_websockets();
  H2Client peer{app};
  const auto ask = [&peer](const std::string& path, const wire::Fields& fields,
                           const std::string& protocol = "websocket") {
    const auto stream = peer.connect(path, fields, protocol);
    peer.run();
    peer.end(stream);
    peer.run();
    CHECK(peer.answer(stream).ended);
    return peer.answer(stream);
  };
  const wire::Fields version{{"sec-websocket-version", "13"}};
  CHECK(ask("/socket", {{"sec-websocket-version", "8"}}).status == "400");
  CHECK(ask("/socket", {{"sec-websocket-version", "8"}}).field("sec-websocket-version") == "13");
  CHECK(ask("/socket", {}).status == "400");
  CHECK(ask("/socket", {{"sec-websocket-version", "13"}, {"sec-websocket-extensions", "a b"}}).status == "400");
  CHECK(ask("/socket", version, "webtransport").status == "501");
  CHECK(ask("/page", version).status == "405");
  CHECK(ask("/no", version).status == "403");
  CHECK(ask("/nowhere", version).status == "404");
  CHECK(ask("/respond", version).status == "405");
  CHECK(said == Status::refused);
  CHECK(ask("/start", version).status == "405");
  CHECK(said == Status::refused);
  // A GET is no WebSocket here, whatever it says; nor is one whose frames could never come.
  const auto got = peer.get("/socket", {{"sec-websocket-version", "13"}});
  const auto ended = peer.next();
  wire::Fields fields = wire::FrameWriter::request("CONNECT", "/socket", {});
  fields.insert(fields.end(), {{":protocol", "websocket"}, {"sec-websocket-version", "13"}});
  peer.frames.headers(ended, fields, true);
  peer.run();
  CHECK(peer.answer(got).status == "400");
  CHECK(peer.answer(ended).status == "400");
  CHECK(peer.answer(peer.get("/page")).status.empty());
  peer.run();
  CHECK(peer.goaways.empty());
}

TEST_CASE("a socket's exchange has no other content, in neither direction") {
  Seen seen;
  const App app = accepting(App{[&seen](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    seen.add("again", (co_await x.accept_websocket()).status());
    seen.add("respond", x.respond(Response::text("x")));
    seen.add("start", x.start(Head{200}));
    seen.add("write", co_await x.write("x"));
    seen.add("inform", x.inform(103, Fields{}));
    seen.add("finish", x.finish());
    seen.add("read", (co_await x.read()).status());
    seen.add("send", co_await socket.send_text("still here"));
  }});
  H2Client peer{app};
  H2Socket socket{peer, "/"};
  socket.run();
  CHECK(socket.take() == "text still here | close 1000");
  CHECK(seen.text() ==
        "again wrong_order | respond wrong_order | start wrong_order | write gone | inform wrong_order | finish gone | "
        "read end | send ok");
}

TEST_CASE("frames that come before the answer are read when it has been given") {
  const App app = accepting(App{[](Exchange& x) -> Task {
    (void)co_await x.sleep(1s);
    WebSocket socket = co_await x.accept_websocket();
    while (true) {
      const Incoming got = co_await socket.receive();
      if (got.status() != Status::ok || co_await socket.send(got) != Status::ok) break;
    }
  }});
  H2Client peer{app};
  H2Socket socket{peer, "/"};
  socket.text("one");
  socket.text("two");
  socket.binary(std::string(100'000, 'x'));
  socket.flush();
  peer.settle();
  CHECK(socket.answer().status.empty());
  socket.run();
  socket.run();
  CHECK(socket.take() == "text one | text two | binary 100000 bytes");
}

TEST_CASE("sockets and requests side by side, each socket with its own messages") {
  App app;
  app.route("/socket", echo);
  app.route("/page", [](const Request&) { return Response::text("a page"); });
  app.accept_websockets();
  H2Client peer{app};
  std::vector<std::unique_ptr<H2Socket>> sockets;
  sockets.reserve(50);
  for (int i = 0; i < 50; ++i) sockets.push_back(std::make_unique<H2Socket>(peer, "/socket"));
  for (int round = 0; round < 5; ++round) {
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      sockets[i]->text("round " + std::to_string(round) + " of " + std::to_string(i));
      sockets[i]->flush();
    }
    const auto page = peer.get("/page");
    peer.run();
    CHECK(peer.answer(page).body == "a page");
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      sockets[i]->read();
      CHECK(sockets[i]->take() == "text round " + std::to_string(round) + " of " + std::to_string(i));
    }
  }
}

TEST_CASE("a peer that does not read makes `send` wait; memory is bounded, and nothing is lost or out of order") {
  std::size_t sent = 0;
  const App app = accepting(App{[&sent](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    for (; sent < 1000; ++sent) {
      if (co_await socket.send_binary(std::string(5000, static_cast<char>(sent % 251))) != Status::ok) co_return;
    }
  }});
  H2Client peer{app, {}, 30'000};
  peer.gives_credit = false;
  H2Socket socket{peer, "/"};
  socket.run();
  // The window, and the socket's own output; the machine queues no more than the window lets through.
  CHECK(sent <= (30'000 + 64 * kibibyte) / 5004 + 1);
  CHECK(peer.client.session()->output().empty());
  peer.frames.window_update(0, 1'000'000'000);
  peer.frames.window_update(socket.stream, 30'000);
  socket.run();
  CHECK(sent <= (60'000 + 64 * kibibyte) / 5004 + 1);
  peer.frames.window_update(socket.stream, 1'000'000'000);
  socket.run();
  CHECK(sent == 1000);
  CHECK(socket.messages == 1000);
  bool right = true;
  for (std::size_t i = 0; i < 1000; ++i)
    right = right && socket.received[i] == std::string(5000, static_cast<char>(i % 251));
  CHECK(right);
  CHECK(socket.answer().ended);
}

TEST_CASE(
    "messages that nobody takes stop the peer by its window, and all of them come; max_request_size is not theirs") {
  std::size_t received = 0;
  bool in_order = true;
  Token token;
  const App app = accepting(App{[&](Exchange& x) -> Task {
    token = x.token();
    WebSocket socket = co_await x.accept_websocket();
    (void)co_await x.message();
    while (true) {
      const Incoming got = co_await socket.receive();
      if (got.status() != Status::ok) break;
      in_order = in_order && got.bytes().starts_with(std::to_string(received) + ":");
      ++received;
    }
  }});
  for (const std::size_t size : {20UL, 6000UL}) {
    CAPTURE(size);
    received = 0;
    Options options;
    options.inbox_limit = 16 * kibibyte;
    options.h2.max_request_size = 10'000;
    options.h2.stream_window = 65535;
    H2Client peer{app, options};
    H2Socket socket{peer, "/"};
    peer.settle();
    socket.read();
    const std::size_t count = size == 20 ? 20'000 : 300;
    for (std::size_t i = 0; i < count; ++i) {
      std::string message = std::to_string(i) + ":";
      message.resize(size, 'x');
      socket.text(message);
    }
    socket.flush();
    peer.settle();
    CHECK(received == 0);
    CHECK(peer.unsent(socket.stream) >= count * size - 65535 - 32 * kibibyte - 64 * kibibyte);
    // The others are served.
    H2Socket other{peer, "/"};
    peer.settle();
    CHECK(other.answer().status == "200");
    peer.frames.rst_stream(other.stream);
    peer.settle();
    CHECK(token.post("go") == Status::gone);  // it was the other one's
    peer.client.drain();                      // wakes the handler from `message`
    socket.run();
    CHECK(received == count);
    CHECK(in_order);
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
      const App app = accepting(listener(seen));
      H2Client peer{app, options};
      H2Socket socket{peer, "/",
                      compressed ? wire::Fields{{"sec-websocket-extensions", "permessage-deflate"}} : wire::Fields{}};
      socket.run();
      CHECK((!socket.answer().field("sec-websocket-extensions").empty()) == compressed);
      socket.text(std::string(at_limit ? 1000 : 1001, 'x'));
      socket.run();
      CHECK(seen.lines.size() == 1);
      CHECK(seen.lines[0].starts_with(at_limit ? "ok " : "end 1006"));
      CHECK(socket.take().starts_with("close 1009") == !at_limit);
    }
  }
}

TEST_CASE("a flood is echoed in order, within the budgets of a step") {
  const App app = accepting(App{echo});
  H2Client peer{app};
  H2Socket socket{peer, "/", {{"sec-websocket-extensions", "permessage-deflate; client_max_window_bits"}}};
  socket.run();
  for (int i = 0; i < 5000; ++i) socket.text("message " + std::to_string(i));
  const std::size_t steps = peer.client.steps();
  socket.run();
  CHECK(peer.client.steps() - steps >= 5000 * 2 / Session::waits_per_resume / 8);
  REQUIRE(socket.messages == 5000);
  bool right = true;
  for (int i = 0; i < 5000; ++i)
    right = right && socket.received[static_cast<std::size_t>(i)] == "message " + std::to_string(i);
  CHECK(right);
}

TEST_CASE("what is posted comes out of `receive`, on each stream by itself") {
  std::vector<Token> tokens;
  const App app = accepting(App{[&](Exchange& x) -> Task {
    tokens.push_back(x.token());
    WebSocket socket = co_await x.accept_websocket();
    while (true) {
      const Incoming got = co_await socket.receive();
      if (got.status() != Status::ok || !got.is_posted()) break;
      if (co_await socket.send(got) != Status::ok) break;
    }
  }});
  H2Client peer{app};
  H2Socket first{peer, "/"};
  H2Socket second{peer, "/"};
  first.run();
  CHECK(tokens.at(0).post("to the first") == Status::ok);
  CHECK(tokens.at(1).post("to the second") == Status::ok);
  first.run();
  second.run();
  CHECK(first.take() == "text to the first");
  CHECK(second.take() == "text to the second");
  first.close();
  first.run();
  CHECK(tokens.at(0).post("late") == Status::gone);
  CHECK(tokens.at(1).post("still") == Status::ok);
}
