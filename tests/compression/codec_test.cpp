// Encoders and decoders against each other: every coding, however content and output are cut; caps and damage.
#include "tests/compression/samples.hpp"

#include <doctest/doctest.h>

#include <pounce/compression/decoder.hpp>
#include <pounce/compression/dictionary.hpp>
#include <pounce/compression/encoder.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

using namespace pounce;
using namespace pounce::compression;

namespace {

constexpr std::array codings = {Coding::deflate, Coding::gzip, Coding::zstd, Coding::dcz};
constexpr DecoderLimits ample{64 * mebibyte, 100000};

const Dictionary& dictionary() {
  static const Dictionary sample{samples::json(40)};
  return sample;
}
const Dictionary* dictionary_of(Coding coding) { return coding == Coding::dcz ? &dictionary() : nullptr; }

EncoderSettings settings_of(Coding coding, int level) {
  EncoderSettings settings;
  settings.coding = coding;
  settings.level = level;
  settings.dictionary = dictionary_of(coding);
  return settings;
}

// One piece through an encoder, with `room` bytes of output at a time.
void feed(Encoder& encoder, Bytes piece, Flush flush, std::size_t room, std::string& to) {
  std::string out(room, '\0');
  for (;;) {
    const Encoded encoded = encoder.encode(piece, out, flush);
    REQUIRE(encoded.consumed <= piece.size());
    REQUIRE(encoded.produced <= room);
    piece.remove_prefix(encoded.consumed);
    to.append(out, 0, encoded.produced);
    if (encoded.done) break;
    REQUIRE((encoded.consumed != 0 || encoded.produced != 0));
  }
  CHECK(piece.empty());
}

std::string encode(const EncoderSettings& settings, Bytes content, std::size_t piece, std::size_t room) {
  const auto encoder = make_encoder(settings);
  std::string coded;
  for (; content.size() > piece; content.remove_prefix(piece))
    feed(*encoder, content.substr(0, piece), Flush::none, room, coded);
  feed(*encoder, content, Flush::end, room, coded);
  return coded;
}

struct Outcome {
  std::string content;
  DecodeFault fault = DecodeFault::none;
  std::size_t left = 0;  // input that was not consumed
};

// All that comes out for `piece`.
void pull(Decoder& decoder, Bytes piece, std::size_t room, Outcome& outcome) {
  std::string out(room, '\0');
  for (;;) {
    const Decoded decoded = decoder.decode(piece, out);
    piece.remove_prefix(decoded.consumed);
    outcome.content.append(out, 0, decoded.produced);
    outcome.fault = decoded.fault;
    outcome.left = piece.size();
    if (decoded.fault != DecodeFault::none || (piece.empty() && decoded.produced < room)) return;
    REQUIRE((decoded.consumed != 0 || decoded.produced != 0));
  }
}

Outcome decode(Coding coding, DecoderLimits limits, Bytes coded, std::size_t piece = 1 << 20,
               std::size_t room = 1 << 16) {
  const auto decoder = make_decoder(coding, limits, dictionary_of(coding));
  Outcome outcome;
  while (outcome.fault == DecodeFault::none && !coded.empty()) {
    const Bytes now = coded.substr(0, piece);
    coded.remove_prefix(now.size());
    pull(*decoder, now, room, outcome);
  }
  if (outcome.fault == DecodeFault::none) outcome.fault = decoder->end();
  CHECK(decoder->produced() == outcome.content.size());
  return outcome;
}

std::string whole(const EncoderSettings& settings, Bytes content) {
  std::string out(content.size() + 1024 + settings.padding, '\0');
  const auto size = encode_whole(settings, content, out);
  REQUIRE(size);
  out.resize(*size);
  return out;
}

}  // namespace

TEST_CASE("what is encoded comes back, at every level") {
  const std::string content = samples::html(3);
  for (const Coding coding : codings) {
    for (int level = 1; level <= top_level(coding); ++level) {
      if (level > 12 && level < top_level(coding)) continue;
      CAPTURE(name(coding));
      CAPTURE(level);
      const EncoderSettings settings = settings_of(coding, level);
      CHECK(decode(coding, ample, encode(settings, content, 1 << 20, 1 << 16)).content == content);
      const std::string coded = whole(settings, content);
      CHECK(coded.size() < content.size());
      CHECK(decode(coding, ample, coded).content == content);
    }
  }
}

