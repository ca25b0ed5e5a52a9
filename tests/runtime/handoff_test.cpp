// The hand-off, one thing at a time: who runs what, what a drain does in each of its phases, and who waits for whom. Gates hold
// handlers where a test wants them; nothing here waits for time to pass.
#include "ground.hpp"

#include <pounce/app.hpp>

#include <algorithm>
#include <set>
#include <vector>

using namespace ground;

namespace {

constexpr std::string_view echo_begins = "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nx";

// On which threads handlers ran.
class Threads {
 public:
  void note() {
    const std::lock_guard guard{lock_};
    seen_.insert(std::this_thread::get_id());
  }
  [[nodiscard]] std::set<std::thread::id> seen() {
    const std::lock_guard guard{lock_};
    return seen_;
  }

 private:
  std::mutex lock_;
  std::set<std::thread::id> seen_;
};

struct Ground {
  Gate gate;
  Threads workers;   // of plain handlers
  Threads reactors;  // after a wait
};

App make_app(Ground& ground) {
  App app;
  app.route("/plain", [&ground](const Request&) {
    ground.workers.note();
    return Response::text("plain\n");
  });
  app.route("/blocked", [&ground](const Request&) {
    ground.gate.pass();
    return Response::text("unblocked\n");
  });
  app.route("/sleep", [&ground](Exchange& x) -> Task {
    (void)co_await x.sleep(1ms);
    ground.reactors.note();
    (void)x.respond(Response::text("slept\n"));
  });
  // Blocks the reactor that it is on.
  app.route("/stall", [&ground](Exchange& x) -> Task {
    (void)co_await x.sleep(1ms);
    ground.gate.pass();
    (void)x.respond(Response::text("stalled\n"));
  });
  app.route("/hour", [](Exchange& x) -> Task {
    const Status status = co_await x.sleep(1h);
    (void)x.respond(Response::text(std::string{status == Status::draining ? "told\n" : "not told\n"}));
  });
  app.route("/stream", [](Exchange& x) -> Task {
    EventStream stream{x};
    if (stream.start() != Status::ok) co_return;
    if (co_await stream.send(ServerEvent{"hello"}) != Status::ok) co_return;
    if (co_await x.sleep(1h) != Status::draining) co_return;
    if (co_await stream.send(ServerEvent{"goodbye"}) != Status::ok) co_return;
    (void)stream.finish();
  });
  // Is told of the drain while it runs on a worker, and waits on.
  app.route("/blocked-then-sleep", [&ground](Exchange& x) -> Task {
    ground.gate.pass();
    (void)co_await x.sleep(1h);  // ends at once: told
    (void)co_await x.sleep(1ms);
    ground.reactors.note();
    (void)x.respond(Response::text("slept on\n"));
  });
  app.route("/endless", [](Exchange& x) -> Task {
    if (x.start(Head{200}) != Status::ok) co_return;
    const std::string piece(16'384, 'x');
    while (co_await x.write(piece) == Status::ok) {
    }
  });
  app.route("/echo", [](Exchange& x) -> Task {
    if (x.start(Head{200}) != Status::ok) co_return;
    while (true) {
      Received got = co_await x.read();
      if (got.status() != Status::ok) break;
      if (co_await x.write(std::move(got).chunk()) != Status::ok) co_return;
    }
    (void)x.finish();
  });
  return app;
}

bool disjoint(const std::set<std::thread::id>& a, const std::set<std::thread::id>& b) {
  return std::none_of(a.begin(), a.end(), [&](std::thread::id id) { return b.contains(id); });
}

}  // namespace

TEST_CASE("plain handlers run on workers, also behind an exchange that a reactor has ended; coroutines stay there") {
  Ground ground;
  const App app = make_app(ground);
  Running run{small_config(2, 1), app};
  {
    Client client{run.port()};
    for (int i = 0; i < 20; ++i) {
      REQUIRE(client.get("/sleep"));
      CHECK(client.read_until("slept\n").ends_with("slept\n"));
      REQUIRE(client.get("/sleep"));
      CHECK(client.read_until("slept\n").ends_with("slept\n"));
      REQUIRE(client.get("/plain"));
      CHECK(client.read_until("plain\n").ends_with("plain\n"));
    }
    // All at once: the answers come in the order of the requests.
    std::string requests;
    for (int i = 0; i < 20; ++i) {
      for (const std::string_view path : {"/plain", "/sleep", "/plain", "/nowhere", "/plain"}) {
        requests.append("GET ").append(path).append(" HTTP/1.1\r\nHost: t\r\n\r\n");
      }
    }
    requests.append("POST /plain HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc");
    REQUIRE(client.send(requests));
    const std::string answers = client.read_all();
    std::string order;
    for (std::size_t at = answers.find("\r\n\r\n"); at != std::string::npos; at = answers.find("\r\n\r\n", at + 4)) {
      order.push_back(answers[at + 4]);  // the first byte of each answer's content
    }
    std::string expected;
    for (int i = 0; i < 20; ++i) expected.append("psp4p");
    CHECK(order == expected.append("p"));
  }
  run.server.drain(Drain::prompt);
  CHECK(run.end().cut.connections == 0);
  CHECK(disjoint(ground.workers.seen(), ground.reactors.seen()));
  CHECK(ground.reactors.seen().size() == 1);
  CHECK(run.checked.handed_off == 40);
  CHECK(run.checked.handed_back == 40);
}

TEST_CASE("without a pool, and with one that is full, the worker waits itself: slower, nothing lost") {
  for (const bool pool : {false, true}) {
    Ground ground;
    const App app = make_app(ground);
    struct Full final : posix::HandoffPool {
      [[nodiscard]] bool offer(posix::Handoff&) override { return false; }
      [[nodiscard]] std::size_t waiting() const override { return 0; }
      void drain(Drain) noexcept override {}
      void finish() noexcept override { wake.notify(); }
      void cut() noexcept override {}
      void join() override {}
      [[nodiscard]] int finished_descriptor() const noexcept override { return wake.descriptor(); }
      posix::WakeDescriptor wake;
    };
    const sync::MakePool make_full = [](const config::Config&, const Service&, events::Observer*, posix::Census&,
                                        events::WorkerId,
                                        posix::Turns*) -> Owned<posix::HandoffPool> { return make_owned<Full>(); };
    Running run{small_config(2, 1), app, pool ? make_full : nullptr};
    {
      Client client{run.port()};
      for (int i = 0; i < 3; ++i) {
        REQUIRE(client.get("/sleep"));
        CHECK(client.read_until("slept\n").ends_with("slept\n"));
      }
    }
    run.server.drain(Drain::prompt);
    CHECK(run.end().requests == 3);
    CHECK(run.checked.handed_off == 0);
    CHECK((run.checked.refused > 0) == pool);
  }
}

TEST_CASE("as many slow clients as workers do not keep the next one waiting") {
  // No patience runs out, and no deadline comes: that the good client is answered at all is because they are given up for it.
  for (const std::string_view slow :
       {std::string_view{"GET /pl"}, std::string_view{"POST /plain HTTP/1.1\r\nHost: t\r\nContent-Length: 9\r\n\r\nx"},
        echo_begins, std::string_view{"GET /endless HTTP/1.1\r\nHost: t\r\n\r\n"},
        std::string_view{"GET /hour HTTP/1.1\r\nHost: t\r\n\r\n"}}) {
    CAPTURE(slow);
    Ground ground;
    const App app = make_app(ground);
    config::Config config = small_config(2, 1);
    config.worker_patience = config.request_timeout = config.header_timeout = config.write_timeout = 1h;
    Running run{config, app};
    {
      std::vector<std::unique_ptr<Client>> crowd;
      for (int i = 0; i < 4; ++i) {
        crowd.push_back(std::make_unique<Client>(run.port()));
        REQUIRE(crowd.back()->send(slow));
      }
      for (int i = 0; i < 3; ++i) {
        Client good{run.port()};
        REQUIRE(good.get("/plain"));
        CHECK(good.read_until("plain\n").ends_with("plain\n"));
      }
      for (const auto& client : crowd) client->abort();
    }
    run.server.drain(Drain::prompt);
    CHECK(run.end().cut.connections == 0);
  }
}

TEST_CASE("drain: connections in the queue are served") {
  Ground ground;
  const App app = make_app(ground);
  Running run{small_config(1, 1), app};
  Client first{run.port()};
  REQUIRE(first.get("/blocked"));
  CHECK(ground.gate.wait_for_arrivals(1));
  // The only worker is busy: these wait, in the kernel or in the queue.
  std::vector<std::unique_ptr<Client>> queued;
  for (int i = 0; i < 10; ++i) {
    queued.push_back(std::make_unique<Client>(run.port()));
    REQUIRE(queued.back()->get("/plain"));
  }
  run.server.drain(Drain::prompt);
  CHECK(run.checked.wait([&] { return run.checked.told == 2; }));
  ground.gate.open();
  CHECK(first.read_all().ends_with("unblocked\n"));
  for (const auto& client : queued) {
    const std::string answer = client->read_all();
    CHECK(answer.starts_with("HTTP/1.1 200 "));
    CHECK(answer.find("Connection: close") != std::string::npos);
    CHECK(answer.ends_with("plain\n"));
  }
  CHECK(run.end().cut.connections == 0);
}

TEST_CASE("drain: an exchange on its way into the pool is told there") {
  Ground ground;
  const App app = make_app(ground);
  Running run{small_config(1, 1), app};
  Client first{run.port()};
  REQUIRE(first.get("/stall"));
  CHECK(ground.gate.wait_for_arrivals(1));  // the only reactor stands still: who is handed to it waits in its queue
  Client second{run.port()};
  REQUIRE(second.get("/hour"));
  CHECK(run.checked.wait([&] { return run.checked.started == 2; }));
  Client third{run.port()};
  REQUIRE(third.get("/plain"));
  CHECK(third.read_until("plain\n").ends_with("plain\n"));  // so the only worker has handed the second one on
  CHECK(run.checked.handed_off == 1);
  run.server.drain(Drain::prompt);
  ground.gate.open();
  CHECK(first.read_all().ends_with("stalled\n"));
  CHECK(second.read_all().ends_with("told\n"));
  CHECK(run.end().cut.connections == 0);
  CHECK(run.checked.handed_off == 2);
}

TEST_CASE("drain: a stream is told, sends a last event and ends well") {
  Ground ground;
  const App app = make_app(ground);
  Running run{small_config(1, 1), app};
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<Client>(run.port()));
    REQUIRE(clients.back()->get("/stream"));
    CHECK(clients.back()->read_until("hello\n\n").find("data: hello\n\n") != std::string::npos);
  }
  run.server.drain(Drain::prompt);
  for (const auto& client : clients) {
    const std::string rest = client->read_all();
    CHECK(rest.find("data: goodbye\n\n") != std::string::npos);
    CHECK(rest.ends_with("\r\n0\r\n\r\n"));
  }
  CHECK(run.end().cut.connections == 0);
}

