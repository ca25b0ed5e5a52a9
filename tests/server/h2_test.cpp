// The session over HTTP/2: what is told apart on one port, many exchanges at once, content.
#include <doctest/doctest.h>

#include <pounce/server/session.hpp>

#include "tests/server/h2_application.hpp"
#include "tests/server/h2_client.hpp"
#include "tests/server/recorder.hpp"

#include <set>
#include <string>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;
using namespace pounce::testing;

// --- which protocol it is ---

TEST_CASE("the preface makes it HTTP/2, however its octets arrive") {
  const App app = all_kinds();
  for (const std::size_t read_size : {65536UL, 24UL, 7UL, 1UL}) {
    Recorder recorder;
    {
      Options options = observed(recorder);
      options.read_size = read_size;
      H2Client peer{app, options};
      const auto stream = peer.get("/");
      peer.run();
      CHECK(peer.answer(stream).status == "200");
      CHECK(peer.answer(stream).body == "plain");
      CHECK(peer.answer(stream).ended);
      CHECK(peer.client.session()->has_streams());
    }
    CHECK(recorder.text() == "opened | started GET / | completed 200 in 0 out 5 | closed none after 1");
  }
}

TEST_CASE("all that is no preface is HTTP/1.1, also when it begins like one") {
  const App app = all_kinds();
  for (const std::size_t read_size : {65536UL, 1UL}) {
    Options options;
    options.read_size = read_size;
    Client client{app, options};
    client.send("PRI /x HTTP/1.1\r\nHost: t\r\n\r\n");
    CHECK(client.reply().status == 404);
    client.open();
    client.send("POST /collect HTTP/1.1\r\nHost: t\r\nContent-Length: 24\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    CHECK(client.reply().body == "24");
    // Only the first octets count.
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    CHECK(client.reply().status == 505);
    client.open();
    client.send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
    CHECK(client.reply().status == 505);
    client.open();
    client.send("PRI * HTTP/2.0\r\n\r\n");
    client.close_write();
    CHECK(client.reply().status == 505);
  }
}

TEST_CASE("a preface that is not completed has the time of a head") {
  const App app = all_kinds();
  for (const std::string_view part :
       {"P", "PRI * HTTP/2.0\r\n\r", "PRI * HTTP/2.0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r"}) {
    Recorder recorder;
    Client client{app, observed(recorder)};
    for (const char c : part) {
      client.send({&c, 1});
      client.advance(10ms);
    }
    client.advance(8s);
    CHECK_FALSE(client.end_of_output());
    client.advance(2s);
    CHECK(client.output().starts_with("HTTP/1.1 408 "));
    CHECK(client.end_of_output());
    client.close_write();
    client.run();
    CHECK(recorder.count("closed header_timeout") == 1);
  }
}

TEST_CASE("HTTP/2 can be switched off: then its preface is answered by HTTP/1.1") {
  const App app = all_kinds();
  Options options;
  options.http2 = false;
  Client client{app, options};
  client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  CHECK(client.reply().status == 505);
}

TEST_CASE("Upgrade: h2c is ignored") {
  const App app = all_kinds();
  Client client{app};
  Fields upgrade;
  upgrade.add("connection", "upgrade, http2-settings");
  upgrade.add("upgrade", "h2c");
  upgrade.add("http2-settings", "AAMAAABk");
  const auto reply = client.get("/", upgrade);
  CHECK(reply.status == 200);
  CHECK(reply.body == "plain");
  CHECK(client.get("/").status == 200);
}

TEST_CASE("held, not an octet behind the preface is parsed; released, nothing is missing") {
  const App app = all_kinds();
  Recorder recorder;
  H2Client peer{app, observed(recorder)};
  peer.client.open();
  peer.client.session()->hold_streams(true);
  const auto stream = peer.get("/");
  peer.run();
  CHECK(peer.client.session()->holds_streams());
  CHECK_FALSE(peer.client.session()->wants_input());
  CHECK_FALSE(peer.client.session()->runnable());
  CHECK(peer.frames_got == 0);
  peer.client.session()->hold_streams(false);
  CHECK(peer.client.session()->runnable());
  peer.run();
  CHECK(peer.answer(stream).body == "plain");
}

// --- many at once ---

TEST_CASE("many exchanges run at once, and each ends in its own time") {
  const App app = all_kinds();
  Recorder recorder;
  {
    H2Client peer{app, observed(recorder)};
    std::vector<std::uint32_t> slow;
    slow.reserve(40);
    for (int i = 0; i < 40; ++i) slow.push_back(peer.get("/sleep?" + std::to_string(1000 - 10 * i)));
    peer.settle();
    const auto quick = peer.get("/");
    peer.settle();
    CHECK(recorder.count("completed") == 1);  // the quick one: nobody waits for anybody
    peer.advance(705ms);
    CHECK(recorder.count("completed") == 11);
    peer.advance(300ms);
    for (const auto stream : slow) CHECK(peer.answer(stream).body == "ok");
    CHECK(peer.answer(quick).body == "plain");
    CHECK(alive == 0);
  }
  CHECK(recorder.count("completed 200") == 41);
}

TEST_CASE("one read, one step and one write for a batch of streams") {
  const App app = all_kinds();
  H2Client peer{app};
  peer.run();
  for (int i = 0; i < 60; ++i) peer.get("/");
  const std::size_t writes = peer.client.writes();
  peer.client.send(peer.frames.take());
  peer.client.run();
  CHECK(peer.client.writes() - writes == 1);
  peer.run();
  for (const auto& [stream, answer] : peer.answers) CHECK((stream == 0 || answer.body == "plain"));
  CHECK(peer.answers.size() == 60);
}

TEST_CASE("no more than a step's share of exchanges runs in a step, and the others are next") {
  std::vector<std::string> order;
  App app;
  app.route("/turns", [&order](Exchange& x) -> Task {
    const std::string who{x.request().query()};
    for (int i = 0; i < 3; ++i) {
      order.push_back(who);
      (void)co_await x.yield();
    }
    (void)x.respond(Response::text("done"));
  });
  Options options;
  options.h2.max_streams = 300;
  H2Client peer{app, options};
  peer.run();
  for (int i = 0; i < 200; ++i) peer.get("/turns?" + std::to_string(i));
  const std::size_t steps = peer.client.steps();
  peer.run();
  CHECK(peer.client.steps() - steps >= 200 * 4 / Session::requests_per_step);
  REQUIRE(order.size() == 600);
  // Nobody has a second turn before all have had their first.
  CHECK(std::set<std::string>{order.begin(), order.begin() + 200}.size() == 200);
  CHECK(std::set<std::string>{order.begin() + 200, order.begin() + 400}.size() == 200);
}

// --- content ---

TEST_CASE("content passes through in both directions, past every window, with trailers and hints") {
  const App app = all_kinds();
  for (const std::size_t read_size : {65536UL, 997UL}) {
    Options options;
    options.h2.stream_window = 20'000;
    options.h2.connection_window = 65'535;
    options.h2.max_request_size = 10 * mebibyte;
    options.read_size = read_size;
    H2Client peer{app, options, 30'000};
    peer.run();  // it obeys settings that it has seen
    const std::string body = letters(300'000);
    const auto echoed = peer.post("/echo", body);
    const auto other = peer.post("/echo", body.substr(5));
    const auto collected = peer.post("/collect", body);
    const auto big = peer.get("/big?500000");
    const auto flood = peer.get("/flood?200000");
    const auto hinted = peer.get("/hints");
    peer.run();
    CHECK((peer.answer(echoed).body == body));
    CHECK((peer.answer(other).body == body.substr(5)));
    CHECK(peer.answer(collected).body == "300000");
    CHECK((peer.answer(big).body == letters(500'000)));
    CHECK(peer.answer(big).field("content-length") == "500000");
    CHECK((peer.answer(flood).body == letters(200'000)));
    CHECK(peer.answer(flood).trailers == wire::Fields{{"checksum", "7"}});
    CHECK(peer.answer(hinted).informational == std::vector<std::string>{"103"});
    for (const auto& [stream, answer] : peer.answers) CHECK((stream == 0 || answer.ended));
    CHECK(alive == 0);
  }
}

TEST_CASE("content that nobody will take is not held against the others") {
  App app = all_kinds();
  app.route("/deaf", [](Exchange& x) -> Task {
    (void)x.respond(Response::text(letters(100'000)));
    co_return;
  });
  app.route("/whole", [](const Request& r) { return Response::text(letters(100'000 + r.body().size())); });
  for (const std::string path : {"/deaf", "/whole"}) {
    Options options;
    options.h2.stream_window = 20'000;
    options.h2.connection_window = 65'535;
    H2Client peer{app, options, 1'000};
    peer.gives_credit = false;  // their answers are far from complete
    peer.run();
    std::vector<std::uint32_t> streams;
    streams.reserve(8);
    for (int i = 0; i < 8; ++i) streams.push_back(peer.post(path, letters(16'000)));
    const auto other = peer.post("/collect", letters(30'000));
    peer.settle();
    CHECK(peer.answer(other).body == "30000");
    for (const auto stream : streams) {
      CHECK(peer.answer(stream).body.size() == 1'000);
      CHECK(peer.answer(stream).credit == 0);
    }
    // They go on from where they are.
    peer.gives_credit = true;
    peer.frames.window_update(0, 1'000'000);
    for (const auto stream : streams) peer.frames.window_update(stream, 1'000'000);
    peer.settle();
    for (const auto stream : streams) CHECK(peer.answer(stream).ended);
  }
}

TEST_CASE("the more urgent answer goes first, and what is incremental takes turns") {
  App app;
  app.route("/", [](const Request&) { return Response::text(letters(60'000)); });
  H2Client peer{app};
  peer.gives_credit = false;
  peer.frames.window_update(0, 1'000'000);
  peer.run();
  // One write for all of them: what was asked first does not go first.
  const auto late = peer.get("/", {{"priority", "u=7"}});
  const auto usual = peer.get("/");
  const auto one = peer.get("/", {{"priority", "u=1, i"}});
  const auto two = peer.get("/", {{"priority", "u=1, i"}});
  std::vector<std::uint32_t> order;
  peer.on_data = [&order](std::uint32_t stream) { order.push_back(stream); };
  peer.run();
  CHECK(order == std::vector<std::uint32_t>{one, two, one, two, one, two, one, two, usual, usual, usual, usual, late,
                                            late, late, late});
}

TEST_CASE("who does not take its content gets no more of it, and the others do") {
  const App app{[](Exchange& x) -> Task {
    if (x.request().path() == "/lazy") (void)co_await x.sleep(10s);
    std::size_t sum = 0;
    while (true) {
      const Received got = co_await x.read();
      if (got.status() != Status::ok) break;
      sum += got.bytes().size();
    }
    (void)x.respond(Response::text(std::to_string(sum)));
  }};
  Options options;
  options.h2.stream_window = 10'000;
  H2Client peer{app, options};
  peer.run();
  const auto lazy = peer.post("/lazy", letters(50'000));
  const auto busy = peer.post("/busy", letters(50'000));
  peer.settle();
  CHECK(peer.answer(busy).body == "50000");
  peer.advance(15s);
  CHECK(peer.answer(lazy).body == "50000");
}

TEST_CASE("content over its limit: 413 and the end, no further credit, and a reset without blame for who goes on") {
  const App app = all_kinds();
  for (const std::string path : {"/collect", "/echo"}) {
    Recorder recorder;
    Options options = observed(recorder);
    options.h2.max_request_size = 30'000;
    options.h2.stream_window = 50'000;
    options.h2.connection_window = 65'535;
    H2Client peer{app, options};
    peer.run();
    const std::uint32_t stream = peer.next();
    peer.frames.post(stream, path);
    peer.frames.data(stream, letters(16'000), false);
    peer.frames.data(stream, letters(16'000), false);
    peer.settle();
    auto& answer = peer.answer(stream);
    const bool streamed = path == "/echo";  // its head was out already
    if (!streamed) {
      CHECK(answer.status == "413");
      CHECK(answer.ended);
      CHECK_FALSE(answer.reset.has_value());
    }
    CHECK(answer.credit == 0);
    peer.frames.data(stream, "more", false);
    peer.advance(2s);
    REQUIRE(answer.reset.has_value());
    if (!streamed) CHECK(*answer.reset == 0);
    CHECK(recorder.count("failed peer_fault body_too_large") == 1);
    CHECK(alive == 0);
    // The connection's window has lost nothing.
    for (int i = 0; i < 5; ++i) {
      const auto next = peer.post("/collect", letters(29'000));
      peer.run();
      CHECK(peer.answer(next).body == "29000");
    }
  }
}

TEST_CASE("a declared length over the limit is a 413 at once, and no handler is asked") {
  const App app = all_kinds();
  Recorder recorder;
  Options options = observed(recorder);
  options.h2.max_request_size = 100;
  H2Client peer{app, options};
  const auto stream = peer.post("/collect", letters(101), {{"content-length", "101"}});
  peer.run();
  CHECK(peer.answer(stream).status == "413");
  CHECK(recorder.count("started") == 0);
}
