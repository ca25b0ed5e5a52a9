// Input: the received bytes of one connection that no machine has consumed yet.
//
// Between steps it holds nothing but an unconsumed remainder, in a block of its own; while a step runs it usually stands on
// the Workspace's read block, so that an idle connection costs no buffer. Bytes are contiguous: a machine is shown them
// again, with what came after, until it consumes them.
// Limits: `limit`, at most 1 GiB, bounds the remainder; `space` is empty when it is reached, and the owner stops reading.
// Under AddressSanitizer `consume` poisons what it drops, so that a stale view is a report and not a mystery.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/lean.hpp>
#include <pounce/core/storage.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace pounce::inline v0 {

class Workspace;

class Input {
 public:
  static constexpr std::size_t most = 1024 * mebibyte;

  explicit Input(std::size_t limit) noexcept : limit_(static_cast<std::uint32_t>(std::min<std::size_t>(limit, most))) {}
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input() { (void)release(); }

  // Where the next read goes; valid until the next call of any member. Empty when the limit is reached.
  [[nodiscard]] MutableBytes space(Workspace& workspace);
  // `n` bytes were read into what `space` returned.
  void received(std::size_t n) noexcept { end_ += static_cast<std::uint32_t>(n); }

  // (A template, for what a span is made of should cost those alone who ask for it: docs/decisions/0015.)
  template <std::same_as<MutableBytes> Octets = MutableBytes>
  [[nodiscard]] Octets readable() noexcept {
    return Octets{block_ ? block_->data() + begin_ : nullptr, size()};
  }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
  [[nodiscard]] bool has_space() const noexcept { return size() < limit_; }
  void consume(std::size_t n) noexcept;

  // A loan on the memory that `readable` stands on.
  [[nodiscard]] StorageRef storage() const noexcept { return block_; }

  // End of a step: an empty input gives its block back; a small remainder is copied out of the read block; a large one
  // takes the read block with it.
  void settle(Workspace& workspace);

 private:
  BlockRef release() noexcept;
  BlockRef move_to(BlockRef block) noexcept;  // gives back the block that it stood on

  BlockRef block_;
  std::uint32_t limit_;
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
  bool borrowed_ = false;  // block_ was taken as the workspace's read block, and may go back as such
};

}  // namespace pounce::inline v0
