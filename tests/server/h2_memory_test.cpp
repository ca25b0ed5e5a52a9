// Memory of HTTP/2: what a connection and a stream hold, and what a hostile peer can make a session hold.
#include "tests/protocol/h2_wire.hpp"
#include "tests/server/counted.hpp"
#include "tests/server/driver.hpp"

#include <doctest/doctest.h>

#include <pounce/app.hpp>

#include <string>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;
using namespace pounce::testing;

namespace {

// GET / of so many streams at once.
void ask(Driver& driver, wire::FrameWriter& frames, std::uint32_t& next, int count) {
  for (int i = 0; i < count; ++i, next += 2) frames.get(next, "/");
  (void)driver.turn(frames.take());
  (void)driver.turn({});
}

}  // namespace

TEST_CASE("an idle connection keeps little of the streams that it had") {
  const App app{[](const Request&) { return Response::text("x"); }};
  Driver driver{app};
  const auto serve = [&](int rounds, int count) {
    driver.connect();
    wire::FrameWriter frames;
    std::uint32_t next = 1;
    frames.hello({{4, 1U << 30U}});
    for (int i = 0; i < rounds; ++i) ask(driver, frames, next, count);
    driver.pass(2s);
    (void)driver.turn({});
  };
  serve(20, 100);  // now the worker is warm
  serve(1, 1);
  const std::size_t before = held;
  serve(20, 100);
  const std::size_t more = held - before;
  MESSAGE(more, " octets more than after one stream");
  CHECK(more < kibibyte);
}

TEST_CASE("a stream that waits costs its arena and little more") {
  const App app{[](Exchange& x) -> Task { (void)co_await x.sleep(24h); }};
  Driver driver{app};
  wire::FrameWriter frames;
  std::uint32_t next = 1;
  frames.hello();
  ask(driver, frames, next, 1);
  const std::size_t before = held;
  ask(driver, frames, next, 99);
  const std::size_t each = (held - before) / 99;
  MESSAGE(each, " octets a stream");
  CHECK(each < 6 * kibibyte);
}

TEST_CASE("content that comes octet by octet to handlers that do not read holds about what it weighs") {
  const App app{[](Exchange& x) -> Task { (void)co_await x.sleep(24h); }};
  const auto hold = [&](std::size_t size, int small) {
    Driver driver{app};
    wire::FrameWriter frames;
    frames.hello();
    for (std::uint32_t i = 1; i < 80; i += 2) frames.post(i, "/");
    (void)driver.turn(frames.take());
    const std::size_t before = held;
    for (int round = 0; round < 2; ++round) {
      for (std::uint32_t i = 1; i < 80; i += 2) {
        if (size != 0) frames.data(i, std::string(size, 'z'), false);
        for (int n = 0; n < small; ++n) frames.data(i, "z", false);
        (void)driver.turn(frames.take());
      }
    }
    return held - before;
  };
  CHECK(hold(0, 5000) < 2 * mebibyte);
  // A large piece is no excuse for many small ones beside it.
  CHECK(hold(8000, 4000) < 3 * mebibyte);
}
