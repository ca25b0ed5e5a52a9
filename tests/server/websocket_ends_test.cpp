// How WebSockets of applications end: by either side, in failure, in time, in a drain; and what is still said before.
#include "tests/server/recorder.hpp"
#include "tests/server/ws_handlers.hpp"
#include "tests/server/ws_peer.hpp"

#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/server/session.hpp>

#include <stdexcept>
#include <string>

using namespace pounce;
using namespace std::chrono_literals;
using testing::Client;
using testing::echo;
using testing::frame;
using testing::listener;
using testing::observed;
using testing::Options;
using testing::Recorder;
using testing::Seen;
using testing::WsPeer;

TEST_CASE("ends: the peer's code and reason, none, a failure, a connection that ends without a Close") {
  struct Row {
    std::string bytes;
    std::string_view seen;
    std::string_view sent;
    std::string_view event;
  };
  const std::string mask(4, '\0');
  const Row rows[] = {
      {"\x88\x85" + mask + "\x03\xe9" + "bye", "end 1001 bye", "close 1001", "completed 101"},
      {"\x88\x80" + mask, "end 1005", "close 1005", "completed 101"},
      {"\x88\x82" + mask + "\x03\xee", "end 1006", "close 1002", "failed peer_fault invalid_close"},
      {"\x81\x81" + mask + "\xff", "end 1006", "close 1007", "failed peer_fault invalid_text"},
      {"\x81\x01x", "end 1006", "close 1002", "failed peer_fault missing_mask"},
      {"", "end 1006", "", "failed peer_fault missing_close"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.seen);
    CAPTURE(row.event);
    Seen seen;
    const App app = listener(seen);
    Recorder recorder;
    Client client{app, observed(recorder)};
    WsPeer peer{client, "/"};
    client.send(frame("before") + row.bytes);
    client.run();
    if (row.bytes.empty()) client.close_write();
    client.run();
    peer.read();
    const std::string sent = peer.take();
    CHECK(sent.substr(0, row.sent.size()) == row.sent);
    CHECK(sent.empty() == row.sent.empty());
    client.close_write();
    client.run();
    CHECK(client.closed());
    CHECK(seen.text() == "ok before | " + std::string(row.seen));
    CHECK(recorder.count(row.event) == 1);
  }
}

TEST_CASE("messages that come with their peer's last word are answered before it, whatever that is") {
  const App app{echo};
  const std::string mask(4, '\0');
  for (const bool slow : {false, true}) {
    for (const auto& [last, answer] : {std::pair{"\x88\x82" + mask + "\x03\xe8", "close 1000"},
                                       std::pair{"\x83\x80" + mask, "close 1002 a frame has a reserved opcode"},
                                       std::pair{"\x81\x81" + mask + "\xff", "close 1007 text is not UTF-8"}}) {
      CAPTURE(answer);
      Options options;
      if (slow) options.output_limit = 2000;
      Client client{app, options};
      WsPeer peer{client, "/"};
      std::string bytes;
      for (int i = 0; i < 50; ++i) bytes += frame(std::string(100, 'x'));
      client.send(bytes + last);
      client.run();
      peer.read();
      CHECK(peer.messages == 50);
      const std::string got = peer.take();
      CHECK(got.substr(got.rfind("| ") + 2) == answer);
    }
  }
}

TEST_CASE("a handler that looks away does not keep its peer's Close unanswered for long") {
  Seen seen;
  const App app{[&seen](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    (void)co_await socket.receive();
    (void)co_await x.message(5s);
    seen.add("send", co_await socket.send_text("in time"));
    (void)co_await x.message(10s);
    seen.add("send", co_await socket.send_text("too late"));
    seen.add(co_await socket.receive());
  }};
  Client client{app};
  WsPeer peer{client, "/"};
  client.send(frame("x") + std::string{"\x88\x82\0\0\0\0\x03\xe9", 8});
  client.advance(11s);
  peer.read();
  CHECK(peer.take() == "text in time | close 1001");
  client.run();
  CHECK(seen.text() == "send ok | send gone | end 1001");
}

