// Arena: the memory of one exchange: its head, its own object, and the frames of its coroutines.
//
// A bump allocator over blocks of the worker's Workspace. What was allocated last can be released first (coroutine frames nest),
// so a handler that awaits children in a loop for days does not grow. Everything else goes at once, with `dissolve`.
// It lives at the front of its own first block. Limit: `most` bytes in all; beyond it std::bad_alloc, which ends the request.
#pragma once

#include <pounce/core/workspace.hpp>

#include <cstddef>
#include <new>
#include <utility>

namespace pounce::inline v0 {

class Arena {
 public:
  // Children start on the stack of their parents, so this bounds the depth of the stack as well, also in unoptimised builds.
  static constexpr std::size_t most = mebibyte;

  [[nodiscard]] static Arena& make(Workspace& workspace) {
    BlockRef block = workspace.lend(Workspace::small);
    auto* arena = ::new (block->data()) Arena;
    arena->use(block, sizeof(Arena));
    arena->first_ = std::move(block);
    return *arena;
  }

  // The same without a pool, of so many bytes and then of as many as are asked for: for what may live for hours.
  [[nodiscard]] static Arena& make_snug(std::size_t size) {
    BlockRef block = Block::make(size);
    auto* arena = ::new (block->data()) Arena;
    arena->use(block, sizeof(Arena));
    arena->first_ = std::move(block);
    arena->snug_ = true;
    return *arena;
  }
  // What `make_snug` must be given to have room for the same.
  [[nodiscard]] std::size_t used() noexcept {
    return pieces_ == nullptr ? static_cast<std::size_t>(top_ - first_->data()) : first_->capacity();
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
    BlockRef block = std::move(pieces_->block);
    top_ = pieces_->top_before;
    end_ = pieces_->end_before;
    pieces_ = pieces_->before;
    taken_ -= block->capacity();
    workspace.give_back(std::move(block));
  }

  // Gives all memory back; the arena itself is gone then.
  void dissolve(Workspace& workspace) noexcept {
    while (pieces_ != nullptr) {
      BlockRef block = std::move(pieces_->block);
      pieces_ = pieces_->before;
      workspace.give_back(std::move(block));
    }
    BlockRef first = std::move(first_);
    this->~Arena();
    workspace.give_back(std::move(first));
  }

 private:
  struct Piece {
    BlockRef block;
    Piece* before;
    char* top_before;
    char* end_before;
  };

  Arena() = default;
  ~Arena() = default;

  [[nodiscard]] static constexpr std::size_t rounded(std::size_t size) noexcept {
    constexpr std::size_t grain = __STDCPP_DEFAULT_NEW_ALIGNMENT__;
    return (size + grain - 1) / grain * grain;
  }
  void use(const BlockRef& block, std::size_t front) noexcept {
    top_ = block->data() + rounded(front);
    end_ = block->data() + block->capacity();
  }
  void grow(Workspace& workspace, std::size_t size) {
    const std::size_t wanted = size + rounded(sizeof(Piece));
    if (wanted > most - taken_) throw std::bad_alloc{};
    BlockRef block = snug_ ? Block::make(wanted) : workspace.lend(wanted);
    taken_ += block->capacity();
    auto* piece = ::new (block->data()) Piece{block, pieces_, top_, end_};
    pieces_ = piece;
    use(block, sizeof(Piece));
  }

  BlockRef first_;
  Piece* pieces_ = nullptr;
  char* top_ = nullptr;
  char* end_ = nullptr;
  std::size_t taken_ = 0;
  bool snug_ = false;
};

}  // namespace pounce::inline v0
