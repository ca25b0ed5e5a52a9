// Dice: a small seeded generator. The same seed gives the same numbers on every machine and with every library.
#pragma once

#include <cstdint>

namespace pounce::sim {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {  // SplitMix64
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  // 0 .. n-1
  std::uint64_t below(std::uint64_t n) noexcept { return next() % n; }
  std::uint64_t between(std::uint64_t least, std::uint64_t most) noexcept { return least + below(most - least + 1); }
  // Once in `n` on average; 0: never.
  bool one_in(std::uint64_t n) noexcept { return n != 0 && below(n) == 0; }

 private:
  std::uint64_t state_;
};

}  // namespace pounce::sim
