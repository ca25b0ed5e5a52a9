// BufferedCollector: keeps lifecycle events, from all workers, until somebody looks at them. For tests and for writers that must
// not run on a worker.
//
// It takes the only lock on the way of an event, for the length of one append. Strings are copied before the lock is taken. It is
// bounded: when it is full new events are dropped and counted, never waited for. Delivery runs outside the lock.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/events/observer.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pounce::inline v0::posix {

// An event that owns its strings, and its request head.
class KeptEvent {
 public:
  explicit KeptEvent(const events::Lifecycle& event);
  KeptEvent(KeptEvent&&) noexcept;
  KeptEvent& operator=(KeptEvent&&) noexcept;
  ~KeptEvent();
  [[nodiscard]] const events::Lifecycle& event() const noexcept;

 private:
  struct Content;

  Owned<Content> content_;
};

class BufferedCollector final : public events::Observer {
 public:
  static constexpr std::size_t default_capacity = 65536;

  // Throws bad_alloc.
  explicit BufferedCollector(std::size_t capacity = default_capacity);
  BufferedCollector(const BufferedCollector&) = delete;
  BufferedCollector& operator=(const BufferedCollector&) = delete;
  ~BufferedCollector();

  void observe(const events::Lifecycle& event) noexcept override;

  // What has been kept so far, in order of arrival; it is empty afterwards.
  [[nodiscard]] std::vector<KeptEvent> take();
  // Hands what has been kept so far to another observer, which may do as it likes: no lock is held.
  void flush(events::Observer& to);

  [[nodiscard]] std::size_t size() const;
  // Events lost since the beginning, to a full buffer or an exhausted heap.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  struct Buffer;

  const std::size_t capacity_;
  Owned<Buffer> buffer_;
};

}  // namespace pounce::inline v0::posix
