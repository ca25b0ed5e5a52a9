// AddressText: the two addresses of each connection.
#include <doctest/doctest.h>

#include <pounce/app/peers.hpp>

#include <string>
#include <string_view>
#include <utility>

using namespace pounce;

TEST_CASE("texts of any length are kept, moved and replaced") {
  CHECK(AddressText{}.view().empty());
  for (const std::size_t first : {0UL, 1UL, AddressText::in_place, AddressText::in_place + 1, 107UL, 300UL}) {
    for (const std::size_t second : {0UL, 5UL, AddressText::in_place, AddressText::in_place + 1, 300UL}) {
      CAPTURE(first);
      CAPTURE(second);
      std::string source(first, 'a');
      AddressText one{source};
      source.assign(first, 'x');  // it has its own
      CHECK(one.view() == std::string(first, 'a'));
      AddressText moved{std::move(one)};
      CHECK(moved.view() == std::string(first, 'a'));
      moved = std::string(second, 'b');
      CHECK(std::string_view{moved} == std::string(second, 'b'));
    }
  }
}

TEST_CASE("an IPv4 address with its port lies in place") {
  CHECK(std::string_view{"255.255.255.255:65535"}.size() <= AddressText::in_place);
  CHECK(sizeof(AddressText) == 24);
}
