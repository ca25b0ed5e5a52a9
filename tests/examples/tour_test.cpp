// The tour, route by route, as its index page explains it.
#include "examples/tour/tour.hpp"

#include "tests/examples/fields.hpp"

#include <pounce/app/application.hpp>
#include <pounce/testing.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace std::chrono_literals;
using examples::field;
using pounce::testing::Client;

namespace {

struct Tour {
  pounce::App app = tour::make();
  Client client{app};

  std::uint64_t runs() { return std::stoull(client.get("/runs").body); }
};

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

}  // namespace

TEST_CASE_FIXTURE(Tour, "/hello is thirteen bytes of text") {
  const auto reply = client.get("/hello");
  CHECK(reply.status == 200);
  CHECK(reply.body == "Hello, World!");
  CHECK(reply.header("content-length") == "13");
  CHECK(reply.header("content-type") == "text/plain; charset=utf-8");
}

TEST_CASE_FIXTURE(Tour, "/ is the manual for whoever asks for HTML, and /hello for everybody else") {
  CHECK(client.get("/").body == "Hello, World!");
  CHECK(client.get("/", field("accept", "*/*")).body == "Hello, World!");

  const auto page = client.get("/", field("Accept", "text/html,application/xhtml+xml;q=0.9"));
  CHECK(page.status == 200);
  CHECK(page.header("content-type") == "text/html; charset=utf-8");
  CHECK(page.header("vary") == "accept");
  CHECK(page.body.starts_with("<!doctype html>"));
  CHECK(page.body.size() < 8 * 1024);
}

TEST_CASE_FIXTURE(Tour, "the manual names every route, and every route that it links to is there") {
  const std::string page = client.get("/", field("accept", "text/html")).body;
  for (const char* route :
       {"/hello", "/echo", "/big", "/json", "/sleep", "/events", "/headers", "/hints", "/trailers", "/runs"}) {
    CAPTURE(route);
    CHECK(count(page, std::string{"localhost:8000"} + route) + count(page, std::string{"<a href=\""} + route) != 0);
  }
  std::size_t links = 0;
  for (std::size_t at = page.find("href=\"/"); at != std::string::npos; at = page.find("href=\"/", at + 1), ++links) {
    std::string target = page.substr(at + 6, page.find('"', at + 6) - at - 6);
    if (const std::size_t amp = target.find("&amp;"); amp != std::string::npos) target.erase(amp + 1, 4);
    CAPTURE(target);
    CHECK(client.get(target).status == 200);
  }
  CHECK(links == 9);
}

TEST_CASE_FIXTURE(Tour, "/echo gives back what it got") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{300'000}}) {
    CAPTURE(size);
    std::string body(size, '\0');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 31 >> 3);
    const auto reply = client.post("/echo", body);
    CHECK(reply.status == 200);
    CHECK(reply.header("content-length") == std::to_string(size));
    CHECK(reply.body == body);
  }
}

TEST_CASE_FIXTURE(Tour, "/echo goes on while the request does, in chunks where the length is unknown") {
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  client.run();
  CHECK(client.output().find("hello") != std::string::npos);
  client.send("6\r\n world\r\n0\r\n\r\n");
  const auto reply = client.reply();
  CHECK(reply.complete);
  CHECK(reply.body == "hello world");
}

