// The session over HTTP/2: how streams and connections end, and what they wait for.
#include <doctest/doctest.h>

#include <pounce/server/session.hpp>

#include "tests/server/h2_application.hpp"
#include "tests/server/h2_client.hpp"
#include "tests/server/recorder.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;
using namespace pounce::testing;

// --- what is no request ---

namespace {

// What an operator sees of streams and of requests that were rejected, in order.
class Rejections final : public events::Observer {
 public:
  void observe(const events::Lifecycle& event) noexcept override {
    order.feed(event);
    std::visit([this](const auto& what) { see(what); }, event);
  }

  events::OrderCheck order;
  std::string text;
  std::uint64_t requests = 0;
  events::Protocol protocol = events::Protocol::undecided;

 private:
  void see(const events::ProtocolChosen& e) { text.append("protocol ").append(name(e.protocol)); }
  void see(const events::StreamOpened& e) { say("opened", e.stream); }
  void see(const events::StreamClosed& e) { say("closed", e.stream); }
  void see(const events::LimitHit& e) { text.append(" | limit ").append(e.limit); }
  void see(const events::RequestStarted& e) { say("started", e.stream); }
  void see(const events::RequestRejected& e) {
    say("rejected", e.stream);
    text.append(" ").append(info(e.fault).name).append(" ").append(std::to_string(e.status));
    CHECK_FALSE(e.peer.empty());
  }
  void see(const events::ConnectionCompleted& e) {
    requests = e.requests;
    protocol = e.protocol;
    CHECK(order.text() == "");
  }
  void see(const auto&) {}
  void say(std::string_view what, StreamId stream) {
    text.append(" | ").append(what).append(" ").append(std::to_string(number(stream)));
  }
};

}  // namespace

TEST_CASE("a request that is answered without a handler is told of, as one stream and one rejection") {
  const App app = all_kinds();
  struct Row {
    std::string_view limit;  // "": the request is malformed
    wire::Fields more;
    std::string path = "/";
    std::string rejected;
  };
  for (const Row& row :
       std::vector<Row>{{"max_request_size", {{"content-length", "101"}}, "/", "body_too_large 413"},
                        {"max_request_line", {}, "/" + letters(300), "request_line_too_long 414"},
                        {"max_headers", {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}, "/", "too_many_fields 431"},
                        {"max_header_size", {{"a", letters(1100)}}, "/", "head_too_large 431"},
                        {"", {{"connection", "close"}}, "/", "connection_specific_field 0"},
                        {"", {{"Upper", "case"}}, "/", "invalid_field_name 0"},
                        {"", {{"x", "a\r\nb"}}, "/", "invalid_field_value 0"},
                        {"", {}, "no-path", "invalid_target 0"}}) {
    CAPTURE(row.rejected);
    Rejections seen;
    {
      Options options;
      options.observer = &seen;
      options.h2.max_request_size = 100;
      options.h2.max_request_line = 200;
      options.h2.max_headers = 3;
      options.h2.max_header_size = 1000;
      H2Client peer{app, options};
      const bool declares = row.limit == "max_request_size";
      const auto first = declares ? peer.post(row.path, letters(101), row.more) : peer.get(row.path, row.more);
      const auto next = peer.get("/");
      peer.run();
      if (row.limit.empty()) {
        CHECK(peer.answer(first).reset == 1U);
      } else {
        CHECK(row.rejected.ends_with(" " + peer.answer(first).status));
      }
      CHECK(peer.answer(next).body == "plain");
    }
    const std::string limit = row.limit.empty() ? "" : " | limit " + std::string{row.limit};
    CHECK(seen.text == "protocol http2 | opened 1" + limit + " | closed 1 | rejected 1 " + row.rejected +
                           " | opened 3 | started 3 | closed 3");
    CHECK(seen.requests == 2);
    CHECK(seen.protocol == events::Protocol::http2);
  }
}

TEST_CASE("requests that are rejected count as requests of their connection") {
  const App app = all_kinds();
  Rejections seen;
  {
    Options options;
    options.observer = &seen;
    options.h2.max_request_size = 100;
    options.h2.max_requests = 4;
    H2Client peer{app, options};
    for (int i = 0; i < 3; ++i) peer.post("/collect", letters(101), {{"content-length", "101"}});
    peer.run();
    CHECK(peer.goaways.empty());
    peer.get("/", {{"connection", "close"}});
    peer.run();
    REQUIRE(peer.goaways.size() == 2);  // announced, then refusing
    CHECK(peer.goaways[1] == std::pair{7U, 0U});
    CHECK(peer.client.end_of_output());
  }
  CHECK(seen.requests == 4);
  CHECK(seen.protocol == events::Protocol::http2);
}

// --- how streams end ---

