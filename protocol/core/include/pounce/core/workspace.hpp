// Workspace: the scratch memory of one worker or reactor. Raw memory is recycled here; state never is.
//
// What it holds: the block that reads go into, spare blocks of three sizes, and the event list of the running step.
// Ownership: belongs to exactly one thread; sessions borrow it for the length of a step. It outlives every session bound to it.
// Limits: `most_spare` blocks of each size are kept; what comes back beyond that is freed.
#pragma once

#include <pounce/core/event.hpp>
#include <pounce/core/storage.hpp>

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace pounce::inline v0 {

class Workspace {
 public:
  static constexpr std::size_t small = 4 * kibibyte;    // arenas, remainders
  static constexpr std::size_t medium = 16 * kibibyte;  // composed output
  static constexpr std::size_t large = 64 * kibibyte;   // reads
  static constexpr std::size_t most_spare = 64;

  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // A block of at least `size` bytes: recycled when it fits one of the sizes, else made.
  [[nodiscard]] BlockRef lend(std::size_t size);
  // Takes a block back; keeps it when nobody else holds a loan and there is room for it.
  void give_back(BlockRef block) noexcept;

  // The block that the next read goes into, and back again: it moves, so that a read costs no count. Who keeps it keeps it, and
  // the next read gets a fresh one.
  [[nodiscard]] BlockRef take_read_block() { return read_block_ ? std::move(read_block_) : lend(large); }
  void return_read_block(BlockRef block) noexcept {
    if (!block || !block->sole()) return;
    read_block_ ? give_back(std::move(block)) : void(read_block_ = std::move(block));
  }

  // The event list of the running step, empty between steps.
  [[nodiscard]] Events& events() noexcept { return events_; }

 private:
  [[nodiscard]] std::vector<BlockRef>* spares_for(std::size_t capacity) noexcept;

  std::array<std::vector<BlockRef>, 3> spares_;
  BlockRef read_block_;
  Events events_;
};

}  // namespace pounce::inline v0