TEST_CASE("however content, output and coded bytes are cut, it is the same content") {
  const std::string content = samples::json(4) + samples::noise(3000);
  for (const Coding coding : codings) {
    CAPTURE(name(coding));
    const EncoderSettings settings = settings_of(coding, 3);
    for (const std::size_t piece : {1, 7, 1000}) {
      for (const std::size_t room : {1, 8, 1000}) {
        const std::string coded =
            encode(settings, content, static_cast<std::size_t>(piece), static_cast<std::size_t>(room));
        const Outcome outcome =
            decode(coding, ample, coded, static_cast<std::size_t>(room), static_cast<std::size_t>(piece));
        CHECK(outcome.fault == DecodeFault::none);
        CHECK(outcome.content == content);
      }
    }
    // At every split.
    const std::string coded = whole(settings, content.substr(0, 400));
    for (std::size_t split = 0; split <= coded.size(); ++split) {
      const auto decoder = make_decoder(coding, ample, dictionary_of(coding));
      Outcome outcome;
      pull(*decoder, Bytes{coded}.substr(0, split), 64, outcome);
      if (split < coded.size() && split != 0) {
        const auto cut = make_decoder(coding, ample, dictionary_of(coding));
        Outcome part;
        pull(*cut, Bytes{coded}.substr(0, split), 64, part);
        CHECK(cut->end() == DecodeFault::truncated);
      }
      pull(*decoder, Bytes{coded}.substr(split), 64, outcome);
      CHECK(decoder->end() == DecodeFault::none);
      CHECK(outcome.content == content.substr(0, 400));
    }
  }
}

TEST_CASE("a flush makes all that was written decodable at once, with room for a byte, a marker or all") {
  for (const Coding coding : codings) {
    for (const std::size_t room : {std::size_t{1}, std::size_t{5}, std::size_t{16}, std::size_t{64}}) {
      CAPTURE(name(coding));
      CAPTURE(room);
      const auto encoder = make_encoder(settings_of(coding, 1));
      const auto decoder = make_decoder(coding, ample, dictionary_of(coding));
      std::string said;
      Outcome heard;
      for (int i = 0; i < 20; ++i) {
        const std::string piece = "event " + std::to_string(i) + "\n";
        said += piece;
        std::string coded;
        feed(*encoder, piece, Flush::sync, room, coded);
        CHECK(coded.size() < 128);
        pull(*decoder, coded, room, heard);
        CHECK(heard.content == said);
      }
      // A flush of nothing is harmless, also twice.
      std::string coded;
      feed(*encoder, "", Flush::sync, room, coded);
      feed(*encoder, "", Flush::sync, room, coded);
      feed(*encoder, "", Flush::end, room, coded);
      pull(*decoder, coded, room, heard);
      CHECK(heard.content == said);
      CHECK(decoder->end() == DecodeFault::none);
      // After the end nothing more is made.
      std::array<char, 64> out{};
      const Encoded more = encoder->encode("more", out, Flush::end);
      CHECK(more.done);
      CHECK(more.produced == 0);
    }
  }
}

TEST_CASE("no content is a coding of its own") {
  for (const Coding coding : codings) {
    CAPTURE(name(coding));
    const Outcome outcome = decode(coding, ample, encode(settings_of(coding, 1), "", 1, 8));
    CHECK(outcome.fault == DecodeFault::none);
    CHECK(outcome.content.empty());
    // No bytes at all are none either.
    CHECK(make_decoder(coding, ample, dictionary_of(coding))->end() == DecodeFault::none);
  }
}

TEST_CASE("a wrong expectation of the length costs nothing but ratio") {
  const std::string content = samples::json(30);
  for (const Coding coding : codings) {
    for (const std::uint64_t expected : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{100}, UINT64_MAX}) {
      EncoderSettings settings = settings_of(coding, 4);
      settings.expected = expected;
      CHECK(decode(coding, ample, encode(settings, content, 5000, 4096)).content == content);
    }
  }
}

TEST_CASE("encode_whole says when it is not worth it") {
  const std::string noise = samples::noise(5000);
  for (const Coding coding : codings) {
    CAPTURE(name(coding));
    std::string out(noise.size() - 1, '\0');
    CHECK(!encode_whole(settings_of(coding, 1), noise, out));
    CHECK(!encode_whole(settings_of(coding, 1), noise, MutableBytes{}));
    CHECK(encode_whole(settings_of(coding, 1), std::string(5000, 'x'), out));
  }
}

