// Ten thousand streams over one connection, each cancelled at random by its client, by its handler, or by nobody: every coroutine is
// destroyed once, every request has one end, and nobody's answer is mixed up. AddressSanitizer looks for what is lost.
#include <doctest/doctest.h>

#include <pounce/server/session.hpp>

#include "tests/server/h2_application.hpp"
#include "tests/server/h2_client.hpp"
#include "tests/server/recorder.hpp"

#include <map>
#include <random>
#include <stdexcept>
#include <string>

using namespace pounce;
using namespace std::chrono_literals;
using namespace pounce::testing;

namespace {

constexpr std::size_t most_streams = 10'000;

// Sleeps, echoes, and may fail at any of its steps: the query says where.
Task fickle(Exchange& x) {
  const Alive here;
  std::size_t fails_in = number_in(x.request());
  const auto may_fail = [&fails_in] {
    if (fails_in == 0) return;
    --fails_in;
    if (fails_in == 0) throw std::runtime_error{"on purpose"};
  };
  may_fail();
  (void)co_await x.sleep(20ms);
  may_fail();
  if (x.start(Head{200}) != Status::ok) co_return;
  while (true) {
    Received got = co_await x.read();
    may_fail();
    if (got.status() != Status::ok) break;
    if (co_await x.write(std::move(got).chunk()) != Status::ok) co_return;
    may_fail();
  }
  (void)co_await x.sleep(20ms);
  (void)x.finish();
}

}  // namespace

TEST_CASE("ten thousand streams, cancelled at random by both sides") {
  App app{fickle};
  app.route("/big", [](const Request& r) { return Response::text(letters(number_in(r))); });
  for (const unsigned seed : {1U, 2U}) {
    std::mt19937 random{seed};
    born = alive = 0;
    Recorder recorder;
    std::size_t opened = 0;
    std::size_t whole = 0;
    {
      Options options = observed(recorder);
      options.h2.resets = options.h2.late_frames = {.burst = 1'000'000, .per_second = 1};
      options.h2.stream_window = 3'000;
      options.h2.connection_window = 65'535;
      options.read_size = 5'000;
      H2Client peer{app, options, 3'000};
      peer.run();
      std::map<std::uint32_t, std::string> asked;  // what the whole answer would be
      while (opened != most_streams || !asked.empty()) {
        while (opened != most_streams && asked.size() < 90 && random() % 4 != 0) {
          ++opened;
          if (random() % 4 == 0) {
            const std::size_t size = random() % 9'000;
            asked[peer.get("/big?" + std::to_string(size))] = letters(size);
          } else {
            const std::string content = letters(random() % 7'000);
            const std::string fails_in = std::to_string(random() % 3 == 0 ? 1 + random() % 5 : 0);
            asked[peer.post("/?" + fails_in, content)] = content;
          }
        }
        random() % 3 == 0 ? peer.advance(7ms) : peer.settle();
        for (auto at = asked.begin(); at != asked.end();) {
          const auto& [stream, expected] = *at;
          Answer& answer = peer.answer(stream);
          const bool cancel = !answer.ended && !answer.reset && random() % 60 == 0;
          if (cancel) {
            answer.reset = 8;
            peer.frames.rst_stream(stream);
          }
          if (!cancel && !answer.ended && !answer.reset) {
            ++at;
            continue;
          }
          if (answer.ended && answer.status == "200") {
            CHECK((answer.body == expected));
            ++whole;
          }
          peer.forget(stream);
          at = asked.erase(at);
        }
        REQUIRE_FALSE(peer.client.closed());
      }
      peer.advance(1s);
      CHECK(alive == 0);
      CHECK(peer.goaways.empty());
      const auto last = peer.get("/big?5");
      peer.run();
      CHECK(peer.answer(last).body == letters(5));
    }
    CHECK(alive == 0);
    CHECK(recorder.count("started") == most_streams + 1);
    CHECK(recorder.count("completed") + recorder.count("failed") == most_streams + 1);
    MESSAGE(whole, " answers were whole, ", recorder.count("failed client_gone"), " cancelled by the client, ",
            recorder.count("failed handler_threw"), " by the server, ", born.load(), " coroutines");
    CHECK(whole > most_streams / 4);
  }
}
