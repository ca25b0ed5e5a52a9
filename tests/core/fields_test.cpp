// Fields: an ordered list that compares names without case, small or large, copied, moved or fed from itself.
#include <doctest/doctest.h>

#include <pounce/app/fields.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

using namespace pounce;

namespace {

using Model = std::vector<std::pair<std::string, std::string>>;

Model model(const Fields& fields) {
  Model out;
  for (const Field field : fields) out.emplace_back(field.name, field.value);
  return out;
}

}  // namespace

TEST_CASE("add keeps order and repetition; set replaces; remove removes all") {
  Fields fields;
  fields.add("A", "1");
  fields.add("b", "2");
  fields.add("a", "3");
  CHECK((model(fields) == Model{{"A", "1"}, {"b", "2"}, {"a", "3"}}));
  CHECK(fields.find("a") == "1");
  fields.set("A", "4");
  CHECK((model(fields) == Model{{"b", "2"}, {"A", "4"}}));
  fields.remove("B");
  CHECK((model(fields) == Model{{"A", "4"}}));
  fields.remove("none");
  CHECK(fields.size() == 1);
  fields.clear();
  CHECK(fields.empty());
  CHECK_FALSE(fields.contains("A"));
}

TEST_CASE("empty names and values are kept as they are") {
  Fields fields;
  fields.add("", "");
  fields.add("x", "");
  CHECK(fields.size() == 2);
  CHECK(fields.find("") == "");
  CHECK(fields.find("x") == "");
}

TEST_CASE("a list may be fed from itself: views into it are good until the call has returned") {
  for (const std::size_t filler : {0UL, 150UL, 5000UL}) {
    CAPTURE(filler);
    Fields fields;
    fields.add("etag", "\"abcdefghijklmnopqrstuvwxyz\"");
    fields.add("filler", std::string(filler, 'f'));
    for (int i = 0; i < 10; ++i) fields.add("x-" + std::to_string(i), *fields.find("etag"));
    CHECK(fields.find("x-9") == "\"abcdefghijklmnopqrstuvwxyz\"");
    fields.add("z", "last");
    fields.set("etag", *fields.find("z"));
    CHECK(fields.find("etag") == "last");
    fields.set("z", *fields.find("z"));
    CHECK(fields.find("z") == "last");
    for (const Field field : fields) {
      if (field.name == "x-5") {
        fields.set(field.name, field.value);
        break;
      }
    }
    CHECK(fields.find("x-5") == "\"abcdefghijklmnopqrstuvwxyz\"");
    fields.remove((*fields.begin()).name);
    CHECK_FALSE(fields.contains("filler"));
  }
}

TEST_CASE("copies and moves, small and large, onto themselves as well") {
  for (const std::size_t size : {1UL, 100UL, 3000UL}) {
    Fields one;
    one.add("name", std::string(size, 'v'));
    one.add("other", "x");
    const Model expected = model(one);
    Fields copy{one};
    CHECK((model(copy) == expected));
    Fields moved{std::move(copy)};
    CHECK((model(moved) == expected));
    CHECK(copy.empty());
    copy.add("again", "usable");
    CHECK(copy.size() == 1);
    copy = moved;
    CHECK((model(copy) == expected));
    Fields& same = copy;
    copy = same;
    CHECK((model(copy) == expected));
    copy = std::move(same);
    CHECK((model(copy) == expected));
    Fields small;
    small.add("s", "t");
    copy = std::move(small);
    CHECK((model(copy) == Model{{"s", "t"}}));
    copy.add("more", std::string(3000, 'm'));
    CHECK(copy.size() == 2);
  }
}

TEST_CASE("any sequence of changes is that of a plain list (seeded)") {
  std::mt19937 random{3};
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>{0, n - 1}(random); };
  const std::vector<std::string> names = {"a", "A", "b", "content-type", "Content-Type", "x-long-name-of-a-field", ""};
  for (int round = 0; round < 200; ++round) {
    Fields fields;
    Model plain;
    for (int i = 0; i < 60; ++i) {
      const std::string& name = names[below(names.size())];
      const std::string value(below(below(4) == 0 ? 400 : 20), static_cast<char>('a' + i % 26));
      const auto erase = [&] {
        std::erase_if(plain, [&](const auto& field) { return equal_without_case(field.first, name); });
      };
      switch (below(6)) {
        case 0:
        case 1:
          fields.add(name, value);
          plain.emplace_back(name, value);
          break;
        case 2:
          fields.set(name, value);
          erase();
          plain.emplace_back(name, value);
          break;
        case 3:
          fields.remove(name);
          erase();
          break;
        case 4: {
          Fields copy{fields};
          fields = std::move(copy);
          break;
        }
        default:
          if (below(10) == 0) {
            fields.clear();
            plain.clear();
          }
      }
    }
    CHECK((model(fields) == plain));
    CHECK(fields.size() == plain.size());
    for (const std::string& name : names) {
      const auto found =
          std::ranges::find_if(plain, [&](const auto& field) { return equal_without_case(field.first, name); });
      CHECK(fields.find(name).has_value() == (found != plain.end()));
      if (found != plain.end()) CHECK(*fields.find(name) == found->second);
    }
  }
}
