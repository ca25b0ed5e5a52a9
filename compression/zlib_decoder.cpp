#include "compression/zlib.hpp"
#include "compression/zlib_memory.hpp"

#include <algorithm>

namespace pounce::inline v0::compression::zlib {

namespace {

class StreamDecoder final : public Decoder {
 public:
  StreamDecoder(Coding coding, DecoderLimits limits) : Decoder(limits), members_(coding == Coding::gzip) {
    memory_.serve(stream_);
    if (inflateInit2(&stream_, 15 + (members_ ? 16 : 0)) != Z_OK) throw std::bad_alloc{};
  }
  StreamDecoder(const StreamDecoder&) = delete;
  StreamDecoder& operator=(const StreamDecoder&) = delete;
  ~StreamDecoder() override { inflateEnd(&stream_); }

 private:
  Decoded run(Bytes input, MutableBytes out) override {
    Decoded result;
    while (result.produced < out.size()) {
      const Bytes rest = input.substr(result.consumed, most_at_once);
      if (at_start_) {
        if (rest.empty()) break;
        if (!members_ && begun_) {
          result.fault = DecodeFault::invalid;
          break;
        }
        begun_ = true;
        at_start_ = false;
        inflateReset(&stream_);
      }
      const MutableBytes room =
          out.subspan(result.produced).first(std::min(out.size() - result.produced, most_at_once));
      stream_.next_in = reinterpret_cast<const Bytef*>(rest.data());
      stream_.avail_in = static_cast<uInt>(rest.size());
      stream_.next_out = reinterpret_cast<Bytef*>(room.data());
      stream_.avail_out = static_cast<uInt>(room.size());
      const int status = inflate(&stream_, Z_NO_FLUSH);
      const std::size_t consumed = rest.size() - stream_.avail_in;
      const std::size_t produced = room.size() - stream_.avail_out;
      result.consumed += consumed;
      result.produced += produced;
      if (status == Z_STREAM_END) {
        at_start_ = true;
      } else if (status == Z_MEM_ERROR) {
        throw std::bad_alloc{};
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        result.fault = DecodeFault::invalid;  // also Z_NEED_DICT
        break;
      } else if (consumed == 0 && produced == 0) {
        break;  // wants more input
      }
    }
    return result;
  }

  [[nodiscard]] bool complete() const noexcept override { return at_start_; }

  Memory memory_;
  z_stream stream_{};
  bool members_;          // gzip: another may follow
  bool at_start_ = true;  // between members: nothing is missing
  bool begun_ = false;
};

}  // namespace

Owned<Decoder> make_decoder(Coding coding, DecoderLimits limits) { return make_owned<StreamDecoder>(coding, limits); }

}  // namespace pounce::inline v0::compression::zlib
