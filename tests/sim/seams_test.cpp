// The seams that the design stands on, each tried where it could tear.
#include <doctest/doctest.h>

#include <pounce/app.hpp>

#include "tests/sim/drivers.hpp"

#include <atomic>
#include <coroutine>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace pounce;
using namespace pounce::sim;
using namespace std::chrono_literals;
using testing::Recorder;

namespace {

Tick at_start() {
  Tick tick;
  tick.now = Instant{} + 1h;
  return tick;
}

// Writes a letter into a log when it is destroyed.
class Guard {
 public:
  Guard(std::string& log, std::string_view letter) : log_(&log), letter_(letter) {}
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  ~Guard() { log_->append(letter_); }

 private:
  std::string* log_;
  std::string letter_;
};

}  // namespace

TEST_CASE(
    "a chunk held by a parked coroutine keeps its bytes while another connection is read into the same workspace") {
  std::string kept;
  const App app{[&](Exchange& x) -> Task {
    if (x.request().path() == "/other") {
      while ((co_await x.read()).status() == Status::ok) continue;
      (void)x.respond(Response::text("x"));
      co_return;
    }
    Received got = co_await x.read();
    const Chunk chunk = std::move(got).chunk();
    (void)co_await x.sleep(1s);
    kept = chunk.bytes();
    (void)x.respond(Response::text("x"));
  }};
  const Service service{.app = app, .limits = {}};
  Place place;
  Tick tick = at_start();
  Link holder{service, place, 1, tick.now};
  Link other{service, place, 2, tick.now};
  const std::string text(500, 'A');
  holder.sends("open 1 /hold\ndata 1 " + text + "\n");
  while (holder.turn(tick)) continue;
  for (int i = 0; i < 20; ++i)
    other.sends("open " + std::to_string(i) + " /other\ndata " + std::to_string(i) + " " + std::string(60000, 'B') +
                "\nend " + std::to_string(i) + "\n");
  while (other.turn(tick)) continue;
  CHECK(testing::occurrences(other.output, " end\n") == 20);
  serve(holder, tick);
  CHECK(kept == text);
}

TEST_CASE("a chunk in the inbox of a parked coroutine keeps its bytes, too") {
  std::string kept;
  const App app{[&](Exchange& x) -> Task {
    (void)co_await x.sleep(1s);
    while (true) {
      const Received got = co_await x.read();
      if (got.status() != Status::ok) break;
      kept += got.bytes();
    }
    (void)x.respond(Response::text("x"));
  }};
  const Service service{.app = app, .limits = {}};
  Place place;
  Tick tick = at_start();
  std::string expected;
  Link holder{service, place, 1, tick.now};
  Link other{service, place, 2, tick.now};
  holder.sends("open 1 /\n");
  for (int i = 0; i < 30; ++i) {
    const std::string piece(static_cast<std::size_t>(1 + i * i * 37), static_cast<char>('a' + i % 26));
    expected += piece;
    holder.sends("data 1 " + piece + "\n");
    while (holder.turn(tick)) continue;
    other.sends(std::string(60000, 'B'));
    other.sends("\n");
    (void)other.turn(tick);
  }
  holder.sends("end 1\n");
  serve(holder, tick);
  CHECK(kept == expected);
}

namespace {

TaskOf<void> third(Exchange& x, std::string& log) {
  const Guard guard{log, "3"};
  (void)co_await x.message();
}
TaskOf<void> second(Exchange& x, std::string& log) {
  const Guard guard{log, "2"};
  co_await third(x, log);
}
Task first(Exchange& x, std::string& log, Token& token) {
  const Guard guard{log, "1"};
  struct Revoked {
    Revoked(Exchange& exchange, std::string& to, Token& posted) : x(&exchange), log(&to), token(&posted) {}
    Revoked(const Revoked&) = delete;
    Revoked& operator=(const Revoked&) = delete;
    ~Revoked() {
      // Tokens are revoked before frames go; the arena, where the request lives, is still there.
      log->append(token->post("x") == Status::gone ? "r" : "?").append(x->request().path());
    }
    Exchange* x;
    std::string* log;
    Token* token;
  } const revoked{x, log, token};
  token = x.token();
  co_await second(x, log);
  log.append("resumed");
}

}  // namespace

