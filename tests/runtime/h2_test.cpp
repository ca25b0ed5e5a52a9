// HTTP/2 on pounce-sync under load: connections move to the pool with their preface, or stay with a worker while the queue is full, and ten
// thousand streams of one connection are cancelled at random by both sides, while threads post, other connections reset, and a drain comes at
// the end. Every handler's frame is destroyed once, every order promise holds.
#include "ground.hpp"

#include "tests/handlers.hpp"
#include "tests/protocol/h2_wire.hpp"

#include <pounce/app.hpp>

#include <map>
#include <random>
#include <stdexcept>
#include <vector>

using namespace ground;
using testing::Alive;
using testing::alive;

namespace {

constexpr std::size_t most_streams = 10'000;
constexpr std::size_t batch = 64;
constexpr std::size_t most_cancels = 95;  // of one connection: with more it would be told to calm down

App make_app() {
  App app;
  app.route("/plain", [](const Request&) { return Response::text("plain"); });
  app.route("/sleep", [](Exchange& x) -> Task {
    const Alive here;
    (void)co_await x.sleep(std::chrono::milliseconds{number(x.request().id()) % 4});
    (void)x.respond(Response::text("slept"));
  });
  app.route("/post", [](Exchange& x) -> Task {
    const Alive here;
    if (number(x.request().id()) % 16 == 0) {
      std::thread{[token = x.token()] { (void)token.post("posted"); }}.detach();
    } else {
      (void)x.token().post("posted");
    }
    const Posted posted = co_await x.message(30s);
    (void)x.respond(Response::text(Body::copy(posted.text())));
  });
  app.route("/echo", testing::echo_content);
  app.route("/throw", [](Exchange& x) -> Task {
    const Alive here;
    (void)x.start(Head{200});
    (void)co_await x.sleep(1ms);
    throw std::runtime_error{"on purpose"};
  });
  return app;
}

struct Tally {
  std::atomic<std::size_t> answered{0};
  std::atomic<std::size_t> cancelled{0};
  std::atomic<std::size_t> failed{0};
  std::atomic<std::size_t> wrong{0};
};

// One connection: batches of streams, each whole before the next. `aborts`: leaves with a reset in the middle of its last batch.
void torment(std::uint16_t port, unsigned seed, std::size_t streams, bool aborts, Tally& tally) {
  constexpr std::string_view paths[] = {"/plain", "/sleep", "/post", "/echo", "/throw"};
  constexpr std::string_view bodies[] = {"plain", "slept", "posted", "echoed", ""};
  std::mt19937 random{seed};
  Client client{port};
  wire::FrameWriter frames;
  wire::FrameReader reader;
  frames.hello({{4, 1U << 30U}});
  frames.window_update(0, 1U << 30U);
  std::uint32_t next = 1;
  std::size_t cancels = most_cancels;
  for (std::size_t opened = 0; opened < streams;) {
    std::map<std::uint32_t, std::pair<std::size_t, std::string>> open;  // kind, content so far
    for (; opened < streams && open.size() < batch; ++opened, next += 2) {
      const std::size_t kind = random() % 5;
      const std::string path{paths[kind]};
      if (kind == 3) {
        frames.post(next, path);
        frames.data(next, "echo", false);
        frames.data(next, "ed", true);
      } else {
        frames.get(next, path);
      }
      if (cancels != 0 && random() % 50 == 0) {
        --cancels;
        frames.rst_stream(next);
        ++tally.cancelled;
      } else {
        open.emplace(next, std::pair{kind, std::string{}});
      }
    }
    if (!client.send(frames.take())) ++tally.wrong;
    if (aborts && opened == streams) return client.abort();
    while (!open.empty()) {
      const std::string got = client.read_some();
      if (got.empty()) {
        ++tally.wrong;
        return;
      }
      reader.add(got);
      for (wire::Frame frame; reader.next(frame);) {
        const auto type = frame.header.type;
        if (type == h2::FrameType::goaway) ++tally.wrong;
        const auto found = open.find(frame.header.stream);
        if (found == open.end()) continue;
        auto& [kind, content] = found->second;
        if (type == h2::FrameType::data) content += frame.payload;
        const bool ended = type != h2::FrameType::rst_stream && type != h2::FrameType::window_update &&
                           frame.header.has(h2::flag_end_stream);
        if (type == h2::FrameType::rst_stream) {
          if (kind != 4) ++tally.wrong;
          ++tally.failed;
        } else if (ended) {
          if (content != bodies[kind]) ++tally.wrong;
          ++tally.answered;
        }
        if (ended || type == h2::FrameType::rst_stream) open.erase(found);
      }
    }
  }
}

}  // namespace

TEST_CASE(
    "ten thousand streams over one connection, cancelled at random by both sides, beside others that come and go") {
  config::Config config = small_config(2, 2);
  Tally tally;
  const App app = make_app();
  {
    Running run{config, app, make_narrow_pool};
    std::vector<std::thread> threads;
    threads.emplace_back([&] { torment(run.port(), 1, most_streams, false, tally); });
    for (unsigned seed = 2; seed <= 4; ++seed) {
      threads.emplace_back([&, seed] {
        for (unsigned i = 0; i < 20; ++i) torment(run.port(), seed * 1000 + i, 100, i % 2 == 0, tally);
      });
    }
    for (std::thread& thread : threads) thread.join();
    run.server.drain(Drain::prompt);
    CHECK(run.end().cut.connections == 0);
    CHECK(run.checked.handed_off >= 50);
    CHECK(run.checked.handed_back == 0);
    MESSAGE(tally.answered.load(), " answered, ", tally.cancelled.load(), " cancelled, ", tally.failed.load(),
            " failed, ", testing::born.load(), " coroutines, ", run.checked.refused, " refused by the pool");
  }
  CHECK(alive == 0);
  CHECK(tally.wrong == 0);
  CHECK(tally.answered > most_streams / 2);
}