TEST_CASE("padding hides the length and changes nothing else") {
  const std::string content = samples::json(5);
  for (const Coding coding : {Coding::gzip, Coding::zstd, Coding::dcz}) {
    CAPTURE(name(coding));
    EncoderSettings settings = settings_of(coding, 3);
    const std::size_t bare = encode(settings, content, 1 << 20, 1 << 16).size();
    for (const int padding : {1, 2, 100, 65535}) {
      settings.padding = static_cast<std::uint16_t>(padding);
      const std::string streamed = encode(settings, content, 1 << 20, 1 << 16);
      CHECK(streamed.size() >= bare + static_cast<std::size_t>(padding));
      CHECK(streamed.size() <= bare + static_cast<std::size_t>(padding) + 8);
      CHECK(decode(coding, ample, streamed, 100).content == content);
      CHECK(decode(coding, ample, whole(settings, content)).content == content);
    }
  }
}

TEST_CASE("the cap on produced bytes holds to the byte") {
  const std::string content = samples::json(50);
  for (const Coding coding : codings) {
    CAPTURE(name(coding));
    const std::string coded = whole(settings_of(coding, 6), content);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, coded.size()}) {
      const Outcome just = decode(coding, DecoderLimits{content.size(), 10000}, coded, piece);
      CHECK(just.fault == DecodeFault::none);
      CHECK(just.content == content);
      const Outcome over = decode(coding, DecoderLimits{content.size() - 1, 10000}, coded, piece);
      CHECK(over.fault == DecodeFault::too_large);
      CHECK(over.content == content.substr(0, content.size() - 1));
      CHECK(decode(coding, DecoderLimits{0}, coded, piece).fault == DecodeFault::too_large);
      CHECK(decode(coding, DecoderLimits{1}, coded, piece).content.size() == 1);
    }
  }
}

TEST_CASE("a bomb costs what the cap says") {
  struct Bomb {
    Coding coding;
    std::size_t size;  // of what it wants to become
  };
  for (const Bomb bomb :
       {Bomb{Coding::gzip, 10 * mebibyte}, Bomb{Coding::deflate, 10 * mebibyte}, Bomb{Coding::zstd, 10 * mebibyte},
        Bomb{Coding::gzip, samples::large_bomb}, Bomb{Coding::zstd, samples::large_bomb}}) {
    CAPTURE(name(bomb.coding));
    CAPTURE(bomb.size);
    const std::string coded = samples::bomb(bomb.coding, bomb.size);
    CHECK(coded.size() * 900 < bomb.size);
    // By ratio: 200 times what came, at least 64 KiB.
    const DecoderLimits by_ratio{16 * std::uint64_t{bomb.size}};
    const Outcome slow = decode(bomb.coding, by_ratio, coded, 4096);
    CHECK(slow.fault == DecodeFault::bomb);
    CHECK(slow.content.size() <= by_ratio.allowance(coded.size()));
    // By size.
    const Outcome capped = decode(bomb.coding, DecoderLimits{mebibyte, 100000000}, coded);
    CHECK(capped.fault == DecodeFault::too_large);
    CHECK(capped.content.size() == mebibyte);
  }
}

TEST_CASE("damage is a fault and ends the matter") {
  const std::string content = samples::json(10);
  for (const Coding coding : codings) {
    CAPTURE(name(coding));
    const std::string coded = whole(settings_of(coding, 3), content);
    // The first bytes say what it is; gzip's and zlib's last ones are a checksum.
    std::string damaged = coded;
    damaged[1] = static_cast<char>(damaged[1] ^ 0x55);
    const DecodeFault expected = coding == Coding::dcz ? DecodeFault::wrong_dictionary : DecodeFault::invalid;
    CHECK(decode(coding, ample, damaged).fault == expected);
    CHECK(decode(coding, ample, damaged, 1).fault == expected);
    if (coding == Coding::gzip || coding == Coding::deflate) {
      damaged = coded;
      damaged[damaged.size() - (coding == Coding::gzip ? 5 : 1)] ^= 1;
      CHECK(decode(coding, ample, damaged).fault == DecodeFault::invalid);
    }
    CHECK(decode(coding, ample, coded + "and more").fault == DecodeFault::invalid);
    CHECK(decode(coding, ample, "not this coding at all, but plain text").fault == expected);
    // A fault is terminal.
    const auto decoder = make_decoder(coding, ample, dictionary_of(coding));
    Outcome outcome;
    pull(*decoder, "xxxxxxxxxxxxxxxxxxxxxx", 64, outcome);
    std::array<char, 64> out{};
    CHECK(decoder->decode(coded, out).fault == expected);
    CHECK(decoder->decode(coded, out).produced == 0);
    CHECK(decoder->end() == expected);
  }
}

