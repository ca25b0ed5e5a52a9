// Dictionaries: their hash, their fields, and who may use them.
#include "compression/sha256.hpp"

#include <doctest/doctest.h>

#include <pounce/compression/dictionary.hpp>
#include <pounce/compression/policy.hpp>

#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

using namespace pounce;
using namespace pounce::compression;

namespace {

std::string hex(const DictionaryHash& hash) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t octet : hash) {
    text += digits[octet >> 4];
    text += digits[octet & 15];
  }
  return text;
}

}  // namespace

TEST_CASE("SHA-256, of FIPS 180-4's examples") {
  CHECK(hex(sha256("")) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(hex(sha256(std::string(1000000, 'a'))) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("Available-Dictionary is a byte sequence of 32 bytes and nothing else") {
  // Of the RFC's own example.
  const auto hash = parse_available_dictionary(":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=:");
  REQUIRE(hash);
  CHECK(hex(*hash) == "a591a6d40bf420404a011733cfb7b190d62c65bf0bcda32b57b277d9ad9f146e");
  CHECK(*hash == sha256("Hello World"));
  CHECK(parse_available_dictionary("\t :pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=: ") == hash);
  for (const std::string_view wrong :
       {"",
        "pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=", "::", ":AAAA:", ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4:",
        ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4==:", ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG-=:",
        ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2f FG4=:", ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=:;a=1",
        "\"pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=\"", ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4A:"})
    CHECK_MESSAGE(!parse_available_dictionary(wrong), wrong);
}

TEST_CASE("Use-As-Dictionary") {
  CHECK(use_as_dictionary({.match = "/js/app.*.js"}) == "match=\"/js/app.*.js\"");
  CHECK(use_as_dictionary({.match = "/*", .id = "v\"1\\", .destination = "script"}) ==
        "match=\"/*\", match-dest=(\"script\"), id=\"v\\\"1\\\\\"");
  CHECK(!use_as_dictionary({.match = ""}));
  CHECK(!use_as_dictionary({.match = "*"}));
  CHECK(!use_as_dictionary({.match = "/:id(\\d+)"}));
  CHECK(!use_as_dictionary({.match = "/\xc3\xa4"}));
  CHECK(!use_as_dictionary({.match = "/a\r\nb"}));
  CHECK(!use_as_dictionary({.match = "/", .id = "\n"}));
  CHECK(!use_as_dictionary({.match = "/", .id = std::string(1025, 'x')}));
  CHECK(use_as_dictionary({.match = "/", .id = std::string(1024, 'x')}));
}

TEST_CASE("a dictionary is not used across origins unless the response may be read there") {
  struct Row {
    std::string_view site;
    std::string_view mode;
    std::string_view origin;
    std::string_view allowed;
    bool may;
  };
  const Row rows[] = {
      {"", "", "", "", true},
      {"same-origin", "cors", "", "", true},
      {"same-origin", "no-cors", "", "", true},
      {"cross-site", "", "", "", true},
      {"cross-site", "navigate", "", "", true},
      {"none", "navigate", "", "", true},
      {"same-site", "same-origin", "", "", true},
      {"cross-site", "no-cors", "", "", false},
      {"same-site", "no-cors", "", "*", false},
      {"cross-site", "cors", "https://a.example", "", false},
      {"cross-site", "cors", "", "*", false},
      {"cross-site", "cors", "https://a.example", "*", true},
      {"cross-site", "cors", "https://a.example", "https://a.example", true},
      {"cross-site", "cors", "https://a.example", "https://b.example", false},
      {"cross-site", "websocket", "https://a.example", "*", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.site);
    CAPTURE(row.mode);
    CAPTURE(row.allowed);
    std::vector<Field> request;
    std::vector<Field> response;
    if (!row.site.empty()) request.push_back({.name = "Sec-Fetch-Site", .value = row.site});
    if (!row.mode.empty()) request.push_back({.name = "Sec-Fetch-Mode", .value = row.mode});
    if (!row.origin.empty()) request.push_back({.name = "Origin", .value = row.origin});
    if (!row.allowed.empty()) response.push_back({.name = "Access-Control-Allow-Origin", .value = row.allowed});
    CHECK(same_origin_context(request, response) == row.may);
  }
}

TEST_CASE("a dictionary names itself in forty bytes") {
  const Dictionary dictionary{"Hello World"};
  const auto header = dictionary.header();
  CHECK(std::string_view{header.data(), 8} == std::string_view{"\x5e\x2a\x4d\x18\x20\0\0\0", 8});
  DictionaryHash hash{};
  for (std::size_t i = 0; i < hash.size(); ++i) hash[i] = static_cast<std::uint8_t>(header[8 + i]);
  CHECK(hash == dictionary.hash());
  CHECK(dictionary.memory() > dictionary.content().size());
  CHECK_THROWS_AS((Dictionary{std::string(Dictionary::most_content + 1, 'x')}), std::bad_alloc);
}

TEST_CASE("a server has at most sixteen") {
  Dictionaries dictionaries;
  for (std::size_t i = 0; i < Dictionaries::most; ++i)
    CHECK(dictionaries.add(make_owned<Dictionary>(std::to_string(i))));
  CHECK(!dictionaries.add(make_owned<Dictionary>("one more")));
  CHECK(dictionaries.find(sha256("7"))->content() == "7");
  CHECK(dictionaries.find(sha256("one more")) == nullptr);
}
