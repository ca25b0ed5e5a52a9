#include <pounce/posix/timers.hpp>

#include <algorithm>
#include <bit>

namespace pounce::inline v0::posix {

// --- wheel ---

void DeadlineWheel::file(Timed& timed, Instant deadline) noexcept {
  if (timed.filed_at <= deadline) return;  // looked at early enough; the rest is decided then
  if (timed.filed_at != never) remove(timed);
  if (deadline == never) return;
  const Duration distance = deadline - base_;
  // A slot is looked at when it is over, so that a deadline in it has passed by then.
  const auto steps = distance <= Duration::zero() ? 0 : std::min<std::int64_t>(distance / grain, slots - 2);
  timed.filed_at = base_ + steps * grain;
  if (next_ != never) next_ = std::min(next_, timed.filed_at + grain);
  const std::size_t slot = (current_ + static_cast<std::size_t>(steps)) % slots;
  used_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  Timed*& head = heads_[slot];
  timed.wheel_next = head;
  timed.wheel_previous = nullptr;
  if (head != nullptr) head->wheel_previous = &timed;
  head = &timed;
  ++count_;
}

void DeadlineWheel::remove(Timed& timed) noexcept {
  if (timed.filed_at == never) return;
  if (timed.wheel_previous != nullptr) {
    timed.wheel_previous->wheel_next = timed.wheel_next;
  } else {
    // Its slot follows from where it was filed.
    const auto steps = std::max<std::int64_t>((timed.filed_at - base_) / grain, 0);
    heads_[(current_ + static_cast<std::size_t>(steps)) % slots] = timed.wheel_next;
  }
  if (timed.wheel_next != nullptr) timed.wheel_next->wheel_previous = timed.wheel_previous;
  timed.wheel_next = timed.wheel_previous = nullptr;
  timed.filed_at = never;
  --count_;
}

Timed* DeadlineWheel::take_slot() noexcept {
  Timed* list = heads_[current_];
  heads_[current_] = nullptr;
  used_[current_ / 64] &= ~(std::uint64_t{1} << (current_ % 64));
  current_ = (current_ + 1) % slots;
  base_ += grain;
  next_ = never;
  return list;
}

// Removing leaves a slot's bit behind: then this is early, which is allowed, and `advance` clears the bit.
Instant DeadlineWheel::find_next() const noexcept {
  // From the current slot to the end, then from the front; the word of the current slot is looked at twice, in halves.
  for (std::size_t i = 0; i <= used_.size(); ++i) {
    const std::size_t word = (current_ / 64 + i) % used_.size();
    std::uint64_t bits = used_[word];
    const std::uint64_t before = (std::uint64_t{1} << (current_ % 64)) - 1;
    if (i == 0) bits &= ~before;
    if (i == used_.size()) bits &= before;
    if (bits == 0) continue;
    const std::size_t slot = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    return base_ + static_cast<std::int64_t>((slot + slots - current_) % slots + 1) * grain;
  }
  return never;
}

// --- heap ---

void AlarmHeap::place(std::size_t index, Timed* timed) noexcept {
  heap_[index] = timed;
  timed->alarm_index = static_cast<std::uint32_t>(index);
}

void AlarmHeap::up(std::size_t index) noexcept {
  Timed* const timed = heap_[index];
  while (index != 0) {
    const std::size_t parent = (index - 1) / 2;
    if (heap_[parent]->alarm_at <= timed->alarm_at) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, timed);
}

void AlarmHeap::down(std::size_t index) noexcept {
  Timed* const timed = heap_[index];
  while (true) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && heap_[child + 1]->alarm_at < heap_[child]->alarm_at) ++child;
    if (timed->alarm_at <= heap_[child]->alarm_at) break;
    place(index, heap_[child]);
    index = child;
  }
  place(index, timed);
}

void AlarmHeap::set(Timed& timed, Instant at) {
  if (timed.alarm_at == at) return;
  if (at == never) {
    const std::size_t index = timed.alarm_index;
    Timed* const last = heap_.back();
    heap_.pop_back();
    timed.alarm_at = never;
    if (last == &timed) return;
    place(index, last);
    up(index);
    down(last->alarm_index);
    return;
  }
  if (timed.alarm_at == never) {
    heap_.push_back(&timed);
    timed.alarm_index = static_cast<std::uint32_t>(heap_.size() - 1);
  }
  timed.alarm_at = at;
  up(timed.alarm_index);
  down(timed.alarm_index);
}

Timed* AlarmHeap::pop_due(Instant now) {
  if (heap_.empty() || heap_.front()->alarm_at > now) return nullptr;
  Timed* const due = heap_.front();
  set(*due, never);
  return due;
}

}  // namespace pounce::inline v0::posix
