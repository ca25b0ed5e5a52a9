// Connections: keep-alive, pipelining, half-close, refusal of bodies, limits, deadlines, drain.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/server/session.hpp>
#include <pounce/testing.hpp>

#include "tests/server/recorder.hpp"

#include <string>

using namespace pounce;
using namespace std::chrono_literals;
using testing::Client;
using testing::occurrences;
using testing::Options;
using testing::Recorder;

namespace {

App hello() {
  App app;
  app.route("/sleep", [](Exchange& x) -> Task {
    (void)co_await x.sleep(20s);
    (void)x.respond(Response::text("slept"));
  });
  app.route("/echo", [](const Request& request) { return Response{200, Body::copy(request.body())}; });
  app.route("*", [](const Request&) { return Response::text("Hello, World!"); });
  return app;
}

const std::string get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n";

}  // namespace

TEST_CASE("sixteen pipelined requests in one read are one write") {
  const App app = hello();
  Recorder recorder;
  Client client{app, observed(recorder)};
  std::string requests;
  for (int i = 0; i < 16; ++i) requests += get;
  client.send(requests);
  client.run();
  CHECK(client.writes() == 1);
  CHECK(occurrences(client.take_output(), "Hello, World!") == 16);
  CHECK(recorder.count("completed 200") == 16);
}

TEST_CASE("a thousand pipelined requests: a step does its budget, and all are answered in order") {
  App app;
  app.route("*", [](const Request& request) { return Response::text(Body::copy(request.query())); });
  Client client{app};
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += "GET /?" + std::to_string(i) + " HTTP/1.1\r\nHost: t\r\n\r\n";
  client.send(requests);
  bool right = true;
  for (int i = 0; i < 1000; ++i) right = right && client.reply().body == std::to_string(i);
  CHECK(right);
  CHECK(client.writes() >= 1000 / Session::requests_per_step);
  CHECK(client.writes() <= 40);
}

TEST_CASE("pipelined requests behind a slow one wait, in every cut of the bytes") {
  const App app = hello();
  const std::string bytes =
      "GET /sleep HTTP/1.1\r\nHost: t\r\n\r\nPOST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc" + get;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Client client{app};
    client.send(bytes.substr(0, cut));
    client.run();
    client.send(bytes.substr(cut));
    CHECK(client.reply().body == "slept");
    CHECK(client.reply().body == "abc");
    CHECK(client.reply().body == "Hello, World!");
  }
}

TEST_CASE("half-close after pipelined requests: all of them are answered, then the connection ends") {
  const App app = hello();
  for (const std::size_t read_size : {65536UL, 1UL, 40UL}) {
    Recorder recorder;
    Options options = observed(recorder);
    options.read_size = read_size;
    Client client{app, options};
    client.send(get + "GET /sleep HTTP/1.1\r\nHost: t\r\n\r\n" + get + get);
    client.close_write();
    client.run();
    CHECK(occurrences(client.take_output(), "HTTP/1.1 200 OK") == 4);
    CHECK(client.closed());
    CHECK(recorder.count("completed 200") == 4);
    CHECK(recorder.lines.back() == "closed none after 4");
  }
}

TEST_CASE("half-close in the middle: a head is truncated, content is truncated, both are answered 400") {
  const App app = hello();
  for (const std::string_view part :
       {"GET / HTTP/1.1\r\nHo", "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nabc"}) {
    Recorder recorder;
    Client client{app, observed(recorder)};
    client.send(part);
    client.close_write();
    client.run();
    CHECK(client.output().starts_with("HTTP/1.1 400 "));
    CHECK(client.closed());
  }
}

TEST_CASE("half-close without a byte closes in silence") {
  const App app = hello();
  Recorder recorder;
  Client client{app, observed(recorder)};
  client.open();
  client.close_write();
  client.run();
  CHECK(client.closed());
  CHECK(client.output().empty());
  CHECK(recorder.text() == "opened | closed none after 0");
}

