// List: elements in a row, on the heap.
//
// It does what std::vector does, under the same names, as far as it goes; places are indices. It is there for public headers only:
// <vector> is a quarter of what one of ours may cost (docs/decisions/0015).
// Ownership: of its elements, which move without errors; it moves whole, and is empty after that. Views live until an element is added or
// taken away. Limits: 2^32 - 1 elements; whoever puts in what a peer sends bounds it. Errors: growing throws std::bad_alloc and changes
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

template <class T>
class List {
 public:
  List() noexcept = default;
  List(List&& other) noexcept
      : first_(std::exchange(other.first_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  List(const List& other) : List() { copy(other.first_, other.size_); }
  List(std::initializer_list<T> elements) : List() { copy(elements.begin(), elements.size()); }
  List& operator=(List other) noexcept {
    swap(other);
    return *this;
  }
  ~List() {
    clear();
    ::operator delete(static_cast<void*>(first_));
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] T* data() noexcept { return first_; }
  [[nodiscard]] const T* data() const noexcept { return first_; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return first_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return first_[i]; }
  [[nodiscard]] T& back() noexcept { return first_[size_ - 1]; }
  [[nodiscard]] const T& back() const noexcept { return first_[size_ - 1]; }
  [[nodiscard]] T* begin() noexcept { return first_; }
  [[nodiscard]] const T* begin() const noexcept { return first_; }
  [[nodiscard]] T* end() noexcept { return first_ + size_; }
  [[nodiscard]] const T* end() const noexcept { return first_ + size_; }

  // At least so much capacity, and not more.
  void reserve(std::size_t capacity) {
    if (capacity > capacity_) move_to(capacity);
  }
  // What `arguments` are taken from may not stand in the list.
  template <class... Arguments>
  T& emplace_back(Arguments&&... arguments) {
    if (size_ == capacity_) [[unlikely]]
      grow();
    T* const place = ::new (static_cast<void*>(first_ + size_)) T(std::forward<Arguments>(arguments)...);
    ++size_;
    return *place;
  }
  void push_back(T element) { emplace_back(std::move(element)); }
  // Before the one at `place`, at most `size()`.
  void insert(std::size_t place, T element) {
    push_back(std::move(element));
    for (std::size_t i = size_ - 1; i != place; --i) std::swap(first_[i], first_[i - 1]);
  }
  // Those that are added are as T{} makes them.
  void resize(std::size_t size) {
    reserve(size);
    for (; size_ < size; ++size_) ::new (static_cast<void*>(first_ + size_)) T{};
    drop(size);
  }
  void pop_back() noexcept { drop(size_ - 1); }
  // The first `count`, at most `size()`; those behind them move up.
  void erase_front(std::size_t count) noexcept {
    for (std::size_t i = count; i != size_; ++i) first_[i - count] = std::move(first_[i]);
    drop(size_ - count);
  }
  // Empty, with the memory that it has.
  void clear() noexcept { drop(0); }
  // Empty, without.
  void release() noexcept { *this = List{}; }
  void swap(List& other) noexcept {
    std::swap(first_, other.first_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  // To an empty list.
  void copy(const T* first, std::size_t count) {
    reserve(count);
    while (size_ != count) emplace_back(first[size_]);
  }
  // Checked here, for T may be incomplete where the list is declared.
  void drop(std::size_t size) noexcept {
    static_assert(std::is_nothrow_move_constructible_v<T>);
    static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__);
    if constexpr (!std::is_trivially_destructible_v<T>) {
      for (std::size_t i = size_; i-- > size;) first_[i].~T();
    }
    size_ = size < size_ ? static_cast<std::uint32_t>(size) : size_;
  }
  [[gnu::noinline]] void grow() { move_to(std::size_t{capacity_} + (capacity_ < least ? least : capacity_)); }
  void move_to(std::size_t capacity) {
    constexpr std::size_t each = sizeof(T);  // NOLINT(bugprone-sizeof-expression): also of a pointer
    if (capacity > PTRDIFF_MAX / each || capacity > UINT32_MAX) throw std::bad_alloc{};
    T* const larger = static_cast<T*>(::operator new(capacity * each));
    for (std::size_t i = 0; i != size_; ++i) {
      ::new (static_cast<void*>(larger + i)) T(std::move(first_[i]));
      first_[i].~T();
    }
    ::operator delete(static_cast<void*>(std::exchange(first_, larger)));
    capacity_ = static_cast<std::uint32_t>(capacity);
  }

  static constexpr std::uint32_t least = 4;

  T* first_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
};

// Takes away those of which `is` is true; the others keep their order. How many those were.
template <class T, class Predicate>
std::size_t erase_if(List<T>& list, Predicate is) {
  std::size_t kept = 0;
  for (T& element : list) {
    if (is(std::as_const(element))) continue;
    if (T& place = list[kept++]; &place != &element) place = std::move(element);
  }
  const std::size_t gone = list.size() - kept;
  while (list.size() != kept) list.pop_back();
  return gone;
}

}  // namespace pounce::inline v0
