// OwnedBytes: octets on the heap that grow at their end: a head that is put together, a message that is not whole yet.
//
// What it is not: a std::string. It has no terminator, keeps nothing in itself while it is empty, and does not clear what it makes room
// for. So it costs 24 bytes, and a header of ours costs no <string> (docs/decisions/0015).
// Ownership: moves whole, and is empty after that. Views live until the next call that is not const.
// Limits: none of its own; whoever appends what a peer sends bounds it. Errors: growing throws std::bad_alloc and changes nothing.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/owned.hpp>

#include <cstddef>
#include <utility>

namespace pounce::inline v0 {

class OwnedBytes {
 public:
  OwnedBytes() noexcept = default;
  OwnedBytes(OwnedBytes&& other) noexcept
      : memory_(std::move(other.memory_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  OwnedBytes& operator=(OwnedBytes&& other) noexcept {
    memory_ = std::move(other.memory_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  ~OwnedBytes() = default;

  [[nodiscard]] char* data() noexcept { return memory_.get(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] Bytes bytes() const noexcept { return {static_cast<const char*>(memory_.get()), size_}; }

  // At least so much capacity, and not more.
  void reserve(std::size_t capacity);
  // `bytes` must not lie in it.
  void append(Bytes bytes);
  // What is new has no value until somebody writes it.
  void resize(std::size_t size);
  // Empty, with the memory that it has.
  void clear() noexcept { size_ = 0; }
  // Empty, without.
  void release() noexcept { *this = OwnedBytes{}; }

 private:
  void make_room(std::size_t size);

  Owned<char[]> memory_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace pounce::inline v0