TEST_CASE("a reset: its coroutine is never resumed, is destroyed once, and its place is free") {
  const App app = all_kinds();
  Recorder recorder;
  Options options = observed(recorder);
  options.h2.max_streams = 2;
  H2Client peer{app, options};
  born = 0;
  for (int i = 0; i < 20; ++i) {
    const auto a = peer.get("/wait");
    const auto b = peer.get("/sleep?1000000");
    peer.settle();
    CHECK(alive == 2);
    peer.frames.rst_stream(a);
    peer.frames.rst_stream(b);
    peer.settle();
    CHECK(alive == 0);
  }
  CHECK(born == 40);
  CHECK(recorder.count("failed client_gone 0") == 40);
  CHECK(recorder.count("disconnected") == 0);
  const auto last = peer.get("/");
  peer.run();
  CHECK(peer.answer(last).body == "plain");
}

TEST_CASE("a reset in the same read as its request: the handler never runs") {
  const App app = all_kinds();
  Recorder recorder;
  H2Client peer{app, observed(recorder)};
  born = 0;
  for (int i = 0; i < 50; ++i) peer.frames.rst_stream(peer.get("/sleep?1"));
  peer.run();
  CHECK(born == 0);
  CHECK(recorder.count("failed client_gone 0") == 50);
}

TEST_CASE("a reset with CANCEL or NO_ERROR is a client that has gone; with any other code it is a fault") {
  const App app = all_kinds();
  for (std::uint32_t code = 0; code <= 14; ++code) {
    Recorder recorder;
    H2Client peer{app, observed(recorder)};
    const auto stream = peer.get("/wait");
    peer.settle();
    peer.frames.rst_stream(stream, code);
    peer.settle();
    CHECK(recorder.count("failed client_gone 0") == (code == 0 || code == 8 ? 1 : 0));
    CHECK(recorder.count("failed peer_fault stream_reset 0") == (code == 0 || code == 8 ? 0 : 1));
    CHECK(recorder.count("disconnected") == 0);  // the connection goes on
  }
}

TEST_CASE("a handler that fails behind its head resets its stream; the others go on") {
  const App app = all_kinds();
  Recorder recorder;
  H2Client peer{app, observed(recorder)};
  const auto thrown = peer.get("/throw-late");
  const auto left = peer.get("/leave");
  const auto slept = peer.get("/sleep?2000");
  peer.run();
  CHECK(peer.answer(thrown).reset == 2);
  CHECK(peer.answer(thrown).body == "half");
  CHECK(peer.answer(left).reset == 2);
  CHECK(peer.answer(slept).body == "ok");
  CHECK(recorder.count("failed handler_threw 200") == 1);
  CHECK(recorder.count("failed handler_left 200") == 1);
}

