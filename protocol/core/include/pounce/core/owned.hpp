// Owned: the one owner of an object, or of an array, on the heap.
//
// It does what std::unique_ptr does with its usual deleter, under the same names. It is there for public headers only: <memory> brings
// the streams, and with them a third of the time that a header of ours may cost (docs/decisions/0015). A std::unique_ptr gives what it
// has by `Owned<T>{pointer.release()}`.
// Ownership: moves whole; null after that. T must be complete where an Owned<T> dies, and its destructor virtual if it came as an
// Owned of a derived class. Errors: make_owned throws what T's constructor throws, and std::bad_alloc.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

template <class T>
class Owned {
 public:
  using element_type = T;

  constexpr Owned() noexcept = default;
  constexpr Owned(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor): as a plain null is
  constexpr explicit Owned(T* object) noexcept : object_(object) {}
  constexpr Owned(Owned&& other) noexcept : object_(other.release()) {}
  template <class U>
    requires(!std::is_same_v<U, T> && std::is_convertible_v<U*, T*> &&
             (std::is_same_v<const U, T> || std::has_virtual_destructor_v<T>))
  constexpr Owned(Owned<U>&& other) noexcept  // NOLINT(google-explicit-constructor): as pointers convert
      : object_(other.release()) {}
  // The old object dies last: it may be what the new one was taken from.
  constexpr Owned& operator=(Owned&& other) noexcept {
    reset(other.release());
    return *this;
  }
  constexpr ~Owned() { destroy(object_); }

  [[nodiscard]] constexpr T* get() const noexcept { return object_; }
  [[nodiscard]] constexpr T& operator*() const noexcept { return *object_; }
  [[nodiscard]] constexpr T* operator->() const noexcept { return object_; }
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return object_ != nullptr; }
  [[nodiscard]] friend constexpr bool operator==(const Owned& owned, std::nullptr_t) noexcept {
    return owned.object_ == nullptr;
  }
  // The caller owns it from now on.
  [[nodiscard]] constexpr T* release() noexcept { return std::exchange(object_, nullptr); }
  constexpr void reset(T* object = nullptr) noexcept { destroy(std::exchange(object_, object)); }

 private:
  static constexpr void destroy(T* object) noexcept {
    static_assert(sizeof(T) != 0, "complete where it dies");
    delete object;
  }

  T* object_ = nullptr;
};

template <class T>
class Owned<T[]> {
 public:
  constexpr Owned() noexcept = default;
  constexpr explicit Owned(T* first) noexcept : first_(first) {}
  constexpr Owned(Owned&& other) noexcept : first_(other.release()) {}
  constexpr Owned& operator=(Owned&& other) noexcept {
    delete[] std::exchange(first_, other.release());
    return *this;
  }
  constexpr ~Owned() { delete[] first_; }

  [[nodiscard]] constexpr T* get() const noexcept { return first_; }
  [[nodiscard]] constexpr T& operator[](std::size_t i) const noexcept { return first_[i]; }
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return first_ != nullptr; }
  [[nodiscard]] constexpr T* release() noexcept { return std::exchange(first_, nullptr); }

 private:
  T* first_ = nullptr;
};

template <class T, class... Args>
[[nodiscard]] constexpr Owned<T> make_owned(Args&&... args) {
  return Owned<T>{new T(std::forward<Args>(args)...)};
}

}  // namespace pounce::inline v0
