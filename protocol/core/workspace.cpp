#include <pounce/core/workspace.hpp>

#include <new>
#include <utility>

namespace pounce::inline v0 {

std::vector<BlockRef>* Workspace::spares_for(std::size_t capacity) noexcept {
  switch (capacity) {
    case small: return &spares_[0];
    case medium: return &spares_[1];
    case large: return &spares_[2];
    default: return nullptr;
  }
}

BlockRef Workspace::lend(std::size_t size) {
  const std::size_t capacity = size <= small ? small : size <= medium ? medium : size <= large ? large : size;
  if (std::vector<BlockRef>* spares = spares_for(capacity); spares != nullptr && !spares->empty()) {
    BlockRef block = std::move(spares->back());
    spares->pop_back();
    return block;
  }
  return Block::make(capacity);
}

void Workspace::give_back(BlockRef block) noexcept {
  if (!block || !block->sole()) return;
  std::vector<BlockRef>* spares = spares_for(block->capacity());
  if (spares == nullptr || spares->size() >= most_spare) return;
  try {
    if (spares->capacity() == 0) spares->reserve(most_spare);
  } catch (const std::bad_alloc&) {
    return;  // no memory to keep it: it is freed
  }
  spares->push_back(std::move(block));
}

}  // namespace pounce::inline v0
