// Coroutine handlers: streams both ways, waits, timeouts, tokens, budgets, drain.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/server/session.hpp>
#include <pounce/testing.hpp>

#include "tests/server/recorder.hpp"

#include <array>
#include <string>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;
using testing::Client;
using testing::Options;
using testing::Recorder;

namespace {

// Two functions deep, so that children are exercised as well.
TaskOf<Status> copy(Exchange& x, Chunk chunk) { co_return co_await x.write(std::move(chunk)); }

Task echo(Exchange& x) {
  if (x.start(Head{200}) != Status::ok) co_return;
  while (true) {
    Received got = co_await x.read();
    if (got.status() != Status::ok) break;
    if (co_await copy(x, std::move(got).chunk()) != Status::ok) co_return;
  }
  (void)x.finish();
}

std::string letters(std::size_t n) {
  std::string out(n, ' ');
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return out;
}

}  // namespace

TEST_CASE("an echo streams any body through, in any pieces, past any limit of buffers") {
  const App app{echo};
  const std::string body = letters(700000);
  for (const std::size_t read_size : {65536UL, 10000UL, 977UL}) {
    for (const std::size_t write_size : {mebibyte, 5000UL}) {
      Recorder recorder;
      Options options = observed(recorder);
      options.limits.max_request_size = 10 * mebibyte;
      options.read_size = read_size;
      options.write_size = write_size;
      options.output_limit = 32 * kibibyte;
      Client client{app, options};
      const auto reply = client.post("/", body);
      CHECK(reply.status == 200);
      CHECK(reply.complete);
      CHECK((reply.body == body));
      CHECK(client.get("/").complete);
    }
  }
}

TEST_CASE("content stops being read when nobody takes it, and goes on when somebody does") {
  const App app{[](Exchange& x) -> Task {
    std::size_t sum = 0;
    if ((co_await x.read()).status() != Status::ok) co_return;
    (void)co_await x.sleep(5s);
    while (true) {
      const Received got = co_await x.read();
      if (got.status() != Status::ok) break;
      sum += got.bytes().size();
    }
    (void)x.respond(Response::text(std::to_string(sum)));
  }};
  Options options;
  options.inbox_limit = 16 * kibibyte;
  options.read_size = 4096;
  Client client{app, options};
  client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 500000\r\n\r\n");
  client.send(letters(500000));
  CHECK(client.reply().status == 200);
}

