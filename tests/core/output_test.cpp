// Output: what was appended comes out, once and in order, however it is written; owners are released exactly when they may be.
#include <doctest/doctest.h>

#include <pounce/core/output.hpp>
#include <pounce/core/workspace.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <string>

using namespace pounce;

namespace {

// Tells when it is let go of.
class Watched final : public Storage {
 public:
  Watched(std::string text, int& alive) : text_(std::move(text)), alive_(&alive) { ++*alive_; }
  [[nodiscard]] Bytes bytes() const noexcept { return text_; }

 private:
  ~Watched() override { --*alive_; }
  void destroy() noexcept override { delete this; }

  std::string text_;
  int* alive_;
};

// Content that is nowhere.
class Alphabet final : public Source {
 public:
  explicit Alphabet(int& alive) : alive_(&alive) { ++*alive_; }
  [[nodiscard]] static char at(std::uint64_t offset) { return static_cast<char>('A' + offset % 26); }
  [[nodiscard]] static std::string text(std::uint64_t offset, std::size_t size) {
    std::string out(size, ' ');
    for (char& c : out) c = at(offset++);
    return out;
  }
  [[nodiscard]] std::optional<std::size_t> read(std::uint64_t offset, MutableBytes room) override {
    for (char& c : room) c = at(offset++);
    return room.size();
  }

 private:
  ~Alphabet() override { --*alive_; }
  void destroy() noexcept override { delete this; }

  int* alive_;
};

// What a transport would send next: bytes, or a region's.
std::string next(Output& output) {
  std::array<Bytes, 3> slices;
  std::string out;
  const std::size_t count = output.gather(slices);
  for (std::size_t i = 0; i < count; ++i) out.append(slices[i]);
  CHECK((count == 0) == (output.region().source != nullptr || output.empty()));
  if (count != 0 || output.empty()) return out;
  const Output::Front region = output.region();
  out.resize(region.size);
  CHECK(region.source->read(region.offset, MutableBytes{out.data(), out.size()}) == out.size());
  return out;
}

std::string gathered(const Output& output) {
  std::array<Bytes, 64> slices;
  std::string out;
  const std::size_t count = output.gather(slices);
  for (std::size_t i = 0; i < count; ++i) out.append(slices[i]);
  return out;
}

}  // namespace

TEST_CASE("small pieces join to one slice") {
  Workspace workspace;
  Output output;
  output.bind(&workspace);
  for (int i = 0; i < 100; ++i) output.append("0123456789");
  std::array<Bytes, 8> slices;
  CHECK(output.gather(slices) == 1);
  CHECK(slices[0].size() == 1000);
}

TEST_CASE("every split of every append and write gives the same bytes") {
  const std::string small = "small ";
  const std::string big(5000, 'B');
  for (std::size_t step = 1; step < 11000; step = step * 3 / 2 + 1) {
    Output output;
    int alive = 0;
    auto* storage = new Watched{big, alive};
    const Bytes lent = storage->bytes();
    output.append(small);
    output.append(lent, StorageRef{storage});
    output.append(small);
    output.append("the end");
    const std::string all = small + big + small + "the end";
    CHECK(output.size() == all.size());
    std::string got;
    while (!output.empty()) {
      const std::string piece = gathered(output).substr(0, step);
      got += piece;
      output.written(piece.size());
      // Released exactly when the last of its bytes was written.
      CHECK((alive == 1) == (got.size() < small.size() + big.size()));
    }
    CHECK(got == all);
    CHECK(output.total_written() == all.size());
  }
}

TEST_CASE("small bytes are copied even with an owner, large ones are not") {
  int alive = 0;
  Output output;
  auto* little = new Watched{std::string(Output::copy_below - 1, 's'), alive};
  output.append(little->bytes(), StorageRef{little});
  CHECK(alive == 0);
  auto* large = new Watched{std::string(Output::copy_below, 'l'), alive};
  const char* const at = large->bytes().data();
  output.append(large->bytes(), StorageRef{large});
  CHECK(alive == 1);
  std::array<Bytes, 4> slices;
  REQUIRE(output.gather(slices) == 2);
  CHECK(slices[1].data() == at);
  output.discard();
  CHECK(alive == 0);
  CHECK(output.empty());
}

TEST_CASE("room is what fits under the limit, and never below zero") {
  Output output{1000};
  CHECK(output.room() == 1000);
  output.append(std::string(999, 'x'));
  CHECK(output.room() == 1);
  output.append(std::string(500, 'x'));
  CHECK(output.room() == 0);
  output.written(1499);
  CHECK(output.room() == 1000);
}

