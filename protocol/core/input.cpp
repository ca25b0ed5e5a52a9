#include <pounce/core/input.hpp>

#include <pounce/core/workspace.hpp>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define POUNCE_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POUNCE_POISON 1
#endif
#endif

#ifdef POUNCE_POISON
#include <sanitizer/asan_interface.h>
#endif

namespace pounce::inline v0 {

namespace {

// Small enough to be copied out of the read block rather than to keep all of it.
constexpr std::size_t small_remainder = Workspace::medium;
// A read into less than this is not worth its system call.
constexpr std::size_t least_space = 512;

void poison([[maybe_unused]] const char* data, [[maybe_unused]] std::size_t size) noexcept {
#ifdef POUNCE_POISON
  ASAN_POISON_MEMORY_REGION(data, size);
#endif
}

void unpoison([[maybe_unused]] BlockRef& block) noexcept {
#ifdef POUNCE_POISON
  if (block) ASAN_UNPOISON_MEMORY_REGION(block->data(), block->capacity());
#endif
}

}  // namespace

BlockRef Input::move_to(BlockRef block) noexcept {
  const std::size_t kept = size();
  if (kept != 0) std::memcpy(block->data(), block_->data() + begin_, kept);
  unpoison(block_);
  std::swap(block_, block);
  borrowed_ = false;
  begin_ = 0;
  end_ = static_cast<std::uint32_t>(kept);
  return block;
}

MutableBytes Input::space(Workspace& workspace) {
  if (size() == 0) {
    if (!borrowed_ || !block_->sole()) {
      (void)release();
      block_ = workspace.take_read_block();
      borrowed_ = true;
    }
    unpoison(block_);
    begin_ = end_ = 0;
    return {block_->data(), std::min<std::size_t>(block_->capacity(), limit_)};
  }
  if (size() >= limit_) return {};
  if (block_->capacity() - end_ < least_space) {
    // Grow by doubling, so that a slow sender costs O(n) copies in all.
    (void)move_to(workspace.lend(2 * size() + least_space));
  }
  return {block_->data() + end_, std::min<std::size_t>(block_->capacity() - end_, limit_ - size())};
}

void Input::consume(std::size_t n) noexcept {
  assert(n <= size());
  // Bytes on loan to a chunk are still read by its holder: only memory without such a loan may be poisoned.
  if (n != 0 && block_->sole()) poison(block_->data() + begin_, n);
  begin_ += static_cast<std::uint32_t>(n);
}

void Input::settle(Workspace& workspace) {
  if (!block_) return;
  if (size() == 0) {
    const bool borrowed = borrowed_;
    BlockRef block = release();
    borrowed ? workspace.return_read_block(std::move(block)) : workspace.give_back(std::move(block));
  } else if (borrowed_ && size() <= small_remainder) {
    workspace.return_read_block(move_to(workspace.lend(size() + least_space)));
  } else {
    borrowed_ = false;  // it is this connection's now
  }
}

BlockRef Input::release() noexcept {
  unpoison(block_);
  borrowed_ = false;
  begin_ = end_ = 0;
  return std::move(block_);
}

}  // namespace pounce::inline v0