TEST_CASE("100 Continue is sent when the content is first asked for, and only then") {
  App app;
  app.route("/read", [](Exchange& x) -> Task {
    (void)co_await x.sleep(1s);
    const Received got = co_await x.read();
    (void)x.respond(Response{200, Body::copy(got.bytes())});
  });
  app.route("/refuse", [](Exchange& x) -> Task {
    (void)x.respond(Response::text("no", 403));
    co_return;
  });
  app.route("/plain", [](const Request& request) { return Response{200, Body::copy(request.body())}; });
  const std::string head = " HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";
  for (const std::string_view path : {"/read", "/plain"}) {
    Client client{app};
    client.send("POST " + std::string{path} + head);
    client.run();
    CHECK(client.take_output() == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc");
    CHECK(client.reply().body == "abc");
  }
  Client client{app};
  client.send("POST /refuse" + head);
  client.run();
  const auto reply = client.reply();
  CHECK(reply.status == 403);
  CHECK(reply.informational.empty());
  CHECK_FALSE(reply.keep_alive);
}

TEST_CASE("early hints come before the head; after it they are out of order") {
  Status early{};
  Status late{};
  const App app{[&](Exchange& x) -> Task {
    Fields link;
    link.add("link", "</style.css>");
    early = x.inform(103, link);
    (void)x.start(Head{200});
    late = x.inform(103, link);
    (void)x.finish();
    co_return;
  }};
  Client client{app};
  const auto reply = client.get("/");
  REQUIRE(reply.informational.size() == 1);
  CHECK(reply.informational[0].status == 103);
  CHECK(reply.informational[0].header("link") == "</style.css>");
  CHECK(early == Status::ok);
  CHECK(late == Status::wrong_order);
  client.send("GET / HTTP/1.0\r\n\r\n");
  CHECK(client.reply().informational.empty());
  CHECK(early == Status::ok);
}

TEST_CASE("order: every call out of its place says so and changes nothing") {
  std::vector<Status> said;
  const App app{[&](Exchange& x) -> Task {
    said.push_back(co_await x.write("too early"));
    said.push_back(x.finish());
    said.push_back(x.start(Head{99}));
    said.push_back(x.start(Head{200}.set("bad name", "x")));
    said.push_back(x.start(Head{200}.set("name", "a\r\nb")));
    said.push_back(x.start(Head{200}));
    said.push_back(x.start(Head{200}));
    said.push_back(x.respond(Response::text("second")));
    said.push_back(co_await x.write("content"));
    said.push_back(x.finish());
    said.push_back(x.finish());
    said.push_back(co_await x.write("too late"));
    said.push_back(x.inform(103, Fields{}));
  }};
  Client client{app};
  CHECK(client.get("/").body == "content");
  CHECK((said == std::vector<Status>{Status::wrong_order, Status::wrong_order, Status::invalid_field,
                                     Status::invalid_field, Status::invalid_field, Status::ok, Status::wrong_order,
                                     Status::wrong_order, Status::ok, Status::ok, Status::wrong_order,
                                     Status::wrong_order, Status::wrong_order}));
  CHECK(client.get("/").status == 200);
}

TEST_CASE("a declared length is kept: one byte more is refused, one less cannot end") {
  std::vector<Status> said;
  const App app{[&](Exchange& x) -> Task {
    (void)x.start(Head{200}.content_length(3));
    said.push_back(co_await x.write("abcd"));
    said.push_back(co_await x.write("ab"));
    said.push_back(x.finish());
    said.push_back(co_await x.write("c"));
    said.push_back(x.finish());
  }};
  Client client{app};
  CHECK(client.get("/").body == "abc");
  CHECK((said ==
         std::vector<Status>{Status::length_mismatch, Status::ok, Status::length_mismatch, Status::ok, Status::ok}));
}

TEST_CASE("trailers after streamed content") {
  const App app{[](Exchange& x) -> Task {
    (void)x.start(Head{200});
    (void)co_await x.write("abc");
    Fields trailers;
    trailers.add("x-sum", "6");
    (void)x.finish(trailers);
  }};
  Client client{app};
  const auto reply = client.get("/");
  CHECK(reply.body == "abc");
  CHECK(reply.trailers.find("x-sum") == "6");
}

TEST_CASE("waits with a timeout end in time; without one the server's own deadlines count") {
  std::vector<Status> said;
  Instant begun;
  Instant ended;
  const Client* clock = nullptr;
  const App app{[&](Exchange& x) -> Task {
    begun = clock->now();
    said.push_back((co_await x.read(2s)).status());
    ended = clock->now();
    said.push_back((co_await x.message(1s)).status());
    said.push_back(co_await x.sleep(1s));
    said.push_back(co_await x.sleep(0s));
    said.push_back(co_await x.sleep(-5s));
    said.push_back(co_await x.yield());
    (void)x.respond(Response::text("x"));
  }};
  Client client{app};
  clock = &client;
  client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\n");
  CHECK(client.reply().status == 200);
  CHECK(
      (said == std::vector<Status>{Status::timeout, Status::timeout, Status::ok, Status::ok, Status::ok, Status::ok}));
  CHECK(ended - begun == 2s);
}

TEST_CASE("a write to a reader that does not read times out, and what was accepted stays") {
  Status said{};
  const App app{[&](Exchange& x) -> Task {
    (void)x.start(Head{200});
    said = Status::ok;
    const std::string block(10000, 'x');
    while (said == Status::ok) said = co_await x.write(block, 3s);
  }};
  Recorder recorder;
  Client client{app, observed(recorder)};
  client.take_at_most(1000);
  client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  client.run();
  CHECK(said == Status::timeout);
  client.take_at_most({});
  client.advance(10s);
  CHECK(client.closed());
  CHECK(recorder.count("failed handler_left 200") == 1);
}

TEST_CASE("messages arrive in order; a token outlives its exchange and says gone") {
  Token token;
  std::string got;
  const App app{[&](Exchange& x) -> Task {
    token = x.token();
    for (int i = 0; i < 3; ++i) {
      Posted posted = co_await x.message();
      if (posted.status() != Status::ok) co_return;
      got += std::move(posted).text();
    }
    (void)x.respond(Response::text("done"));
  }};
  Client client{app};
  client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  client.run();
  REQUIRE(token);
  CHECK(token.post("a") == Status::ok);
  CHECK(token.post("b") == Status::ok);
  client.run();
  CHECK(got == "ab");
  CHECK(token.post("c") == Status::ok);
  CHECK(client.reply().body == "done");
  CHECK(got == "abc");
  CHECK(token.post("d") == Status::gone);
}

TEST_CASE("a token says gone after the client has left, and full when nobody takes its messages") {
  Token token;
  const App app{[&](Exchange& x) -> Task {
    token = x.token();
    (void)co_await x.sleep(std::chrono::hours{24});
  }};
  Recorder recorder;
  Client client{app, observed(recorder)};
  client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  client.advance(1s);
  Status said = Status::ok;
  std::size_t posted = 0;
  while ((said = token.post("x")) == Status::ok) ++posted;
  CHECK(said == Status::full);
  CHECK(posted == Mailbox::most_messages);
  client.reset();
  CHECK(token.post("x") == Status::gone);
}

TEST_CASE("drain: a sleep is told once, then sleeps on; a stream says goodbye; the connection ends") {
  std::vector<Status> said;
  const App app{[&](Exchange& x) -> Task {
    (void)x.start(Head{200});
    said.push_back(co_await x.sleep(10min));
    CHECK(x.draining());
    (void)co_await x.write("bye");
    said.push_back(co_await x.sleep(1s));
    said.push_back((co_await x.message(1s)).status());
    (void)x.finish();
  }};
  Recorder recorder;
  Client client{app, observed(recorder)};
  client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  client.advance(1s);
  CHECK(said.empty());
  const Instant before = client.now();
  client.drain();
  const auto reply = client.reply();
  CHECK(reply.body == "bye");
  CHECK((said == std::vector<Status>{Status::draining, Status::ok, Status::timeout}));
  CHECK(client.now() - before < 1min);
  client.run();
  CHECK(client.end_of_output());
  client.close_write();
  client.run();
  CHECK(client.closed());
  CHECK(recorder.count("completed 200") == 1);
}

TEST_CASE("drain: a handler that starts afterwards knows it from its first wait") {
  std::vector<Status> said;
  bool knew = false;
  const App app{[&](Exchange& x) -> Task {
    knew = x.draining();
    said.push_back(co_await x.sleep(10min));
    (void)x.respond(Response::text("x"));
  }};
  Client client{app};
  client.send("GET / HTTP/1.1\r\nHo");
  client.run();
  client.drain();
  client.send("st: t\r\n\r\n");
  CHECK(client.reply().status == 200);
  CHECK(knew);
  CHECK((said == std::vector<Status>{Status::draining}));
}

TEST_CASE("budget: a loop that is always ready lets others go first") {
  std::size_t written = 0;
  const App app{[&](Exchange& x) -> Task {
    (void)x.start(Head{200});
    const std::string block(1000, 'x');
    while (written < 5000) {
      if (co_await x.write(block) != Status::ok) co_return;
      ++written;
    }
    (void)x.finish();
  }};
  Client client{app};
  const auto reply = client.get("/");
  CHECK(reply.body.size() == 5000 * 1000);
  // 512 KiB per resume at most, also to a reader that takes all; the output's limit is met earlier.
  CHECK(client.steps() >= 5000 * 1000 / Session::bytes_per_resume);
}

TEST_CASE("budget: waits without bytes are counted, too") {
  std::size_t waits = 0;
  const App app{[&](Exchange& x) -> Task {
    for (; waits < 10000; ++waits) (void)co_await x.sleep(0s);
    (void)x.respond(Response::text("x"));
  }};
  Client client{app};
  CHECK(client.get("/").status == 200);
  CHECK(client.steps() >= 10000 / Session::waits_per_resume);
}

TEST_CASE("budget: yield gives up the step") {
  const App app{[](Exchange& x) -> Task {
    for (int i = 0; i < 50; ++i) (void)co_await x.yield();
    (void)x.respond(Response::text("x"));
  }};
  Client client{app};
  CHECK(client.get("/").status == 200);
  CHECK(client.steps() >= 50);
}

TEST_CASE("a handler may go on after its response has ended; the next request waits for it") {
  std::string log;
  const App app{[&](Exchange& x) -> Task {
    log.append("[");
    (void)x.respond(Response::text("x"));
    (void)co_await x.sleep(1s);
    log.append("]");
  }};
  Client client{app};
  client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\nGET / HTTP/1.1\r\nHost: t\r\n\r\n");
  client.run();
  CHECK(log == "[][]");
  CHECK(testing::occurrences(client.take_output(), "HTTP/1.1 200 OK") == 2);
}

namespace {

constexpr auto literal = [] {
  std::array<char, 20001> text{};
  text.fill('y');
  text.back() = '\0';
  return text;
}();

}  // namespace

TEST_CASE("an answer that waits for room does not spin while its handler's own wait is over") {
  App app;
  app.route("/sleep", [](Exchange& x) -> Task {
    (void)x.respond(Response{200, literal.data()});
    (void)co_await x.sleep(1s);
  });
  app.route("/yield", [](Exchange& x) -> Task {
    (void)x.respond(Response{200, literal.data()});
    (void)co_await x.yield();
  });
  app.route("/plain", [](const Request&) { return Response{200, literal.data()}; });
  for (const std::string_view path : {"/sleep", "/yield", "/plain"}) {
    Options options;
    options.output_limit = 4096;
    Client client{app, options};
    client.take_at_most(100);
    client.send("GET " + std::string{path} + " HTTP/1.1\r\nHost: t\r\n\r\n");
    client.advance(2s);
    CHECK(client.steps() < 20);
    CHECK_FALSE(client.session()->runnable());
    CHECK(client.session()->alarm() > client.now());
    client.take_at_most({});
    CHECK(client.reply().body.size() == literal.size() - 1);
  }
}

TEST_CASE("a literal answer larger than the output waits for room without spinning") {
  static const std::string big(600000, 'y');
  const App app{[](Exchange& x) -> Task {
    (void)x.start(Head{200});
    (void)co_await x.write(big);
    (void)x.finish();
  }};
  Options options;
  options.output_limit = 20000;
  Client client{app, options};
  client.take_at_most(1000);
  client.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  client.run();
  const std::size_t before = client.steps();
  client.run();
  CHECK(client.steps() - before < 5);
  client.take_at_most({});
  CHECK(client.reply().body.size() == 600000);
}

TEST_CASE("server-sent events are framed") {
  const App app{[](Exchange& x) -> Task {
    EventStream events{x};
    if (events.start() != Status::ok) co_return;
    (void)co_await events.send(ServerEvent{"one\ntwo"}.name("n").id("7").retry(250ms));
    (void)co_await events.ping();
    (void)events.finish();
  }};
  Client client{app};
  const auto reply = client.get("/");
  CHECK(reply.header("content-type") == "text/event-stream");
  CHECK(reply.body == "event: n\nid: 7\nretry: 250\ndata: one\ndata: two\n\n:\n\n");
}
