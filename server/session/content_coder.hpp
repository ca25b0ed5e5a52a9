// ContentCoder: content on its way through an encoder, and what is coded and waits for room. One for each response that is coded
// piece by piece, from its head to its end.
//
// Memory: the encoder's, and one block of 16 KiB. It moves between threads with its session.
#pragma once

#include <pounce/compression/encoder.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/core/workspace.hpp>
#include <pounce/server/codings.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace pounce::inline v0 {

class ContentCoder {
 public:
  // `declared`: how many bytes the handler has promised. `count` is of the session: how many coders live.
  ContentCoder(Codings::Place place, const compression::EncoderSettings& settings,
               std::optional<std::uint64_t> declared, std::uint32_t& count)
      : place_(std::move(place)),
        encoder_(compression::make_encoder(settings)),
        declared_left_(declared),
        count_(&count) {
    ++count;
  }
  ContentCoder(const ContentCoder&) = delete;
  ContentCoder& operator=(const ContentCoder&) = delete;
  ~ContentCoder() { --*count_; }

  // False, and nothing has changed: more than was promised.
  [[nodiscard]] bool accept(std::size_t bytes) noexcept {
    if (!declared_left_) return true;
    if (bytes > *declared_left_) return false;
    *declared_left_ -= bytes;
    return true;
  }
  [[nodiscard]] bool may_end() const noexcept { return declared_left_.value_or(0) == 0; }

  // Coded and not sent yet.
  [[nodiscard]] Bytes coded() const noexcept {
    return block_ ? Bytes{block_->data() + sent_, coded_ - sent_} : Bytes{};
  }
  [[nodiscard]] StorageRef owner() const { return block_; }
  void sent(std::size_t bytes) noexcept { sent_ += bytes; }

  // The last flush was carried out; with `end`: the last of all.
  [[nodiscard]] bool done(compression::Flush flush) const noexcept {
    return flush == compression::Flush::end ? ended_ : flushed_;
  }
  // Codes some of `content`, of which so many bytes were consumed. Only when `coded()` is empty.
  [[nodiscard]] std::size_t code(Bytes content, compression::Flush flush, Workspace& workspace) {
    // What was lent to the output is the output's until it is written.
    if (!block_ || !block_->sole()) block_ = workspace.lend(Workspace::medium);
    const compression::Encoded step = encoder_->encode(content, {block_->data(), block_->capacity()}, flush);
    sent_ = 0;
    coded_ = step.produced;
    flushed_ = step.done;
    ended_ = step.done && flush == compression::Flush::end;
    return step.consumed;
  }

 private:
  Codings::Place place_;
  Owned<compression::Encoder> encoder_;
  BlockRef block_;
  std::size_t coded_ = 0;
  std::size_t sent_ = 0;
  std::optional<std::uint64_t> declared_left_;
  std::uint32_t* count_;
  bool flushed_ = true;
  bool ended_ = false;
};

}  // namespace pounce::inline v0
