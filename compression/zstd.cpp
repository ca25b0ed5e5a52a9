#include "compression/zstd.hpp"

#include <pounce/compression/dictionary.hpp>

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <new>
#include <string>

namespace pounce::inline v0::compression::zstd {

namespace {

constexpr int least_window_log = 10;
// ZSTD_c_srcSizeHint, under the name that the stable part of the header has for it.
constexpr ZSTD_cParameter size_hint = ZSTD_c_experimentalParam7;
constexpr int most_modest_level = 19;  // above, zstd's own windows are larger than 8 MiB

struct CompressorEnd {
  void operator()(ZSTD_CCtx* compressor) const noexcept { ZSTD_freeCCtx(compressor); }
};
struct DecompressorEnd {
  void operator()(ZSTD_DCtx* decompressor) const noexcept { ZSTD_freeDCtx(decompressor); }
};
template <class T, class End>
class Handle {
 public:
  explicit Handle(T* object) : object_(object) {
    if (object_ == nullptr) throw std::bad_alloc{};
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { End{}(object_); }
  [[nodiscard]] T* get() const noexcept { return object_; }

 private:
  T* object_;
};
using Compressor = Handle<ZSTD_CCtx, CompressorEnd>;
using Decompressor = Handle<ZSTD_DCtx, DecompressorEnd>;

// Parameters come from clamped settings: zstd refuses them only for want of memory.
void must(std::size_t code) {
  if (ZSTD_isError(code) != 0U) throw std::bad_alloc{};
}

int smallest_window(std::uint64_t size) noexcept {
  int log = least_window_log;
  while (log < most_window_log && size > (std::uint64_t{1} << log)) ++log;
  return log;
}

void set(const Compressor& compressor, ZSTD_cParameter parameter, int value) {
  must(ZSTD_CCtx_setParameter(compressor.get(), parameter, value));
}

void set_level(const Compressor& compressor, const EncoderSettings& settings) {
  const Dictionary* dictionary = settings.dictionary;
  set(compressor, ZSTD_c_compressionLevel,
      dictionary != nullptr ? dictionary->level() : std::clamp(settings.level, 1, top_level(Coding::zstd)));
  if (dictionary == nullptr) return;
  if (dictionary->prepared() != nullptr) {
    must(ZSTD_CCtx_refCDict(compressor.get(), static_cast<const ZSTD_CDict*>(dictionary->prepared())));
  } else {
    must(ZSTD_CCtx_refPrefix(compressor.get(), dictionary->content().data(), dictionary->content().size()));
  }
}

// What goes in front: the name of the dictionary, and padding in a skippable frame (RFC 8878, section 3.1.2).
std::string front_matter(const EncoderSettings& settings) {
  std::string front;
  if (settings.dictionary != nullptr) {
    const auto header = settings.dictionary->header();
    front.append(header.data(), header.size());
  }
  if (settings.padding != 0) {
    front.append("\x50\x2a\x4d\x18", 4);
    const unsigned size = settings.padding;
    for (const unsigned shift : {0U, 8U, 16U, 24U}) front += static_cast<char>(size >> shift & 0xffU);
    front.append(size, '\0');
  }
  return front;
}

class StreamEncoder final : public Encoder {
 public:
  explicit StreamEncoder(const EncoderSettings& settings)
      : compressor_(ZSTD_createCCtx()), front_(front_matter(settings)) {
    int window = std::clamp(settings.window_log, least_window_log, most_window_log);
    if (settings.dictionary != nullptr)  // it is out of reach once the window has passed it
      window = std::max(window, smallest_window(2 * settings.dictionary->content().size()));
    if (settings.expected) window = std::min(window, smallest_window(*settings.expected));
    set_level(compressor_, settings);
    set(compressor_, ZSTD_c_windowLog, window);
    // Without it the tables would be made for content of any length: 600 MiB at level 22.
    set(compressor_, size_hint, 1 << window);
  }

  Encoded encode(Bytes content, MutableBytes out, Flush flush) override {
    if (ended_) return {0, 0, true};
    const std::size_t front = std::min(front_.size() - front_written_, out.size());
    std::copy_n(front_.data() + front_written_, front, out.data());
    front_written_ += front;
    ZSTD_inBuffer in{content.data(), content.size(), 0};
    ZSTD_outBuffer room{out.data(), out.size(), front};
    const ZSTD_EndDirective how = flush == Flush::none   ? ZSTD_e_continue
                                  : flush == Flush::sync ? ZSTD_e_flush
                                                         : ZSTD_e_end;
    const std::size_t left = ZSTD_compressStream2(compressor_.get(), &room, &in, how);
    must(left);
    const bool done = in.pos == in.size && (how == ZSTD_e_continue || left == 0);
    ended_ = done && flush == Flush::end;
    return {in.pos, room.pos, done};
  }

