// The in-memory client itself: replies are parsed, time jumps, connections are kept.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/testing.hpp>

#include "tests/server/recorder.hpp"

using namespace pounce;
using namespace std::chrono_literals;
using testing::Client;
using testing::take_reply;

TEST_CASE("the first example of the header") {
  const App app{[](const Request&) { return Response::text("Hello, World!"); }};
  Client client{app};
  const auto reply = client.get("/hello");
  CHECK(reply.status == 200);
  CHECK(reply.header("content-type") == "text/plain; charset=utf-8");
  CHECK(reply.header("Content-Length") == "13");
  CHECK(reply.body == "Hello, World!");
  CHECK(reply.complete);
  CHECK(reply.keep_alive);
}

TEST_CASE("one connection serves many requests; a new one takes the place of a closed one") {
  const App app{[](const Request& request) {
    Response response = Response::text(std::to_string(number(request.connection())));
    if (request.path() == "/close") response.set("connection", "close");
    return response;
  }};
  testing::Recorder recorder;
  Client client{app, observed(recorder)};
  CHECK(client.get("/").body == "1");
  CHECK(client.get("/").body == "1");
  CHECK_FALSE(client.get("/close").keep_alive);
  CHECK(client.get("/").body == "2");
  CHECK(recorder.count("opened") == 2);
}

TEST_CASE("a handler's sleep takes simulated time only") {
  const App app{[](Exchange& x) -> Task {
    (void)co_await x.sleep(30min);
    (void)x.respond(Response::text("late"));
  }};
  Client client{app};
  const Instant before = client.now();
  CHECK(client.get("/").body == "late");
  CHECK(client.now() - before >= 30min);
  CHECK(client.now() - before < 31min);
}

TEST_CASE("what never ends is cut at the client's patience, and said to be incomplete") {
  const App app{[](Exchange& x) -> Task {
    EventStream events{x};
    if (events.start() != Status::ok) co_return;
    while (co_await events.send(ServerEvent{"tick"}) == Status::ok) (void)co_await x.sleep(1s);
  }};
  testing::Options options;
  options.patience = 10s;
  Client client{app, options};
  const auto reply = client.get("/");
  CHECK(reply.status == 200);
  CHECK_FALSE(reply.complete);
  CHECK(testing::occurrences(reply.body, "data: tick\n\n") >= 10);
  CHECK(testing::occurrences(reply.body, "data: tick\n\n") <= 12);
}

TEST_CASE("replies: framing by length, by chunks, by the end") {
  std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 204 No Content\r\n\r\n";
  auto reply = take_reply(bytes, false, false);
  REQUIRE(reply);
  CHECK(reply->body == "abc");
  reply = take_reply(bytes, false, false);
  REQUIRE(reply);
  CHECK(reply->status == 204);
  CHECK(bytes.empty());

  bytes =
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\nrest";
  reply = take_reply(bytes, false, false);
  REQUIRE(reply);
  REQUIRE(reply->informational.size() == 1);
  CHECK(reply->informational[0].header("link") == "</a>");
  CHECK(reply->body == "abcde");
  CHECK(reply->trailers.find("x") == "y");
  CHECK(bytes == "rest");

  bytes = "HTTP/1.1 200 OK\r\n\r\nall of it";
  CHECK_FALSE(take_reply(bytes, false, false));
  reply = take_reply(bytes, false, true);
  REQUIRE(reply);
  CHECK(reply->body == "all of it");
  CHECK(reply->complete);
  CHECK_FALSE(reply->keep_alive);
}

TEST_CASE("replies: nothing is taken of half a reply, and a reply that was cut is not complete") {
  const std::string whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (std::size_t n = 0; n < whole.size(); ++n) {
    std::string part = whole.substr(0, n);
    CHECK_FALSE(take_reply(part, false, false));
    CHECK(part.size() == n);
    if (const auto cut = take_reply(part, false, true)) CHECK_FALSE(cut->complete);
  }
}

TEST_CASE("HEAD replies have no body, whatever their fields say") {
  const App app{[](const Request&) { return Response::text("Hello"); }};
  Client client{app};
  const auto reply = client.head("/");
  CHECK(reply.header("content-length") == "5");
  CHECK(reply.body.empty());
  CHECK(reply.complete);
  CHECK(client.get("/").body == "Hello");
}

TEST_CASE("an app that has no answer leaves a reply without a status") {
  const App app{[](Exchange& x) -> Task { (void)co_await x.message(); }};
  testing::Recorder recorder;
  Client client{app, observed(recorder)};
  CHECK(client.get("/").status == 0);
  client.reset();
  CHECK(client.closed());
  CHECK(recorder.text() ==
        "opened | started GET / | disconnected | failed client_gone 0 | closed connection_reset after 1");
}