TEST_CASE("several members or frames are one content; bare deflate is not deflate") {
  for (const Coding coding : {Coding::gzip, Coding::zstd}) {
    const std::string coded =
        whole(settings_of(coding, 1), samples::json(1)) + whole(settings_of(coding, 2), samples::html(1));
    CHECK(decode(coding, ample, coded, 5).content == samples::json(1) + samples::html(1));
    CHECK(decode(coding, ample, coded.substr(0, coded.size() - 1)).fault == DecodeFault::truncated);
  }
  const std::string coded = whole(settings_of(Coding::deflate, 1), samples::json(1));
  CHECK(decode(Coding::deflate, ample, coded + coded).fault == DecodeFault::invalid);
  CHECK(decode(Coding::deflate, ample, coded.substr(2)).fault == DecodeFault::invalid);
}

TEST_CASE("zstd: a window above 8 MiB is refused") {
  // The head of a frame with a window of 2^24 bytes, and of one with 2^23: descriptor, exponent 14 or 13, an empty last block.
  using namespace std::string_view_literals;
  CHECK(decode(Coding::zstd, ample, "\x28\xb5\x2f\xfd\x00\x70\x01\x00\x00"sv).fault == DecodeFault::window_too_large);
  CHECK(decode(Coding::zstd, ample, "\x28\xb5\x2f\xfd\x00\x68\x01\x00\x00"sv).fault == DecodeFault::none);
}

TEST_CASE("a dictionary is taken raw, whatever it looks like") {
  // What zstd would take for a dictionary that it trained, and an empty one.
  for (const std::string& content : {std::string{"\x37\xa4\x30\xec"} + samples::json(20), std::string{}}) {
    const Dictionary raw{content};
    EncoderSettings settings = settings_of(Coding::dcz, 3);
    settings.dictionary = &raw;
    const std::string sample = samples::json(19) + "new";
    for (const std::string& coded : {whole(settings, sample), encode(settings, sample, 100, 100)}) {
      const auto decoder = make_decoder(Coding::dcz, ample, &raw);
      Outcome outcome;
      pull(*decoder, coded, 1000, outcome);
      CHECK(outcome.content == sample);
      CHECK(decoder->end() == DecodeFault::none);
      if (!content.empty()) CHECK(coded.size() < 200);
    }
  }
  // Another dictionary's content is refused by its name.
  EncoderSettings settings = settings_of(Coding::dcz, 3);
  const Dictionary other{"something else"};
  settings.dictionary = &other;
  CHECK(decode(Coding::dcz, ample, whole(settings, "x")).fault == DecodeFault::wrong_dictionary);
}

TEST_CASE("memory of an open stream is bounded by coding, level and window") {
  struct Row {
    Coding coding;
    int level;
    int window;
    std::size_t most;
  };
  for (const Row row : {Row{Coding::gzip, 1, 0, 280 * kibibyte}, Row{Coding::gzip, 9, 0, 280 * kibibyte},
                        Row{Coding::zstd, 1, 17, mebibyte}, Row{Coding::zstd, 3, 17, 1400 * kibibyte},
                        Row{Coding::zstd, 3, 18, 1700 * kibibyte}, Row{Coding::zstd, 22, 18, 6 * mebibyte}}) {
    EncoderSettings settings = settings_of(row.coding, row.level);
    settings.window_log = row.window;
    const auto encoder = make_encoder(settings);
    std::string coded;
    const std::string content = samples::html(5);
    feed(*encoder, content, Flush::sync, 4096, coded);
    const std::size_t early = encoder->memory();
    for (int i = 0; i < 20; ++i) feed(*encoder, content, Flush::sync, 4096, coded);
    CAPTURE(name(row.coding));
    CAPTURE(row.level);
    CHECK(encoder->memory() <= row.most);
    CHECK(encoder->memory() == early);
  }
}
