// Time: sums saturate, negative waits count as none.
#include <doctest/doctest.h>

#include <pounce/core/time.hpp>

using namespace pounce;
using namespace std::chrono_literals;

TEST_CASE("after: saturates at never") {
  const Instant now = Instant{} + 1h;
  CHECK(after(now, 1s) == now + 1s);
  CHECK(after(now, Duration::max()) == never);
  CHECK(after(never, 1s) == never);
  CHECK(after(never - 1s, 2s) == never);
  CHECK(after(never - 2s, 1s) == never - 1s);
}

TEST_CASE("after: negative waits and none are now") {
  const Instant now = Instant{} + 1h;
  CHECK(after(now, 0s) == now);
  CHECK(after(now, -1s) == now);
  CHECK(after(now, Duration::min()) == now);
}