TEST_CASE("sending after the peer's Close, after ours, and what cannot be sent: statuses") {
  Seen seen;
  const App app{[&seen](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    seen.add("not UTF-8", co_await socket.send_text("\xff"));
    seen.add("no code", socket.close(1006));
    seen.add("long reason", socket.close(1000, std::string(124, 'x')));
    seen.add("bad reason", socket.close(1000, "\xff"));
    seen.add("good", co_await socket.send_text("good"));
    if (x.request().path() == "/ours") {
      seen.add("close", socket.close(4000, "enough"));
      seen.add("close", socket.close());
      seen.add("send", co_await socket.send_binary("x"));
      seen.add(co_await socket.receive());
    }
    seen.add(co_await socket.receive());
    seen.add(co_await socket.receive());
    seen.add("send", co_await socket.send_binary("x"));
    seen.add("close", socket.close());
  }};
  const std::string begins =
      "not UTF-8 invalid_field | no code invalid_field | long reason invalid_field | "
      "bad reason invalid_field | good ok | ";
  Client client{app};
  {
    WsPeer peer{client, "/theirs"};
    peer.close(1000);
    peer.run();
    CHECK(peer.take() == "text good | close 1000");
    CHECK(client.closed());
    CHECK(seen.text() == begins + "end 1000 | end 1000 | send gone | close gone");
  }
  seen.lines.clear();
  WsPeer peer{client, "/ours"};
  CHECK(seen.text() == begins + "close ok | close gone | send gone");
  peer.text("crossing");
  peer.run();
  CHECK(peer.take() == "text good | close 4000 enough");
  peer.run();
  CHECK(client.closed());
}

TEST_CASE("messages that cross our Close still arrive, then the peer's answer") {
  Seen seen;
  const App app{[&seen](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    (void)socket.close(4000);
    for (int i = 0; i < 2; ++i) seen.add(co_await socket.receive());
  }};
  Client client{app};
  const WsPeer peer{client, "/"};
  client.send(frame("crossing") + std::string{"\x88\x82\0\0\0\0\x0f\xa0", 8});
  client.run();
  client.close_write();
  client.run();
  CHECK(client.closed());
  CHECK(seen.text() == "ok crossing | end 4000");
}

TEST_CASE("behind our Close a peer can send no more than the inbox holds while the handler looks away") {
  Seen seen;
  const App app{[&seen](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    (void)socket.close(4000);
    (void)co_await x.message(5s);
    while (true) {
      const Incoming got = co_await socket.receive();
      if (got.status() != Status::ok) break;
      seen.lines.emplace_back(got.bytes());
    }
  }};
  Options options;
  options.inbox_limit = 16 * kibibyte;
  options.read_size = 4096;
  Client client{app, options};
  client.open();
  std::string bytes = std::string{"GET / HTTP/1.1\r\n"}.append(WsPeer::opening).append("\r\n");
  for (int i = 0; i < 1000; ++i) bytes += frame(std::string(100, 'x'));
  client.send(bytes);
  client.advance(1s);
  CHECK_FALSE(client.session()->wants_input());
  CHECK(seen.lines.empty());
  client.run();
  CHECK(seen.lines.size() == 1000);
}

TEST_CASE("how a handler ends ends its socket: 1000 when it returns, 1011 when it throws") {
  for (const bool throws : {false, true}) {
    const App app{[throws](Exchange& x) -> Task {
      WebSocket socket = co_await x.accept_websocket();
      (void)co_await socket.receive();
      if (throws) throw std::runtime_error{"on purpose"};
    }};
    Recorder recorder;
    Client client{app, observed(recorder)};
    WsPeer peer{client, "/"};
    // What nobody will read any more is thrown away.
    for (int i = 0; i < 100; ++i) peer.text("message");
    peer.run();
    CHECK(peer.take() == (throws ? "close 1011" : "close 1000"));
    CHECK(client.closed());
    CHECK(recorder.count("completed 101") == (throws ? 0 : 1));
    CHECK(recorder.count("threw on purpose") == (throws ? 1 : 0));
    CHECK(recorder.count("failed handler_threw 101") == (throws ? 1 : 0));
  }
}

TEST_CASE("time: no keep-alive deadline, but pings where they are wished, and an end to who does not answer") {
  Seen seen;
  const App app = listener(seen);
  {
    Client client{app};
    WsPeer peer{client, "/"};
    client.advance(24h);
    peer.text("still here");
    peer.run();
    CHECK(seen.text() == "ok still here");
  }
  seen.lines.clear();
  Recorder recorder;
  Options options = observed(recorder);
  options.ws.ping_interval = 30s;
  options.ws.ping_timeout = 10s;
  Client client{app, options};
  WsPeer peer{client, "/"};
  for (int i = 0; i < 5; ++i) {
    client.advance(31s);
    peer.run();
  }
  CHECK(peer.take() == "ping | ping | ping | ping | ping");
  CHECK_FALSE(client.closed());
  client.advance(31s);
  client.advance(8s);
  CHECK_FALSE(client.closed());
  client.advance(2s);
  CHECK(client.closed());
  CHECK(seen.text() == "end 1006");
  CHECK(recorder.count("failed peer_fault pong_timeout 101") == 1);
}

