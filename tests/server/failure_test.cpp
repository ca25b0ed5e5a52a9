// Handlers, middleware and destructors that do what they should not: each is one answered or cut request, never more.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/server/session.hpp>
#include <pounce/testing.hpp>

#include "tests/server/recorder.hpp"

#include <coroutine>
#include <new>
#include <stdexcept>
#include <string>

using namespace pounce;
using namespace std::chrono_literals;
using testing::Client;
using testing::Recorder;

namespace {

const std::string get = "GET / HTTP/1.1\r\nHost: t\r\n\r\n";

// The same app must answer 500 to `/` and still serve /ok on the same connection.
void check_500(App& app, std::string_view expected_events) {
  app.route("/ok", [](const Request&) { return Response::text("ok"); });
  Recorder recorder;
  Client client{app, observed(recorder)};
  const auto reply = client.get("/");
  CHECK(reply.status == 500);
  CHECK(reply.complete);
  CHECK(reply.keep_alive);
  CHECK(recorder.text() == "opened | started GET / | " + std::string{expected_events});
  CHECK(client.get("/ok").status == 200);
}

// The same app must cut the connection after its head.
void check_cut(const App& app, std::string_view failure) {
  Recorder recorder;
  Client client{app, observed(recorder)};
  client.send(get + get);
  client.run();
  CHECK(client.output().starts_with("HTTP/1.1 200 "));
  CHECK(testing::occurrences(client.output(), "HTTP/1.1") == 1);
  CHECK_FALSE(client.output().ends_with("0\r\n\r\n"));
  CHECK(client.end_of_output());
  CHECK(recorder.count(failure) == 1);
  CHECK(recorder.count("started") == 1);
}

}  // namespace

TEST_CASE("a plain handler that throws is a 500; what it threw is told") {
  App app{[](const Request&) -> Response { throw std::runtime_error{"broken"}; }};
  check_500(app, "threw broken | completed 500 in 0 out 26");
}

TEST_CASE("something that is no exception may be thrown as well") {
  App app{[](Exchange& x) -> Task {
    (void)x;
    throw 7;
    co_return;
  }};
  check_500(app, "threw not a std::exception | completed 500 in 0 out 26");
}

TEST_CASE("a coroutine that throws before its head is a 500") {
  App app{[](Exchange& x) -> Task {
    (void)co_await x.sleep(1s);
    throw std::runtime_error{"late"};
  }};
  check_500(app, "threw late | completed 500 in 0 out 26");
}

TEST_CASE("a coroutine that throws after its head cuts the connection") {
  check_cut(App{[](Exchange& x) -> Task {
              (void)x.start(Head{200});
              (void)co_await x.write("half");
              throw std::runtime_error{"late"};
            }},
            "failed handler_threw 200");
}

TEST_CASE("a coroutine that throws after its answer has only itself to blame") {
  const App app{[](Exchange& x) -> Task {
    (void)x.respond(Response::text("fine"));
    (void)co_await x.sleep(1s);
    throw std::runtime_error{"after"};
  }};
  Recorder recorder;
  Client client{app, observed(recorder)};
  CHECK(client.get("/").body == "fine");
  CHECK(client.get("/").body == "fine");
  client.run();
  CHECK(recorder.count("threw after") == 2);
  CHECK(recorder.count("completed 200") == 2);
}

TEST_CASE("a coroutine that returns without an answer is a 500, in the middle of one a cut") {
  App app{[](Exchange& x) -> Task { (void)co_await x.sleep(1s); }};
  check_500(app, "completed 500 in 0 out 26");
  check_cut(App{[](Exchange& x) -> Task {
              (void)x.start(Head{200});
              (void)co_await x.write("half");
            }},
            "failed handler_left 200");
  check_cut(App{[](Exchange& x) -> Task {
              (void)x.start(Head{200}.content_length(10));
              (void)co_await x.write("half");
              (void)x.finish();
            }},
            "failed handler_left 200");
}

TEST_CASE("a handler that returns no task at all is a 500") {
  App app{[](Exchange&) -> Task { return {}; }};
  check_500(app, "completed 500 in 0 out 26");
}

TEST_CASE("a handler that throws instead of making its task is a 500") {
  App app{[](Exchange&) -> Task { throw std::runtime_error{"no task"}; }};
  check_500(app, "threw no task | completed 500 in 0 out 26");
}

