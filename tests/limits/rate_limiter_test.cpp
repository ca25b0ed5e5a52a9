// Rate limits: who is admitted when, and that no crowd of clients makes the answer slow, large or wrong for another.
#include <doctest/doctest.h>

#include <pounce/limits/rate_limiter.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using pounce::Duration;
using pounce::Instant;
using pounce::limits::Client;
using pounce::limits::Rate;
using pounce::limits::RateLimiter;
using pounce::limits::Secret;
using pounce::limits::Verdict;

namespace {

constexpr Secret secret{.low = 0x0706050403020100U, .high = 0x0f0e0d0c0b0a0908U};

constexpr Instant at(Duration since_start) { return Instant{since_start}; }

std::uint64_t admitted(RateLimiter& limiter, Client client, Instant now, int requests) {
  std::uint64_t count = 0;
  for (int i = 0; i < requests; ++i) count += limiter.admit(client, now).admitted ? 1U : 0U;
  return count;
}

}  // namespace

TEST_CASE("a burst at once, then one for every interval's share") {
  RateLimiter limiter{Rate{.count = 10, .interval = 1s, .burst = 3}, 64, secret};
  const Client client{.group = 0x7f000001};
  const Instant start = at(5s);

  for (std::uint64_t left : {2U, 1U, 0U}) {
    const Verdict verdict = limiter.admit(client, start);
    CHECK(verdict.admitted);
    CHECK(verdict.remaining == left);
  }
  const Verdict refused = limiter.admit(client, start);
  CHECK_FALSE(refused.admitted);
  CHECK(refused.remaining == 0);
  CHECK(refused.retry_after == 100ms);
  CHECK(refused.full_after == 300ms);

  // Too early by a millisecond, then just in time. The refusal has cost nothing.
  CHECK_FALSE(limiter.admit(client, start + 99ms).admitted);
  CHECK(limiter.admit(client, start + 100ms).admitted);
  CHECK_FALSE(limiter.admit(client, start + 100ms).admitted);

  // A client that was away has its burst again, and not more.
  CHECK(admitted(limiter, client, start + 1h, 10) == 3);
}

TEST_CASE("whoever waits as long as it was told is admitted, at any rate") {
  struct Row {
    std::uint64_t count;
    Duration interval;
    std::uint64_t burst;
  };
  for (const Row row : {Row{1, 24h, 1}, Row{7, 1min, 3}, Row{3, 1s, 1}, Row{997, 1s, 10}, Row{1'000'000, 1s, 1'000'000},
                        Row{1'000'000, 24h, 5}}) {
    CAPTURE(row.count);
    RateLimiter limiter{Rate{.count = row.count, .interval = row.interval, .burst = row.burst}, 64, secret};
    const Client client{.group = 1};
    Instant now = at(1234567891ns);
    CHECK(admitted(limiter, client, now, static_cast<int>(row.burst) + 5) == row.burst);
    for (int i = 0; i < 50; ++i) {
      const Verdict refused = limiter.admit(client, now);
      REQUIRE_FALSE(refused.admitted);
      REQUIRE(refused.retry_after > Duration::zero());
      REQUIRE(refused.retry_after <= row.interval);
      now += refused.retry_after;
      REQUIRE(limiter.admit(client, now).admitted);
    }
  }
}

TEST_CASE("over any time a client gets its rate and its burst") {
  RateLimiter limiter{Rate{.count = 50, .interval = 1s, .burst = 20}, 64, secret};
  std::uint64_t count = 0;
  for (Duration t = 0ms; t < 60s; t += 3ms) count += limiter.admit(Client{.group = 9}, at(10s + t)).admitted ? 1U : 0U;
  CHECK(count >= 50 * 60 + 19);
  CHECK(count <= 50 * 60 + 20);
}

TEST_CASE("one client's requests are not another's; IPv4 and IPv6 are told apart") {
  RateLimiter limiter{Rate{.count = 1, .interval = 1s, .burst = 1}, 1024, secret};
  for (std::uint64_t group = 1; group <= 100; ++group) {
    CHECK(limiter.admit(Client{.group = group}, at(1s)).admitted);
    CHECK(limiter.admit(Client{.group = group, .ipv6 = true}, at(1s)).admitted);
    CHECK_FALSE(limiter.admit(Client{.group = group}, at(1s)).admitted);
  }
}

TEST_CASE("a clock that goes back by a little refills nothing") {
  RateLimiter limiter{Rate{.count = 10, .interval = 1s, .burst = 2}, 64, secret};
  const Client client{.group = 4};
  CHECK(admitted(limiter, client, at(20s), 5) == 2);
  CHECK(admitted(limiter, client, at(20s - 1ms), 5) == 0);
  CHECK(admitted(limiter, client, at(19s), 5) == 0);
}

TEST_CASE("time wraps around without refusing or refilling anybody") {
  // At this rate the table's time wraps after some 71 minutes.
  RateLimiter limiter{Rate{.count = 1'000'000, .interval = 1s, .burst = 4}, 64, secret};
  const Client client{.group = 4};
  for (Duration t = 0s; t < 3h; t += 17s) {
    REQUIRE(admitted(limiter, client, at(t), 6) == 4);
    REQUIRE(admitted(limiter, client, at(t + 2us), 6) == 2);
  }
}

TEST_CASE("a million addresses take no more memory, and a good client does not notice them") {
  RateLimiter limiter{Rate{.count = 100, .interval = 1s, .burst = 10}, 65536, secret};
  CHECK(limiter.capacity() == 65536);
  const Client good{.group = 0xc0000201};
  Instant now = at(1s);
  std::uint64_t refused = 0;
  for (std::uint64_t i = 0; i < 1'000'000; ++i) {
    now += 2us;  // 500,000 addresses a second, none of them twice
    CHECK_MESSAGE(limiter.admit(Client{.group = 0x0a000000 + i}, now).admitted, i);
    if (i % 10'000 == 0) refused += limiter.admit(good, now).admitted ? 0U : 1U;  // 50 a second
  }
  CHECK(refused == 0);
}

TEST_CASE("a table that is too small is strict, never generous") {
  // One line: eight clients. Sixteen of them together get what eight are allowed, and never a bucket more.
  RateLimiter limiter{Rate{.count = 1, .interval = 1min, .burst = 5}, 8, secret};
  REQUIRE(limiter.capacity() == 8);
  std::uint64_t count = 0;
  for (int round = 0; round < 50; ++round) {
    for (std::uint64_t client = 1; client <= 16; ++client) {
      count += limiter.admit(Client{.group = client}, at(1s)).admitted ? 1U : 0U;
    }
  }
  CHECK(count == 40);
}

TEST_CASE("threads that share a table give a client its burst once") {
  RateLimiter limiter{Rate{.count = 1, .interval = 1h, .burst = 1000}, 64, secret};
  const Client client{.group = 77};
  REQUIRE(limiter.admit(client, at(1s)).admitted);
  std::atomic<std::uint64_t> count{1};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { count += admitted(limiter, client, at(1s), 1000); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(count == 1000);
}
