// Where zlib's memory comes from: operator new, counted, so that a stream can say what it holds.
#pragma once

#define ZLIB_CONST
#include <zlib.h>

#include <cstddef>
#include <new>

namespace pounce::inline v0::compression::zlib {

class Memory {
 public:
  void serve(z_stream& stream) noexcept {
    stream.zalloc = allocate;
    stream.zfree = release;
    stream.opaque = this;
  }
  [[nodiscard]] std::size_t held() const noexcept { return held_; }

 private:
  static constexpr std::size_t front = __STDCPP_DEFAULT_NEW_ALIGNMENT__;  // where the size is kept

  static void* allocate(void* self, uInt items, uInt size) noexcept {
    const std::size_t wanted = std::size_t{items} * size + front;
    void* memory = nullptr;
    try {
      memory = ::operator new(wanted);
    } catch (const std::bad_alloc&) {
      return nullptr;  // no exception passes through C
    }
    *static_cast<std::size_t*>(memory) = wanted;
    static_cast<Memory*>(self)->held_ += wanted;
    return static_cast<char*>(memory) + front;
  }
  static void release(void* self, void* address) noexcept {
    void* memory = static_cast<char*>(address) - front;
    static_cast<Memory*>(self)->held_ -= *static_cast<std::size_t*>(memory);
    ::operator delete(memory);
  }

  std::size_t held_ = 0;
};

// zlib counts in unsigned int.
inline constexpr std::size_t most_at_once = std::size_t{1} << 30;

}  // namespace pounce::inline v0::compression::zlib
