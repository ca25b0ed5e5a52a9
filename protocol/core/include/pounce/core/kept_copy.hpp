// KeptCopy: a copy of a view as storage, in one allocation.
//
// All of it stands in the header: an application module needs no symbol of ours.
// Ownership: the copy lives until the last loan is given up, on whichever thread that is. Errors: std::bad_alloc.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/storage.hpp>

#include <cstddef>
#include <cstring>
#include <new>

namespace pounce::inline v0 {

class KeptCopy final : public Storage {
 public:
  // With one loan, the caller's.
  [[nodiscard]] static KeptCopy* make(Bytes text) {
    auto* const copy = ::new (::operator new(sizeof(KeptCopy) + text.size())) KeptCopy{text.size()};
    if (!text.empty()) std::memcpy(copy->data(), text.data(), text.size());
    return copy;
  }
  [[nodiscard]] Bytes bytes() const noexcept {
    const auto* const first = reinterpret_cast<const char*>(this + 1);
    return {first, size_};
  }

 private:
  explicit KeptCopy(std::size_t size) noexcept : size_(size) {}
  ~KeptCopy() override = default;
  [[nodiscard]] char* data() noexcept { return reinterpret_cast<char*>(this + 1); }
  void destroy() noexcept override {
    this->~KeptCopy();
    ::operator delete(static_cast<void*>(this));
  }

  std::size_t size_;
};

// Copies `text` into storage and points `bytes` at the copy.
[[nodiscard]] inline StorageRef keep_copy(Bytes text, Bytes& bytes) {
  auto* const copy = KeptCopy::make(text);
  bytes = copy->bytes();
  return StorageRef{copy};
}

}  // namespace pounce::inline v0