TEST_CASE("drain: the pool takes what workers hand to it until the last worker has ended") {
  Ground ground;
  const App app = make_app(ground);
  Running run{small_config(2, 1), app};
  Client client{run.port()};
  REQUIRE(client.get("/blocked-then-sleep"));
  CHECK(ground.gate.wait_for_arrivals(1));
  run.server.drain(Drain::prompt);
  CHECK(run.checked.wait([&] { return run.checked.told == 2; }));
  CHECK(run.checked.handed_off == 0);
  ground.gate.open();
  CHECK(client.read_all().ends_with("slept on\n"));
  CHECK(run.end().cut.connections == 0);
  CHECK(run.checked.handed_off == 1);
}

TEST_CASE("drain: a connection that is handed back during it is served, and told to close") {
  Ground ground;
  const App app = make_app(ground);
  Running run{small_config(1, 1), app};
  Client client{run.port()};
  REQUIRE(client.get("/stall"));
  CHECK(ground.gate.wait_for_arrivals(1));
  REQUIRE(client.get("/plain"));
  run.server.drain(Drain::prompt);
  ground.gate.open();
  const std::string answers = client.read_all();
  // The first answer was composed before the reactor could look at the drain, or after: then it is the last.
  if (answers.find("Connection: close") > answers.find("stalled\n")) {
    CHECK(answers.ends_with("plain\n"));
  } else {
    CHECK(answers.ends_with("stalled\n"));
  }
  CHECK(run.end().cut.connections == 0);
}

