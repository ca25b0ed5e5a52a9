// Plain handlers: routing, collected bodies, methods, middleware.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/server/session.hpp>
#include <pounce/testing.hpp>

#include "tests/server/recorder.hpp"

#include <stdexcept>
#include <string>

using namespace pounce;
using testing::Client;
using testing::Options;

namespace {

App echo() {
  return App{[](const Request& request) { return Response{200, Body::copy(request.body())}; }};
}

std::string letters(std::size_t n) {
  std::string out(n, ' ');
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return out;
}

}  // namespace

TEST_CASE("routes: the order in which they are added matters for equal patterns alone, where the later one counts") {
  const auto says = [](const char* text) {
    return [text](const Request&) { return Response::text(Body::copy(text)); };
  };
  App app;
  app.route("/b/", says("exact /b/")).route("/b/*", says("below /b/")).route("*", says("all"));
  for (int i = 0; i < 40; ++i) app.route("/" + std::to_string(i * 37 % 100), says("number"));
  app.route("/twice", says("first")).route("/twice", says("second"));
  app.route("/deep/*", says("first")).route("/deep/*", says("second"));
  Client client{app};
  CHECK(client.get("/b/").body == "exact /b/");
  CHECK(client.get("/b/c").body == "below /b/");
  CHECK(client.get("/twice").body == "second");
  CHECK(client.get("/deep/x").body == "second");
  CHECK(client.get("/37").body == "number");
  CHECK(client.get("/38").body == "all");
}

TEST_CASE("routes: exact before prefix, longer before shorter, none is 404") {
  App app;
  app.route("/a", [](const Request&) { return Response::text("exact"); })
      .route("/a/*", [](const Request&) { return Response::text("below a"); })
      .route("/a/b/*", [](const Request&) { return Response::text("below b"); });
  Client client{app};
  CHECK(client.get("/a").body == "exact");
  CHECK(client.get("/a?x=1").body == "exact");
  CHECK(client.get("/a/").body == "below a");
  CHECK(client.get("/a/b").body == "below a");
  CHECK(client.get("/a/b/c").body == "below b");
  const auto none = client.get("/other");
  CHECK(none.status == 404);
  CHECK(none.keep_alive);
  CHECK(client.get("/A").status == 404);
}

TEST_CASE("the last route for a pattern counts, and the star takes what is left") {
  App app;
  app.route("*", [](const Request&) { return Response::text("rest"); })
      .route("/a", [](const Request&) { return Response::text("first"); })
      .route("/a", [](const Request&) { return Response::text("second"); });
  Client client{app};
  CHECK(client.get("/a").body == "second");
  CHECK(client.request("OPTIONS", "*").body == "rest");
}

TEST_CASE("a body is collected whole, however it arrives") {
  const App app = echo();
  for (const std::size_t size : {0UL, 1UL, 100UL, 4095UL, 4096UL, 65535UL, 65536UL, 65537UL, 300000UL}) {
    const std::string body = letters(size);
    for (const std::size_t read_size : {64 * kibibyte, 1000UL, 65536UL}) {
      Options options;
      options.read_size = read_size;
      Client client{app, options};
      const auto reply = client.post("/", body);
      CHECK(reply.status == 200);
      CHECK(reply.body == body);
      CHECK(client.get("/").status == 200);
    }
  }
}

TEST_CASE("a chunked body is collected whole, byte by byte as well") {
  const App app = echo();
  std::string coded;
  std::string plain;
  for (int i = 0; i < 40; ++i) {
    const std::string piece = letters(static_cast<std::size_t>(1 + i * 5));
    char size[16];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    coded.append(size).append(piece).append("\r\n");
    plain.append(piece);
  }
  coded.append("0\r\nX-Sum: 1\r\n\r\n");
  for (const std::size_t read_size : {65536UL, 1UL, 7UL, 100UL}) {
    Options options;
    options.read_size = read_size;
    Client client{app, options};
    CHECK(client
              .post("/", coded,
                    [] {
                      Fields fields;
                      fields.add("transfer-encoding", "chunked");
                      return fields;
                    }())
              .body == plain);
  }
}

TEST_CASE("one chunk that came with its head is not copied") {
  const char* at = nullptr;
  std::size_t size = 0;
  const App app{[&](const Request& request) {
    at = request.body().data();
    size = request.body().size();
    return Response::text("ok");
  }};
  Client client{app};
  client.open();
  client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello");
  const char* const block = client.session()->space().data();
  CHECK(client.reply().body == "ok");
  CHECK(size == 5);
  CHECK(at > block);
  CHECK(at < block + 64 * kibibyte);
}

