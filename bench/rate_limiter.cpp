// What a rate limit costs: nanoseconds for one decision, for one client, and for a flood of distinct addresses.
//
//   build/release/bench/bench-rate-limiter      (pin it: taskset -c 1)
#include <pounce/limits/rate_limiter.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <vector>

using namespace pounce;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t requests = 1'000'000;
constexpr int rounds = 21;

// One request each microsecond; the client of request i is i modulo `clients`. Median of the rounds.
double measure(limits::RateLimiter& limiter, std::uint64_t clients) {
  std::vector<double> figures;
  Instant now{1s};
  std::uint64_t admitted = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::clock_t start = std::clock();
    for (std::size_t i = 0; i < requests; ++i) {
      now += 1us;
      admitted += limiter.admit(limits::Client{.group = i % clients}, now).admitted ? 1U : 0U;
    }
    figures.push_back(static_cast<double>(std::clock() - start) * 1e9 / CLOCKS_PER_SEC / requests);
  }
  asm volatile("" : : "g"(&admitted) : "memory");
  std::nth_element(figures.begin(), figures.begin() + rounds / 2, figures.end());
  return figures[rounds / 2];
}

}  // namespace

int main() {
  constexpr limits::Rate rate{.count = 100, .interval = 1s, .burst = 200};
  limits::RateLimiter limiter{rate, 65536, limits::Secret{.low = 1, .high = 2}};
  std::printf("%zu clients at a time, %zu KiB\n", limiter.capacity(), limiter.capacity() * 8 / 1024);
  for (const std::uint64_t clients : {1U, 1000U, 1'000'000U}) {
    std::printf("%8llu distinct addresses: %5.1f ns a request\n", static_cast<unsigned long long>(clients),
                measure(limiter, clients));
  }
}
