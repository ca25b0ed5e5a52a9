// MB/s and ratio of each coding and level, for a JSON of 16 KiB and an HTML of 100 KiB.
//
// Whole: encode_whole, a fresh state for each. Stream: an Encoder for each, 4 KiB at a time, each flushed. Medians of processor time.
#include "tests/compression/samples.hpp"

#include <pounce/compression/decoder.hpp>
#include <pounce/compression/dictionary.hpp>
#include <pounce/compression/encoder.hpp>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

using namespace pounce;
using namespace pounce::compression;

namespace {

constexpr int rounds = 31;

double seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class Work>
double median(const Work& work) {
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    const double start = seconds();
    work();
    times.push_back(seconds() - start);
  }
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[rounds / 2];
}

std::size_t stream(const EncoderSettings& settings, Bytes content, std::string& out, std::size_t& memory) {
  const auto encoder = make_encoder(settings);
  std::size_t size = 0;
  for (bool ended = false; !ended;) {
    Bytes piece = content.substr(0, 4 * kibibyte);
    content.remove_prefix(piece.size());
    ended = content.empty();
    for (bool done = false; !done;) {
      const Encoded encoded = encoder->encode(piece, MutableBytes{out}.subspan(size), ended ? Flush::end : Flush::sync);
      piece.remove_prefix(encoded.consumed);
      size += encoded.produced;
      done = encoded.done;
    }
  }
  memory = encoder->memory();
  return size;
}

void measure(const char* what, const std::string& content, const EncoderSettings& settings) {
  std::string out(2 * content.size() + 1024, '\0');
  std::size_t whole = 0;
  std::size_t pieces = 0;
  std::size_t memory = 0;
  const double whole_time = median([&] { whole = encode_whole(settings, content, out).value_or(0); });
  const double stream_time = median([&] { pieces = stream(settings, content, out, memory); });
  const std::size_t used = encode_whole(settings, content, out).value_or(0);
  std::string back(content.size() + 1, '\0');
  const double decode_time = median([&] {
    const auto decoder = make_decoder(settings.coding, DecoderLimits{content.size(), 100000}, settings.dictionary);
    (void)decoder->decode(Bytes{out}.substr(0, used), back);
  });
  const double size = static_cast<double>(content.size());
  std::printf("%-5s %-8s %5d  %7.1f us %7.1f MB/s  ratio %5.2f | %7.1f MB/s  ratio %5.2f  %5zu KiB | %7.1f MB/s\n",
              what, std::string{name(settings.coding)}.c_str(), settings.level, whole_time * 1e6,
              size / whole_time / 1e6, size / static_cast<double>(whole), size / stream_time / 1e6,
              size / static_cast<double>(pieces), memory / kibibyte, size / decode_time / 1e6);
}

}  // namespace

int main() {
  const std::string json = samples::json(125).substr(0, 16 * kibibyte);
  const std::string html = samples::html(60).substr(0, 100 * kibibyte);
  const Dictionary earlier{samples::json(100)};
  std::puts(
      "what  coding   level  whole                                | stream, flushed every 4 KiB, memory    | decoded");
  for (const auto& [what, content] : {std::pair{"json", &json}, std::pair{"html", &html}}) {
    for (const Coding coding : {Coding::gzip, Coding::deflate, Coding::zstd, Coding::dcz}) {
      for (const int level : {1, 3, 6, 9, 12, 19}) {
        if (level > top_level(coding)) continue;
        if (coding == Coding::dcz && level != 3) continue;
        EncoderSettings settings;
        settings.coding = coding;
        settings.level = level;
        if (coding == Coding::dcz) settings.dictionary = &earlier;
        measure(what, *content, settings);
      }
    }
  }
}
