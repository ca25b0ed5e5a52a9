// SharedMemory: octets that a process shares with all that it forks from then on: zero at first, given back when the last of them has ended.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

namespace pounce::inline v0::program {

class SharedMemory {
 public:
  SharedMemory() = default;
  // What is not used takes no memory. Throws std::system_error without memory.
  explicit SharedMemory(std::size_t size)
      : at_(::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)),
        size_(size) {
    if (at_ == MAP_FAILED) throw std::system_error{errno, std::generic_category(), "sharing memory with workers"};
  }
  SharedMemory(SharedMemory&& other) noexcept
      : at_(std::exchange(other.at_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  SharedMemory& operator=(SharedMemory&& other) noexcept {
    std::swap(at_, other.at_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~SharedMemory() {
    if (at_ != nullptr) ::munmap(at_, size_);
  }

  // On a boundary of a page; null: none.
  [[nodiscard]] void* get() const noexcept { return at_; }

 private:
  void* at_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace pounce::inline v0::program
