// Stream: one request and its response within an HTTP/2 connection, and the table of those that live.
//
// Streams stand at stable addresses and are recycled: their memory is, their state never. The table finds one by its id in O(1).
// An id that is gone is remembered for a while with the way it went, because that decides what a late frame for it means. Those that
// were reset are remembered apart: however many others end, what was on its way to them is no error.
// Part of h2::Connection; public only so that its size is known.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/list.hpp>
#include <pounce/core/owned_bytes.hpp>
#include <pounce/core/pace.hpp>
#include <pounce/core/storage.hpp>
#include <pounce/h2/frame.hpp>
#include <pounce/h2/priority.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace pounce::inline v0::h2 {

// Content that waits for its turn.
struct Piece {
  Bytes bytes;
  StorageRef owner;
};

// How a stream ended.
enum class Ending : std::uint8_t { unknown, ended, reset_by_us, reset_by_peer };

struct Stream {
  // Whether the application may still act. `parked`: the stream is over, but the application has not let go of it, and its
  // handler may be running: it counts against max_streams.
  enum class Holder : std::uint8_t { nobody, application, parked };
  enum class Writing : std::uint8_t { head, content, ended };  // which call is expected next
  enum class Body : std::uint8_t { none, length, open };       // of the response
  enum class Continue : std::uint8_t { unwanted, awaited, sent };

  std::uint32_t id = 0;
  Priority priority;
  Holder holder = Holder::nobody;
  Writing writing = Writing::head;
  Body body = Body::open;
  Continue expects = Continue::unwanted;
  Ending ending = Ending::ended;    // if it were over now
  bool remote_open : 1 = false;     // the peer may send content
  bool local_open : 1 = false;      // our END_STREAM is still to come
  bool end_queued : 1 = false;      // … behind what is queued
  bool head_method : 1 = false;     // HEAD: no content goes back
  bool wanted : 1 = false;          // the application wants content
  bool discards : 1 = false;        // what still comes is thrown away
  bool waits_for_room : 1 = false;  // send_data took less than it was given
  bool scheduled : 1 = false;
  bool extended : 1 = false;  // it asks for another protocol (RFC 8441) …
  bool switched : 1 = false;  // … and has it: its content is no longer HTTP's

  // From the peer.
  std::int64_t receive_window = 0;
  std::uint32_t untaken = 0;  // delivered, not taken
  std::uint32_t credit = 0;   // taken, not announced
  std::optional<std::uint64_t> content_length;
  std::uint64_t content_received = 0;
  Pace receive_pace;
  Instant stop_at = never;  // it was answered: what still comes by then was on its way, what comes later goes on
  bool went_on = false;

  // To the peer.
  std::int64_t send_window = 0;
  std::uint64_t response_left = 0;  // of the declared length
  List<Piece> queue;
  std::size_t queue_first = 0;
  std::size_t queued = 0;  // octets in the queue
  OwnedBytes trailers;     // field lines, each ending in CRLF
  Pace send_pace;

  // In the scheduler's rings.
  Stream* next = nullptr;
  Stream* previous = nullptr;

  void clear_queue() noexcept;
  // Like new, but for the memory that it has.
  void renew() noexcept;
};

class Streams {
 public:
  static constexpr std::size_t most_spare = 32;     // kept for streams to come
  static constexpr std::size_t most_endings = 128;  // remembered, of each kind

  Streams() = default;
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;
  ~Streams() { clear(); }

  [[nodiscard]] Stream* find(std::uint32_t id) const noexcept;
  // A stream that is not there yet.
  Stream& open(std::uint32_t id);
  void close(Stream& stream, Ending ending) noexcept;
  // One that never lived here.
  void remember(std::uint32_t id, Ending ending) noexcept;
  [[nodiscard]] Ending ending(std::uint32_t id) const noexcept;
  void clear() noexcept;
  // Gives back what was kept for streams to come.
  void trim() noexcept;

  [[nodiscard]] bool empty() const noexcept { return live_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return live_.size(); }
  // In no particular order. Closing the one at `i` puts another one there.
  [[nodiscard]] Stream& operator[](std::size_t i) const noexcept { return *live_[i]; }

 private:
  struct Entry {
    std::uint32_t id = 0;  // 0: free
    std::uint32_t at = 0;  // in live_
  };

  // The last ones. Two bits of the ending above thirty of the id; client streams are odd, so that the lowest bit says nothing.
  struct Endings {
    List<std::uint32_t> ids;
    std::size_t oldest = 0;
    void add(std::uint32_t one) noexcept;
    [[nodiscard]] Ending find(std::uint32_t id) const noexcept;
  };

  [[nodiscard]] std::size_t home(std::uint32_t id) const noexcept { return (id >> 1U) & (index_.size() - 1); }
  [[nodiscard]] std::size_t place(std::uint32_t id) const noexcept;
  void grow();

  List<Stream*> live_;   // owned, as the spare ones are
  List<Stream*> spare_;  // room for `most_spare` is there before one comes
  List<Entry> index_;    // open addressing; a power of two, at most half full
  Endings ended_;
  Endings reset_;
};

}  // namespace pounce::inline v0::h2
