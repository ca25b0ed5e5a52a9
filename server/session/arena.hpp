// Arena: the memory of one exchange: its head, its own object, and the frames of its coroutines.
//
// A bump allocator over blocks of the worker's Workspace. What was allocated last can be released first (coroutine frames nest),
// so a handler that awaits children in a loop for days does not grow. Everything else goes at once, with `dissolve`.
// It lives at the front of its own first block. Limit: `most` bytes in all; beyond it std::bad_alloc, which ends the request.
#pragma once

#include <pounce/core/workspace.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace pounce::inline v0 {

class Arena {
 public:
  // Children start on the stack of their parents, so this bounds the depth of the stack as well, also in unoptimised builds.
  static constexpr std::size_t most = mebibyte;

  [[nodiscard]] static Arena& make(Workspace& workspace) {
    Block* const block = workspace.lend(Workspace::small).release();
    return *::new (block->data()) Arena{block->capacity(), false};
  }

  // The same without a pool, with room for `size` bytes and then for as many as are asked for: for what may live for hours.
  [[nodiscard]] static Arena& make_snug(std::size_t size) {
    size = std::min(rounded(sizeof(Arena)) + rounded(size), most);
    return *::new (::operator new(size)) Arena{size, true};
  }
  // What so many bytes take of one.
  [[nodiscard]] static constexpr std::size_t rounded(std::size_t size) noexcept {
    constexpr std::size_t grain = __STDCPP_DEFAULT_NEW_ALIGNMENT__;
    return (size + grain - 1) / grain * grain;
  }

  // The arena that `object` was the first to be allocated from.
  [[nodiscard]] static Arena& of_first(const void* object) noexcept {
    return *reinterpret_cast<Arena*>(const_cast<char*>(static_cast<const char*>(object)) - rounded(sizeof(Arena)));
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
    Piece* const empty = pieces_;
    pieces_ = empty->before;
    char* const front = pieces_ != nullptr ? reinterpret_cast<char*>(pieces_) : reinterpret_cast<char*>(this);
    top_ = front + empty->used_before;
    end_ = front + (pieces_ != nullptr ? pieces_->size : first_size());
    taken_ -= empty->size;
    give_back(workspace, empty);
  }

  // Gives all memory back; the arena itself is gone then. Inline: each request does it.
  [[gnu::always_inline]] void dissolve(Workspace& workspace) noexcept {
    while (pieces_ != nullptr) {
      Piece* const last = pieces_;
      pieces_ = last->before;
      give_back(workspace, last);
    }
    give_back(workspace, this);  // nothing in it has a destructor that does anything
  }

 private:
  // At the front of each further block, or, in a snug arena, piece of memory.
  struct Piece {
    Piece* before;
    std::uint32_t used_before;  // of the one before it
    std::uint32_t size;         // with this
  };

  Arena(std::size_t size, bool snug) noexcept : shape_(static_cast<std::uint32_t>(size) | (snug ? 1U : 0U)) {
    use(this, sizeof(Arena), size);
  }
  ~Arena() = default;

  // Sizes are even.
  [[nodiscard]] std::size_t first_size() const noexcept { return shape_ & ~1U; }
  [[nodiscard]] bool is_snug() const noexcept { return (shape_ & 1U) != 0; }

  // Out of line: inlined, g++ 12 thinks that it is given blocks (-Wfree-nonheap-object).
  [[gnu::noinline]] static void free(void* front) noexcept { ::operator delete(front); }
  // What the arena, or a piece, stands at the front of. The loan of a block is ours.
  void give_back(Workspace& workspace, void* front) noexcept {
    if (is_snug()) [[unlikely]]
      return free(front);
    workspace.give_back(BlockRef{static_cast<Block*>(front) - 1});
  }
  void use(void* memory, std::size_t front, std::size_t size) noexcept {
    top_ = static_cast<char*>(memory) + rounded(front);
    end_ = static_cast<char*>(memory) + size;
  }
  void grow(Workspace& workspace, std::size_t size) {
    const std::size_t wanted = size + rounded(sizeof(Piece));
    if (taken_ > most || wanted > most - taken_) throw std::bad_alloc{};
    void* memory = nullptr;
    std::size_t capacity = wanted;
    if (is_snug()) {
      memory = ::operator new(wanted);
    } else {
      Block* const block = workspace.lend(wanted).release();
      memory = block->data();
      capacity = block->capacity();
    }
    const char* const front = pieces_ != nullptr ? reinterpret_cast<char*>(pieces_) : reinterpret_cast<char*>(this);
    pieces_ =
        ::new (memory) Piece{pieces_, static_cast<std::uint32_t>(top_ - front), static_cast<std::uint32_t>(capacity)};
    taken_ += pieces_->size;
    use(memory, sizeof(Piece), capacity);
  }

  Piece* pieces_ = nullptr;
  char* top_ = nullptr;
  char* end_ = nullptr;
  std::uint32_t taken_ = 0;  // a block of a Workspace may be larger than was asked for: perhaps more than `most`
  std::uint32_t shape_;      // the size of the first block, with this, and whether it is snug
};

static_assert(sizeof(Arena) <= 32);

}  // namespace pounce::inline v0
