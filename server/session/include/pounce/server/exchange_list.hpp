// ExchangeList: the exchanges of a session, in the order of their streams. One needs no memory: HTTP/1.1 never has more.
//
// It owns the places and not the exchanges. Iterators live until the next change. Errors: `push_back` throws std::bad_alloc and changes
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0 {

class LiveExchange;

class ExchangeList {
 public:
  using iterator = LiveExchange* const*;

  ExchangeList() noexcept = default;
  ExchangeList(const ExchangeList&) = delete;
  ExchangeList& operator=(const ExchangeList&) = delete;
  ~ExchangeList() { release(); }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] iterator begin() const noexcept { return room_ == 1 ? &one_ : many_; }
  [[nodiscard]] iterator end() const noexcept { return begin() + size_; }
  [[nodiscard]] LiveExchange* operator[](std::size_t i) const noexcept { return begin()[i]; }
  [[nodiscard]] LiveExchange* front() const noexcept { return *begin(); }
  [[nodiscard]] LiveExchange* back() const noexcept { return begin()[size_ - 1]; }

  void push_back(LiveExchange* exchange) {
    if (size_ == room_) [[unlikely]]
      grow();
    places()[size_++] = exchange;
  }
  void pop_back() noexcept { --size_; }
  void erase(iterator at) noexcept {
    for (LiveExchange** to = places() + (at - begin()); ++at != end(); ++to) *to = *at;
    --size_;
  }
  // Of an empty list: no memory.
  void release() noexcept {
    if (room_ != 1) delete[] many_;
    one_ = nullptr;
    size_ = 0;
    room_ = 1;
  }

 private:
  [[nodiscard]] LiveExchange** places() noexcept { return room_ == 1 ? &one_ : many_; }
  void grow() {
    auto** const more = new LiveExchange*[2 * std::size_t{room_}];
    for (std::size_t i = 0; i < size_; ++i) more[i] = (*this)[i];
    if (room_ != 1) delete[] many_;
    many_ = more;
    room_ *= 2;
  }

  union {
    LiveExchange* one_ = nullptr;  // while `room_` is 1
    LiveExchange** many_;
  };
  std::uint32_t size_ = 0;
  std::uint32_t room_ = 1;
};

}  // namespace pounce::inline v0
