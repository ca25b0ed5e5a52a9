// Encoder: content in one coding, made piece by piece. `encode_whole`: the same, of content that is all there.
//
// What it is: a state of its own for each response. It is never pooled or shared, so nothing of one response can show in another.
// What it is not: a decision; see policy.hpp.
// Ownership: the caller owns both buffers; nothing of them is kept. A dictionary is borrowed and outlives the encoder.
// Memory: `memory()` says what is held; it depends on coding, level and window alone, not on the content. README.md has figures.
// Errors: std::bad_alloc, of `make_encoder`, of the first `encode` and of `encode_whole`. Levels and windows out of range are clamped.
#pragma once

#include <pounce/compression/coding.hpp>
#include <pounce/core/bytes.hpp>
#include <pounce/core/owned.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pounce::inline v0::compression {

class Dictionary;

struct EncoderSettings {
  Coding coding = Coding::gzip;  // not identity
  int level = 1;                 // 1 … top_level(coding); dcz: the dictionary was prepared for its own level
  // Expected length of the content. Only memory and ratio depend on it: more or less content may come.
  std::optional<std::uint64_t> expected{};
  int window_log = 17;  // zstd, dcz: the window is at most 2^window_log bytes, 10 … most_window_log
  // Meaningless bytes, at most 65,535, that hide the length of the content (gzip: in its header; zstd, dcz: a skippable
  // frame). Deflate has no place for them.
  std::uint16_t padding = 0;
  const Dictionary* dictionary = nullptr;  // of dcz
};

enum class Flush : std::uint8_t {
  none,  // bytes may be held back for a better ratio
  sync,  // all content so far becomes decodable with what is produced
  end,   // and the coding is closed
};

struct Encoded {
  std::size_t consumed = 0;
  std::size_t produced = 0;
  bool done =
      false;  // all input was consumed and the flush was carried out; else call again with what is left and more room
};

class Encoder {
 public:
  Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  virtual ~Encoder() = default;

  // Consumes some of `content` and fills some of `out`. After an `end` that was done nothing more may come.
  virtual Encoded encode(Bytes content, MutableBytes out, Flush flush) = 0;
  // Bytes of memory held.
  [[nodiscard]] virtual std::size_t memory() const noexcept = 0;
};

[[nodiscard]] Owned<Encoder> make_encoder(const EncoderSettings& settings);

// Encodes all of `content` into `out`: the bytes used, or none when it does not fit. Cheaper than an Encoder for one piece,
// and with a buffer that is shorter than the content it says whether coding is worth anything.
[[nodiscard]] std::optional<std::size_t> encode_whole(const EncoderSettings& settings, Bytes content, MutableBytes out);

}  // namespace pounce::inline v0::compression
