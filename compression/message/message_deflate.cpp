#include <pounce/compression/message_deflate.hpp>

#include "compression/zlib_memory.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>

namespace pounce::inline v0::compression {

namespace {

// What ends a flushed piece, and is not sent at the end of a message (RFC 7692, section 7.2.1).
constexpr std::array<Bytef, 4> tail{0x00, 0x00, 0xff, 0xff};

// One direction of zlib, from its first message to its end.
class Compressor {
 public:
  Compressor(const MessageDeflateSettings& settings, int window_bits) {
    memory_.serve(stream_);
    const int level = std::clamp(settings.level, 1, 9);
    const int memory_level = std::clamp(settings.memory_level, 1, 9);
    if (deflateInit2(&stream_, level, Z_DEFLATED, -window_bits, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc{};
  }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  ~Compressor() { deflateEnd(&stream_); }

  // All of `piece`, flushed. There is room for it.
  std::size_t compress(Bytes piece, MutableBytes room) noexcept {
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    do {
      const std::size_t size = std::min(piece.size(), zlib::most_at_once);
      stream_.next_in = reinterpret_cast<const Bytef*>(piece.data());
      stream_.avail_in = static_cast<uInt>(size);
      stream_.avail_out = static_cast<uInt>(std::min(room.size() - made(room), zlib::most_at_once));
      piece.remove_prefix(size);
      // Z_BUF_ERROR: there was nothing to flush.
      [[maybe_unused]] const int status = deflate(&stream_, piece.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH);
      assert((status == Z_OK || status == Z_BUF_ERROR) && stream_.avail_in == 0 && stream_.avail_out != 0);
    } while (!piece.empty());
    return made(room);
  }
  [[nodiscard]] std::size_t memory() const noexcept { return memory_.held(); }

 private:
  [[nodiscard]] std::size_t made(MutableBytes room) const noexcept {
    return static_cast<std::size_t>(reinterpret_cast<char*>(stream_.next_out) - room.data());
  }

  zlib::Memory memory_;
  z_stream stream_{};
};

class Decompressor {
 public:
  explicit Decompressor(int window_bits) {
    memory_.serve(stream_);
    if (inflateInit2(&stream_, -window_bits) != Z_OK) throw std::bad_alloc{};
  }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  ~Decompressor() { inflateEnd(&stream_); }

  MessageCodec::Decoded decompress(Bytes input, bool last, MutableBytes room) {
    MessageCodec::Decoded decoded{MessageCodec::Found::more, 0, 0};
    for (;;) {
      const bool in_tail = last && decoded.used == input.size();
      if (in_tail && ended_) tail_used_ = tail.size();  // it would belong to no block
      const bool all = decoded.used == input.size() && (!last || tail_used_ == tail.size());
      if (all && !more_) return decoded;
      if (decoded.made == room.size()) {
        decoded.found = MessageCodec::Found::full;
        return decoded;
      }
      const Bytes rest = input.substr(decoded.used, zlib::most_at_once);
      stream_.next_in = in_tail ? tail.data() + tail_used_ : reinterpret_cast<const Bytef*>(rest.data());
      stream_.avail_in = static_cast<uInt>(in_tail ? tail.size() - tail_used_ : rest.size());
      stream_.next_out = reinterpret_cast<Bytef*>(room.data() + decoded.made);
      stream_.avail_out = static_cast<uInt>(std::min(room.size() - decoded.made, zlib::most_at_once));
      const uInt in = stream_.avail_in;
      const uInt out = stream_.avail_out;
      const int status = inflate(&stream_, Z_SYNC_FLUSH);
      more_ = stream_.avail_out == 0;
      const std::size_t used = in - stream_.avail_in;
      decoded.made += out - stream_.avail_out;
      in_tail ? tail_used_ += used : decoded.used += used;
      ended_ = status == Z_STREAM_END || (ended_ && used == 0);
      if (status == Z_MEM_ERROR) throw std::bad_alloc{};
      if (status == Z_STREAM_END) {
        // A block that calls itself the last is only that of its sender's stream (section 7.2.3.4): the window lives on.
        inflateResetKeep(&stream_);
        more_ = false;
        continue;
      }
      // Z_BUF_ERROR: no step was possible, for what it had to give is given; nor does zlib say again where it stands.
      if (status != Z_OK && status != Z_BUF_ERROR) break;
      if (status == Z_OK) at_block_end_ = is_at_block_end();
      if (tail_used_ == tail.size() && !more_ && !at_block_end_) break;
    }
    decoded.found = MessageCodec::Found::invalid;
    return decoded;
  }
  void end_message() noexcept {
    tail_used_ = 0;
    ended_ = false;
  }
  [[nodiscard]] std::size_t memory() const noexcept { return memory_.held(); }

 private:
  // As zlib says it in `data_type`: between two blocks, without a bit left over.
  [[nodiscard]] bool is_at_block_end() const noexcept {
    constexpr int between_blocks = 128;
    constexpr int bits_left = 63;
    const auto state = static_cast<unsigned>(stream_.data_type);
    return (state & between_blocks) != 0 && (state & bits_left) == 0;
  }

  zlib::Memory memory_;
  z_stream stream_{};
  std::size_t tail_used_ = 0;
  bool at_block_end_ = false;
  bool ended_ = false;  // of this message, what came so far ends where its sender's stream does
  bool more_ = false;   // zlib had no room for all that it could make
};

class MessageDeflate final : public MessageCodec {
 public:
  MessageDeflate(const DeflateTerms& terms, const MessageDeflateSettings& settings) noexcept
      : terms_(terms), settings_(settings) {
    assert(terms.send_window_bits >= 9 && terms.send_window_bits <= 15);
    assert(terms.receive_window_bits >= 8 && terms.receive_window_bits <= 15);
  }

  Decoded decode(Bytes input, bool last, MutableBytes room) override {
    // Compressors that are told 8 use 9 (zlib's do); a larger window than agreed on harms nobody.
    if (!decompressor_) decompressor_.emplace(std::max<int>(terms_.receive_window_bits, 9));
    const Decoded decoded = decompressor_->decompress(input, last, room);
    if (last && decoded.found == Found::more) {
      decompressor_->end_message();
      if (!terms_.receive_takeover) decompressor_.reset();
    }
    return decoded;
  }

  // Blocks of 127 octets that were stored, with their five octets of framing, are the worst; then a flush.
  [[nodiscard]] std::size_t bound(std::size_t size) const override { return size + size / 8 + size / 64 + 64; }

  std::size_t encode(Bytes piece, bool last, char* room) override {
    if (!compressor_) compressor_.emplace(settings_, terms_.send_window_bits);
    std::size_t size = compressor_->compress(piece, {room, bound(piece.size())});
    if (!last) return size;
    if (!terms_.send_takeover) compressor_.reset();
    if (size >= tail.size()) return size - tail.size();
    room[0] = 0;  // nothing since the last flush: an empty block without its tail (section 7.2.3.6)
    return 1;
  }

  [[nodiscard]] std::size_t memory() const override {
    return sizeof(*this) + (compressor_ ? compressor_->memory() : 0) + (decompressor_ ? decompressor_->memory() : 0);
  }

 private:
  DeflateTerms terms_;
  MessageDeflateSettings settings_;
  std::optional<Compressor> compressor_;
  std::optional<Decompressor> decompressor_;
};

}  // namespace

Owned<MessageCodec> make_message_deflate(const DeflateTerms& terms, const MessageDeflateSettings& settings) {
  return make_owned<MessageDeflate>(terms, settings);
}

}  // namespace pounce::inline v0::compression