TEST_CASE("a cut ends what is left in every phase, and counts it") {
  Ground ground;
  const App app = make_app(ground);
  Running run{small_config(1, 1), app};
  Client adopted{run.port()};
  REQUIRE(adopted.get("/hour"));
  CHECK(run.checked.wait([&] { return run.checked.handed_off == 1; }));
  Client stalled{run.port()};
  REQUIRE(stalled.get("/stall"));
  CHECK(ground.gate.wait_for_arrivals(1));
  Client in_the_queue{run.port()};
  REQUIRE(in_the_queue.get("/hour"));
  CHECK(run.checked.wait([&] { return run.checked.started == 3; }));
  Client parked{run.port()};
  REQUIRE(parked.send("GET /pl"));
  Client served{run.port()};
  REQUIRE(served.get("/blocked"));
  CHECK(ground.gate.wait_for_arrivals(2));
  run.server.cut();
  run.server.drain(Drain::prompt);
  ground.gate.open();
  const posix::Totals totals = run.end();  // ends also what a worker had parked behind the distributor's back
  // What runs is not interrupted; whatever waits is ended.
  for (Client* client : {&adopted, &in_the_queue, &parked}) CHECK(client->read_all().empty());
  CHECK(totals.cut.connections >= 3);
  CHECK(totals.cut.connections <= 5);
}

TEST_CASE("a cut resets who stands in line in the middle of an answer that only the connection's end would end") {
  Ground ground;
  const App app = make_app(ground);
  Running run{small_config(1, 1), app, nullptr};
  Client first{run.port()};
  Client second{run.port()};
  bool first_reset = false;
  bool second_reset = false;
  REQUIRE(first.send("GET /endless HTTP/1.0\r\n\r\n"));
  REQUIRE(second.send("GET /endless HTTP/1.0\r\n\r\n"));
  REQUIRE(first.read_until("xxxx").starts_with("HTTP/1.1 200"));
  std::thread first_reader{[&] { first_reset = first.read_to_reset(); }};
  REQUIRE(second.read_until("xxxx").starts_with("HTTP/1.1 200"));
  std::thread second_reader{[&] { second_reset = second.read_to_reset(); }};
  Client blocker{run.port()};
  REQUIRE(blocker.get("/blocked"));
  REQUIRE(ground.gate.wait_for_arrivals(1));  // the one worker: both streams stand in line
  run.server.drain(Drain::prompt);
  run.server.cut();
  first_reader.join();
  second_reader.join();
  CHECK(first_reset);
  CHECK(second_reset);
  ground.gate.open();
  CHECK(run.end().cut.connections == 3);
}
