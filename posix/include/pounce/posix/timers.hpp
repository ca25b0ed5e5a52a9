// Timers of a worker. DeadlineWheel: limits, coarse and cheap; a connection is filed once and looked at when its slot comes round.
// AlarmHeap: handlers' own waits, exact. Both are intrusive: no allocation per timer (the heap keeps a vector of pointers).
#pragma once

#include <pounce/core/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace pounce::inline v0::posix {

// What a connection carries to be in a wheel and in a heap.
struct Timed {
  Timed* wheel_next = nullptr;
  Timed* wheel_previous = nullptr;
  Instant filed_at = never;  // `never`: in no slot
  Instant alarm_at = never;  // `never`: not in the heap
  std::uint32_t alarm_index = 0;

 protected:
  Timed() = default;
  ~Timed() = default;
};

// Slots of `grain`. What lies further away than the wheel reaches waits in the last slot and is filed again from there.
// A deadline that moves later costs nothing; one that moves earlier is filed anew.
class DeadlineWheel {
 public:
  static constexpr Duration grain = std::chrono::milliseconds{100};
  static constexpr std::size_t slots = 1024;

  explicit DeadlineWheel(Instant now) noexcept : base_(now) {}

  // Sees to it that `timed` is looked at soon after `deadline`.
  void file(Timed& timed, Instant deadline) noexcept;
  void remove(Timed& timed) noexcept;
  // Takes everything whose slot has come out of the wheel and calls `look(timed)`, which may file it again.
  template <class Look>
  void advance(Instant now, Look look) {
    while (count_ != 0 && base_ + grain <= now) {
      Timed* list = take_slot();
      while (list != nullptr) {
        Timed* timed = list;
        list = timed->wheel_next;
        timed->wheel_next = timed->wheel_previous = nullptr;
        timed->filed_at = never;
        --count_;
        look(*timed);
      }
    }
    if (count_ != 0) return;
    base_ = now;
    next_ = never;
  }
  // When `advance` wants to be called next; may be early.
  [[nodiscard]] Instant next() const noexcept {
    if (count_ == 0) return never;
    if (next_ == never) next_ = find_next();
    return next_;
  }

 private:
  [[nodiscard]] Timed* take_slot() noexcept;
  [[nodiscard]] Instant find_next() const noexcept;

  mutable Instant next_ = never;  // `never`: to be found anew
  Instant base_;                  // the start of slot `current_`
  std::size_t current_ = 0;
  std::size_t count_ = 0;
  std::array<Timed*, slots> heads_{};
  std::array<std::uint64_t, slots / 64>
      used_{};  // a bit per slot that may hold something, so that `next` need not look at each
};

class AlarmHeap {
 public:
  void set(Timed& timed, Instant at);  // `never` removes
  [[nodiscard]] Instant next() const noexcept { return heap_.empty() ? never : heap_.front()->alarm_at; }
  // The earliest, if it is due; removed from the heap.
  [[nodiscard]] Timed* pop_due(Instant now);

 private:
  void place(std::size_t index, Timed* timed) noexcept;
  void up(std::size_t index) noexcept;
  void down(std::size_t index) noexcept;

  std::vector<Timed*> heap_;
};

}  // namespace pounce::inline v0::posix
