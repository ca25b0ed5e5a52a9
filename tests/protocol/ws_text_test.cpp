// UTF-8: the vectors, the scalar check and the check in pieces give one answer, which is that of a decoder written from the RFC's table.
#include "protocol/ws/utf8_variants.hpp"

#include <doctest/doctest.h>

#include <pounce/ws/utf8.hpp>

#include <array>
#include <cstdint>
#include <string>

using namespace pounce;

namespace {

// RFC 3629, section 4, as it stands there: each row is one form of a character.
bool by_table(Bytes text) {
  struct Range {
    unsigned least, most;
  };
  struct Row {
    std::size_t size;
    std::array<Range, 4> octets;
  };
  constexpr Range tail{0x80, 0xbf};
  static constexpr std::array<Row, 9> rows{{{1, {{{0x00, 0x7f}}}},
                                            {2, {{{0xc2, 0xdf}, tail}}},
                                            {3, {{{0xe0, 0xe0}, {0xa0, 0xbf}, tail}}},
                                            {3, {{{0xe1, 0xec}, tail, tail}}},
                                            {3, {{{0xed, 0xed}, {0x80, 0x9f}, tail}}},
                                            {3, {{{0xee, 0xef}, tail, tail}}},
                                            {4, {{{0xf0, 0xf0}, {0x90, 0xbf}, tail, tail}}},
                                            {4, {{{0xf1, 0xf3}, tail, tail, tail}}},
                                            {4, {{{0xf4, 0xf4}, {0x80, 0x8f}, tail, tail}}}}};
  while (!text.empty()) {
    std::size_t matched = 0;
    for (const Row& row : rows) {
      bool fits = row.size <= text.size();
      for (std::size_t i = 0; fits && i < row.size; ++i) {
        const auto octet = static_cast<unsigned char>(text[i]);
        fits = octet >= row.octets[i].least && octet <= row.octets[i].most;
      }
      if (fits) matched = row.size;
    }
    if (matched == 0) return false;
    text.remove_prefix(matched);
  }
  return true;
}

bool in_pieces(Bytes text, std::size_t piece) {
  ws::TextCheck check;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    if (!check.add(text.substr(0, piece))) return false;
  }
  return check.complete();
}

void check_all(const std::string& text) {
  const bool expected = by_table(text);
  bool same = ws::is_utf8(text) == expected;
  for (const ws::Utf8Variant& variant : ws::utf8_variants()) {
    if (variant.available) same = same && variant.check(text) == expected;
  }
  for (const std::size_t piece : {1, 2, 3, 7, 50, 1000}) same = same && in_pieces(text, piece) == expected;
  if (same) return;
  std::string digits;
  for (const char c : text) digits += std::to_string(static_cast<unsigned char>(c)) + ' ';
  FAIL(digits);
}

constexpr std::array<unsigned char, 20> telling{0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1,
                                                0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf3, 0xf4, 0xf5};

}  // namespace

TEST_CASE("text: every pair of octets, alone and at the border of two vectors") {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      const std::string pair{static_cast<char>(a), static_cast<char>(b)};
      check_all(pair);
      check_all(std::string(63, 'x') + pair + std::string(40, 'y'));
    }
  }
}

TEST_CASE("text: all that can go wrong within four octets, wherever they stand") {
  std::size_t place = 0;
  for (const unsigned char a : telling) {
    for (const unsigned char b : telling) {
      for (const unsigned char c : telling) {
        for (const unsigned char d : telling) {
          std::string text(place++ % 70, 'x');
          for (const unsigned char octet : {a, b, c, d}) text += static_cast<char>(octet);
          if (place % 2 == 0) text += std::string(place % 67, 'y');
          check_all(text);
        }
      }
    }
  }
}

TEST_CASE("text: long texts, whole and cut off") {
  std::string text;
  while (text.size() < 700) text += "plain words, κόσμε, 日本語, 😀; ";
  for (std::size_t size = 0; size <= text.size(); ++size) check_all(text.substr(0, size));
  for (std::size_t at = 0; at < text.size(); at += 3) {
    std::string wrong = text;
    wrong[at] = '\xff';
    check_all(wrong);
    wrong[at] = '\x80';
    check_all(wrong);
  }
}

TEST_CASE("text: the longest prefix that can still become UTF-8") {
  CHECK(ws::utf8_prefix({}, "abc") == 3);
  CHECK(ws::utf8_prefix({},
                        "ab\xff"
                        "c") == 2);
  CHECK(ws::utf8_prefix({}, "ab\xce") == 3);
  CHECK(ws::utf8_prefix({}, "ab\xed\xa0") == 3);
  ws::TextCheck within;
  CHECK(within.add("\xce"));
  CHECK(ws::utf8_prefix(within, "x") == 0);
  CHECK(ws::utf8_prefix(within, "\xba.") == 2);
}
