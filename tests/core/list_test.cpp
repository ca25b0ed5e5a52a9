// List: elements in a row, where they were put.
#include <doctest/doctest.h>

#include <pounce/core/list.hpp>
#include <pounce/core/owned.hpp>

#include <algorithm>
#include <cstddef>
#include <new>
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

TEST_CASE("it grows, shrinks and gives its memory back when it is told to") {
  List<std::string> list;
  list.reserve(3);
  CHECK(list.capacity() == 3);
  CHECK(list.emplace_back(std::size_t{40}, 'a') == std::string(40, 'a'));
  const std::string* const first = list.data();
  list.push_back("b");
  list.push_back("c");
  CHECK(list.data() == first);
  list.push_back(list[0]);  // of its own, when there is no room
  CHECK(list.back() == std::string(40, 'a'));
  CHECK(list.capacity() > 3);

  list.erase_front(2);
  CHECK(list.size() == 2);
  CHECK(list[0] == "c");
  list.resize(4);
  CHECK(list[3].empty());
  list.resize(1);
  CHECK(list.size() == 1);
  list.pop_back();
  CHECK(list.empty());

  const std::size_t capacity = list.capacity();
  list.push_back("d");
  list.clear();
  CHECK(list.empty());
  CHECK(list.capacity() == capacity);
  list.release();
  CHECK(list.capacity() == 0);
  CHECK(list.begin() == list.end());
}

TEST_CASE("what is taken away is gone at once, and the others keep their order") {
  int alive = 0;
  struct Counted {
    Counted(int& count, int number) : alive(&count), value(number) { ++*alive; }
    Counted(Counted&& other) noexcept : alive(std::exchange(other.alive, nullptr)), value(other.value) {}
    Counted& operator=(Counted&& other) noexcept {
      std::swap(alive, other.alive);
      value = other.value;
      return *this;
    }
    ~Counted() {
      if (alive != nullptr) --*alive;
    }
    int* alive;
    int value;
  };
  List<Counted> list;
  for (int i = 0; i < 9; ++i) list.emplace_back(alive, i);
  CHECK(erase_if(list, [](const Counted& one) { return one.value % 3 == 0; }) == 3);
  CHECK(alive == 6);
  REQUIRE(list.size() == 6);
  constexpr int left[] = {1, 2, 4, 5, 7, 8};
  for (std::size_t i = 0; i < list.size(); ++i) CHECK(list[i].value == left[i]);
  list.erase_front(5);
  CHECK(alive == 1);
  CHECK(list[0].value == 8);
  list.clear();
  CHECK(alive == 0);
}

TEST_CASE("more than memory can hold is refused, and changes nothing") {
  List<std::string> list;
  list.push_back("kept");
  CHECK_THROWS_AS(list.reserve(static_cast<std::size_t>(-1)), std::bad_alloc);
  CHECK(list.size() == 1);
  CHECK(list[0] == "kept");
}

TEST_CASE("copies are their own") {
  const List<std::string> list{"a", "b"};
  List<std::string> copy = list;
  copy[0] = "c";
  copy.push_back("d");
  CHECK(list.size() == 2);
  CHECK(list[0] == "a");
  copy = list;
  CHECK(copy.size() == 2);
  CHECK(copy[0] == "a");
}
