#include <pounce/h2/scheduler.hpp>

#include <bit>
#include <cassert>

namespace pounce::inline v0::h2 {

void Scheduler::Ring::insert_before(Stream& at, Stream& stream) noexcept {
  stream.next = &at;
  stream.previous = at.previous;
  at.previous->next = &stream;
  at.previous = &stream;
}

void Scheduler::Ring::push_back(Stream& stream) noexcept {
  if (head != nullptr) return insert_before(*head, stream);
  head = stream.next = stream.previous = &stream;
}

void Scheduler::Ring::remove(Stream& stream) noexcept {
  if (stream.next == &stream) {
    head = nullptr;
  } else {
    stream.previous->next = stream.next;
    stream.next->previous = stream.previous;
    if (head == &stream) head = stream.next;
  }
  stream.next = stream.previous = nullptr;
}

Scheduler::Ring& Scheduler::ring_of(const Stream& stream) noexcept {
  Level& level = levels_[stream.priority.urgency];
  return stream.priority.incremental ? level.in_turns : level.one_by_one;
}

void Scheduler::add(Stream& stream) noexcept {
  if (stream.scheduled) return;
  stream.scheduled = true;
  occupied_ = static_cast<std::uint8_t>(occupied_ | 1U << stream.priority.urgency);
  Ring& ring = ring_of(stream);
  if (stream.priority.incremental || ring.head == nullptr) return ring.push_back(stream);
  // New streams have the highest id: from the back.
  Stream* behind = ring.head->previous;
  while (behind->id > stream.id && behind != ring.head) behind = behind->previous;
  if (behind->id < stream.id) return ring.insert_before(*behind->next, stream);
  ring.insert_before(*ring.head, stream);
  ring.head = &stream;
}

void Scheduler::remove(Stream& stream) noexcept {
  if (!stream.scheduled) return;
  stream.scheduled = false;
  ring_of(stream).remove(stream);
  const Level& level = levels_[stream.priority.urgency];
  if (level.one_by_one.head == nullptr && level.in_turns.head == nullptr) {
    occupied_ = static_cast<std::uint8_t>(occupied_ & ~(1U << stream.priority.urgency));
  }
}

Stream* Scheduler::next() const noexcept {
  if (occupied_ == 0) return nullptr;
  const Level& level = levels_[static_cast<std::size_t>(std::countr_zero(occupied_))];
  if (level.one_by_one.head == nullptr) return level.in_turns.head;
  if (level.in_turns.head == nullptr) return level.one_by_one.head;
  return level.turn ? level.in_turns.head : level.one_by_one.head;
}

void Scheduler::sent(Stream& stream) noexcept {
  assert(stream.scheduled);
  Level& level = levels_[stream.priority.urgency];
  if (stream.priority.incremental) level.in_turns.head = stream.next;
  level.turn = !stream.priority.incremental;
}

void Scheduler::change(Stream& stream, Priority priority) noexcept {
  const bool in = stream.scheduled;
  remove(stream);
  stream.priority = priority;
  if (in) add(stream);
}

}  // namespace pounce::inline v0::h2
