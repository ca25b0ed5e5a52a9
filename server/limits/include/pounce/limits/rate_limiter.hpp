// RateLimiter: how many requests each client may make, decided in constant time and constant memory.
//
// A token bucket per client (the generic cell rate algorithm: one number says how full it is): `burst` requests at once, then
// `count` per `interval`. Time is an argument. Nobody's bucket is scanned, filled or freed: a bucket that has become full again is the
// same as none, so its slot is simply the next one to be taken.
//
// Memory is fixed when it is made: a table of one word per client, eight clients to a cache line, found by a keyed hash that an
// attacker cannot aim. When eight clients that all owe something share a line, a ninth takes over the bucket of the one that owes least, with
// its debt: eviction never gives anyone a fresh bucket, and costs nobody more than that client had used. Two clients
// share one by accident once in some two million.
//
// Thread-safe and without locks: workers share one table, and write a client's word with one compare-and-exchange. It holds for
// every interleaving that no client gets more than its rate and burst, but for its very first requests when two threads see them
// at the same instant: each may open a bucket. Where the table lies in memory that processes share, the same holds for them, and one that
// dies at any instruction leaves the table whole: nothing is ever held.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/core/time.hpp>

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0::limits {

// A client as the limiter counts it. `group` is what shares a bucket: an IPv4 address, or the first 64 bits of an IPv6 address, for one
// subscriber has them all.
struct Client {
  std::uint64_t group = 0;
  bool ipv6 = false;
};

// The key of the hash: random, made once at start, never shown.
struct Secret {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

struct Rate {
  static constexpr std::uint64_t most_count = 1'000'000;
  static constexpr std::uint64_t most_burst = 1'000'000;

  std::uint64_t count = 1;  // requests per `interval`; 1 to most_count
  Duration interval{};      // above zero, at most a day
  std::uint64_t burst = 1;  // requests at once; 1 to most_burst
};

struct Verdict {
  bool admitted = false;
  std::uint64_t remaining = 0;  // requests that could follow at once
  Duration retry_after{};       // until the next one is admitted; zero when one would be now
  Duration full_after{};        // until the whole burst is there again
};

class RateLimiter {
 public:
  static constexpr std::size_t clients_per_line = 8;

  // Room for at least `clients` that owe something at the same time, in `clients` * 8 bytes rounded up to a power of two.
  // The table is made in `memory`: `table_size` octets on a boundary of 64, which outlive all who count there; null: on the heap. A process that
  // is forked when it has been made in shared memory counts in it with its parent. Throws bad_alloc.
  RateLimiter(Rate rate, std::size_t clients, Secret secret, void* memory = nullptr);
  ~RateLimiter();

  [[nodiscard]] static std::size_t table_size(std::size_t clients) noexcept;

  // Counts one request of `client` at `now`. A request that is refused costs the client nothing. Instants of different threads may
  // be out of order, by a second at most: time that goes backwards refills nothing.
  [[nodiscard]] Verdict admit(Client client, Instant now) noexcept;

  [[nodiscard]] const Rate& rate() const noexcept { return rate_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return (line_mask_ + 1) * clients_per_line; }

 private:
  struct Line;

  [[nodiscard]] std::uint64_t shares(Instant now) const noexcept;
  [[nodiscard]] std::uint64_t debt(std::uint64_t word, std::uint64_t now) const noexcept;
  [[nodiscard]] Duration time_of(std::uint64_t shares) const noexcept;
  [[nodiscard]] Verdict verdict(bool admitted, std::uint64_t debt) const noexcept;

  Rate rate_;
  Secret secret_;
  std::uint64_t most_debt_;
  std::uint64_t slack_;  // of clocks that differ
  std::size_t line_mask_;
  Owned<Line[]> own_;  // null: the table is in somebody else's memory
  Line* lines_;
};

}  // namespace pounce::inline v0::limits
