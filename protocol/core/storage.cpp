#include <pounce/core/storage.hpp>

#include <new>

namespace pounce::inline v0 {

BlockRef Block::make(std::size_t capacity) {
  void* memory = ::operator new(sizeof(Block) + capacity);
  return BlockRef{::new (memory) Block{capacity}};
}

void Block::destroy() noexcept {
  this->~Block();
  ::operator delete(static_cast<void*>(this));
}

}  // namespace pounce::inline v0
