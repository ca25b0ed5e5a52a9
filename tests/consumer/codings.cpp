// A stranger's program over Pounce::compression alone: there and back.
#include <pounce/compression/decoder.hpp>
#include <pounce/compression/encoder.hpp>

#include <string>

using namespace pounce;
using namespace pounce::compression;

int main() {
  const std::string content(5000, 'x');
  for (const Coding coding : {Coding::gzip, Coding::zstd}) {
    EncoderSettings settings;
    settings.coding = coding;
    std::string coded(1000, '\0');
    const auto size = encode_whole(settings, content, coded);
    if (!size) return 1;
    std::string back(content.size() + 1, '\0');
    const auto decoder = make_decoder(coding, DecoderLimits{content.size()});
    const Decoded decoded = decoder->decode(Bytes{coded}.substr(0, *size), back);
    if (decoded.fault != DecodeFault::none || decoder->end() != DecodeFault::none) return 1;
    if (back.substr(0, decoded.produced) != content) return 1;
  }
  return 0;
}
