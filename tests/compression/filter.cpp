// filter: one coding as a command, for the tests against other implementations.
//
//   filter encode|stream|decode CODING LEVEL [DICTIONARY-FILE] < in > out
//
// `encode` makes it in one piece, `stream` in pieces of 1000 bytes, each flushed. `decode` exits with 1 and the fault's name on
// standard error.
#include <pounce/compression/decoder.hpp>
#include <pounce/compression/dictionary.hpp>
#include <pounce/compression/encoder.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

using namespace pounce;
using namespace pounce::compression;

namespace {

std::string all(std::istream& in) { return {std::istreambuf_iterator<char>{in}, {}}; }

int decode(Coding coding, const Dictionary* dictionary, Bytes input) {
  const auto decoder = make_decoder(coding, DecoderLimits{256 * mebibyte, 1000000}, dictionary);
  std::string out(64 * kibibyte, '\0');
  DecodeFault fault = DecodeFault::none;
  for (bool more = true; more && fault == DecodeFault::none;) {
    const Decoded decoded = decoder->decode(input, out);
    input.remove_prefix(decoded.consumed);
    std::cout.write(out.data(), static_cast<std::streamsize>(decoded.produced));
    fault = decoded.fault;
    more = !input.empty() || decoded.produced == out.size();
  }
  if (fault == DecodeFault::none) fault = decoder->end();
  if (fault == DecodeFault::none) return 0;
  std::cerr << name(fault) << '\n';
  return 1;
}

void stream(const EncoderSettings& settings, Bytes content) {
  const auto encoder = make_encoder(settings);
  std::string out(kibibyte, '\0');
  for (bool ended = false; !ended;) {
    Bytes piece = content.substr(0, 1000);
    content.remove_prefix(piece.size());
    ended = content.empty();
    for (bool done = false; !done;) {
      const Encoded encoded = encoder->encode(piece, out, ended ? Flush::end : Flush::sync);
      piece.remove_prefix(encoded.consumed);
      std::cout.write(out.data(), static_cast<std::streamsize>(encoded.produced));
      done = encoded.done;
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) return 2;
  const std::string_view what = arguments[1];
  EncoderSettings settings;
  settings.coding = coding_named(arguments[2]).value_or(Coding::identity);
  settings.level = std::atoi(arguments[3]);
  Owned<Dictionary> dictionary;
  if (count > 4) {
    std::ifstream file{arguments[4], std::ios::binary};
    dictionary = make_owned<Dictionary>(all(file), settings.level);
    settings.dictionary = dictionary.get();
  }
  if (settings.coding == Coding::identity) return 2;
  const std::string input = all(std::cin);
  if (what == "decode") return decode(settings.coding, dictionary.get(), input);
  if (what == "stream") {
    stream(settings, input);
  } else {
    std::string out(input.size() + 1024, '\0');
    const auto size = encode_whole(settings, input, out);
    if (!size) return 1;
    std::cout.write(out.data(), static_cast<std::streamsize>(*size));
  }
  return 0;
}
