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
  ~Workspace();

  // A block of at least `size` bytes: recycled when it fits one of the sizes, else made.
  [[nodiscard]] BlockRef lend(std::size_t size) {
    const std::size_t capacity = size <= small ? small : size <= medium ? medium : size <= large ? large : size;
    Spares* const spares = spares_for(capacity);
    if (spares == nullptr || spares->first == nullptr) [[unlikely]]
      return Block::make(capacity);
    --spares->count;
    return BlockRef{std::exchange(spares->first, spares->first->next_spare_)};
  }
  // Takes a block back; keeps it when nobody else holds a loan and there is room for it.
  void give_back(BlockRef block) noexcept {
    if (!block || !block->sole()) return;
    Spares* const spares = spares_for(block->capacity());
    if (spares == nullptr || spares->count == most_spare) return;
    ++spares->count;
    block->next_spare_ = spares->first;
    spares->first = block.release();
  }

  // The block that the next read goes into, and back again: it moves, so that a read costs no count. Who keeps it keeps it, and
  // the next read gets a fresh one.
  [[nodiscard]] BlockRef take_read_block() { return read_block_ ? std::move(read_block_) : lend(large); }
  void return_read_block(BlockRef block) noexcept {
    if (!block || !block->sole()) return;
    read_block_ ? give_back(std::move(block)) : void(read_block_ = std::move(block));
  }

  // The event list of the running step, empty between steps.
  [[nodiscard]] Events& events() noexcept { return events_; }
  // That of a machine which looks at what another one has found, while the list above is gone through; empty as soon as it is done.
  [[nodiscard]] Events& inner_events() noexcept { return inner_events_; }

 private:
  // A list through the blocks; it holds the one loan of each.
  struct Spares {
    Block* first = nullptr;
    std::size_t count = 0;
  };
  [[nodiscard]] Spares* spares_for(std::size_t capacity) noexcept {
    switch (capacity) {
      case small: return &spares_[0];
      case medium: return &spares_[1];
      case large: return &spares_[2];
      default: return nullptr;
    }
  }

  std::array<Spares, 3> spares_;
  BlockRef read_block_;
  Events events_;
  Events inner_events_;
};

}  // namespace pounce::inline v0