namespace {

Task await_foreign(Exchange&) { co_await std::suspend_always{}; }

}  // namespace

TEST_CASE("awaiting what is not the exchange's is a 500, also from a child") {
  App app{[](Exchange&) -> Task { co_await std::suspend_always{}; }};
  check_500(app, "threw the handler awaits something that is not an Exchange's | completed 500 in 0 out 26");
  App child{[](Exchange& x) -> Task {
    (void)co_await x.sleep(1s);
    co_await await_foreign(x);
  }};
  check_500(child, "threw the handler awaits something that is not an Exchange's | completed 500 in 0 out 26");
}

namespace {

TaskOf<int> thrower(Exchange& x, int depth) {
  if (depth == 0) {
    (void)co_await x.sleep(1s);
    throw std::runtime_error{"deep"};
  }
  co_return co_await thrower(x, depth - 1) + 1;
}

TaskOf<int> counter(Exchange& x, int depth) {
  if (depth == 0) {
    (void)co_await x.yield();
    co_return 0;
  }
  co_return co_await counter(x, depth - 1) + 1;
}

}  // namespace

TEST_CASE("exceptions travel through parked children to the parent that catches them") {
  const App app{[](Exchange& x) -> Task {
    std::string said;
    try {
      (void)co_await thrower(x, 5);
    } catch (const std::exception& e) {
      said = e.what();
    }
    said += std::to_string(co_await counter(x, 50));
    (void)x.respond(Response::text(std::move(said)));
  }};
  Client client{app};
  CHECK(client.get("/").body == "deep50");
}

TEST_CASE("a recursion without end is a 500, not the end of the process") {
  App app{[](Exchange& x) -> Task { (void)co_await counter(x, 1'000'000); }};
  testing::Options options;
  Client client{app, options};
  const auto reply = client.get("/");
  CHECK(reply.status == 500);
  CHECK(client.get("/").status == 500);
}

TEST_CASE("fields that may not be sent: ignored by the handler, the answer is a 500") {
  App app;
  app.route("/name", [](const Request&) { return Response::text("x").set("bad name", "v"); })
      .route("/value", [](const Request&) { return Response::text("x").set("name", "a\r\nX-Evil: b"); })
      .route("/nul", [](const Request&) { return Response::text("x").set("name", std::string_view{"a\0b", 3}); })
      .route("/framing", [](const Request&) { return Response::text("x").set("transfer-encoding", "chunked"); })
      .route("/length", [](const Request&) { return Response::text("x").set("content-length", "7"); })
      .route("/status", [](const Request&) { return Response::text("x", 99); })
      .route("/informational", [](const Request&) { return Response::text("x", 103); })
      .route("/large", [](const Request&) { return Response::text("x", 600); })
      .route("/many", [](const Request&) {
        Response response = Response::text("x");
        for (int i = 0; i < 500; ++i) response.add("x-field", std::string(20, 'v'));
        return response;
      });
  Recorder recorder;
  Client client{app, observed(recorder)};
  for (const std::string_view path :
       {"/name", "/value", "/nul", "/framing", "/length", "/status", "/informational", "/large"}) {
    CAPTURE(path);
    const auto reply = client.get(path);
    CHECK(reply.status == 500);
    CHECK_FALSE(reply.header("x-evil"));
    CHECK(reply.keep_alive);
  }
  CHECK(client.get("/many").status == 200);
}

namespace {

class Hostile final : public Middleware {
 public:
  enum class Kind : std::uint8_t { throws_before, throws_after, throws_always_after, spoils };
  explicit Hostile(Kind kind) : kind_(kind) {}
  [[nodiscard]] std::optional<Response> before(const Request&) const override {
    if (kind_ == Kind::throws_before) throw std::runtime_error{"before"};
    return std::nullopt;
  }
  void after(const Request&, Head& head) const override {
    if (kind_ == Kind::throws_after && head.status() == 200) throw std::runtime_error{"after"};
    if (kind_ == Kind::throws_always_after) throw std::runtime_error{"always"};
    if (kind_ == Kind::spoils) head.set("bad name", "x");
  }

 private:
  Kind kind_;
};

}  // namespace

