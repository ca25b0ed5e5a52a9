// Decoders: any bytes, however they and the output are cut. Caps hold to the byte, what comes out does not depend on the cuts, and a fault is
// the last word.
//
// Input: coding, cap, ratio, piece and room, one byte each; then the coded bytes.
#include <pounce/compression/decoder.hpp>
#include <pounce/compression/dictionary.hpp>

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

struct Outcome {
  std::string content;
  DecodeFault fault = DecodeFault::none;
};

Outcome decode(Coding coding, DecoderLimits limits, const Dictionary& dictionary, Bytes coded, std::size_t piece,
               std::size_t room) {
  const auto decoder = make_decoder(coding, limits, &dictionary);
  Outcome outcome;
  std::string out(room, '\0');
  std::uint64_t shown = 0;
  while (outcome.fault == DecodeFault::none) {
    Bytes now = coded.substr(0, piece);
    coded.remove_prefix(now.size());
    shown += now.size();
    for (bool more = true; more && outcome.fault == DecodeFault::none;) {
      const Decoded decoded = decoder->decode(now, out);
      require(decoded.consumed <= now.size() && decoded.produced <= room);
      now.remove_prefix(decoded.consumed);
      outcome.content.append(out, 0, decoded.produced);
      outcome.fault = decoded.fault;
      more = decoded.produced == room || !now.empty();
      require(!more || decoded.consumed + decoded.produced != 0 || outcome.fault != DecodeFault::none);
      require(outcome.content.size() <= limits.most_produced());
      require(outcome.content.size() <= limits.allowance(shown));
    }
    if (coded.empty()) break;
  }
  const DecodeFault end = decoder->end();
  require(outcome.fault == DecodeFault::none || end == outcome.fault);
  outcome.fault = end;
  require(decoder->produced() == outcome.content.size());
  if (outcome.fault != DecodeFault::none) {
    const Decoded again = decoder->decode("more", out);
    require(again.fault == outcome.fault && again.consumed == 0 && again.produced == 0);
  }
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 5) return 0;
  constexpr Coding codings[] = {Coding::deflate, Coding::gzip, Coding::zstd, Coding::dcz};
  const Coding coding = codings[data[0] % 4];
  const DecoderLimits limits{std::uint64_t{data[1]} * 1024, data[2] * 8U};
  const std::size_t piece = 1 + data[3];
  const std::size_t room = 1 + std::size_t{data[4]} * 16;
  const Bytes coded{reinterpret_cast<const char*>(data + 5), size - 5};
  const Dictionary dictionary{"a dictionary that is small enough to be prepared each time"};

  const Outcome pieces = decode(coding, limits, dictionary, coded, piece, room);
  const Outcome whole = decode(coding, limits, dictionary, coded, size, 64 * kibibyte);
  // What was received so far decides about a bomb, so cuts decide when it is seen. And zstd 1.5.4 looks at the length that a frame
  // declares when it can decode it in one pass, but not at an empty last block otherwise. All else is the same.
  const bool zstd_looks_harder = coding >= Coding::zstd && whole.fault == DecodeFault::invalid;
  if (pieces.fault == DecodeFault::none)
    require((whole.fault == DecodeFault::none && whole.content == pieces.content) || zstd_looks_harder);
  const std::size_t common = std::min(whole.content.size(), pieces.content.size());
  require(whole.content.compare(0, common, pieces.content, 0, common) == 0);
  return 0;
}
