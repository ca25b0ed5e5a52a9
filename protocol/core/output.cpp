#include <pounce/core/output.hpp>

#include <pounce/core/workspace.hpp>

#include <algorithm>
#include <cassert>
#include <cstring>

namespace pounce::inline v0 {

// A tail of at least `n` bytes, and a slice to describe them with: `commit` must not fail.
void Output::make_room(std::size_t n) {
  if (slices_.size() == slices_.capacity()) slices_.reserve(std::max<std::size_t>(1, 2 * slices_.size()));
  if (tail_ && tail_->capacity() - tail_used_ >= n) return;
  const std::size_t size = std::max(n, Workspace::medium);
  BlockRef fresh = workspace_ != nullptr ? workspace_->lend(size) : Block::make(size);
  // What was written into the old tail goes out in order, so its last slice keeps it for all of them.
  for (std::size_t i = slices_.size(); tail_ && i-- > first_;) {
    if (slices_[i].owner || !in_tail(slices_[i].data)) continue;
    slices_[i].owner = std::move(tail_);
  }
  if (tail_ && workspace_ != nullptr) workspace_->give_back(std::move(tail_));
  tail_ = std::move(fresh);
  tail_used_ = 0;
}

void Output::commit(std::size_t n) noexcept {
  if (n == 0) return;
  assert(!finished_);
  char* const start = tail_->data() + tail_used_;
  tail_used_ += n;
  size_ += n;
  if (slices_.size() > first_) {
    Slice& last = slices_.back();
    if (!last.owner && last.data + last.size == start) {
      last.size += n;
      return;
    }
  }
  slices_.push_back(Slice{start, n, StorageRef{}});
}

void Output::append(Bytes bytes) {
  while (!bytes.empty()) {
    // Fill what is left of the tail first, so that a long copy does not waste it.
    const std::size_t left = tail_ ? tail_->capacity() - tail_used_ : 0;
    const std::size_t piece = std::min(bytes.size(), left != 0 ? left : Workspace::medium);
    std::memcpy(prepare(piece), bytes.data(), piece);
    commit(piece);
    bytes.remove_prefix(piece);
  }
}

void Output::append(Bytes bytes, StorageRef owner) {
  if (bytes.size() < copy_below || !owner) return append(bytes);
  assert(!finished_);
  const std::size_t size = bytes.size();
  slices_.push_back(Slice{bytes.data(), size, std::move(owner)});
  size_ += size;
}

void Output::append(Region region) {
  assert(!finished_ && region.size != 0);
  const std::size_t size = region.size;
  region_offsets_.push_back(region.offset);
  try {
    slices_.push_back(Slice{nullptr, size, std::move(region.source)});
  } catch (...) {
    region_offsets_.pop_back();
    throw;
  }
  size_ += size;
}

std::size_t Output::gather(std::span<Bytes> slices) const noexcept {
  const std::size_t most = std::min(slices.size(), slices_.size() - first_);
  std::size_t count = 0;
  for (; count < most && slices_[first_ + count].data != nullptr; ++count)
    slices[count] = {slices_[first_ + count].data, slices_[first_ + count].size};
  return count;
}

void Output::written(std::size_t n) noexcept {
  assert(n <= size_);
  total_written_ += n;
  if (n == size_) [[likely]]
    return forget();
  size_ -= n;
  while (n != 0) {
    Slice& slice = slices_[first_];
    const std::size_t piece = std::min(n, slice.size);
    const bool is_region = slice.data == nullptr;
    if (is_region) {
      region_offsets_[first_region_] += piece;
    } else {
      slice.data += piece;
    }
    slice.size -= piece;
    n -= piece;
    if (slice.size == 0) {
      if (is_region) ++first_region_;
      slice.owner = StorageRef{};
      ++first_;
    }
  }
  if (first_ > 64) {
    slices_.erase_front(first_);
    first_ = 0;
    region_offsets_.erase_front(first_region_);
    first_region_ = 0;
  }
}

void Output::discard() noexcept {
  forget();
  settle();
}

// All of it; the tail is as new.
void Output::forget() noexcept {
  slices_.clear();
  region_offsets_.clear();
  first_ = first_region_ = 0;
  tail_used_ = 0;
  size_ = 0;
}

void Output::settle() noexcept {
  if (size_ != 0) return;
  if (tail_ && workspace_ != nullptr) workspace_->give_back(std::move(tail_));
  tail_ = BlockRef{};
  tail_used_ = 0;
  if (slices_.capacity() > 8) slices_.release();
  if (region_offsets_.capacity() > 8) region_offsets_.release();
}

}  // namespace pounce::inline v0