TEST_CASE("an answer before its content: the rest is not asked for, and reading on says gone") {
  std::vector<Status> seen;
  const App app{[&seen](Exchange& x) -> Task {
    (void)x.respond(Response::text("no"));
    while (true) {
      const Received got = co_await x.read();
      seen.push_back(got.status());
      if (got.status() != Status::ok) break;
    }
  }};
  Options options;
  options.h2.stream_window = 5'000;
  H2Client peer{app, options};
  peer.run();
  const auto stream = peer.post("/", letters(50'000));
  peer.run();
  CHECK(peer.answer(stream).body == "no");
  CHECK(peer.answer(stream).ended);
  REQUIRE(!seen.empty());
  CHECK(seen.back() == Status::gone);
}

TEST_CASE("handlers that run on after their answers count: beyond the limit of streams others are told 503") {
  const App app = all_kinds();
  Options options;
  options.h2.max_streams = 5;
  H2Client peer{app, options};
  for (int i = 0; i < 5; ++i) {
    const auto stream = peer.get("/linger");
    peer.settle();
    CHECK(peer.answer(stream).body == "early");
  }
  CHECK(alive == 5);
  const auto refused = peer.get("/linger");
  peer.settle();
  CHECK(peer.answer(refused).status == "503");
  CHECK(alive == 5);
}

TEST_CASE("the connection breaks: all exchanges end, each once") {
  const App app = all_kinds();
  Recorder recorder;
  H2Client peer{app, observed(recorder)};
  for (int i = 0; i < 10; ++i) peer.get("/wait");
  peer.settle();
  CHECK(alive == 10);
  peer.client.reset();
  CHECK(alive == 0);
  CHECK(recorder.count("failed client_gone") == 10);
  CHECK(recorder.count("disconnected") == 1);
}

TEST_CASE("a fault of the connection: GOAWAY, and all exchanges end with it") {
  const App app = all_kinds();
  Recorder recorder;
  H2Client peer{app, observed(recorder)};
  peer.get("/wait");
  peer.settle();
  peer.frames.frame(6, 0, 0, "short");
  peer.run();
  REQUIRE(peer.goaways.size() == 1);
  CHECK(peer.goaways[0] == std::pair{1U, 6U});
  CHECK(alive == 0);
  CHECK(recorder.count("failed peer_fault invalid_frame_size") == 1);
  CHECK(peer.client.end_of_output());
}

// --- time ---

TEST_CASE("keep-alive runs only while no stream lives") {
  const App app = all_kinds();
  Recorder recorder;
  Options options = observed(recorder);
  options.h2.keep_alive_timeout = 5s;
  H2Client peer{app, options};
  const auto stream = peer.get("/sleep?60000");
  peer.settle();
  peer.advance(61s);
  CHECK(peer.answer(stream).body == "ok");
  CHECK(peer.goaways.empty());
  peer.advance(6s);
  REQUIRE(peer.goaways.size() == 1);
  CHECK(peer.goaways[0].second == 0);
  peer.client.close_write();
  peer.run();
  CHECK(recorder.count("closed keep_alive_timeout after 1") == 1);
}

TEST_CASE("a client that says nothing is asked whether it is there, if that is wanted") {
  const App app = all_kinds();
  for (const bool there : {true, false}) {
    Options options;
    options.h2.ping_interval = 10s;
    options.h2.ping_timeout = 3s;
    H2Client peer{app, options};
    peer.answers_pings = there;
    const auto stream = peer.get("/sleep?60000");
    peer.client.send(peer.frames.take());
    for (int i = 0; i < 65 && !peer.client.closed(); ++i) peer.advance(1s);
    CHECK((peer.answer(stream).body == "ok") == there);
    CHECK((peer.pings >= 4) == there);
    CHECK(alive == 0);
  }
}

TEST_CASE("one stream's content stalls: it alone is ended") {
  const App app = all_kinds();
  Recorder recorder;
  Options options = observed(recorder);
  options.h2.request_timeout = 5s;
  H2Client peer{app, options};
  peer.frames.post(1, "/collect");
  peer.frames.data(1, "some", false);
  peer.frames.get(3, "/sleep?20000");
  peer.settle();
  peer.advance(6s);
  CHECK(peer.answer(1).status == "408");
  peer.advance(20s);
  CHECK(peer.answer(3).body == "ok");
  CHECK(recorder.count("failed peer_fault body_timeout") == 1);
}

TEST_CASE("one stream's window stays shut: it alone is ended") {
  const App app = all_kinds();
  Recorder recorder;
  Options options = observed(recorder);
  options.h2.write_timeout = 5s;
  H2Client peer{app, options, 1000};
  peer.gives_credit = false;
  const auto stuck = peer.get("/flood?100000");
  const auto slept = peer.get("/sleep?20000");
  peer.settle();
  CHECK(alive == 2);
  peer.advance(6s);
  CHECK(peer.answer(stuck).reset.has_value());
  CHECK(alive == 1);
  peer.advance(20s);
  CHECK(peer.answer(slept).body == "ok");
}

// --- drain ---

TEST_CASE("a drain: announced, then refusing, then the end when the last stream has ended") {
  const App app = all_kinds();
  Recorder recorder;
  {
    H2Client peer{app, observed(recorder)};
    peer.answers_pings = false;
    const auto slow = peer.post("/echo", "");
    peer.frames.post(101, "/echo");
    peer.settle();
    peer.client.drain();
    peer.settle();
    REQUIRE(peer.goaways.size() == 1);
    CHECK(peer.goaways[0] == std::pair{0x7fffffffU, 0U});
    peer.frames.get(103, "/");  // on its way when that was said
    peer.settle();
    CHECK(peer.answer(103).body == "plain");
    peer.advance(1100ms);
    REQUIRE(peer.goaways.size() == 2);
    CHECK(peer.goaways[1] == std::pair{103U, 0U});
    peer.frames.get(105, "/");
    peer.settle();
    CHECK(peer.answer(105).reset == 7);
    CHECK_FALSE(peer.client.end_of_output());
    peer.frames.data(101, "last words", true);
    peer.settle();
    CHECK(peer.answer(101).body == "last words");
    CHECK(peer.answer(slow).ended);
    CHECK(peer.client.end_of_output());
    peer.client.close_write();
    peer.run();
    CHECK(peer.client.closed());
  }
  CHECK(recorder.count("completed 200") == 3);
}

TEST_CASE("a drain wakes who sleeps or waits for messages, and is over when they have answered") {
  const App app = all_kinds();
  H2Client peer{app};
  const auto slept = peer.get("/sleep?1000000");
  const auto waited = peer.get("/wait");
  peer.settle();
  peer.client.drain();
  peer.run();
  CHECK(peer.answer(slept).body == "draining");
  CHECK(peer.answer(waited).body == "woken");
  CHECK(peer.client.end_of_output());
}

TEST_CASE("a drain of a new connection: its preface and its first request may come within a second") {
  const App app = all_kinds();
  H2Client peer{app};
  peer.client.open();
  peer.client.advance(600ms);
  peer.client.drain();
  peer.client.advance(399ms);
  CHECK_FALSE(peer.client.closed());
  const auto stream = peer.get("/");
  peer.run();
  CHECK(peer.answer(stream).body == "plain");
  REQUIRE(peer.goaways.size() == 2);
  CHECK(peer.goaways[1].first == stream);
  CHECK(peer.client.end_of_output());
}

TEST_CASE("a drain before the preface is complete: what has arrived is served") {
  const App app = all_kinds();
  H2Client peer{app};
  peer.get("/");
  const std::string bytes = peer.frames.take();
  peer.client.send(bytes.substr(0, 20));
  peer.client.run();
  peer.client.drain();
  peer.client.send(bytes.substr(20));
  peer.run();
  CHECK(peer.answer(1).body == "plain");
  CHECK(peer.client.end_of_output());
}
