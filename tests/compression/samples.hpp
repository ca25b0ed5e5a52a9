// Content to encode, the same every time.
#pragma once

#include <pounce/compression/encoder.hpp>

#include "tests/slow_build.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace samples {

// A gibibyte takes a sanitizer a minute.
inline constexpr std::size_t large_bomb = slow_build ? std::size_t{64} << 20 : std::size_t{1} << 30;

class Dice {
 public:
  std::uint32_t roll(std::uint32_t sides) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::uint32_t>(state_ >> 33) % sides;
  }

 private:
  std::uint64_t state_ = 42;
};

// About 160 bytes for each record.
inline std::string json(std::size_t records) {
  Dice dice;
  std::string text = "[";
  for (std::size_t i = 0; i < records; ++i) {
    text += R"({"id":)" + std::to_string(i) + R"(,"name":"user )" + std::to_string(dice.roll(100000)) +
            R"(","email":"u)" + std::to_string(dice.roll(100000)) + R"(@example.org","active":)" +
            (dice.roll(2) != 0 ? "true" : "false") + R"(,"score":)" + std::to_string(dice.roll(1000000)) +
            R"(,"tags":["alpha","beta","gamma"]},)" + "\n";
  }
  text.back() = ']';
  return text;
}

// About 2 KiB for each section.
inline std::string html(std::size_t sections) {
  static const char* const words[] = {"the",   "server", "answers", "a",    "request", "with",
                                      "bytes", "that",   "were",    "made", "smaller", "on",
                                      "their", "way",    "and",     "read", "again",   "client"};
  Dice dice;
  std::string text = "<!doctype html><html><head><title>Sample</title></head><body>\n";
  for (std::size_t i = 0; i < sections; ++i) {
    text += "<section class=\"entry\" id=\"s" + std::to_string(i) + "\"><h2>Part " + std::to_string(i) + "</h2>\n";
    for (int paragraph = 0; paragraph < 4; ++paragraph) {
      text += "  <p class=\"text\">";
      for (int word = 0; word < 80; ++word) text += std::string{words[dice.roll(std::size(words))]} + " ";
      text += "</p>\n";
    }
    text += "</section>\n";
  }
  return text + "</body></html>\n";
}

inline std::string noise(std::size_t size) {
  Dice dice;
  std::string bytes(size, '\0');
  std::generate(bytes.begin(), bytes.end(), [&dice] { return static_cast<char>(dice.roll(256)); });
  return bytes;
}

// Zeros, as small as the coding makes them.
inline std::string bomb(pounce::compression::Coding coding, std::size_t size) {
  using namespace pounce::compression;
  EncoderSettings settings;
  settings.coding = coding;
  settings.level = coding == Coding::zstd ? 3 : 9;
  const auto encoder = make_encoder(settings);
  const std::string zeros(std::size_t{1} << 20, '\0');
  std::string out(std::size_t{1} << 16, '\0');
  std::string coded;
  for (std::size_t done = 0; done < size; done += zeros.size()) {
    pounce::Bytes rest = zeros;
    for (bool more = true; more;) {
      const Encoded encoded = encoder->encode(rest, out, done + zeros.size() == size ? Flush::end : Flush::none);
      rest.remove_prefix(encoded.consumed);
      coded.append(out, 0, encoded.produced);
      more = !encoded.done;
    }
  }
  return coded;
}

}  // namespace samples
