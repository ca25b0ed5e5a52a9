// Chunk: a piece of request content, with the loan on the memory that it stands in.
//
// It may be kept, moved, written back (without a copy) and handed to another thread; its bytes never change while it lives. Whoever
// keeps many of them keeps their memory: a chunk may pin up to 64 KiB. Copy the bytes out to keep a few for long.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/storage.hpp>

#include <type_traits>
#include <utility>

namespace pounce::inline v0 {

class Chunk {
 public:
  Chunk() noexcept = default;
  Chunk(Bytes bytes, StorageRef owner) noexcept : bytes_(bytes), owner_(std::move(owner)) {}

  [[nodiscard]] Bytes bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  [[nodiscard]] const StorageRef& owner() const noexcept { return owner_; }

 private:
  Bytes bytes_;
  StorageRef owner_;
};

static_assert(!std::is_aggregate_v<Chunk>);

}  // namespace pounce::inline v0
