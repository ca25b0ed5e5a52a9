// Random clients over the simulated session (seeded, bounded): whatever they do, the order of events is kept, no answer is mixed
// up, nothing spins, and every frame is destroyed once.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/server/session.hpp>
#include <pounce/testing.hpp>

#include "tests/handlers.hpp"
#include "tests/server/recorder.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;
using testing::Alive;
using testing::alive;
using testing::Client;
using testing::Options;
using testing::Recorder;

namespace {

TaskOf<Status> slowly(Exchange& x, Duration duration) {
  const Alive here;
  co_return co_await x.sleep(duration);
}

App all_kinds() {
  App app;
  app.route("/plain", [](const Request& r) {
    return Response{200, "/plain?" + std::string{r.query()} + ";" + std::string{r.body()}};
  });
  app.route("/echo", [](Exchange& x) -> Task {
    const Alive here;
    if (x.start(Head{200}) != Status::ok) co_return;
    const std::string label = "/echo?" + std::string{x.request().query()} + ";";
    if (co_await x.write(label) != Status::ok) co_return;
    while (true) {
      Received got = co_await x.read();
      if (got.status() != Status::ok) break;
      if (co_await x.write(std::move(got).chunk()) != Status::ok) co_return;
    }
    (void)x.finish();
  });
  app.route("/sleep", [](Exchange& x) -> Task {
    const Alive here;
    (void)co_await slowly(x, 300ms);
    (void)x.respond(Response{200, "/sleep?" + std::string{x.request().query()} + ";"});
    (void)co_await slowly(x, 100ms);
  });
  app.route("/big", [](Exchange& x) -> Task {
    const Alive here;
    (void)x.respond(Response{200, "/big?" + std::string{x.request().query()} + ";" + std::string(300000, 'b')});
    co_return;
  });
  app.route("/throw", [](Exchange& x) -> Task {
    const Alive here;
    (void)co_await slowly(x, 10ms);
    throw std::runtime_error{"thrown"};
  });
  app.route("/cut", [](Exchange& x) -> Task {
    const Alive here;
    (void)x.start(Head{200});
    (void)co_await x.write("/cut?");
    throw std::runtime_error{"thrown"};
  });
  return app;
}

}  // namespace

TEST_CASE("random clients") {
  const App app = all_kinds();
  const std::vector<std::string> paths = {"/plain", "/plain", "/echo", "/echo", "/sleep",
                                          "/big",   "/throw", "/cut",  "/none"};
  std::size_t answered = 0;
  for (unsigned seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>{0, n - 1}(random); };
    Recorder recorder;
    {
      Options options = observed(recorder);
      options.read_size = below(3) == 0 ? 1 + below(50) : 65536;
      options.write_size = below(3) == 0 ? 1 + below(5000) : 65536;
      options.output_limit = below(2) == 0 ? 5000 : 256 * kibibyte;
      options.inbox_limit = below(2) == 0 ? 1000 : 64 * kibibyte;
      options.patience = 10s;
      Client client{app, options};
      client.open();
      std::vector<std::string> sent;
      std::string pending;
      std::string output;
      for (int i = 0; i < 60 && !client.closed(); ++i) {
        switch (below(12)) {
          default: {
            const std::string target = paths[below(paths.size())] + "?" + std::to_string(i);
            std::string body(below(4) == 0 ? below(20000) : below(50), static_cast<char>('a' + i % 26));
            const bool chunked = below(2) == 0;
            std::string request = "POST " + target + " HTTP/1.1\r\nHost: t\r\n";
            if (chunked) {
              request += "Transfer-Encoding: chunked\r\n\r\n";
              while (!body.empty()) {
                const std::size_t n = std::min(body.size(), 1 + below(15));
                request += std::string(1, "0123456789abcdef"[n]) + "\r\n" + body.substr(0, n) + "\r\n";
                body.erase(0, n);
                if (below(3000) == 0) request += "zz";
              }
              request += "0\r\n\r\n";
            } else {
              request += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
            }
            sent.push_back(target);
            pending += request;
            if (below(2) == 0) break;
            [[fallthrough]];
          }
          case 0: {
            const std::size_t n = pending.empty() ? 0 : below(3) == 0 ? below(pending.size()) : pending.size();
            if (n != 0) client.send(pending.substr(0, n));
            pending.erase(0, n);
            break;
          }
          case 1: client.advance(std::chrono::milliseconds{below(500)}); break;
          case 2: client.take_at_most(below(2000)); break;
          case 3: client.take_at_most({}); break;
          case 4:
            if (below(10) == 0) client.drain();
            break;
          case 5:
            if (below(10) == 0) client.close_write();
            break;
          case 6:
            if (below(10) == 0) client.reset();
            break;
          case 7: client.advance(std::chrono::seconds{below(40)}); break;
        }
        if (client.closed()) break;
        const std::size_t before = client.steps();
        client.run();
        // Every step moves something: no session of this size needs more.
        CHECK(client.steps() - before < 100000);
        output += client.take_output();
      }
      output += client.take_output();
      // Answers come in the order of the requests, each whole, each its own.
      std::size_t next = 0;
      while (auto reply = testing::take_reply(output, false, true)) {
        if (!reply->complete) break;
        if (reply->status == 200) {
          // 404 and 500 do not say whose they are.
          while (next < sent.size() && !reply->body.starts_with(sent[next] + ";")) ++next;
          CHECK(next < sent.size());
          const std::string content =
              reply->body.substr(std::min(reply->body.size(), sent[std::min(next, sent.size() - 1)].size() + 1));
          CHECK(std::ranges::all_of(content, [&](char c) { return c == content.front(); }));
        }
        ++next;
        ++answered;
      }
    }
    CHECK(alive == 0);
  }
  CHECK(answered > 1000);
}
