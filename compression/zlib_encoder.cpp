#include "compression/zlib.hpp"
#include "compression/zlib_memory.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#ifdef POUNCE_HAS_LIBDEFLATE
#include <libdeflate.h>
#endif

namespace pounce::inline v0::compression::zlib {

namespace {

class StreamEncoder final : public Encoder {
 public:
  explicit StreamEncoder(const EncoderSettings& settings) {
    memory_.serve(stream_);
    // A window no larger than the content, and tables to match: less memory to clear.
    int window = 15;
    int tables = 8;
    if (settings.expected) {
      while (window > 9 && *settings.expected <= (std::uint64_t{1} << (window - 1))) --window;
      tables = std::max(4, tables - (15 - window));
    }
    const int level = std::clamp(settings.level, 1, top_level(settings.coding));
    const int format = settings.coding == Coding::gzip ? 16 : 0;
    if (deflateInit2(&stream_, level, Z_DEFLATED, window + format, tables, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc{};
    if (format == 0 || settings.padding == 0) return;
    comment_.assign(settings.padding - 1U, '.');  // and the zero that ends it
    head_.comment = reinterpret_cast<Bytef*>(comment_.data());
    head_.os = 255;
    deflateSetHeader(&stream_, &head_);
  }
  StreamEncoder(const StreamEncoder&) = delete;
  StreamEncoder& operator=(const StreamEncoder&) = delete;
  ~StreamEncoder() override { deflateEnd(&stream_); }

  // zlib repeats the marker of a flush whenever it was left without room, for ever where there is never more than a marker needs: so little
  // room is filled from a buffer of ours.
  Encoded encode(Bytes content, MutableBytes out, Flush flush) override {
    if (kept_ == kept_end_ && out.size() >= kept_bytes_.size()) return code(content, out, flush);
    Encoded step{0, 0, kept_done_ && kept_flush_ == flush && content.empty()};
    if (kept_ == kept_end_) {
      step = code(content, kept_bytes_, flush);
      kept_ = 0;
      kept_end_ = step.produced;
      kept_done_ = step.done;
      kept_flush_ = flush;
    }
    const std::size_t piece = std::min(out.size(), kept_end_ - kept_);
    std::memcpy(out.data(), kept_bytes_.data() + kept_, piece);
    kept_ += piece;
    return {step.consumed, piece, step.done && kept_ == kept_end_};
  }

  [[nodiscard]] std::size_t memory() const noexcept override {
    return sizeof(*this) + comment_.capacity() + memory_.held();
  }

 private:
  Encoded code(Bytes content, MutableBytes out, Flush flush) {
    if (ended_) return {0, 0, true};
    const bool all = content.size() <= most_at_once;
    stream_.next_in = reinterpret_cast<const Bytef*>(content.data());
    stream_.avail_in = static_cast<uInt>(std::min(content.size(), most_at_once));
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(std::min(out.size(), most_at_once));
    const uInt in = stream_.avail_in;
    const uInt room = stream_.avail_out;
    const int how = !all || flush == Flush::none ? Z_NO_FLUSH : flush == Flush::sync ? Z_SYNC_FLUSH : Z_FINISH;
    const int status = deflate(&stream_, how);
    ended_ = status == Z_STREAM_END;
    // With room left everything asked for was done. Z_BUF_ERROR: there was nothing to do.
    const bool done = all && (how == Z_FINISH ? ended_ : stream_.avail_in == 0 && stream_.avail_out != 0);
    return {in - stream_.avail_in, room - stream_.avail_out, done};
  }

  Memory memory_;
  z_stream stream_{};
  gz_header head_{};
  std::string comment_;
  std::array<char, 32> kept_bytes_{};
  std::size_t kept_ = 0;
  std::size_t kept_end_ = 0;
  Flush kept_flush_ = Flush::none;
  bool kept_done_ = false;
  bool ended_ = false;
};

}  // namespace

Owned<Encoder> make_encoder(const EncoderSettings& settings) { return make_owned<StreamEncoder>(settings); }

std::optional<std::size_t> encode_whole(const EncoderSettings& settings, Bytes content, MutableBytes out) {
#ifdef POUNCE_HAS_LIBDEFLATE
  if (settings.padding == 0) {
    libdeflate_compressor* compressor =
        libdeflate_alloc_compressor(std::clamp(settings.level, 1, top_level(settings.coding)));
    if (compressor == nullptr) throw std::bad_alloc{};
    const auto compress = settings.coding == Coding::gzip ? libdeflate_gzip_compress : libdeflate_zlib_compress;
    const std::size_t size = compress(compressor, content.data(), content.size(), out.data(), out.size());
    libdeflate_free_compressor(compressor);
    return size == 0 ? std::nullopt : std::optional{size};
  }
#endif
  EncoderSettings exact = settings;
  exact.expected = content.size();
  StreamEncoder encoder{exact};
  std::size_t size = 0;
  for (;;) {
    const Encoded encoded = encoder.encode(content, out.subspan(size), Flush::end);
    content.remove_prefix(encoded.consumed);
    size += encoded.produced;
    if (encoded.done) return size;
    if (size == out.size()) return std::nullopt;
  }
}

}  // namespace pounce::inline v0::compression::zlib
