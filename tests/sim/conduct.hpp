// Conduct: how the simulated world behaves in one run. Drawn from the seed, so that a seed is all there is to say about a run.
#pragma once

#include <pounce/core/time.hpp>

#include "tests/sim/dice.hpp"

#include <cstddef>
#include <cstdint>

namespace pounce::sim {

struct Conduct {
  // The network: how long a segment is on its way, and how large it is.
  Duration least_latency = std::chrono::milliseconds{1};
  Duration most_latency = std::chrono::milliseconds{1};
  std::size_t least_segment = 1460;
  std::size_t most_segment = 1460;
  // The server's kernel: what it takes from a program before the peer has acknowledged it, and what it keeps until the program reads.
  std::size_t send_buffer = 64 * 1024;
  std::size_t receive_window = 64 * 1024;
  // The machine: one call in so many lets another thread go first (0: none); what a look at the clock costs at most.
  std::uint64_t switches = 0;
  Duration look{};
  // One call in so many fails (0: none): accept, recv, send, epoll_ctl, and waits that a signal interrupts.
  std::uint64_t faults = 0;
};

// Seed 0 is the calm world above. The others differ in everything, within what does not change what a client sees.
inline Conduct conduct_of(std::uint64_t seed) {
  Conduct out;
  if (seed == 0) return out;
  Dice dice{seed * 0x9e3779b9U + 7};
  const auto some = [&](std::uint64_t most) { return static_cast<std::size_t>(dice.between(1, most)); };
  using std::chrono::microseconds;
  out.least_latency = microseconds{some(dice.one_in(4) ? 5000 : 200)};
  out.most_latency = out.least_latency + microseconds{some(5000)};
  out.most_segment = dice.one_in(3) ? some(8) : some(3000);
  out.least_segment = dice.one_in(2) ? 1 : out.most_segment;
  // Small enough to be filled, large enough that no answer takes a minute.
  out.send_buffer = dice.one_in(2) ? 16 * 1024 : 256 * 1024;
  out.receive_window = dice.one_in(2) ? 4096 : 64 * 1024;
  out.switches = dice.one_in(4) ? 0 : dice.between(2, 40);
  out.look = dice.one_in(2) ? Duration::zero() : Duration{microseconds{some(300)}};
  return out;
}

}  // namespace pounce::sim
