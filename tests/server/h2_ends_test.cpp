// The session over HTTP/2: how streams and connections end, and what they wait for.
#include <doctest/doctest.h>

#include <pounce/server/session.hpp>

#include "tests/server/h2_application.hpp"
#include "tests/server/h2_client.hpp"
#include "tests/server/recorder.hpp"

#include <utility>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;
using namespace pounce::testing;

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
  CHECK(recorder.count("failed peer_fault stream_reset 0") == 40);
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
  CHECK(recorder.count("failed peer_fault stream_reset 0") == 50);
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
