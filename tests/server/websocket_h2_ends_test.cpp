// How WebSockets on streams of HTTP/2 end: by either side, in failure, in time, with their stream or their connection, in a drain; each once.
#include "tests/server/h2_socket.hpp"
#include "tests/server/recorder.hpp"
#include "tests/server/ws_handlers.hpp"

#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/server/session.hpp>

#include <stdexcept>
#include <string>

using namespace pounce;
using namespace std::chrono_literals;
using testing::accepting;
using testing::frame;
using testing::H2Client;
using testing::H2Socket;
using testing::listener;
using testing::observed;
using testing::Options;
using testing::Recorder;
using testing::Seen;

TEST_CASE("ends: the peer's code and reason, none, a failure, a stream that ends without a Close") {
  struct Row {
    std::string bytes;
    std::string_view seen;
    std::string_view sent;
    std::string_view event;
  };
  const std::string mask(4, '\0');
  const Row rows[] = {
      {"\x88\x85" + mask + "\x03\xe9" + "bye", "end 1001 bye", "close 1001", "completed 200"},
      {"\x88\x80" + mask, "end 1005", "close 1005", "completed 200"},
      {"\x88\x82" + mask + "\x03\xee", "end 1006", "close 1002", "failed peer_fault invalid_close"},
      {"\x81\x81" + mask + "\xff", "end 1006", "close 1007", "failed peer_fault invalid_text"},
      {"\x81\x01x", "end 1006", "close 1002", "failed peer_fault missing_mask"},
      {"", "end 1006", "failed missing_close", "failed peer_fault missing_close"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.seen);
    CAPTURE(row.event);
    Seen seen;
    const App app = accepting(listener(seen));
    Recorder recorder;
    H2Client peer{app, observed(recorder)};
    H2Socket socket{peer, "/"};
    peer.send_on(socket.stream, frame("before") + row.bytes);
    if (row.bytes.empty()) peer.end(socket.stream);
    peer.run();
    socket.read();
    CHECK(socket.take().starts_with(row.sent));
    CHECK(socket.answer().ended);
    CHECK_FALSE(socket.answer().reset);
    peer.end(socket.stream);
    peer.run();
    CHECK(seen.text() == "ok before | " + std::string(row.seen));
    CHECK(recorder.count(row.event) == 1);
    CHECK(recorder.count("failed") + recorder.count("completed") == 1);
    const auto next = peer.get("/");
    peer.run();
    CHECK(peer.answer(next).status == "400");  // the connection goes on
  }
}

TEST_CASE("how a handler ends ends its socket: 1000 when it returns, 1011 when it throws") {
  for (const bool throws : {false, true}) {
    const App app = accepting(App{[throws](Exchange& x) -> Task {
      WebSocket socket = co_await x.accept_websocket();
      (void)co_await socket.receive();
      if (throws) throw std::runtime_error{"on purpose"};
    }});
    Recorder recorder;
    H2Client peer{app, observed(recorder)};
    H2Socket socket{peer, "/"};
    for (int i = 0; i < 100; ++i) socket.text("message");
    socket.run();
    socket.run();
    CHECK(socket.take() == (throws ? "close 1011" : "close 1000"));
    CHECK(socket.answer().ended);
    CHECK(recorder.count("completed 200") == (throws ? 0 : 1));
    CHECK(recorder.count("threw on purpose") == (throws ? 1 : 0));
    CHECK(recorder.count("failed handler_threw 200") == (throws ? 1 : 0));
  }
}

TEST_CASE(
    "a stream or a connection that breaks ends each socket once: its handler is never resumed, its frame is "
    "destroyed") {
  struct Alive {
    explicit Alive(int& count) : n(count) { ++n; }
    Alive(const Alive&) = delete;
    Alive& operator=(const Alive&) = delete;
    ~Alive() { --n; }
    int& n;
  };
  for (const std::string how : {"reset", "lost", "malformed"}) {
    CAPTURE(how);
    int alive = 0;
    bool resumed = false;
    const App app = accepting(App{[&](Exchange& x) -> Task {
      const Alive here{alive};
      WebSocket socket = co_await x.accept_websocket();
      (void)co_await socket.receive();
      resumed = true;
    }});
    Recorder recorder;
    H2Client peer{app, observed(recorder)};
    const H2Socket first{peer, "/"};
    const H2Socket second{peer, "/"};
    peer.run();
    CHECK(alive == 2);
    if (how == "reset") {
      peer.frames.rst_stream(first.stream);
      peer.frames.rst_stream(second.stream);
      peer.run();
      CHECK(recorder.count("failed client_gone 200") == 2);
    } else if (how == "lost") {
      peer.client.reset();
      CHECK(recorder.count("failed client_gone 200") == 2);
    } else {
      peer.frames.frame(0, 0, 0, "DATA on no stream");
      peer.run();
      CHECK(recorder.count("failed peer_fault invalid_frame 200") == 2);
    }
    CHECK(alive == 0);
    CHECK_FALSE(resumed);
  }
}

TEST_CASE("a peer that goes away (GOAWAY) keeps the sockets that it has, and the connection ends with the last") {
  const App app = accepting(App{testing::echo});
  H2Client peer{app};
  H2Socket socket{peer, "/"};
  socket.run();
  peer.frames.frame(7, 0, 0, wire::FrameWriter::number(0) + wire::FrameWriter::number(0));
  socket.text("still here");
  socket.run();
  CHECK(socket.take() == "text still here");
  socket.close();
  socket.run();
  CHECK(socket.take() == "close 1000");
  CHECK(peer.client.end_of_output());
}

