// List: elements in a row that are only added, as an application's routes are.
//
// It does what such a member needs of std::vector, under the same names. It is there for public headers only: <vector> is an eighth of the
// time that one of ours may cost (docs/decisions/0015).
// Ownership: of its elements, which can be made without arguments and move without errors; moves whole, and is empty after that. Views live
// until the next element. Errors: growing throws std::bad_alloc and changes nothing.
#pragma once

#include <pounce/core/owned.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

template <class T>
class List {
 public:
  List() noexcept = default;
  List(List&& other) noexcept
      : memory_(std::move(other.memory_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  List& operator=(List&& other) noexcept {
    memory_ = std::move(other.memory_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }
  ~List() = default;

  void push_back(T element) { insert(size_, std::move(element)); }
  // Before the one at `place`, at most `size()`.
  void insert(std::size_t place, T element) {
    static_assert(std::is_nothrow_move_assignable_v<T>);
    if (size_ == capacity_) grow();
    for (std::size_t i = size_; i != place; --i) memory_[i] = std::move(memory_[i - 1]);
    memory_[place] = std::move(element);
    ++size_;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return memory_[i]; }
  [[nodiscard]] const T* begin() const noexcept { return memory_.get(); }
  [[nodiscard]] const T* end() const noexcept { return memory_.get() + size_; }

 private:
  void grow() {
    const std::size_t capacity = 2 * capacity_ + 4;
    Owned<T[]> larger{new T[capacity]};
    for (std::size_t i = 0; i != size_; ++i) larger[i] = std::move(memory_[i]);
    memory_ = std::move(larger);
    capacity_ = capacity;
  }

  Owned<T[]> memory_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace pounce::inline v0
