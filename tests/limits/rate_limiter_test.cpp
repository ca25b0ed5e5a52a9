// Rate limits: who is admitted when, and that no crowd of clients makes the answer slow, large or wrong for another.
#include <doctest/doctest.h>

#include <pounce/limits/rate_limiter.hpp>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
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

// Memory that forked processes share: a table, and in front of it a page for what a test counts.
class Shared {
 public:
  explicit Shared(std::size_t clients)
      : size_(page + RateLimiter::table_size(clients)),
        memory_(::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    REQUIRE(memory_ != MAP_FAILED);
    counts_ = new (memory_) Counts{};
  }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() { ::munmap(memory_, size_); }

  [[nodiscard]] void* table() const noexcept { return static_cast<char*>(memory_) + page; }
  [[nodiscard]] std::atomic<std::uint64_t>& count(std::size_t process) const noexcept { return (*counts_)[process]; }

 private:
  static constexpr std::size_t page = 4096;
  using Counts = std::array<std::atomic<std::uint64_t>, 8>;

  std::size_t size_;
  void* memory_;
  Counts* counts_;
};

template <class Do>
pid_t in_a_process(Do act) {
  const pid_t process = ::fork();
  REQUIRE(process >= 0);
  if (process != 0) return process;
  act();
  ::_exit(0);
}

void wait_for(pid_t process) {
  int status = 0;
  REQUIRE(::waitpid(process, &status, 0) == process);
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

TEST_CASE("processes that share a table give a client its burst once") {
  const Shared shared{64};
  RateLimiter limiter{Rate{.count = 1, .interval = 1h, .burst = 1000}, 64, secret, shared.table()};
  const Client client{.group = 77};
  REQUIRE(limiter.admit(client, at(1s)).admitted);
  std::array<pid_t, 4> processes{};
  for (std::size_t i = 0; i < processes.size(); ++i) {
    processes[i] = in_a_process([&] { shared.count(i) = admitted(limiter, client, at(1s), 1000); });
  }
  std::uint64_t count = 1;
  for (std::size_t i = 0; i < processes.size(); ++i) {
    wait_for(processes[i]);
    count += shared.count(i);
  }
  CHECK(count == 1000);
  CHECK_FALSE(limiter.admit(client, at(1s)).admitted);
}

TEST_CASE("a process that is killed in the middle of a decision holds nothing up, and gives nothing away") {
  constexpr std::uint64_t most = 1'000'000;
  for (int round = 0; round < 20; ++round) {
    const Shared shared{64};
    RateLimiter limiter{Rate{.count = 1, .interval = 1h, .burst = most}, 64, secret, shared.table()};
    const Client client{.group = 77};
    REQUIRE(limiter.admit(client, at(1s)).admitted);
    const pid_t victim = in_a_process([&] {
      for (;;) {
        if (limiter.admit(client, at(1s)).admitted) ++shared.count(0);
      }
    });
    while (shared.count(0) < 1000) std::this_thread::yield();
    ::kill(victim, SIGKILL);
    wait_for(victim);
    // It may have had one request counted that it has not told of.
    const std::uint64_t left = limiter.admit(client, at(1s)).remaining;
    const std::uint64_t told = shared.count(0) + 2;
    CHECK(most - left >= told);
    CHECK(most - left <= told + 1);
  }
}

TEST_CASE("a table takes what it says, wherever it is") {
  CHECK(RateLimiter::table_size(1) == 64);
  CHECK(RateLimiter::table_size(8) == 64);
  CHECK(RateLimiter::table_size(65536) == 512 * 1024);
  const Shared shared{8};
  const RateLimiter limiter{Rate{.count = 1, .interval = 1s, .burst = 1}, 8, secret, shared.table()};
  CHECK(limiter.capacity() == 8);
}