TEST_CASE("a reset while a handler is parked three levels deep: tokens, then frames from the inside out, once") {
  for (const std::string_view how : {"broken", "bad", "closed", "destroyed"}) {
    CAPTURE(how);
    std::string log;
    Token token;
    const App app{[&](Exchange& x) { return first(x, log, token); }};
    const Service service{.app = app, .limits = {}};
    Recorder recorder;
    {
      Place place{&recorder};
      Tick tick = at_start();
      Link link{service, place, 1, tick.now};
      link.sends("open 1 /p\n");
      while (link.turn(tick)) continue;
      CHECK(log.empty());
      if (how == "broken") link.breaks();
      if (how == "bad") link.sends("bad\n");
      if (how == "closed") link.session.close(tick.now, true);
      if (how != "destroyed") serve(link, tick);
    }
    CHECK(log == "32r/p1");
    CHECK(token.post("late") == Status::gone);
    CHECK(recorder.count("failed") == 1);
  }
}

TEST_CASE("a post from another thread while the session moves between two workers is neither lost nor doubled") {
  std::string got;
  Token token;
  const App app{[&](Exchange& x) -> Task {
    token = x.token();
    while (true) {
      Posted posted = co_await x.message();
      if (posted.status() != Status::ok || posted.text() == "stop") break;
      got += posted.text();
    }
    (void)x.respond(Response::text("x"));
  }};
  const Service service{.app = app, .limits = {}};
  Place one;
  Place two{nullptr, 1};
  Tick tick = at_start();
  Link link{service, one, 1, tick.now};
  link.sends("open 1 /\n");
  while (link.turn(tick)) continue;
  REQUIRE(token);

  constexpr int count = 500;
  std::thread poster{[posts = token] {
    for (int i = 0; i < count; ++i) {
      while (posts.post(std::string(1, static_cast<char>('a' + i % 26))) == Status::full) std::this_thread::yield();
    }
    while (posts.post("stop") == Status::full) std::this_thread::yield();
  }};
  // The session itself goes to and fro between two threads, as in a hand-off: one has it, then the other.
  std::atomic<int> turn = 0;
  const auto worker = [&](int me, Place& mine, Place& other) {
    Tick own = tick;
    while (true) {
      while (turn.load() != me && turn.load() != 2) std::this_thread::yield();
      if (turn.load() == 2) return;
      (void)link.turn(own);
      if (link.session.idle()) {
        turn.store(2);
        return;
      }
      (void)mine;
      link.session.leave();
      link.session.join(other.station);
      turn.store(1 - me);
    }
  };
  std::thread second{[&] { worker(1, two, one); }};
  worker(0, one, two);
  second.join();
  poster.join();
  CHECK(got.size() == count);
  bool in_order = true;
  for (std::size_t i = 0; i < got.size(); ++i) in_order = in_order && got[i] == static_cast<char>('a' + i % 26);
  CHECK(in_order);
  CHECK(link.output.ends_with("1 end\n"));
  CHECK(token.post("x") == Status::gone);
  // Blocks that came from one worker may end in the other's workspace; the session lets go of both.
  link.session.leave();
  link.session.join(one.station);
}

TEST_CASE("a drain into a sleep is told once") {
  std::vector<Status> said;
  const App app{[&](Exchange& x) -> Task {
    said.push_back(co_await x.sleep(1h));
    said.push_back(co_await x.sleep(1s));
    (void)x.respond(Response::text("bye"));
  }};
  const Service service{.app = app, .limits = {}};
  Place place;
  Tick tick = at_start();
  Link link{service, place, 1, tick.now};
  link.sends("open 1 /\n");
  while (link.turn(tick)) continue;
  link.session.drain(tick);
  CHECK(link.session.runnable());
  const Instant before = tick.now;
  serve(link, tick);
  CHECK((said == std::vector<Status>{Status::draining, Status::ok}));
  CHECK(tick.now - before == 1s);
  CHECK(link.output == "1 head 200\n1 data bye\n1 end\n");
}