TEST_CASE("half-close while a handler sleeps in the middle of content that it has not read") {
  App app;
  std::string got;
  app.route("*", [&](Exchange& x) -> Task {
    (void)co_await x.sleep(1s);
    while (true) {
      const Received received = co_await x.read();
      if (received.status() != Status::ok) break;
      got += received.bytes();
    }
    (void)x.respond(Response::text("read"));
  });
  {
    Recorder recorder;
    Client client{app, observed(recorder)};
    client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 6\r\n\r\nabc");
    client.run();
    client.send("def");
    client.close_write();
    client.run();
    CHECK(client.output().starts_with("HTTP/1.1 200 OK"));
    CHECK(got == "abcdef");
    CHECK(client.closed());
  }
  {
    Recorder recorder;
    Client client{app, observed(recorder)};
    client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 6\r\n\r\nabc");
    client.close_write();
    client.run();
    client.advance(1min);
    CHECK(client.closed());
    CHECK(recorder.count("failed peer_fault truncated_body") == 1);
  }
}

TEST_CASE("HTTP/1.0: closes after its answer, or stays with keep-alive; never 1xx, never chunked") {
  App app;
  app.route("/stream", [](Exchange& x) -> Task {
    (void)x.inform(103, Fields{});
    (void)x.start(Head{200});
    (void)co_await x.write("abc");
    (void)x.finish();
  });
  app.route("*", [](const Request&) { return Response::text("x"); });
  Client client{app};
  client.send("GET / HTTP/1.0\r\n\r\n");
  CHECK_FALSE(client.reply().keep_alive);
  client.close_write();
  client.run();
  CHECK(client.closed());
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(client.reply().header("connection") == "keep-alive");
  client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  client.run();
  CHECK_FALSE(client.output().find("chunked") != std::string::npos);
  CHECK(client.output().starts_with("HTTP/1.1 200"));
  CHECK(client.output().ends_with("\r\n\r\nabc"));
  CHECK(client.end_of_output());
}

TEST_CASE("an unread body below the bound is swallowed and the connection kept; above it the connection ends") {
  App app;
  app.route("/no", [](Exchange& x) -> Task {
    (void)x.respond(Response::text("no", 403));
    co_return;
  });
  app.route("*", [](const Request&) { return Response::text("x"); });
  Options options;
  options.limits.max_unread_body = 1000;
  for (const std::size_t size : {1UL, 999UL, 1000UL}) {
    for (const std::size_t read_size : {65536UL, 1UL}) {
      options.read_size = read_size;
      Client client{app, options};
      client.send("POST /no HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
                  std::string(size, 'z') + get);
      CHECK(client.reply().status == 403);
      CHECK(client.reply().status == 200);
    }
  }
  Recorder recorder;
  options.observer = &recorder;
  options.read_size = 100;
  Client client{app, options};
  client.send("POST /no HTTP/1.1\r\nHost: t\r\nContent-Length: 5000\r\n\r\n" + std::string(5000, 'z') + get);
  const auto reply = client.reply();
  CHECK(reply.status == 403);
  CHECK_FALSE(reply.keep_alive);
  client.run();
  CHECK(client.end_of_output());
  CHECK(client.output().empty());
  CHECK(recorder.count("started") == 1);
  client.close_write();
  client.run();
  CHECK(client.closed());
}

TEST_CASE("a body at its limit is accepted, one byte more is 413 before a byte of it is read") {
  Options options;
  options.limits.max_request_size = 1000;
  const App app = hello();
  for (const bool chunked : {false, true}) {
    Client client{app, options};
    const auto request = [&](std::size_t n) {
      Fields fields;
      if (!chunked) return client.post("/echo", std::string(n, 'b'), fields);
      fields.add("transfer-encoding", "chunked");
      char size[16];
      std::snprintf(size, sizeof size, "%zx\r\n", n);
      return client.post("/echo", size + std::string(n, 'b') + "\r\n0\r\n\r\n", fields);
    };
    CHECK(request(1000).status == 200);
    const auto reply = request(1001);
    CHECK(reply.status == 413);
    CHECK_FALSE(reply.keep_alive);
  }
}

TEST_CASE("the limit of requests per connection: the last answer says close") {
  Options options;
  options.limits.max_requests = 3;
  const App app = hello();
  Client client{app, options};
  CHECK(client.get("/").keep_alive);
  CHECK(client.get("/").keep_alive);
  CHECK_FALSE(client.get("/").keep_alive);
}

