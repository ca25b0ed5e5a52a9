// SmallString keeps a copy of what it is made from, in itself or on the heap; KeptCopy does as storage, and Decimal as digits.
#include <pounce/core/decimal.hpp>
#include <pounce/core/kept_copy.hpp>
#include <pounce/core/small_string.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

using namespace pounce;

namespace {

std::string text_of(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text.push_back(static_cast<char>(i % 251));
  return text;
}

// It is given back as it was given, wherever it stands.
bool keeps(std::size_t size) {
  const std::string text = text_of(size);
  const SmallString kept{text};
  return kept == text && kept.bytes() == text && kept.size() == size && kept.empty() == (size == 0);
}

}  // namespace

TEST_CASE("texts of every length around the inline capacity are kept") {
  for (std::size_t size = 0; size <= 3 * SmallString::inline_capacity; ++size) CHECK(keeps(size));
  CHECK(keeps(100'000));
}

TEST_CASE("it is a copy, which moves whole") {
  for (const std::size_t size : {std::size_t{5}, SmallString::inline_capacity, SmallString::inline_capacity + 1}) {
    CAPTURE(size);
    std::string text = text_of(size);
    SmallString first{text};
    text.assign(size, 'x');
    CHECK(first == text_of(size));
    const SmallString copy{first};
    SmallString moved{std::move(first)};
    CHECK(first.empty());  // NOLINT(bugprone-use-after-move): that is what is promised
    CHECK(copy == text_of(size));
    CHECK(moved == copy);
    SmallString assigned{"something else that is longer than what it has room for"};
    assigned = copy;
    CHECK(assigned == copy);
    assigned = std::as_const(assigned);  // itself
    CHECK(assigned == copy);
    assigned = std::move(moved);
    CHECK(assigned == copy);
    CHECK(moved.empty());  // NOLINT(bugprone-use-after-move)
    assigned = {};
    CHECK(assigned.empty());
  }
}

TEST_CASE("it takes 24 octets, and every IPv4 address with its port stands in it") {
  CHECK(sizeof(SmallString) == 24);
  CHECK(std::string_view{"255.255.255.255:65535"}.size() <= SmallString::inline_capacity);
}

TEST_CASE("it is made of, compared with and given to whatever is text") {
  const SmallString kept = "192.168.100.100:40112";
  CHECK(kept == "192.168.100.100:40112");
  CHECK(kept == std::string{"192.168.100.100:40112"});
  CHECK(std::string_view{"192.168.100.100:40112"} == kept);
  CHECK(kept != "192.168.100.100:40113");
  const std::string back = kept;
  const std::string_view view = kept;
  CHECK(back == view);
}

TEST_CASE("a kept copy lives as long as a loan") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100'000}}) {
    std::string text = text_of(size);
    Bytes bytes;
    StorageRef owner = keep_copy(text, bytes);
    text.assign(size, 'x');
    const StorageRef other = owner;
    owner = {};
    CHECK(bytes == text_of(size));
  }
}

TEST_CASE("numbers as digits") {
  CHECK(Decimal{0}.bytes() == "0");
  CHECK(Decimal{7}.bytes() == "7");
  CHECK(Decimal{1234567890}.bytes() == "1234567890");
  CHECK(Decimal{std::numeric_limits<std::uint64_t>::max()}.bytes() == "18446744073709551615");
  static_assert(Decimal{42}.bytes() == "42");
}
