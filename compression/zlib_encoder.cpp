#include "compression/zlib.hpp"
#include "compression/zlib_memory.hpp"

#include <algorithm>
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

  Encoded encode(Bytes content, MutableBytes out, Flush flush) override {
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

  [[nodiscard]] std::size_t memory() const noexcept override {
    return sizeof(*this) + comment_.capacity() + memory_.held();
  }

 private:
  Memory memory_;
  z_stream stream_{};
  gz_header head_{};
  std::string comment_;
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