TEST_CASE_FIXTURE(Tour, "/echo asks for the content before it answers") {
  client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  client.run();
  CHECK(client.take_output() == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  CHECK(client.reply().body == "hi");
}

TEST_CASE_FIXTURE(Tour, "/big is a mebibyte and /json sixteen kibibytes, to the byte, each time") {
  for (int i = 0; i < 3; ++i) {
    CHECK(client.get("/big").body.size() == 1024 * 1024);
    const auto json = client.get("/json");
    CHECK(json.header("content-type") == "application/json");
    CHECK(json.body.size() == 16 * 1024);
    CHECK(json.body.starts_with("{\"cats\":["));
    CHECK(json.body.ends_with("\"}"));
  }
}

TEST_CASE_FIXTURE(Tour, "/sleep waits as long as it says") {
  const auto before = client.now();
  CHECK(client.get("/sleep?ms=1500").body == "slept 1500 ms\n");
  CHECK(client.now() - before >= 1500ms);
  CHECK(client.now() - before < 1600ms);
}

TEST_CASE_FIXTURE(Tour, "a number that is none is the client's fault") {
  for (const char* query :
       {"ms=", "ms=abc", "ms=-1", "ms=1e3", "ms=+1", "ms=%201", "ms=3600001", "ms=99999999999999999999", "ms=%"}) {
    CAPTURE(query);
    CHECK(client.get(std::string{"/sleep?"} + query).status == 400);
    CHECK(client.get(std::string{"/events?n=1&"} + query).status == 400);
  }
  CHECK(client.get("/events?n=x").status == 400);
  CHECK(client.get("/sleep?ms=0").status == 200);
  CHECK(client.get("/sleep").status == 200);
}

TEST_CASE_FIXTURE(Tour, "a sleeper is woken by a shutdown and answers") {
  client.send("GET /sleep?ms=3000000 HTTP/1.1\r\nHost: a\r\n\r\n");
  client.advance(1s);
  CHECK(client.output().empty());
  client.drain();
  CHECK(client.reply().body == "woken early: the server is shutting down\n");
}

TEST_CASE_FIXTURE(Tour, "/events sends as many as asked for, that far apart") {
  const auto before = client.now();
  const auto reply = client.get("/events?n=4&ms=200");
  CHECK(reply.header("content-type") == "text/event-stream");
  CHECK(reply.body == "id: 1\ndata: tick 1\n\nid: 2\ndata: tick 2\n\nid: 3\ndata: tick 3\n\nid: 4\ndata: tick 4\n\n");
  CHECK(client.now() - before >= 600ms);
  CHECK(client.get("/events?n=0").body.empty());
}

TEST_CASE_FIXTURE(Tour, "a stream says goodbye when the server shuts down, and is complete") {
  client.send("GET /events?n=1000000&ms=1000 HTTP/1.1\r\nHost: a\r\n\r\n");
  client.advance(2500ms);
  client.drain();
  const auto reply = client.reply();
  CHECK(reply.complete);
  CHECK(reply.body.ends_with("event: goodbye\ndata: shutting down\n\n"));
}

TEST_CASE_FIXTURE(Tour, "/headers puts a value into a field") {
  CHECK(client.get("/headers?h=some%20value").header("x-echo") == "some value");
  CHECK(client.get("/headers?h=some+value").header("x-echo") == "some value");
  CHECK(client.get("/headers?h=").header("x-echo") == "");
  CHECK(client.get("/headers").status == 400);
  CHECK(client.get("/headers?h=%").status == 400);
}

TEST_CASE_FIXTURE(Tour, "a field that would split the answer is a 500, and the connection goes on") {
  for (const char* value : {"%0d%0ax-injected:+1", "a%0ab", "a%0db", "a%00b", "%7f", "a%0d%0a%0d%0a<p>"}) {
    CAPTURE(value);
    const auto reply = client.get(std::string{"/headers?h="} + value);
    CHECK(reply.status == 500);
    CHECK_FALSE(reply.header("x-echo"));
    CHECK_FALSE(reply.header("x-injected"));
    CHECK(client.get("/hello").status == 200);
  }
}

TEST_CASE_FIXTURE(Tour, "/hints comes with a 103") {
  const auto reply = client.get("/hints");
  REQUIRE(reply.informational.size() == 1);
  CHECK(reply.informational[0].status == 103);
  CHECK(reply.informational[0].header("link") == "</style.css>; rel=preload; as=style");
  CHECK(reply.status == 200);
}

TEST_CASE_FIXTURE(Tour, "/trailers ends with what was known at the end") {
  const auto reply = client.get("/trailers");
  CHECK(count(reply.body, "\n") == 3);
  CHECK(reply.header("trailer") == "x-lines");
  CHECK(reply.trailers.find("x-lines") == "3");
}

TEST_CASE_FIXTURE(Tour, "/runs counts every handler once") {
  const std::uint64_t before = runs();
  client.get("/hello");
  client.get("/");
  client.get("/json");
  client.get("/sleep?ms=1");
  client.get("/events?n=3&ms=1");
  client.post("/echo", "some content");
  client.get("/headers?h=%0a");
  CHECK(client.get("/nowhere").status == 404);
  CHECK(runs() == before + 8);
}
