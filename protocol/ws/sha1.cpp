#include "sha1.hpp"

#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pounce::inline v0::ws {

namespace {

constexpr std::size_t block = 64;
using State = std::array<std::uint32_t, 5>;

std::uint32_t read_word(const char* at) noexcept {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i < sizeof word; ++i) word = word << 8U | static_cast<unsigned char>(at[i]);
  return word;
}

void add_block(const char* bytes, State& state) noexcept {
  std::array<std::uint32_t, 80> words;
  for (std::size_t i = 0; i < 16; ++i) words[i] = read_word(bytes + 4 * i);
  for (std::size_t i = 16; i < words.size(); ++i)
    words[i] = std::rotl(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
  auto [a, b, c, d, e] = state;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::uint32_t mix = 0;
    switch (i / 20) {
      case 0: mix = ((b & c) | (~b & d)) + 0x5a827999; break;
      case 1: mix = (b ^ c ^ d) + 0x6ed9eba1; break;
      case 2: mix = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc; break;
      default: mix = (b ^ c ^ d) + 0xca62c1d6; break;
    }
    const std::uint32_t next = std::rotl(a, 5) + mix + e + words[i];
    e = d;
    d = c;
    c = std::rotl(b, 30);
    b = a;
    a = next;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
}

}  // namespace

Sha1 sha1(Bytes message) noexcept {
  std::array<char, 2 * block> padded{};
  assert(message.size() + 9 <= padded.size());
  if (!message.empty()) std::memcpy(padded.data(), message.data(), message.size());
  padded[message.size()] = static_cast<char>(0x80);
  const std::size_t size = message.size() + 9 <= block ? block : padded.size();
  const std::size_t bits = 8 * message.size();
  padded[size - 2] = static_cast<char>(bits >> 8U);
  padded[size - 1] = static_cast<char>(bits);

  State state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  for (std::size_t at = 0; at < size; at += block) add_block(padded.data() + at, state);
  Sha1 digest;
  for (std::size_t i = 0; i < digest.size(); ++i) digest[i] = static_cast<char>(state[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

}  // namespace pounce::inline v0::ws
