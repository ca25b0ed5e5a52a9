// The hand-off under load: ten thousand exchanges and more move from blocking workers to reactors and back, through a queue that is
// mostly full, while clients reset, are too slow, post and leave, and a drain comes in the middle. Every handler runs once, every
// connection ends once, every order promise holds.
#include "ground.hpp"

#include <pounce/app.hpp>

#include <random>
#include <vector>

using namespace ground;

namespace {

constexpr std::size_t wanted_handoffs = 10'000;
constexpr Duration silence = 500ms;  // --request-timeout

// What handlers did, in this process.
struct Counts {
  std::atomic<std::size_t> runs{0};
  std::atomic<std::size_t> alive{0};
};

struct Alive {
  explicit Alive(Counts& all) : counts(&all) { ++counts->alive; }
  Alive(const Alive&) = delete;
  Alive& operator=(const Alive&) = delete;
  ~Alive() { --counts->alive; }
  Counts* counts;
};

App make_app(Counts& counts) {
  App app;
  app.route("/plain", [&counts](const Request&) {
    ++counts.runs;
    return Response::text("plain\n");
  });
  app.route("/sleep", [&counts](Exchange& x) -> Task {
    const Alive alive{counts};
    ++counts.runs;
    const std::uint64_t id = number(x.request().id());
    (void)co_await x.sleep(std::chrono::milliseconds{id % 4});
    if (id % 64 == 0)
      std::this_thread::sleep_for(2ms);  // badly behaved: its reactor stands still, and its queue is full
    (void)x.respond(Response::text("slept\n"));
  });
  app.route("/post", [&counts](Exchange& x) -> Task {
    const Alive alive{counts};
    ++counts.runs;
    std::thread{[token = x.token()] { (void)token.post("from a thread"); }}.detach();
    Posted posted = co_await x.message(30s);
    if (posted.status() == Status::draining) posted = co_await x.message(30s);  // said once; the message still comes
    (void)x.respond(Response::text(posted.text() + "\n"));
  });
  app.route("/echo", [&counts](Exchange& x) -> Task {
    const Alive alive{counts};
    ++counts.runs;
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

struct Tally {
  std::atomic<std::size_t> answered{0};
  std::atomic<std::size_t> wrong{0};
  std::atomic<std::size_t> aborted{0};
  std::atomic<std::size_t> timed_out{0};
  std::atomic<bool> stopping{false};
};

// One client thread: connections of a few requests each; some are reset in the middle. Until the server takes no more.
void torment(std::uint16_t port, unsigned seed, Tally& tally) {
  constexpr std::string_view last_chunk = "\r\n0\r\n\r\n";
  std::mt19937 random{seed};
  while (true) {
    Client client{port};
    if (!client.connected()) return;  // the server is stopping
    for (std::size_t left = random() % 4 + 1; left > 0; --left) {
      bool sent = true;
      bool dawdled = false;
      std::string_view end;
      switch (random() % 4) {
        case 0:
          sent = client.get("/sleep");
          end = "slept\n";
          break;
        case 1:
          sent = client.get("/post");
          end = "from a thread\n";
          break;
        case 2:
          // Two at once: the second is a worker's again.
          sent = client.send("GET /sleep HTTP/1.1\r\nHost: t\r\n\r\nGET /plain HTTP/1.1\r\nHost: t\r\n\r\n");
          end = "plain\n";
          break;
        default: {
          sent = client.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 6\r\n\r\nabc");
          const auto began = std::chrono::steady_clock::now();
          std::this_thread::yield();
          sent = sent && client.send("def");
          dawdled = std::chrono::steady_clock::now() - began > silence / 2;  // then its deadline may have come
          end = last_chunk;
          break;
        }
      }
      if (random() % 16 == 0) {
        client.abort();
        ++tally.aborted;
        break;
      }
      const std::string answer = sent ? client.read_until(end) : std::string{};
      if (answer.find(end) == std::string::npos || !answer.starts_with("HTTP/1.1 200 ")) {
        // A drain may close before a request was read, never within an answer.
        const bool last =
            tally.stopping.load() && (answer.empty() || answer.find("Connection: close") != std::string::npos);
        if (!last && !dawdled) ++tally.wrong;
        break;
      }
      ++tally.answered;
      if (answer.find("Connection: close") != std::string::npos) break;
    }
  }
}

// Content that stops in the middle: the deadline ends it, on a worker or on a reactor, wherever it is then.
void dawdle(std::uint16_t port, Tally& tally) {
  while (!tally.stopping.load()) {
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 20; ++i) {
      clients.push_back(std::make_unique<Client>(port));
      if (!clients.back()->send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 6\r\n\r\nabc")) return;
    }
    for (const auto& client : clients) {
      if (client->read_all().ends_with("\r\n0\r\n\r\n")) ++tally.wrong;  // passed off as whole
      ++tally.timed_out;
    }
  }
}

}  // namespace

TEST_CASE("ten thousand hand-offs, with resets, deadlines, full queues, posts from threads and a drain in the middle") {
  config::Config config = small_config(4, 2);
  config.worker_patience = 1ms;
  config.request_timeout = silence;
  Counts counts;
  Tally tally;
  const App app = make_app(counts);
  {
    Running run{config, app, make_narrow_pool};
    std::vector<std::thread> threads;
    for (unsigned seed = 1; seed <= 6; ++seed) threads.emplace_back([&, seed] { torment(run.port(), seed, tally); });
    threads.emplace_back([&] { dawdle(run.port(), tally); });
    CHECK(run.checked.wait([&] { return run.checked.handed_off >= wanted_handoffs && tally.timed_out >= 20; }));
    tally.stopping = true;
    run.server.drain(Drain::prompt);
    for (std::thread& thread : threads) thread.join();
    CHECK(run.end().cut.connections == 0);
    CHECK(counts.runs + run.checked.not_run == run.checked.started);  // each handler ran once
    CHECK(run.checked.handed_back > 100);
    CHECK(run.checked.refused > 10);
    MESSAGE(counts.runs.load(), " handlers, ", run.checked.handed_off, " hand-offs, ", run.checked.handed_back,
            " back, ", run.checked.refused, " refused, ", run.checked.not_run, " gone before, ", tally.aborted.load(),
            " resets, ", tally.timed_out.load(), " timed out");
  }
  CHECK(counts.alive == 0);  // their frames are gone
  CHECK(tally.wrong == 0);
  CHECK(tally.answered > wanted_handoffs / 2);
}
