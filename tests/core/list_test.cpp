// List: elements in a row, where they were put.
#include <doctest/doctest.h>

#include <pounce/core/list.hpp>
#include <pounce/core/owned.hpp>

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <utility>
#include <vector>

using pounce::List;
using pounce::make_owned;
using pounce::Owned;

TEST_CASE("each stands where it was put, however often they move") {
  std::mt19937 random{1};
  List<std::string> list;
  std::vector<std::string> expected;
  CHECK(list.empty());
  CHECK(list.begin() == list.end());
  for (int i = 0; i < 200; ++i) {
    const std::string text = std::to_string(i) + std::string(static_cast<std::size_t>(i), 'x');
    if (i % 3 == 0) {
      list.push_back(text);
      expected.push_back(text);
    } else {
      const std::size_t place = random() % (expected.size() + 1);
      list.insert(place, text);
      expected.insert(expected.begin() + static_cast<std::ptrdiff_t>(place), text);
    }
    REQUIRE(list.size() == expected.size());
    CHECK(std::equal(list.begin(), list.end(), expected.begin(), expected.end()));
  }
  CHECK(list[7] == expected[7]);
}

TEST_CASE("it owns what is in it, and moves whole") {
  struct Counted {
    explicit Counted(int& alive) : count(alive) { ++count; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count; }
    int& count;
  };
  int alive = 0;
  {
    List<Owned<Counted>> list;
    for (int i = 0; i < 5; ++i) list.insert(0, make_owned<Counted>(alive));
    CHECK(alive == 5);
    List<Owned<Counted>> other = std::move(list);
    CHECK(alive == 5);
    CHECK(other.size() == 5);
    CHECK(list.empty());  // NOLINT(bugprone-use-after-move): that it is empty is promised
    list.push_back(make_owned<Counted>(alive));
    CHECK(list.size() == 1);
    other = std::move(list);
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
}