TEST_CASE("two streams of one session: one waits, the other completes") {
  App app;
  app.route("/wait", [](Exchange& x) -> Task {
    (void)x.start(Head{200});
    (void)co_await x.write("before");
    if (co_await x.write("after") != Status::ok) co_return;
    (void)x.finish();
  });
  app.route("/sleep", [](Exchange& x) -> Task {
    (void)co_await x.sleep(1h);
    (void)x.respond(Response::text("slept"));
  });
  app.route("/goes-on", [](Exchange& x) -> Task {
    (void)x.respond(Response::text("answered"));
    (void)co_await x.sleep(1h);
  });
  app.route("/quick", [](Exchange& x) -> Task {
    (void)x.respond(Response::text("quick"));
    co_return;
  });
  const Service service{.app = app, .limits = {}};
  Recorder recorder;
  Place place{&recorder};
  Tick tick = at_start();
  Link link{service, place, 1, tick.now};

  SUBCASE("in a sleep") {
    link.sends("open 1 /sleep\nopen 2 /quick\n");
    for (int i = 0; i < 5; ++i) (void)link.turn(tick);
    CHECK(link.output == "2 head 200\n2 data quick\n2 end\n");
  }
  SUBCASE("without room of its own, and nobody spins") {
    link.sends("open 1 /wait\nblock 1\n");
    link.sends("open 2 /quick\n");
    for (int i = 0; i < 5; ++i) (void)link.turn(tick);
    CHECK(link.output == "1 head 200\n2 head 200\n2 data quick\n2 end\n");
    CHECK_FALSE(link.session.runnable());
    link.sends("unblock 1\n");
    for (int i = 0; i < 5; ++i) (void)link.turn(tick);
    CHECK(link.output.ends_with("1 data before\n1 data after\n1 end\n"));
  }
  SUBCASE("a whole answer without room of its own, and nobody spins") {
    link.sends("open 2 /goes-on\nblock 2\nopen 3 /quick\n");
    for (int i = 0; i < 5; ++i) (void)link.turn(tick);
    CHECK(link.output == "2 head 200\n3 head 200\n3 data quick\n3 end\n");
    CHECK_FALSE(link.session.runnable());
    link.sends("unblock 2\n");
    for (int i = 0; i < 5; ++i) (void)link.turn(tick);
    CHECK(link.output.ends_with("2 data answered\n2 end\n"));
  }
  SUBCASE("after its answer, while its handler goes on") {
    link.sends("open 1 /goes-on\n");
    for (int i = 0; i < 5; ++i) (void)link.turn(tick);
    link.sends("open 2 /quick\n");
    for (int i = 0; i < 5; ++i) (void)link.turn(tick);
    CHECK(link.output == "1 head 200\n1 data answered\n1 end\n2 head 200\n2 data quick\n2 end\n");
  }
  link.ends = true;
  serve(link, tick);
  CHECK(link.session.finished());
}

TEST_CASE("a write loop to a fast reader gives up the worker after its budget") {
  App app;
  std::size_t written = 0;
  app.route("/flood", [&](Exchange& x) -> Task {
    (void)x.start(Head{200});
    const std::string block(10000, 'x');
    while (written < 300) {
      if (co_await x.write(block) != Status::ok) co_return;
      ++written;
    }
    (void)x.finish();
  });
  app.route("/quick", [](const Request&) { return Response::text("quick"); });
  Service service{.app = app, .limits = {}};
  service.output_limit = 100 * mebibyte;  // a reader that is faster than any handler
  Place place;
  Tick tick = at_start();
  Link flood{service, place, 1, tick.now};
  Link quick{service, place, 2, tick.now};
  flood.sends("open 1 /flood\n");
  quick.sends("open 1 /quick\nend 1\n");
  (void)flood.turn(tick);
  CHECK(written * 10000 >= Session::bytes_per_resume);
  CHECK(written * 10000 <= Session::bytes_per_resume + 20000);
  CHECK(flood.session.runnable());
  interleave({&flood, &quick}, tick);
  CHECK(quick.output == "1 head 200\n1 data quick\n1 end\n");
  CHECK(written == 300);
  CHECK(flood.output.ends_with("1 end\n"));
}