TEST_CASE("time: a message that stops in the middle, a Close that is not answered") {
  Seen seen;
  const App app = listener(seen);
  {
    Client client{app};
    WsPeer peer{client, "/"};
    client.send(std::string{"\x81\x8a\0\0\0\0half", 10});
    client.run();
    client.advance(31s);
    peer.read();
    CHECK(peer.take().starts_with("close 1008"));
    CHECK(seen.text() == "end 1006");
  }
  Recorder recorder;
  Options options = observed(recorder);
  options.ws.close_timeout = 3s;
  const App closer{[](Exchange& x) -> Task { const WebSocket socket = co_await x.accept_websocket(); }};
  Client client{closer, options};
  WsPeer peer{client, "/"};
  CHECK(peer.take() == "close 1000");
  client.advance(2s);
  CHECK_FALSE(client.closed());
  client.advance(2s);
  CHECK(client.closed());
  CHECK(recorder.text() == "opened | started GET / | completed 101 in 0 out 0 | closed close_timeout after 1");
}

TEST_CASE("time: a peer that does not read is given up, and its handler told") {
  Seen seen;
  const App app{[&seen](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    Status status = Status::ok;
    while (status == Status::ok) status = co_await socket.send_binary(std::string(20'000, 'x'));
    seen.add("send", status);
    seen.add(co_await socket.receive());
  }};
  Recorder recorder;
  Client client{app, observed(recorder)};
  client.open();
  client.take_at_most(0);
  client.send(std::string{"GET / HTTP/1.1\r\n"}.append(WsPeer::opening).append("\r\n"));
  client.run();
  client.advance(31s);
  CHECK(client.closed());
  CHECK(seen.text() == "send gone | end 1006");
  CHECK(recorder.count("failed peer_fault write_timeout 101") == 1);
}

TEST_CASE("drain: 1001 to all, whatever their handlers do; who accepts during it is told at once") {
  const App app{[](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    if (x.request().path() == "/waits") {
      CHECK((co_await x.message()).status() == Status::draining);
      co_return;
    }
    while ((co_await socket.receive()).status() == Status::ok) continue;
  }};
  for (const std::string_view path : {"/", "/waits"}) {
    Recorder recorder;
    Client client{app, observed(recorder)};
    WsPeer peer{client, path};
    client.drain();
    peer.run();
    CHECK(peer.take() == "close 1001");
    CHECK(client.closed());
    CHECK(recorder.count("completed 101") == 1);
  }
  Client client{app};
  client.open();
  client.send(std::string{"GET / HTTP/1.1\r\n"}.append(WsPeer::opening));
  client.run();
  client.send("\r\n");
  client.drain();
  client.run();
  CHECK(client.output().ends_with(std::string_view{"\r\n\r\n\x88\x02\x03\xe9", 8}));
}

TEST_CASE("cut: a socket counts as one until both sides have taken leave, whether its handler has left or not") {
  const App app{[](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    while ((co_await socket.receive()).status() == Status::ok) continue;
    if (x.request().path() == "/stays") (void)co_await x.sleep(1h);
  }};
  for (const std::string_view path : {"/", "/stays"}) {
    CAPTURE(path);
    Client client{app};
    WsPeer peer{client, path};
    client.drain();
    client.run();  // and the peer does not answer
    const Cut cut = client.session()->close(client.now(), true);
    CHECK(cut.connections == 1);
    CHECK(cut.requests == 0);
    CHECK(cut.websockets == 1);
  }
  Client asks{app};
  asks.open();
  asks.send("GET / HTTP/1.1\r\nHost: t\r\nUpgrade: websocket\r\n");
  CHECK(asks.session()->close(asks.now(), true).websockets == 0);
}

TEST_CASE("a reset: the handler is never resumed, its frame is destroyed, one report") {
  int alive = 0;
  struct Alive {
    explicit Alive(int& count) : n(count) { ++n; }
    Alive(const Alive&) = delete;
    Alive& operator=(const Alive&) = delete;
    ~Alive() { --n; }
    int& n;
  };
  bool resumed = false;
  const App app{[&](Exchange& x) -> Task {
    const Alive here{alive};
    WebSocket socket = co_await x.accept_websocket();
    (void)co_await socket.receive();
    resumed = true;
  }};
  Recorder recorder;
  Client client{app, observed(recorder)};
  const WsPeer peer{client, "/"};
  CHECK(alive == 1);
  client.reset();
  CHECK(alive == 0);
  CHECK_FALSE(resumed);
  CHECK(recorder.count("failed client_gone 101") == 1);
}
