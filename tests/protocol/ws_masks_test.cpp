// Masking: all variants do what the RFC's formula says, at any size and place, and touch nothing else. Keys of clients.
#include "protocol/ws/mask.hpp"

#include <doctest/doctest.h>

#include <pounce/ws/mask_keys.hpp>

#include <set>
#include <string>

using namespace pounce;

namespace {

std::string by_formula(std::string bytes, std::size_t from, std::size_t size, ws::MaskKey key) {
  for (std::size_t i = 0; i < size; ++i)
    bytes[from + i] = static_cast<char>(bytes[from + i] ^ static_cast<char>(key >> (8 * (i % 4))));
  return bytes;
}

std::string numbers(std::size_t size) {
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 7 + i / 256);
  return bytes;
}

}  // namespace

TEST_CASE("masks: every variant at every size up to many vectors, at every place in a cache line") {
  constexpr ws::MaskKey key = 0x78563412;
  for (const ws::MaskVariant& variant : ws::mask_variants()) {
    MESSAGE(std::string(variant.name), std::string(variant.available ? "" : ": not on this machine"));
    if (!variant.available) continue;
    for (std::size_t size = 0; size < 600; ++size) {
      for (std::size_t from = 0; from < 64; from += size < 140 ? 1 : 9) {
        const std::string before = numbers(from + size + 70);
        std::string bytes = before;
        variant.apply(bytes.data() + from, size, key);
        if (bytes == by_formula(before, from, size, key)) continue;
        CAPTURE(size);
        CAPTURE(from);
        FAIL(variant.name);
      }
    }
  }
}

TEST_CASE("masks: applied twice, in pieces, and while copying") {
  constexpr ws::MaskKey key = 0xfedcba98;
  const std::string before = numbers(10'000);
  const std::string expected = by_formula(before, 0, before.size(), key);
  for (const std::size_t cut : {0, 1, 2, 3, 4, 5, 31, 64, 999, 9'999}) {
    std::string bytes = before;
    ws::apply_mask({bytes.data(), cut}, key);
    ws::apply_mask({bytes.data() + cut, bytes.size() - cut}, ws::rotate(key, cut));
    CHECK(bytes == expected);
    ws::apply_mask(bytes, key);
    CHECK(bytes == before);
  }
  std::string copy(before.size(), '\0');
  ws::copy_masked(before, key, copy.data());
  CHECK(copy == expected);
}

TEST_CASE("mask keys: of one secret always the same, of another others, and none twice in a row") {
  ws::MaskKeys first{{1, 2}};
  ws::MaskKeys again{{1, 2}};
  ws::MaskKeys other{{1, 3}};
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::uint32_t key = first.next();
    CHECK(key == again.next());
    CHECK(key != other.next());
    seen.insert(key);
  }
  CHECK(seen.size() == 1000);
}
