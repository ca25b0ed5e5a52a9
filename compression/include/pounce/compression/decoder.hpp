// Decoder: content out of its coding, piece by piece, under two caps.
//
// The caps: `most_produced` bytes in all, and `most_ratio` times the bytes received (the first `ratio_free` bytes are not
// counted against it). They are arguments of the constructor's and have no value that means "none". A stream that wants more
// is a bomb: it costs what the cap says and ends with a typed fault.
// Memory: gzip and deflate 50 KiB; zstd up to its window of 8 MiB and 384 KiB besides, as its frame asks for.
// Ownership: the caller owns both buffers; nothing of them is kept.
// Several gzip members or zstd frames one after the other are one content (RFC 1952, section 2.2; RFC 8878, section 3). No bytes
// at all are no content and no fault. Whatever else follows the end is `invalid`.
#pragma once

#include <pounce/compression/coding.hpp>
#include <pounce/core/bytes.hpp>
#include <pounce/core/owned.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pounce::inline v0::compression {

class Dictionary;

enum class DecodeFault : std::uint8_t {
  none,
  invalid,           // not this coding, or damaged
  truncated,         // ended in the middle
  too_large,         // wants to become more than `most_produced`
  bomb,              // wants to become more than `most_ratio` times what was received
  window_too_large,  // zstd: needs a window above 8 MiB
  wrong_dictionary,  // dcz: made with another dictionary
};

[[nodiscard]] std::string_view name(DecodeFault fault) noexcept;

class DecoderLimits {
 public:
  static constexpr std::uint64_t ratio_free = 64 * kibibyte;
  static constexpr std::uint32_t usual_ratio = 200;

  constexpr explicit DecoderLimits(std::uint64_t most_produced, std::uint32_t most_ratio = usual_ratio) noexcept
      : most_produced_(most_produced), most_ratio_(most_ratio) {}
  [[nodiscard]] constexpr std::uint64_t most_produced() const noexcept { return most_produced_; }
  // What `received` bytes may become.
  [[nodiscard]] constexpr std::uint64_t allowance(std::uint64_t received) const noexcept {
    const std::uint64_t most =
        most_ratio_ == 0 || received < UINT64_MAX / most_ratio_ ? received * most_ratio_ : UINT64_MAX;
    return most < ratio_free ? ratio_free : most;
  }

 private:
  std::uint64_t most_produced_;
  std::uint32_t most_ratio_;
};

struct Decoded {
  std::size_t consumed = 0;
  std::size_t produced = 0;
  DecodeFault fault = DecodeFault::none;  // terminal; what was produced before it is right
};

class Decoder {
 public:
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  virtual ~Decoder() = default;

  // Consumes some of `input` and fills some of `out`. All there is has come out when everything was consumed and `out` was not
  // filled. Show what was not consumed again.
  [[nodiscard]] Decoded decode(Bytes input, MutableBytes out);
  // There is no more input: `truncated` unless the content is complete.
  [[nodiscard]] DecodeFault end() noexcept;
  [[nodiscard]] std::uint64_t produced() const noexcept { return produced_; }

 protected:
  explicit Decoder(DecoderLimits limits) noexcept : limits_(limits) {}

 private:
  // The codec itself, without caps. `out` is not empty.
  [[nodiscard]] virtual Decoded run(Bytes input, MutableBytes out) = 0;
  // Nothing is missing.
  [[nodiscard]] virtual bool complete() const noexcept = 0;

  DecoderLimits limits_;
  std::uint64_t received_ = 0;
  std::uint64_t produced_ = 0;
  DecodeFault fault_ = DecodeFault::none;
};

// Not for identity. `dictionary` is for dcz, borrowed, and outlives the decoder.
[[nodiscard]] Owned<Decoder> make_decoder(Coding coding, DecoderLimits limits, const Dictionary* dictionary = nullptr);

}  // namespace pounce::inline v0::compression
