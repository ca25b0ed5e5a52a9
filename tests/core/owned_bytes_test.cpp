// OwnedBytes: octets that grow, and whose they are.
#include <doctest/doctest.h>

#include <pounce/core/owned_bytes.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

using pounce::Bytes;
using pounce::OwnedBytes;

TEST_CASE("what is appended stands behind what was there, however often it moves") {
  OwnedBytes bytes;
  CHECK(bytes.empty());
  CHECK(bytes.bytes().empty());
  CHECK(bytes.capacity() == 0);
  std::string expected;
  std::size_t moves = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 7), static_cast<char>('a' + i % 26));
    const char* const before = bytes.data();
    bytes.append(piece);
    moves += before != bytes.data() ? 1 : 0;
    expected += piece;
    CHECK(bytes.bytes() == expected);
    CHECK(bytes.size() == expected.size());
  }
  CHECK(moves < 20);
}

TEST_CASE("reserve takes so much and no more, and keeps what is there") {
  OwnedBytes bytes;
  bytes.append("kept");
  bytes.reserve(100);
  CHECK(bytes.capacity() == 100);
  CHECK(bytes.bytes() == "kept");
  const char* const place = bytes.data();
  bytes.reserve(10);
  bytes.append(std::string(96, 'x'));
  CHECK(bytes.data() == place);
  CHECK(bytes.capacity() == 100);
}

TEST_CASE("resize makes room to write in, and cuts") {
  OwnedBytes bytes;
  bytes.append("ab");
  bytes.resize(5);
  std::fill_n(bytes.data() + 2, 3, 'c');
  CHECK(bytes.bytes() == "abccc");
  bytes.resize(1);
  CHECK(bytes.bytes() == "a");
  bytes.resize(0);
  CHECK(bytes.empty());
}

TEST_CASE("clear keeps the memory, release gives it back") {
  OwnedBytes bytes;
  bytes.append("some octets");
  const std::size_t capacity = bytes.capacity();
  bytes.clear();
  CHECK(bytes.empty());
  CHECK(bytes.capacity() == capacity);
  bytes.append("more");
  bytes.release();
  CHECK(bytes.empty());
  CHECK(bytes.capacity() == 0);
  bytes.append(Bytes{});
  CHECK(bytes.capacity() == 0);
  bytes.append("again");
  CHECK(bytes.bytes() == "again");
}

TEST_CASE("it moves whole") {
  static_assert(!std::is_copy_constructible_v<OwnedBytes> && std::is_nothrow_move_assignable_v<OwnedBytes>);
  OwnedBytes one;
  one.append("one");
  const char* const place = one.data();
  OwnedBytes two = std::move(one);
  CHECK(two.data() == place);
  CHECK(one.empty());  // NOLINT(bugprone-use-after-move): that it is empty is promised
  CHECK(one.capacity() == 0);
  one.append("other");
  two = std::move(one);
  CHECK(two.bytes() == "other");
  CHECK(one.bytes().empty());
}
