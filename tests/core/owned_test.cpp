// Owned: one owner, and what happens when it changes.
#include <doctest/doctest.h>

#include <pounce/core/owned.hpp>

#include <type_traits>
#include <utility>

using pounce::make_owned;
using pounce::Owned;

namespace {

struct Base {
  Base() = default;
  Base(const Base&) = delete;
  Base& operator=(const Base&) = delete;
  virtual ~Base() = default;
};
struct Counted final : Base {
  explicit Counted(int& alive) : alive_(alive) { ++alive_; }
  ~Counted() override { --alive_; }

 private:
  int& alive_;
};
struct Plain {};
struct More : Plain {};

}  // namespace

TEST_CASE("what is owned dies with its owner, once") {
  int alive = 0;
  {
    const auto one = make_owned<Counted>(alive);
    const Owned<Base> other = make_owned<Counted>(alive);
    CHECK(alive == 2);
  }
  CHECK(alive == 0);
}

TEST_CASE("it moves whole, and the old owner has nothing") {
  int alive = 0;
  auto one = make_owned<Counted>(alive);
  Owned<Base> other = std::move(one);
  CHECK(one == nullptr);  // NOLINT(bugprone-use-after-move): this is what is asked
  CHECK(other);
  other = make_owned<Counted>(alive);
  CHECK(alive == 1);
  Owned<Base>& same = other;
  other = std::move(same);
  CHECK(alive == 1);
  Base* bare = other.release();
  CHECK(!other);
  CHECK(alive == 1);
  other.reset(bare);
  other.reset();
  CHECK(alive == 0);
}

TEST_CASE("nobody is deleted through a base without a virtual destructor, and nobody is copied") {
  static_assert(!std::is_convertible_v<Owned<More>, Owned<Plain>>);
  static_assert(std::is_convertible_v<Owned<Plain>, Owned<const Plain>>);
  static_assert(!std::is_convertible_v<Owned<const Plain>, Owned<Plain>>);
  static_assert(!std::is_copy_constructible_v<Owned<Plain>> && !std::is_copy_constructible_v<Owned<Plain[]>>);
  static_assert(sizeof(Owned<Base>) == sizeof(void*));
}

TEST_CASE("an array moves as one object does") {
  Owned<char[]> text{new char[2]{'a', 'b'}};
  Owned<char[]> other;
  CHECK(!other);
  other = std::move(text);
  CHECK(!text);  // NOLINT(bugprone-use-after-move): this is what is asked
  CHECK(other[1] == 'b');
}