TEST_CASE("prepare and commit: fewer bytes than asked for, none, and appends in between") {
  Output output;
  std::memcpy(output.prepare(100), "abc", 3);
  output.commit(3);
  (void)output.prepare(50000);
  output.commit(0);
  output.append("def");
  std::memcpy(output.prepare(20000), "ghi", 3);
  output.commit(3);
  CHECK(gathered(output) == "abcdefghi");
}

TEST_CASE("finish says that nothing follows; what is queued is still written") {
  Output output;
  output.append("last");
  output.finish();
  CHECK(output.finished());
  CHECK_FALSE(output.empty());
  output.written(4);
  CHECK(output.empty());
}

TEST_CASE("a long queue of slices is written in any pieces (seeded)") {
  std::mt19937 random{11};
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>{0, n - 1}(random); };
  for (int round = 0; round < 30; ++round) {
    Workspace workspace;
    Output output;
    output.bind(&workspace);
    int alive = 0;
    std::string expected;
    bool right = true;
    for (int i = 0; i < 300; ++i) {
      const std::string bytes(1 + below(below(2) == 0 ? 20 : 20000), static_cast<char>('a' + i % 26));
      switch (below(6)) {
        case 0: output.append(bytes); break;
        case 1: {
          auto* storage = new Watched{bytes, alive};
          output.append(storage->bytes(), StorageRef{storage});
          break;
        }
        case 2: {
          std::memcpy(output.prepare(bytes.size()), bytes.data(), bytes.size());
          output.commit(bytes.size());
          break;
        }
        case 3: output.settle(); continue;
        default: {
          const std::string now = gathered(output);
          if (now.empty()) continue;
          const std::size_t n = 1 + below(now.size());
          right = right && expected.starts_with(now.substr(0, n));
          output.written(n);
          expected.erase(0, n);
          continue;
        }
      }
      expected += bytes;
    }
    CHECK(right);
    CHECK(output.size() == expected.size());
    while (!output.empty()) {
      const std::string now = gathered(output);
      CHECK(expected.starts_with(now));
      expected.erase(0, now.size());
      output.written(now.size());
    }
    CHECK(alive == 0);
    output.settle();
  }
}

TEST_CASE("a region stands among bytes, costs none, and is let go of when its last one is written") {
  Output output;
  int alive = 0;
  Loan<Source> source{new Alphabet{alive}};
  output.append("head");
  output.append(Region{source, 3, 5});
  output.append("between");
  output.append(Region{std::move(source), 1'000'000'000'000, 2});
  CHECK(output.size() == 18);
  CHECK(output.region().source == nullptr);
  CHECK(output.has_more(1));
  CHECK(next(output) == "head");
  output.written(4);
  CHECK(next(output) == "DEFGH");
  output.written(2);
  CHECK(next(output) == "FGH");
  output.written(3 + 7);
  CHECK(output.region().offset == 1'000'000'000'000);
  CHECK_FALSE(output.has_more(1));
  output.written(1);
  CHECK(output.region().size == 1);
  CHECK(alive == 1);
  output.written(1);
  CHECK(alive == 0);
  CHECK(output.empty());
  CHECK(output.region().source == nullptr);
}

TEST_CASE("regions and bytes in a long queue, written in any pieces (seeded)") {
  std::mt19937 random{12};
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>{0, n - 1}(random); };
  for (int round = 0; round < 20; ++round) {
    int alive = 0;
    std::string expected;
    {
      Workspace workspace;
      Output output;
      output.bind(&workspace);
      for (int i = 0; i < 400; ++i) {
        const std::size_t size = 1 + below(9000);
        switch (below(5)) {
          case 0:
            expected += std::string(size, 'x');
            output.append(std::string(size, 'x'));
            break;
          case 1: {
            auto* storage = new Watched{std::string(size, 'y'), alive};
            output.append(storage->bytes(), StorageRef{storage});
            expected += std::string(size, 'y');
            break;
          }
          case 2:
          case 3: {
            const std::uint64_t offset = below(1'000'000);
            output.append(Region{Loan<Source>{new Alphabet{alive}}, offset, size});
            expected += Alphabet::text(offset, size);
            break;
          }
          default: {
            const std::string now = next(output);
            if (now.empty()) continue;
            REQUIRE(expected.starts_with(now));
            const std::size_t n = 1 + below(now.size());
            output.written(n);
            expected.erase(0, n);
          }
        }
      }
      CHECK(output.size() == expected.size());
      if (round % 2 == 0) {
        output.discard();
        CHECK(alive == 0);
      }
      while (!output.empty()) {
        const std::string now = next(output);
        REQUIRE(expected.starts_with(now));
        expected.erase(0, now.size());
        output.written(now.size());
      }
      output.settle();
    }
    CHECK(alive == 0);
  }
}