TEST_CASE("trailers reach Request::trailers, those that may not be there are dropped") {
  std::string seen;
  const App app{[&](const Request& request) {
    for (const Field& field : request.trailers()) seen.append(field.name).append("=").append(field.value).append(";");
    return Response::text("ok");
  }};
  for (const std::size_t read_size : {65536UL, 1UL}) {
    seen.clear();
    Options options;
    options.read_size = read_size;
    Client client{app, options};
    client.send(
        "POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 7\r\nHost: "
        "evil\r\nContent-Length: 9\r\nY: z\r\n\r\n");
    CHECK(client.reply().status == 200);
    CHECK(seen == "X-Sum=7;Y=z;");
  }
}

TEST_CASE("TRACE and CONNECT are 405 until the application asks for them") {
  App app;
  app.route("*", [](const Request& request) { return Response::text(Body::copy(request.method())); });
  {
    Client client{app};
    const auto trace = client.request("TRACE", "/");
    CHECK(trace.status == 405);
    CHECK(trace.header("allow"));
    CHECK(client.request("CONNECT", "example.org:443").status == 405);
    CHECK(client.request("QUERY", "/").body == "QUERY");
  }
  app.accept(Method::trace).accept(Method::connect);
  Client client{app};
  CHECK(client.request("TRACE", "/").body == "TRACE");
  CHECK(client.request("CONNECT", "example.org:443").status == 200);
}

namespace {

class Note final : public Middleware {
 public:
  Note(std::string& log, std::string name, bool answers = false)
      : log_(&log), name_(std::move(name)), answers_(answers) {}
  [[nodiscard]] std::optional<Response> before(const Request&) const override {
    log_->append(">").append(name_);
    if (answers_) return Response::text("stopped", 403);
    return std::nullopt;
  }
  void after(const Request&, Head& head) const override {
    log_->append("<").append(name_);
    head.add("x-seen", name_);
  }

 private:
  std::string* log_;
  std::string name_;
  bool answers_;
};

}  // namespace

TEST_CASE("middleware is an onion, around the server's own answers as well") {
  std::string log;
  App app;
  app.use(make_owned<Note>(log, "a")).use(make_owned<Note>(log, "b"));
  app.route("/plain", [&](const Request&) {
    log.append("!");
    return Response::text("ok");
  });
  app.route("/task", [&](Exchange& x) -> Task {
    log.append("!");
    (void)x.respond(Response::text("ok"));
    co_return;
  });
  app.route("/throw", [&](const Request&) -> Response { throw std::runtime_error{"no"}; });
  Client client{app};
  const auto check = [&](std::string_view method, std::string_view target, int status, std::string_view expected) {
    log.clear();
    const auto reply = client.request(method, target);
    CHECK(reply.status == status);
    CHECK(log == expected);
    CHECK(reply.header("x-seen") == "b");
  };
  check("GET", "/plain", 200, ">a>b!<b<a");
  check("GET", "/task", 200, ">a>b!<b<a");
  check("GET", "/none", 404, ">a>b<b<a");
  check("TRACE", "/plain", 405, ">a>b<b<a");
  check("GET", "/throw", 500, ">a>b<b<a");
}

TEST_CASE("an answer from before() ends the request there; inner middleware is not asked") {
  std::string log;
  App app;
  app.use(make_owned<Note>(log, "a")).use(make_owned<Note>(log, "b", true)).use(make_owned<Note>(log, "c"));
  app.route("*", [&](const Request&) {
    log.append("!");
    return Response::text("ok");
  });
  Client client{app};
  const auto reply = client.post("/", letters(1000));
  CHECK(reply.status == 403);
  CHECK(reply.body == "stopped");
  CHECK(log == ">a>b<b<a");
  CHECK(client.get("/").status == 403);
}

TEST_CASE("prepared lines stand in every answer, unless the handler says them itself") {
  App app;
  app.route("/own", [](const Request&) { return Response::text("x").set("server", "mine"); })
      .route("/date", [](const Request&) { return Response::text("x").set("Date", "never"); })
      .route("*", [](const Request&) { return Response::text("x"); });
  Options options;
  options.lines = "Server: pounce\r\nDate: now\r\n";
  Client client{app, options};
  CHECK(client.get("/").header("server") == "pounce");
  CHECK(client.get("/").header("date") == "now");
}

TEST_CASE("a large body larger than the output's limit is sent whole, slow readers as well") {
  const std::string body = letters(900000);
  App app;
  app.route("/owned", [&](const Request&) { return Response{200, std::string{body}}; });
  for (const std::size_t write_size : {mebibyte, 10000UL, 65536UL}) {
    Options options;
    options.write_size = write_size;
    testing::Recorder recorder;
    options.observer = &recorder;
    Client client{app, options};
    CHECK(client.get("/owned").body == body);
    CHECK(client.get("/owned").body == body);
  }
}

TEST_CASE("trailers of a whole response go out where the framing has a place for them") {
  const App app{[](const Request&) {
    Response response = Response::text("x");
    response.trailers().add("x-sum", "1");
    return response;
  }};
  Client client{app};
  const auto reply = client.get("/");
  CHECK(reply.body == "x");
  CHECK(reply.complete);
}
