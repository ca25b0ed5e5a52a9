// Storage: memory with loans. A Block is raw memory that is read into or composed in; a StorageRef is one loan of it.
//
// Who owns what: the memory lives until the last loan is given up. Loans may be given up on any thread (the count is atomic;
// the bytes are not guarded: whoever writes must be the only one who looks). Blocks are recycled by a Workspace, so that
// a hot path allocates nothing; a Block that is still on loan is simply not recycled.
#pragma once

#include <pounce/core/bytes.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

// Anything that keeps bytes alive. Starts with one loan, held by whoever made it.
class Storage {
 public:
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void lend() noexcept { __atomic_fetch_add(&loans_, 1U, __ATOMIC_RELAXED); }
  void give_up() noexcept {
    if (loans() == 1 || __atomic_fetch_sub(&loans_, 1U, __ATOMIC_ACQ_REL) == 1) destroy();
  }
  // How many loans there are; only a holder may ask. With one, it is the caller's own and cannot change behind its back.
  [[nodiscard]] std::uint32_t loans() const noexcept { return __atomic_load_n(&loans_, __ATOMIC_ACQUIRE); }
  [[nodiscard]] bool sole() const noexcept { return loans() == 1; }

 protected:
  Storage() noexcept = default;
  virtual ~Storage() = default;

 private:
  virtual void destroy() noexcept = 0;
  std::uint32_t loans_ = 1;  // atomic by the compiler's builtins: what <atomic> can do besides is costly to include
};

// One loan of a T (a Storage). Move it, or copy it to make another loan.
template <class T>
class Loan {
 public:
  constexpr Loan() noexcept = default;
  // Takes over the loan that the creator held.
  explicit Loan(T* adopted) noexcept : storage_(adopted) {}
  Loan(const Loan& other) noexcept : storage_(other.storage_) {
    if (storage_ != nullptr) storage_->lend();
  }
  Loan(Loan&& other) noexcept : storage_(std::exchange(other.storage_, nullptr)) {}
  template <class U>
    requires std::is_convertible_v<U*, T*>
  Loan(Loan<U> other) noexcept : storage_(other.release()) {}  // NOLINT(google-explicit-constructor): widening
  Loan& operator=(Loan other) noexcept {
    std::swap(storage_, other.storage_);
    return *this;
  }
  constexpr ~Loan() {
    if (storage_ != nullptr) storage_->give_up();
  }

  [[nodiscard]] T* get() const noexcept { return storage_; }
  T* operator->() const noexcept { return storage_; }
  explicit operator bool() const noexcept { return storage_ != nullptr; }
  [[nodiscard]] T* release() noexcept { return std::exchange(storage_, nullptr); }

 private:
  T* storage_ = nullptr;
};

using StorageRef = Loan<Storage>;

// Raw memory of a fixed capacity, header and bytes in one allocation.
class Block final : public Storage {
 public:
  [[nodiscard]] static Loan<Block> make(std::size_t capacity);

  [[nodiscard]] char* data() noexcept { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

 private:
  friend class Workspace;

  explicit Block(std::size_t capacity) noexcept : capacity_(capacity) {}
  void destroy() noexcept override;

  std::size_t capacity_;
  Block* next_spare_ = nullptr;  // of a Workspace
};

static_assert(sizeof(Block) % __STDCPP_DEFAULT_NEW_ALIGNMENT__ == 0, "the bytes behind it are aligned for any object");

using BlockRef = Loan<Block>;

}  // namespace pounce::inline v0
