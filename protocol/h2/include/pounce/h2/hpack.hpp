// HPACK, both ways, on nghttp2 (RFC 7541). The only door to that library: see docs/decisions/0018.
//
// Ownership: each connection has one Decoder and one Encoder; they hold the dynamic tables (4096 octets each at the most).
// Every block must pass through them in the order in which it was sent, also one that nobody wants.
#pragma once

#include <pounce/core/bytes.hpp>

#include <cstddef>
#include <cstdint>

struct nghttp2_hd_inflater;
struct nghttp2_hd_deflater;

namespace pounce::inline v0::h2 {

class FieldBlock;

class Decoder {
 public:
  Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder();

  enum class Found : std::uint8_t { field, more, end, fault };
  struct Result {
    Found found;
    Bytes name;  // until the next call
    Bytes value;
  };
  // Takes what it eats from the front of `fragment`; `last`: the block ends with it. `more`: show the next fragment.
  [[nodiscard]] Result next(Bytes& fragment, bool last);

 private:
  nghttp2_hd_inflater* inflater_ = nullptr;
};

class Encoder {
 public:
  Encoder();
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  ~Encoder();

  // The peer's SETTINGS_HEADER_TABLE_SIZE.
  void limit_table(std::uint32_t size);
  // How many octets `encode` may need, at the most.
  [[nodiscard]] std::size_t bound(const FieldBlock& fields) const noexcept;
  // Encodes into `out`, which has `bound` octets; how many it took.
  [[nodiscard]] std::size_t encode(const FieldBlock& fields, char* out, std::size_t size);

 private:
  nghttp2_hd_deflater* deflater_ = nullptr;
};

// The version of nghttp2 that runs.
[[nodiscard]] std::string_view running_nghttp2() noexcept;

}  // namespace pounce::inline v0::h2
