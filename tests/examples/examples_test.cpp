// The other examples, loaded as a server loads them: from the modules that the build made. (notify has a thread of its own, and
// simulated time does not wait for threads: program.py tries that one.)
#include "tests/examples/fields.hpp"

#include <pounce/app.hpp>
#include <pounce/testing.hpp>

#include <dlfcn.h>
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using examples::field;
using pounce::testing::Client;

namespace {

using AppRef = std::unique_ptr<pounce::App, void (*)(pounce::App*)>;

// The module stays loaded, as it does in a server.
AppRef load(const std::string& name) {
  const std::string path = POUNCE_BINARY_DIR "/examples/" + name + "/lib" + name + ".so";
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error{dlerror()};
  const auto symbol = reinterpret_cast<const pounce::Module* (*)()>(dlsym(library, pounce::module_symbol));
  if (symbol == nullptr) throw std::runtime_error{"no " + std::string{pounce::module_symbol}};
  const pounce::Module* module = symbol();
  const pounce::ModuleStamp ours;
  CHECK(module->stamp.abi == ours.abi);
  CHECK(module->stamp.sizes == ours.sizes);
  return {module->make(), module->unmake};
}

struct Example {
  explicit Example(const std::string& name) : app(load(name)), client(*app) {}
  AppRef app;
  Client client;
};

}  // namespace

TEST_CASE("hello greets by name") {
  Example hello{"hello"};
  CHECK(hello.client.get("/").body == "Hello, World!");
  CHECK(hello.client.get("/?name=Ada").body == "Hello, Ada!");
  CHECK(hello.client.get("/any/path?name=A%C3%AFda").body ==
        "Hello, A\xC3\xAF"
        "da!");
}

TEST_CASE("echo streams, waits for a slow reader, and cuts where the request was cut") {
  Example echo{"echo"};
  const std::string body(500'000, 'x');
  CHECK(echo.client.request("PUT", "/", {}, body).body == body);

  SUBCASE("a reader that stops stops the sender") {
    echo.client.open();
    echo.client.take_at_most(0);
    echo.client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n" + std::string(900'000, 'y'));
    echo.client.run();
    CHECK(echo.client.output().empty());
    echo.client.take_at_most(std::nullopt);
    const auto reply = echo.client.reply();
    CHECK(reply.complete);
    CHECK(reply.body.size() == 900'000);
  }
  SUBCASE("half a request gets no whole answer") {
    echo.client.open();
    echo.client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
    echo.client.run();
    echo.client.close_write();
    echo.client.run();
    CHECK_FALSE(echo.client.reply().complete);
  }
}

TEST_CASE("events count until the server shuts down, and say goodbye") {
  Example events{"events"};
  events.client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  events.client.advance(2500ms);
  events.client.drain();
  const auto reply = events.client.reply();
  CHECK(reply.complete);
  CHECK(reply.body ==
        "event: count\nid: 1\ndata: 1\n\nevent: count\nid: 2\ndata: 2\n\nevent: count\nid: 3\ndata: 3\n\n"
        "event: goodbye\nretry: 2000\ndata: see you soon\n\n");
}

TEST_CASE("upload takes what is small enough") {
  Example upload{"upload"};
  CHECK(upload.client.get("/").status == 405);
  CHECK(upload.client.get("/").header("allow") == "PUT, POST");
  CHECK(upload.client.post("/", "").body == "0 bytes, hash 14695981039346656037\n");
  CHECK(upload.client.post("/", "a").body == "1 bytes, hash 12638187200555641996\n");
  CHECK(upload.client.post("/", std::string(512 * 1024, 'x')).status == 200);

  SUBCASE("a large one is refused before a byte was sent") {
    upload.client.open();
    upload.client.send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 600000\r\n\r\n");
    const auto reply = upload.client.reply();
    CHECK(reply.status == 413);
    CHECK(reply.informational.empty());
  }
  SUBCASE("a large one in chunks is refused on the way") {
    upload.client.open();
    std::string chunks;
    for (int i = 0; i < 10; ++i) chunks.append("10000\r\n").append(0x10000, 'x').append("\r\n");
    upload.client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
    CHECK(upload.client.reply().status == 413);
  }
  SUBCASE("a sender that stops is given up") {
    upload.client.open();
    upload.client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
    upload.client.advance(11s);
    CHECK(upload.client.reply().status == 408);
  }
}

TEST_CASE("middleware asks for the key and hardens every answer") {
  Example guarded{"middleware"};
  CHECK(guarded.client.get("/public").status == 200);
  CHECK(guarded.client.get("/secret").status == 401);
  CHECK(guarded.client.get("/secret", field("X-API-Key", "sesam")).status == 401);
  CHECK(guarded.client.get("/secret", field("X-API-Key", "sesame")).status == 200);
  CHECK(guarded.client.get("/nowhere").status == 401);
  CHECK(guarded.client.get("/nowhere", field("x-api-key", "sesame")).status == 404);
  for (const char* target : {"/public", "/secret", "/nowhere"}) {
    CAPTURE(target);
    CHECK(guarded.client.get(target).header("x-content-type-options") == "nosniff");
  }
}

TEST_CASE("hints and trailers stand around an answer") {
  Example page{"hints_trailers"};
  const auto reply = page.client.get("/");
  REQUIRE(reply.informational.size() == 1);
  CHECK(reply.informational[0].status == 103);
  CHECK(reply.informational[0].fields.size() == 2);
  CHECK(reply.body.starts_with("<!doctype html>"));
  CHECK(reply.trailers.find("server-timing") == "database;dur=20");

  SUBCASE("HTTP/1.0 knows neither") {
    page.client.open();
    page.client.send("GET / HTTP/1.0\r\n\r\n");
    const auto old = page.client.reply();
    CHECK(old.status == 200);
    CHECK(old.informational.empty());
    CHECK(old.trailers.empty());
    CHECK(old.complete);
  }
}

TEST_CASE("lifespan sets up what handlers use, or stops the start") {
  Example app{"lifespan"};
  SUBCASE("as it is told") {
    setenv("GREETING", "Ahoy", 1);
    app.app->start();
    CHECK(app.client.get("/").body == "Ahoy\n");
    app.app->drain();
    app.app->stop();
  }
  SUBCASE("by default") {
    unsetenv("GREETING");
    app.app->start();
    CHECK(app.client.get("/").body == "Hello\n");
  }
  SUBCASE("an exception is what a server makes exit code 3 of") {
    setenv("GREETING", "", 1);
    CHECK_THROWS_WITH(app.app->start(), "GREETING is empty");
  }
}

TEST_CASE("sleepy waits in minutes, and closes early") {
  Example tea{"sleepy"};
  const auto before = tea.client.now();
  CHECK(tea.client.get("/tea?minutes=2").body == "tea is ready\n");
  CHECK(tea.client.now() - before >= 2min);
  CHECK(tea.client.get("/tea?minutes=0").body == "tea is ready\n");
  for (const char* text : {"-1", "11", "x", "1.5", ""}) {
    CAPTURE(text);
    CHECK(tea.client.get(std::string{"/tea?minutes="} + text).status == 400);
  }
  tea.client.send("GET /tea HTTP/1.1\r\nHost: a\r\n\r\n");
  tea.client.advance(90s);
  tea.client.drain();
  CHECK(tea.client.reply().body == "no tea: closing time\n");
}