TEST_CASE("time: an idle connection is closed in silence after the keep-alive time-out, at its instant") {
  const App app = hello();
  Recorder recorder;
  Client client{app, observed(recorder)};
  CHECK(client.get("/").status == 200);
  client.advance(74s);
  CHECK_FALSE(client.closed());
  client.advance(2s);
  CHECK(client.closed());
  CHECK(client.output().empty());
  CHECK(recorder.lines.back() == "closed keep_alive_timeout after 1");
}

TEST_CASE("time: a head has one deadline, whatever trickles") {
  const App app = hello();
  Recorder recorder;
  Client client{app, observed(recorder)};
  client.send("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 11; ++i) {
    client.send("X" + std::to_string(i) + ": 1\r\n");
    client.advance(1s);
  }
  CHECK(client.output().starts_with("HTTP/1.1 408 "));
  CHECK(recorder.count("started") == 0);
  client.close_write();
  client.run();
  CHECK(client.closed());
  CHECK(recorder.lines.back() == "closed header_timeout after 0");
}

TEST_CASE("time: content that stops or trickles is 408; while the handler does not ask it is not judged") {
  App app = hello();
  app.route("/wait", [](Exchange& x) -> Task {
    (void)co_await x.sleep(10min);
    (void)x.respond(Response::text("patient"));
  });
  {
    Recorder recorder;
    Client client{app, observed(recorder)};
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc");
    client.advance(31s);
    CHECK(client.output().starts_with("HTTP/1.1 408 "));
    CHECK(recorder.count("failed peer_fault body_") == 1);
    client.reset();
  }
  {
    Recorder recorder;
    Client client{app, observed(recorder)};
    client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\nabc");
    for (int i = 0; i < 12; ++i) {
      client.send("z");
      client.advance(1s);
    }
    CHECK(client.output().starts_with("HTTP/1.1 408 "));
    CHECK(recorder.count("failed peer_fault body_too_slow") == 1);
    client.reset();
  }
  Client client{app};
  client.send("POST /wait HTTP/1.1\r\nHost: t\r\nContent-Length: 100\r\n\r\nabc");
  CHECK(client.reply().body == "patient");
}

TEST_CASE("time: a reader that stops is cut after the write time-out") {
  App app;
  app.route("*", [](const Request&) { return Response{200, std::string(500000, 'x')}; });
  Recorder recorder;
  Options options = observed(recorder);
  options.limits.min_rate.reset();
  Client client{app, options};
  client.take_at_most(1000);
  client.send(get);
  client.advance(29s);
  CHECK_FALSE(client.closed());
  client.advance(12s);
  CHECK(client.closed());
  CHECK(recorder.lines.back().starts_with("closed write_t"));
}

TEST_CASE("time: a reader below the least rate is cut, one above it is served") {
  App app;
  app.route("*", [](const Request&) { return Response{200, std::string(500000, 'x')}; });
  for (const std::size_t rate : {100UL, 20000UL}) {
    Recorder recorder;
    Client client{app, observed(recorder)};
    client.take_at_most(0);
    client.send(get);
    for (int i = 0; i < 60 && !client.closed(); ++i) {
      client.take_at_most(rate);
      client.advance(1s);
    }
    CHECK(client.closed() == (rate == 100));
    client.reset();
  }
}

TEST_CASE("lingering ends in time when the peer does not close") {
  const App app = hello();
  Client client{app};
  client.send("GET / HTTP/1.1\r\nbad line\r\n\r\n");
  client.run();
  CHECK(client.output().starts_with("HTTP/1.1 400 "));
  CHECK(client.end_of_output());
  CHECK_FALSE(client.closed());
  for (int i = 0; i < 40 && !client.closed(); ++i) {
    client.send("still here");
    client.advance(1s);
  }
  CHECK(client.closed());
}

