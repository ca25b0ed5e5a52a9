// A body on several threads at once, each with a number of its own.
#pragma once

#include <cstddef>
#include <thread>
#include <vector>

namespace pounce {

inline constexpr std::size_t threads = 4;

template <class F>
void on_threads(F body) {
  std::vector<std::thread> crowd;
  for (std::size_t i = 0; i < threads; ++i) crowd.emplace_back(body, i);
  for (std::thread& one : crowd) one.join();
}

}  // namespace pounce
