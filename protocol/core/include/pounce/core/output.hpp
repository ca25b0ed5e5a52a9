// Output: the bytes that a connection has still to send, beside the socket.
//
// Producers append; the runtime gathers slices for one `writev` per step and says how many bytes were written. Small bytes are
// copied and join each other; large ones may be lent with their owner. It is not a socket and never blocks.
// Limits: `room()` says how much fits under `limit`; producers that can wait do so when it is 0. `append` itself never
// refuses, so that an answer to a fault always fits: what a machine may add without asking is bounded by the machine.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/lean.hpp>
#include <pounce/core/list.hpp>
#include <pounce/core/source.hpp>
#include <pounce/core/storage.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace pounce::inline v0 {

class Workspace;

class Output {
 public:
  static constexpr std::size_t default_limit = 256 * kibibyte;
  static constexpr std::size_t copy_below = 4 * kibibyte;  // smaller pieces are copied even when an owner is offered

  static constexpr std::size_t largest_limit = 1024 * mebibyte;  // a larger one is taken for this

  explicit Output(std::size_t limit = default_limit) noexcept
      : limit_(static_cast<std::uint32_t>(limit < largest_limit ? limit : largest_limit)) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // Where blocks for copied bytes come from; null: the heap. Rebound when the connection moves to another worker.
  void bind(Workspace* workspace) noexcept { workspace_ = workspace; }

  // `bytes` must not lie in this output.
  void append(Bytes bytes);                    // copies
  void append(Bytes bytes, StorageRef owner);  // lends: `owner` keeps `bytes` alive until they are written
  void append(Region region);                  // without its bytes; not empty. For transports that ask for `region`

  // At least `n` contiguous bytes to compose in; then say how many were used. Nothing may be appended in between.
  [[nodiscard]] char* prepare(std::size_t n) {
    if (!tail_ || tail_->capacity() - tail_used_ < n || slices_.size() == slices_.capacity()) [[unlikely]]
      make_room(n);
    return tail_->data() + tail_used_;
  }
  void commit(std::size_t n) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::size_t room() const noexcept { return size_ >= limit_ ? 0 : limit_ - size_; }
  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

  // Fills `slices` from the front, up to the first region, and returns how many were filled. Valid until the next call of a non-const
  // member.
  [[nodiscard]] std::size_t gather(std::span<Bytes> slices) const noexcept;
  // What `gather` would give, where that is one slice and nothing stands behind it, as nearly always; else null. As long valid.
  [[nodiscard]] Bytes sole() const noexcept {
    if (slices_.size() - first_ != 1) return {};
    return {slices_[first_].data, slices_[first_].data != nullptr ? slices_[first_].size : 0};
  }
  // Whether something stands behind the first `count` slices.
  [[nodiscard]] bool has_more(std::size_t count) const noexcept { return first_ + count < slices_.size(); }
  // What is first, where that is a region; else its source is null. Borrowed from this.
  struct Front {
    Source* source = nullptr;
    std::uint64_t offset = 0;
    std::size_t size = 0;
  };
  [[nodiscard]] Front region() const noexcept {
    if (size_ == 0 || slices_[first_].data != nullptr) return {};
    return {static_cast<Source*>(slices_[first_].owner.get()), region_offsets_[first_region_], slices_[first_].size};
  }
  // The first `n` bytes were handed to the transport.
  void written(std::size_t n) noexcept;
  [[nodiscard]] std::uint64_t total_written() const noexcept { return total_written_; }
  // Of what was written, `unacknowledged` bytes have not reached the peer yet. A transport that can tell says so when a write
  // deadline has come: a large kernel buffer takes nothing for long while the peer reads steadily, and that is progress too.
  void acknowledged_but(std::uint64_t unacknowledged) noexcept {
    if (unacknowledged <= total_written_) total_arrived_ = std::max(total_arrived_, total_written_ - unacknowledged);
  }
  [[nodiscard]] std::uint64_t total_arrived() const noexcept { return total_arrived_; }

  // Nothing will be appended any more: when it is empty, the transport's sending side is to be shut down.
  void finish() noexcept { finished_ = true; }
  [[nodiscard]] bool finished() const noexcept { return finished_; }
  // Finished, but what was promised will not come, and its framing cannot say so (content that ends with the connection): the
  // transport is to be reset and not shut down, so that nobody takes the part for the whole.
  void abandon() noexcept { finished_ = abandoned_ = true; }
  [[nodiscard]] bool abandoned() const noexcept { return abandoned_; }
  // Drops what is queued (the transport is broken).
  void discard() noexcept;

  // End of a step: gives memory back when nothing is queued.
  void settle() noexcept;

 private:
  struct Slice {
    const char* data;  // null: a region, of which `owner` is the source
    std::size_t size;
    StorageRef owner;  // none: it lies in the tail, or in front of a slice that owns the block of both
  };

  void make_room(std::size_t n);
  void forget() noexcept;
  [[nodiscard]] bool in_tail(const char* at) const noexcept {
    // As numbers: pointers into different memory do not compare. One before the tail is far behind it.
    return reinterpret_cast<std::uintptr_t>(at) - reinterpret_cast<std::uintptr_t>(tail_->data()) < tail_->capacity();
  }

  std::uint32_t limit_;
  bool finished_ = false;
  bool abandoned_ = false;
  Workspace* workspace_ = nullptr;
  List<Slice> slices_;
  List<std::uint64_t> region_offsets_;  // of the regions among the slices
  std::uint32_t first_ = 0;             // slices before it are written
  std::uint32_t first_region_ = 0;
  BlockRef tail_;  // the block that copies go into
  std::size_t tail_used_ = 0;
  std::size_t size_ = 0;
  std::uint64_t total_written_ = 0;
  std::uint64_t total_arrived_ = 0;
};

}  // namespace pounce::inline v0