TEST_CASE("time: no deadline but pings where they are wished, and an end to who does not answer") {
  Seen seen;
  const App app = accepting(listener(seen));
  {
    H2Client peer{app};
    H2Socket socket{peer, "/"};
    socket.run();
    peer.advance(24h);
    socket.text("still here");
    socket.run();
    CHECK(seen.text() == "ok still here");
  }
  seen.lines.clear();
  Recorder recorder;
  Options options = observed(recorder);
  options.ws.ping_interval = 30s;
  options.ws.ping_timeout = 10s;
  H2Client peer{app, options};
  H2Socket socket{peer, "/"};
  socket.run();
  for (int i = 0; i < 5; ++i) {
    peer.advance(31s);
    socket.run();
  }
  CHECK(socket.take() == "ping | ping | ping | ping | ping");
  peer.advance(31s);
  peer.advance(8s);
  CHECK_FALSE(socket.answer().reset);
  peer.advance(2s);
  CHECK(socket.answer().reset);
  CHECK(seen.text() == "end 1006");
  CHECK(recorder.count("failed peer_fault pong_timeout 200") == 1);
  CHECK_FALSE(peer.client.closed());
}

TEST_CASE("time: a message that stops in the middle, a Close that is not answered") {
  Seen seen;
  const App app = accepting(listener(seen));
  {
    H2Client peer{app};
    H2Socket socket{peer, "/"};
    peer.send_on(socket.stream, std::string{"\x81\x8a\0\0\0\0half", 10});
    peer.run();
    peer.advance(31s);
    socket.read();
    CHECK(socket.take().starts_with("close 1008"));
    CHECK(seen.text() == "end 1006");
  }
  Recorder recorder;
  Options options = observed(recorder);
  options.ws.close_timeout = 3s;
  const App closer =
      accepting(App{[](Exchange& x) -> Task { const WebSocket socket = co_await x.accept_websocket(); }});
  H2Client peer{closer, options};
  H2Socket socket{peer, "/"};
  peer.settle();
  socket.read();
  CHECK(socket.take() == "close 1000");
  peer.advance(2s);
  CHECK_FALSE(socket.answer().ended);
  peer.advance(2s);
  CHECK(socket.answer().ended);
  CHECK(recorder.count("completed") + recorder.count("failed") == 1);
}

TEST_CASE("time: a peer that gives no window is given up, once, and the connection goes on") {
  Seen seen;
  const App app = accepting(App{[&seen](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    Status status = Status::ok;
    while (status == Status::ok) status = co_await socket.send_binary(std::string(20'000, 'x'));
    seen.add("send", status);
  }});
  Recorder recorder;
  H2Client peer{app, observed(recorder), 0};
  peer.gives_credit = false;
  H2Socket socket{peer, "/"};
  peer.settle();
  peer.advance(29s);
  CHECK_FALSE(socket.answer().reset);
  peer.advance(2s);
  CHECK(socket.answer().reset);
  CHECK(recorder.count("failed peer_fault write_timeout 200") == 1);
  CHECK_FALSE(peer.client.closed());
}

TEST_CASE("drain: 1001 to each socket, then the connection ends; who accepts during it is told at once") {
  Seen seen;
  const App app = accepting(App{[&seen](Exchange& x) -> Task {
    if (x.request().path() == "/late") (void)co_await x.message();
    WebSocket socket = co_await x.accept_websocket();
    seen.add(co_await socket.receive());
  }});
  Recorder recorder;
  H2Client peer{app, observed(recorder)};
  H2Socket first{peer, "/"};
  H2Socket second{peer, "/"};
  H2Socket late{peer, "/late"};
  peer.settle();
  peer.client.drain();
  peer.settle();
  for (H2Socket* socket : {&first, &second, &late}) {
    socket->read();
    CHECK(socket->take() == "close 1001");
    socket->flush();
  }
  peer.settle();
  for (H2Socket* socket : {&first, &second, &late}) {
    socket->read();
    socket->flush();
  }
  peer.settle();
  CHECK(seen.text() == "end 1001 | end 1001 | end 1001");
  CHECK(recorder.count("completed 200") == 3);
  peer.advance(2s);
  CHECK(peer.client.end_of_output());
}

TEST_CASE("cut: sockets and requests on one connection are counted apart, those that have ended not at all") {
  const App app = accepting(App{[](Exchange& x) -> Task {
    if (x.request().path() == "/late") (void)co_await x.sleep(1h);
    WebSocket socket = co_await x.accept_websocket();
    while ((co_await socket.receive()).status() == Status::ok) continue;
  }});
  Recorder recorder;
  H2Client peer{app, observed(recorder)};
  H2Socket stays{peer, "/"};
  H2Socket ends{peer, "/"};
  H2Socket late{peer, "/late"};
  peer.send_on(ends.stream, "\x88\x80" + std::string(4, '\0'));
  peer.end(ends.stream);
  peer.settle();
  const Cut cut = peer.client.session()->close(peer.client.now(), true);
  CHECK(cut.connections == 1);
  CHECK(cut.requests == 1);
  CHECK(cut.websockets == 1);
  CHECK(recorder.count("failed cut") == 2);
}

TEST_CASE("a handler that waits for something else when its socket is over is not resumed") {
  bool resumed = false;
  const App app = accepting(App{[&resumed](Exchange& x) -> Task {
    WebSocket socket = co_await x.accept_websocket();
    (void)co_await x.message(1h);
    resumed = true;
  }});
  Recorder recorder;
  H2Client peer{app, observed(recorder)};
  H2Socket socket{peer, "/"};
  socket.close();
  socket.flush();
  peer.settle();
  peer.advance(11s);  // nobody answered the peer's Close in time
  socket.read();
  CHECK(socket.take() == "close 1000");
  CHECK(socket.answer().ended);
  CHECK_FALSE(resumed);
  CHECK(recorder.count("completed 200") == 1);
}
