// Scheduler: whose turn it is to send content (RFC 9218, section 10).
//
// In it are exactly the streams that have content queued and a window to send it; so one that is urgent but idle, or blocked, holds
// nobody up. The most urgent ones go first. Among equals, those that are not incremental go one after the other in the order of
// their ids; incremental ones take turns, frame by frame; and when there are both kinds, the two kinds take turns.
// Borrows the streams. Part of h2::Connection; public only so that its size is known.
#pragma once

#include <pounce/h2/priority.hpp>
#include <pounce/h2/stream.hpp>

#include <array>
#include <cstdint>

namespace pounce::inline v0::h2 {

class Scheduler {
 public:
  void add(Stream& stream) noexcept;
  void remove(Stream& stream) noexcept;
  // The stream whose frame is next, or null.
  [[nodiscard]] Stream* next() const noexcept;
  // `stream`, which was next, has sent a frame.
  void sent(Stream& stream) noexcept;
  // Takes it out, if it is in, changes its priority and puts it back.
  void change(Stream& stream, Priority priority) noexcept;
  void clear() noexcept { *this = Scheduler{}; }

 private:
  // A ring of streams, from its head on.
  struct Ring {
    Stream* head = nullptr;
    void insert_before(Stream& at, Stream& stream) noexcept;
    void push_back(Stream& stream) noexcept;
    void remove(Stream& stream) noexcept;
  };
  struct Level {
    Ring one_by_one;  // ordered by id
    Ring in_turns;
    bool turn = false;  // of in_turns, when there are both
  };

  [[nodiscard]] Ring& ring_of(const Stream& stream) noexcept;

  std::array<Level, urgencies> levels_;
  std::uint8_t occupied_ = 0;  // one bit for each level
};

}  // namespace pounce::inline v0::h2
