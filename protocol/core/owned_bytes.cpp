#include <pounce/core/owned_bytes.hpp>

#include <algorithm>
#include <cstring>

namespace pounce::inline v0 {

void OwnedBytes::reserve(std::size_t capacity) {
  if (capacity <= capacity_) return;
  Owned<char[]> larger{new char[capacity]};
  if (size_ != 0) std::memcpy(larger.get(), memory_.get(), size_);
  memory_ = std::move(larger);
  capacity_ = capacity;
}

// At least doubled, so that what is appended piece by piece is copied twice at the most.
void OwnedBytes::make_room(std::size_t size) {
  if (size > capacity_) reserve(std::max(size, 2 * capacity_));
}

void OwnedBytes::append(Bytes bytes) {
  if (bytes.empty()) return;
  make_room(size_ + bytes.size());
  std::memcpy(memory_.get() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

void OwnedBytes::resize(std::size_t size) {
  make_room(size);
  size_ = size;
}

}  // namespace pounce::inline v0
