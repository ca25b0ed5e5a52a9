// Arena: the memory of one exchange: its head, its own object, and the frames of its coroutines.
//
// A bump allocator over blocks of the worker's Workspace. What was allocated last can be released first (coroutine frames nest),
// so a handler that awaits children in a loop for days does not grow. Everything else goes at once, with `dissolve`.
// It lives at the front of its own first block. Limit: `most` bytes in all; beyond it std::bad_alloc, which ends the request.
#pragma once

#include <pounce/core/workspace.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace pounce::inline v0 {

class Arena {
 public:
  // Children start on the stack of their parents, so this bounds the depth of the stack as well, also in unoptimised builds.
  static constexpr std::size_t most = mebibyte;

  [[nodiscard]] static Arena& make(Workspace& workspace) { return begin(workspace.lend(Workspace::small), false); }

  // The same without a pool, of so many bytes and then of as many as are asked for: for what may live for hours.
  [[nodiscard]] static Arena& make_snug(std::size_t size) { return begin(Block::make(size), true); }
  // What `make_snug` must be given to have room for the same.
  [[nodiscard]] std::size_t used() noexcept {
    Block* const first = block_of(this);
    return pieces_ == nullptr ? static_cast<std::size_t>(top_ - first->data()) : first->capacity();
  }

  [[nodiscard]] void* allocate(Workspace& workspace, std::size_t size) {
    size = rounded(size);
    if (size > static_cast<std::size_t>(end_ - top_)) grow(workspace, size);
    char* memory = top_;
    top_ += size;
    return memory;
  }

  void release(Workspace& workspace, void* memory, std::size_t size) noexcept {
    size = rounded(size);
    auto* at = static_cast<char*>(memory);
    if (at + size != top_) return;
    top_ = at;
    if (pieces_ == nullptr || top_ != reinterpret_cast<char*>(pieces_) + rounded(sizeof(Piece))) return;
    // The piece is empty again.
    Block* const block = block_of(pieces_);
    top_ = pieces_->top_before;
    pieces_ = pieces_->before;
    end_ = end_of(pieces_ != nullptr ? block_of(pieces_) : block_of(this));
    taken_ -= static_cast<std::uint32_t>(block->capacity());
    workspace.give_back(BlockRef{block});
  }

  // Gives all memory back; the arena itself is gone then.
  void dissolve(Workspace& workspace) noexcept {
    while (pieces_ != nullptr) {
      Block* const block = block_of(pieces_);
      pieces_ = pieces_->before;
      workspace.give_back(BlockRef{block});
    }
    Block* const first = block_of(this);
    this->~Arena();
    workspace.give_back(BlockRef{first});
  }

 private:
  // At the front of each further block.
  struct Piece {
    Piece* before;
    char* top_before;
  };

  explicit Arena(bool snug) noexcept : snug_(snug) {}
  ~Arena() = default;

  // Takes over the loan.
  [[nodiscard]] static Arena& begin(BlockRef block, bool snug) noexcept {
    Block* const first = block.release();
    auto* arena = ::new (first->data()) Arena{snug};
    arena->use(first, sizeof(Arena));
    return *arena;
  }
  // The block that something stands at the front of; the loan of it is ours.
  [[nodiscard]] static Block* block_of(void* front) noexcept { return static_cast<Block*>(front) - 1; }
  [[nodiscard]] static char* end_of(Block* block) noexcept { return block->data() + block->capacity(); }

  [[nodiscard]] static constexpr std::size_t rounded(std::size_t size) noexcept {
    constexpr std::size_t grain = __STDCPP_DEFAULT_NEW_ALIGNMENT__;
    return (size + grain - 1) / grain * grain;
  }
  void use(Block* block, std::size_t front) noexcept {
    top_ = block->data() + rounded(front);
    end_ = end_of(block);
  }
  void grow(Workspace& workspace, std::size_t size) {
    const std::size_t wanted = size + rounded(sizeof(Piece));
    if (taken_ > most || wanted > most - taken_) throw std::bad_alloc{};
    Block* const block = (snug_ ? Block::make(wanted) : workspace.lend(wanted)).release();
    taken_ += static_cast<std::uint32_t>(block->capacity());
    pieces_ = ::new (block->data()) Piece{pieces_, top_};
    use(block, sizeof(Piece));
  }

  Piece* pieces_ = nullptr;
  char* top_ = nullptr;
  char* end_ = nullptr;
  std::uint32_t taken_ = 0;  // a block of a Workspace may be larger than was asked for: perhaps more than `most`
  bool snug_;
};

}  // namespace pounce::inline v0