TEST_CASE("drain: an idle connection ends at once, one under way after its answer, pipelined ones are not begun") {
  const App app = hello();
  {
    Client client{app};
    CHECK(client.get("/").status == 200);
    client.advance(1s);
    client.drain();
    client.run();
    CHECK(client.closed());
  }
  {
    // Its answer may still be under way: what is sent meanwhile must not reset it.
    Client client{app};
    CHECK(client.get("/").status == 200);
    client.drain();
    client.run();
    CHECK(client.end_of_output());
    CHECK_FALSE(client.closed());
    client.send("GET / HTTP/1.1\r\n");
    client.close_write();
    client.run();
    CHECK(client.closed());
  }
  Recorder recorder;
  Client client{app, observed(recorder)};
  client.send("GET /sleep HTTP/1.1\r\nHost: t\r\n\r\n" + get);
  client.advance(1s);
  client.drain();
  client.run();
  const std::string output = client.take_output();
  CHECK(occurrences(output, "HTTP/1.1 200 OK") == 1);
  CHECK(occurrences(output, "connection: close") + occurrences(output, "Connection: close") == 1);
  CHECK(client.end_of_output());
  client.close_write();
  client.run();
  CHECK(client.closed());
  CHECK(recorder.count("started") == 1);
}

TEST_CASE("drain: a new connection has a second for its first request, which is its last") {
  const App app = hello();
  {
    Client client{app};
    client.open();
    client.advance(600ms);
    client.drain();
    client.advance(399ms);
    CHECK_FALSE(client.closed());
    client.send(get);
    client.run();
    const std::string output = client.take_output();
    CHECK(output.starts_with("HTTP/1.1 200 OK"));
    CHECK(occurrences(output, "onnection: close") == 1);
    CHECK(client.end_of_output());
  }
  {
    Client client{app};
    client.open();
    client.advance(600ms);
    client.drain();
    client.advance(400ms);
    CHECK(client.closed());
  }
  {
    Client client{app};
    client.open();
    client.advance(1s);
    client.drain();
    client.run();
    CHECK(client.closed());
  }
}

TEST_CASE("cut: what is left of a drain is ended and said so") {
  const App app = hello();
  Recorder recorder;
  {
    Client client{app, observed(recorder)};
    client.send("GET /sleep HTTP/1.1\r\nHost: t\r\n\r\n");
    client.advance(1s);
    const Cut cut = client.session()->close(client.now(), true);
    CHECK(cut.connections == 1);
    CHECK(cut.requests == 1);
    CHECK(cut.websockets == 0);
    client.run();
    CHECK(client.closed());
  }
  CHECK(recorder.text() == "opened | started GET /sleep | failed cut 0 | closed none after 1");
}

TEST_CASE("a session that is destroyed in the middle keeps the order of its events") {
  const App app = hello();
  Recorder recorder;
  {
    Client client{app, observed(recorder)};
    client.send("GET /sleep HTTP/1.1\r\nHost: t\r\n\r\n");
    client.advance(1s);
  }
  CHECK(recorder.count("started") == 1);
  CHECK(recorder.count("failed") == 1);
}

TEST_CASE("a reset in every phase of a request") {
  const App app = hello();
  const std::string bytes = "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello" + get;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Recorder recorder;
    Client client{app, observed(recorder)};
    client.open();
    client.send(bytes.substr(0, cut));
    client.run();
    client.reset();
    CHECK(client.closed());
  }
}

TEST_CASE("an idle session has nothing buffered and says so") {
  const App app = hello();
  Client client{app};
  CHECK(client.get("/").status == 200);
  client.run();
  CHECK(client.session()->idle());
  CHECK_FALSE(client.session()->busy());
  CHECK_FALSE(client.session()->runnable());
  CHECK(client.session()->wants_input());
  client.send("G");
  client.run();
  CHECK_FALSE(client.session()->idle());
}

TEST_CASE("an event is a view of what really happened") {
  App app;
  app.route("/echo", [](const Request& request) { return Response{201, Body::copy(request.body())}; });
  Recorder recorder;
  {
    Client client{app, observed(recorder)};
    CHECK(client.post("/echo?q=1", "four").status == 201);
    CHECK(client.get("/none").status == 404);
    client.close_write();
    client.run();
  }
  CHECK(recorder.text() ==
        "opened | started POST /echo?q=1 | completed 201 in 4 out 4 | started GET /none | completed 404 in 0 out 14 | "
        "closed none after 2");
}
