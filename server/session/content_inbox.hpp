// ContentInbox: what has come of a request's content, until its handler asks for it. Made with the first of it: most requests have none.
#pragma once

#include <pounce/app/chunk.hpp>
#include <pounce/core/storage.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace pounce::inline v0 {

struct ContentInbox {
  [[nodiscard]] bool empty() const noexcept { return first == chunks.size(); }
  void clear() noexcept {
    chunks.clear();
    first = settled = bytes = 0;
    tail = BlockRef{};
    tail_used = 0;
  }

  std::vector<Chunk> chunks;  // those from `first` on
  std::size_t first = 0;
  std::size_t settled = 0;  // chunks before it were looked at by `settle`
  std::size_t bytes = 0;
  BlockRef tail;  // where small leftovers are gathered
  std::size_t tail_used = 0;
  std::string collected;  // for a plain handler
};

}  // namespace pounce::inline v0
