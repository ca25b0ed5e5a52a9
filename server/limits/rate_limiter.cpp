// Time is counted in shares: 256 to the time in which one request is earned. A word is the client's tag (24 bits) and the share at
// which it will owe nothing any more (40 bits, which wrap around). A word whose share is a little further ahead than any client can owe
// was written by a thread whose clock is ahead; one that is much further ahead is from before the wrap, and owes nothing.
#include <pounce/limits/rate_limiter.hpp>

#include <atomic>
#include <bit>
#include <cassert>
#include <memory>

namespace pounce::inline v0::limits {

namespace {

constexpr std::uint64_t shares_per_request = 256;
constexpr unsigned share_bits = 40;
constexpr std::uint64_t share_mask = (std::uint64_t{1} << share_bits) - 1;

// A word that other threads keep changing: each time one of them got on. Past this many the request is let through.
constexpr int most_attempts = 64;

__extension__ using Wide = unsigned __int128;

// SipHash-1-3 of two words (Aumasson and Bernstein, 2012): short, keyed, and nobody can aim at a line without the key.
class SipHash {
 public:
  constexpr explicit SipHash(Secret key) noexcept
      : v0_(key.low ^ 0x736f6d6570736575U),
        v1_(key.high ^ 0x646f72616e646f6dU),
        v2_(key.low ^ 0x6c7967656e657261U),
        v3_(key.high ^ 0x7465646279746573U) {}

  constexpr SipHash& take(std::uint64_t word) noexcept {
    v3_ ^= word;
    round();
    v0_ ^= word;
    return *this;
  }

  [[nodiscard]] constexpr std::uint64_t finish() noexcept {
    v2_ ^= 0xffU;
    for (int i = 0; i < 3; ++i) round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }

 private:
  constexpr void round() noexcept {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

}  // namespace

struct alignas(64) RateLimiter::Line {
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);  // between processes, too
  std::atomic<std::uint64_t> words[clients_per_line];
};

std::size_t RateLimiter::table_size(std::size_t clients) noexcept {
  return std::bit_ceil((clients + clients_per_line - 1) / clients_per_line) * sizeof(Line);
}

RateLimiter::RateLimiter(Rate rate, std::size_t clients, Secret secret, void* memory)
    : rate_(rate),
      secret_(secret),
      most_debt_(rate.burst * shares_per_request),
      slack_(shares(Instant{std::chrono::seconds{1}})),
      line_mask_(table_size(clients) / sizeof(Line) - 1),
      own_(memory == nullptr ? new Line[line_mask_ + 1]{} : nullptr),
      lines_(memory == nullptr ? own_.get() : static_cast<Line*>(memory)) {
  assert(rate.count >= 1 && rate.count <= Rate::most_count);
  assert(rate.burst >= 1 && rate.burst <= Rate::most_burst);
  assert(rate.interval > Duration::zero());
  if (!own_) std::uninitialized_value_construct_n(lines_, line_mask_ + 1);
}

RateLimiter::~RateLimiter() = default;

std::uint64_t RateLimiter::shares(Instant now) const noexcept {
  const auto elapsed = static_cast<std::uint64_t>(now.time_since_epoch().count());
  const Wide shares =
      Wide{elapsed} * rate_.count * shares_per_request / static_cast<std::uint64_t>(rate_.interval.count());
  return static_cast<std::uint64_t>(shares) & share_mask;
}

Duration RateLimiter::time_of(std::uint64_t shares) const noexcept {
  const std::uint64_t per_interval = rate_.count * shares_per_request;
  // Rounded up: whoever waits so long is admitted.
  const Wide time =
      (Wide{shares} * static_cast<std::uint64_t>(rate_.interval.count()) + per_interval - 1) / per_interval;
  return Duration{static_cast<Duration::rep>(time)};
}

std::uint64_t RateLimiter::debt(std::uint64_t word, std::uint64_t now) const noexcept {
  const std::uint64_t ahead = ((word & share_mask) - now) & share_mask;
  if (ahead <= most_debt_) return ahead;
  return ahead - most_debt_ <= slack_ ? most_debt_ : 0;
}

Verdict RateLimiter::verdict(bool admitted, std::uint64_t debt) const noexcept {
  const std::uint64_t next = debt + shares_per_request;
  return Verdict{.admitted = admitted,
                 .remaining = (most_debt_ - debt) / shares_per_request,
                 .retry_after = next > most_debt_ ? time_of(next - most_debt_) : Duration::zero(),
                 .full_after = time_of(debt)};
}

Verdict RateLimiter::admit(Client client, Instant now) noexcept {
  const std::uint64_t hash = SipHash{secret_}.take(client.group).take(client.ipv6 ? 1 : 0).finish();
  Line& line = lines_[hash & line_mask_];
  const std::uint64_t tag = hash >> share_bits;
  const std::uint64_t at = shares(now);

  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    std::atomic<std::uint64_t>* slot = nullptr;
    std::uint64_t word = 0;
    std::uint64_t owed = 0;
    for (std::atomic<std::uint64_t>& candidate : line.words) {
      const std::uint64_t there = candidate.load(std::memory_order_relaxed);
      const std::uint64_t its_debt = debt(there, at);
      const bool own = there >> share_bits == tag;
      if (slot == nullptr || own || its_debt < owed) {
        slot = &candidate;
        word = there;
        owed = its_debt;
      }
      if (own) break;
    }
    if (owed + shares_per_request > most_debt_) return verdict(false, owed);
    const std::uint64_t now_owed = owed + shares_per_request;
    const std::uint64_t mine = tag << share_bits | ((at + now_owed) & share_mask);
    if (slot->compare_exchange_weak(word, mine, std::memory_order_relaxed)) return verdict(true, now_owed);
  }
  return verdict(true, most_debt_);
}

}  // namespace pounce::inline v0::limits