  [[nodiscard]] std::size_t memory() const noexcept override {
    return sizeof(*this) + front_.capacity() + ZSTD_sizeof_CCtx(compressor_.get());
  }

 private:
  Compressor compressor_;
  std::string front_;
  std::size_t front_written_ = 0;
  bool ended_ = false;
};

class StreamDecoder final : public Decoder {
 public:
  StreamDecoder(DecoderLimits limits, const Dictionary* dictionary)
      : Decoder(limits), decompressor_(ZSTD_createDCtx()), dictionary_(dictionary) {
    must(ZSTD_DCtx_setParameter(decompressor_.get(), ZSTD_d_windowLogMax, most_window_log));
    if (dictionary_ == nullptr) return;
    header_ = dictionary_->header();
    header_left_ = header_.size();
  }

 private:
  Decoded run(Bytes input, MutableBytes out) override {
    Decoded result;
    while (header_left_ != 0 && result.consumed < input.size()) {
      if (input[result.consumed] != header_[header_.size() - header_left_]) {
        result.fault = DecodeFault::wrong_dictionary;
        return result;
      }
      ++result.consumed;
      --header_left_;
    }
    ZSTD_inBuffer in{input.data(), input.size(), result.consumed};
    ZSTD_outBuffer room{out.data(), out.size(), 0};
    // Asked again and again without input zstd takes offence.
    while (room.pos < room.size && (in.pos < in.size || !(between_ || starved_))) {
      const std::size_t before = in.pos + room.pos;
      // A prefix serves one frame: the one that has content.
      if (between_ && dictionary_ != nullptr)
        must(ZSTD_DCtx_refPrefix(decompressor_.get(), dictionary_->content().data(), dictionary_->content().size()));
      begun_ = true;
      const std::size_t left = ZSTD_decompressStream(decompressor_.get(), &room, &in);
      if (ZSTD_isError(left) != 0U) {
        result.fault = fault_of(left);
        break;
      }
      between_ = left == 0;
      starved_ = in.pos == in.size && room.pos < room.size;
      if (in.pos + room.pos == before) break;
    }
    result.consumed = in.pos;
    result.produced = room.pos;
    return result;
  }

  static DecodeFault fault_of(std::size_t code) {
    switch (ZSTD_getErrorCode(code)) {
      case ZSTD_error_memory_allocation: throw std::bad_alloc{};
      case ZSTD_error_frameParameter_windowTooLarge: return DecodeFault::window_too_large;
      default: return DecodeFault::invalid;
    }
  }

  // Nothing at all is complete; the name of a dictionary alone is not.
  [[nodiscard]] bool complete() const noexcept override {
    return between_ && (begun_ || dictionary_ == nullptr || header_left_ == header_.size());
  }

  Decompressor decompressor_;
  const Dictionary* dictionary_;
  std::array<char, Dictionary::header_size> header_{};
  std::size_t header_left_ = 0;
  bool begun_ = false;    // a frame has come
  bool between_ = true;   // no frame is under way
  bool starved_ = false;  // nothing will come without input
};

}  // namespace

Owned<Encoder> make_encoder(const EncoderSettings& settings) { return make_owned<StreamEncoder>(settings); }

std::optional<std::size_t> encode_whole(const EncoderSettings& settings, Bytes content, MutableBytes out) {
  const std::string front = front_matter(settings);
  if (front.size() > out.size()) return std::nullopt;
  std::copy_n(front.data(), front.size(), out.data());
  const MutableBytes room = out.subspan(front.size());
  const Compressor compressor{ZSTD_createCCtx()};
  set_level(compressor, settings);
  if (settings.level > most_modest_level) set(compressor, ZSTD_c_windowLog, most_window_log);
  const std::size_t size = ZSTD_compress2(compressor.get(), room.data(), room.size(), content.data(), content.size());
  if (ZSTD_isError(size) == 0U) return front.size() + size;
  if (ZSTD_getErrorCode(size) != ZSTD_error_dstSize_tooSmall) throw std::bad_alloc{};
  return std::nullopt;
}

Owned<Decoder> make_decoder(Coding /*coding*/, DecoderLimits limits, const Dictionary* dictionary) {
  return make_owned<StreamDecoder>(limits, dictionary);
}

void* prepare(Bytes content, int level) {
  ZSTD_CDict* prepared = ZSTD_createCDict(content.data(), content.size(), level);
  if (prepared == nullptr) throw std::bad_alloc{};
  return prepared;
}

void discard(void* prepared) noexcept { ZSTD_freeCDict(static_cast<ZSTD_CDict*>(prepared)); }

std::size_t memory_of(const void* prepared) noexcept {
  return prepared == nullptr ? 0 : ZSTD_sizeof_CDict(static_cast<const ZSTD_CDict*>(prepared));
}

}  // namespace pounce::inline v0::compression::zstd