TEST_CASE("what one handler does wrong is its own stream's affair") {
  App app;
  app.route("/foreign", [](Exchange&) -> Task { co_await std::suspend_always{}; });
  app.route("/throws", [](Exchange& x) -> Task {
    (void)co_await x.sleep(1s);
    throw std::runtime_error{"x"};
  });
  app.route("/late", [](Exchange& x) -> Task {
    (void)x.start(Head{200});
    (void)co_await x.sleep(1s);
    throw std::runtime_error{"x"};
  });
  app.route("/leaves", [](Exchange& x) -> Task {
    (void)x.start(Head{200});
    co_return;
  });
  app.route("/quick", [](const Request&) { return Response::text("quick"); });
  const Service service{.app = app, .limits = {}};
  Recorder recorder;
  Place place{&recorder};
  Tick tick = at_start();
  Link link{service, place, 1, tick.now};
  link.sends("open 1 /foreign\nopen 2 /throws\nopen 3 /late\nopen 4 /leaves\nopen 5 /quick\nend 5\n");
  link.ends = true;
  serve(link, tick);
  CHECK(testing::occurrences(link.output, "1 head 500\n") == 1);
  CHECK(testing::occurrences(link.output, "2 head 500\n") == 1);
  CHECK(testing::occurrences(link.output, "3 head 200\n3 reset\n") + testing::occurrences(link.output, "3 reset\n") >=
        1);
  CHECK(testing::occurrences(link.output, "4 reset\n") == 1);
  CHECK(testing::occurrences(link.output, "5 head 200\n5 data quick\n5 end\n") == 1);
  CHECK(recorder.count("completed 500") == 2);
  CHECK(recorder.count("failed handler_threw 200") == 1);
  CHECK(recorder.count("failed handler_left 200") == 1);
  CHECK(recorder.count("completed 200") == 1);
}

TEST_CASE("both drivers give each peer the same bytes") {
  App app;
  app.route("/echo", [](Exchange& x) -> Task {
    (void)x.start(Head{200});
    while (true) {
      Received got = co_await x.read();
      if (got.status() != Status::ok) break;
      (void)co_await x.sleep(10ms);
      if (co_await x.write(std::move(got).chunk()) != Status::ok) co_return;
    }
    (void)x.finish();
  });
  app.route("/plain", [](const Request& request) { return Response{200, Body::copy(request.body())}; });
  const Service service{.app = app, .limits = {}};
  const auto fill = [](Link& link, int n) {
    const std::string id = std::to_string(n + 1);
    link.sends("open " + id + (n % 2 == 0 ? " /echo\n" : " /plain\n"));
    for (int i = 0; i < n; ++i)
      link.sends("data " + id + " " + std::string(static_cast<std::size_t>(i * 100 + 1), 'x') + "\n");
    link.sends("end " + id + "\n");
    link.ends = true;
  };
  std::vector<std::string> blocking;
  std::vector<std::string> interleaved;
  {
    Recorder recorder;
    Place place{&recorder};
    Tick tick = at_start();
    for (int i = 0; i < 20; ++i) {
      Link link{service, place, static_cast<std::uint64_t>(i), tick.now};
      fill(link, i);
      serve(link, tick);
      blocking.push_back(link.output);
    }
  }
  {
    Recorder recorder;
    Place place{&recorder};
    Tick tick = at_start();
    std::vector<std::unique_ptr<Link>> links;
    std::vector<Link*> all;
    for (int i = 0; i < 20; ++i) {
      links.push_back(std::make_unique<Link>(service, place, static_cast<std::uint64_t>(i), tick.now));
      fill(*links.back(), i);
      all.push_back(links.back().get());
    }
    interleave(all, tick);
    for (const Link* link : all) interleaved.push_back(link->output);
  }
  CHECK((blocking == interleaved));
  CHECK(blocking.back().ends_with("20 end\n"));
}
