// ContentDecoder: request content on its way out of its coding, for handlers that asked for it (`decoded`).
//
// Caps: `max_request_size` bytes, and 200 times what was received (compression::DecoderLimits).
#pragma once

#include <pounce/app/chunk.hpp>
#include <pounce/compression/decoder.hpp>
#include <pounce/core/workspace.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace pounce::inline v0 {

class ContentDecoder {
 public:
  ContentDecoder(compression::Coding coding, std::uint64_t most)
      : decoder_(compression::make_decoder(coding, compression::DecoderLimits{most})) {}

  // There is coded content that was not looked at, or decoded content that was not taken.
  [[nodiscard]] bool has_more() const noexcept { return more_ || !rest_.empty(); }
  void give(Chunk chunk) noexcept { rest_ = std::move(chunk); }

  // The next decoded piece; empty when there is none yet.
  [[nodiscard]] Chunk take(Workspace& workspace, compression::DecodeFault& fault) {
    const BlockRef block = workspace.lend(Workspace::medium);
    const compression::Decoded step = decoder_->decode(rest_.bytes(), {block->data(), block->capacity()});
    rest_ = Chunk{rest_.bytes().substr(step.consumed), rest_.owner()};
    more_ = step.produced == block->capacity();
    fault = step.fault;
    if (fault != compression::DecodeFault::none) {
      rest_ = Chunk{};
      more_ = false;
    }
    return step.produced == 0 ? Chunk{} : Chunk{Bytes{block->data(), step.produced}, block};
  }
  [[nodiscard]] compression::DecodeFault end() noexcept { return decoder_->end(); }

 private:
  Owned<compression::Decoder> decoder_;
  Chunk rest_;
  bool more_ = false;
};

}  // namespace pounce::inline v0