TEST_CASE("middleware that throws or spoils the head: 500, whoever made the answer") {
  for (const auto kind : {Hostile::Kind::throws_before, Hostile::Kind::throws_after, Hostile::Kind::throws_always_after,
                          Hostile::Kind::spoils}) {
    CAPTURE(static_cast<int>(kind));
    App app;
    app.use(make_owned<Hostile>(kind));
    app.route("/plain", [](const Request&) { return Response::text("x"); });
    app.route("/throw", [](const Request&) -> Response { throw std::runtime_error{"x"}; });
    app.route("/task", [](Exchange& x) -> Task {
      (void)x.respond(Response::text("x"));
      co_return;
    });
    app.route("/start", [](Exchange& x) -> Task {
      (void)x.start(Head{200});
      (void)co_await x.write("x");
      (void)x.finish();
    });
    Recorder recorder;
    Client client{app, observed(recorder)};
    for (const std::string_view path : {"/plain", "/task", "/start", "/throw"}) {
      CAPTURE(path);
      CHECK(client.get(path).status == 500);
    }
    const auto none = client.get("/none");
    CHECK((none.status == 404 || none.status == 500));
    const auto refused = client.request("TRACE", "/");
    CHECK((refused.status == 405 || refused.status == 500));
  }
}

namespace {

// Calls everything that it should not, while its frame is destroyed.
class Talker {
 public:
  Talker(Exchange& x, Token& token) : x_(&x), token_(&token) {}
  Talker(const Talker&) = delete;
  Talker& operator=(const Talker&) = delete;
  ~Talker() {
    (void)x_->inform(103, Fields{});
    (void)x_->start(Head{200});
    (void)x_->respond(Response::text("from the grave"));
    (void)x_->finish();
    *token_ = x_->token();
  }

 private:
  Exchange* x_;
  Token* token_;
};

}  // namespace

TEST_CASE("a destructor that talks while its frame is destroyed reaches nobody") {
  Token token;
  App app{[&](Exchange& x) -> Task {
    const Talker talker{x, token};
    (void)co_await x.message();
  }};
  for (int how = 0; how < 4; ++how) {
    CAPTURE(how);
    token = Token{};
    Recorder recorder;
    {
      Client client{app, observed(recorder)};
      client.send(get);
      client.run();
      if (how == 0) client.reset();
      if (how == 1) client.session()->close(client.now(), true);
      if (how == 2) client.session()->close(client.now(), false);
      if (how == 3) client.session()->output().written(0);
    }
    CHECK(token.post("x") == Status::gone);
    CHECK(recorder.count("failed") == 1);
  }
}

TEST_CASE("a fault of the peer destroys the parked handler, once, and the answer is the fault's") {
  int alive = 0;
  struct Guard {
    explicit Guard(int& n) : count(&n) { ++*count; }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { --*count; }
    int* count;
  };
  App app{[&](Exchange& x) -> Task {
    const Guard guard{alive};
    while ((co_await x.read()).status() == Status::ok) continue;
    (void)x.respond(Response::text("x"));
  }};
  Recorder recorder;
  Client client{app, observed(recorder)};
  client.send("POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.run();
  CHECK(alive == 1);
  client.send("zz\r\n");
  client.run();
  CHECK(alive == 0);
  CHECK(client.output().starts_with("HTTP/1.1 400 "));
  CHECK(recorder.count("failed peer_fault invalid_chunk_size") == 1);
}

TEST_CASE("a handler that has used up its arena when trailers arrive loses its own request only") {
  App app;
  app.route("/deep", [](Exchange& x) -> Task {
    struct Deep {
      // Goes down until there is no more memory for a frame, then waits there.
      static TaskOf<void> down(Exchange& exchange, int deepest) {
        bool full = false;
        if (deepest == 0) co_return;
        try {
          co_await down(exchange, deepest - 1);
        } catch (const std::bad_alloc&) {
          full = true;
        }
        if (full) (void)co_await exchange.sleep(1h);
      }
    };
    (void)co_await x.read();
    (void)co_await x.read(1ms);  // from now on content is wanted
    co_await Deep::down(x, 1'000'000);
  });
  app.route("/ok", [](const Request&) { return Response::text("ok"); });
  Client client{app};
  client.send("POST /deep HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
  client.advance(1s);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 90; ++i) trailers += "X-" + std::to_string(i) + ": " + std::string(100, 'v') + "\r\n";
  client.send(trailers + "\r\n");
  CHECK_NOTHROW(client.advance(1s));
  client.open();
  CHECK(client.get("/ok").status == 200);
}
