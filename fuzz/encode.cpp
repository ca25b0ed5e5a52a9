// Encoders: any content, flushed and cut anyhow, comes back from the decoder, and at every flush all of it so far.
//
// Input: coding, level, window and room, one byte each; then pieces: a byte of length and flush, and the piece.
#include <pounce/compression/decoder.hpp>
#include <pounce/compression/dictionary.hpp>
#include <pounce/compression/encoder.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

using namespace pounce;
using namespace pounce::compression;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void pull(Decoder& decoder, Bytes coded, std::string& content) {
  std::string out(4096, '\0');
  for (bool more = true; more;) {
    const Decoded decoded = decoder.decode(coded, out);
    require(decoded.fault == DecodeFault::none);
    coded.remove_prefix(decoded.consumed);
    content.append(out, 0, decoded.produced);
    more = !coded.empty() || decoded.produced == out.size();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  constexpr Coding codings[] = {Coding::deflate, Coding::gzip, Coding::zstd, Coding::dcz};
  const Dictionary dictionary{"a dictionary that is small enough to be prepared each time"};
  EncoderSettings settings;
  settings.coding = codings[data[0] % 4];
  settings.level = data[1] % 12;
  settings.window_log = 10 + data[2] % 10;
  settings.padding = data[2] < 200 ? 0 : data[2];
  if (settings.coding == Coding::dcz) settings.dictionary = &dictionary;
  if (data[1] >= 128) settings.expected = data[1] - 128U;
  std::string out(1 + data[3], '\0');
  Bytes rest{reinterpret_cast<const char*>(data + 4), size - 4};

  const auto encoder = make_encoder(settings);
  const auto decoder = make_decoder(settings.coding, DecoderLimits{mebibyte, 100000}, &dictionary);
  std::string said;
  std::string heard;
  for (bool ended = false; !ended;) {
    Flush flush = Flush::end;
    Bytes piece;
    if (!rest.empty()) {
      const auto how = static_cast<unsigned char>(rest.front());
      flush = how % 2 == 0 ? Flush::none : Flush::sync;
      piece = rest.substr(1, how / 2);
      rest.remove_prefix(1 + piece.size());
    }
    ended = flush == Flush::end;
    said.append(piece);
    std::string coded;
    for (bool done = false; !done;) {
      const Encoded encoded = encoder->encode(piece, out, flush);
      require(encoded.consumed <= piece.size() && encoded.produced <= out.size());
      require(encoded.done || encoded.consumed + encoded.produced != 0);
      piece.remove_prefix(encoded.consumed);
      coded.append(out, 0, encoded.produced);
      done = encoded.done;
    }
    require(piece.empty());
    pull(*decoder, coded, heard);
    require(flush == Flush::none ? said.starts_with(heard) : said == heard);
  }
  require(decoder->end() == DecodeFault::none);

  std::string whole(said.size() + settings.padding + 1024, '\0');
  const auto used = encode_whole(settings, said, whole);
  require(used.has_value());
  const auto again = make_decoder(settings.coding, DecoderLimits{mebibyte, 100000}, &dictionary);
  std::string back;
  pull(*again, Bytes{whole}.substr(0, *used), back);
  require(back == said && again->end() == DecodeFault::none);
  return 0;
}
