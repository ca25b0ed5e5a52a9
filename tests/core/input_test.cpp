// Input: bytes stay until consumed, in order, contiguous; an idle input holds nothing.
#include <doctest/doctest.h>

#include <pounce/core/input.hpp>
#include <pounce/core/workspace.hpp>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

using namespace pounce;

namespace {

// Reads at most as much as fits, as a runtime does.
std::size_t put(Input& input, Workspace& workspace, std::string_view bytes) {
  const MutableBytes space = input.space(workspace);
  const std::size_t n = std::min(space.size(), bytes.size());
  if (n != 0) std::memcpy(space.data(), bytes.data(), n);
  input.received(n);
  return n;
}

std::string text(Input& input) { return std::string{view(input.readable())}; }

}  // namespace

TEST_CASE("what was received is readable until it is consumed") {
  Workspace workspace;
  Input input{100000};
  CHECK(input.size() == 0);
  put(input, workspace, "abc");
  put(input, workspace, "def");
  CHECK(text(input) == "abcdef");
  input.consume(4);
  CHECK(text(input) == "ef");
  input.consume(2);
  CHECK(input.size() == 0);
}

TEST_CASE("a remainder outlives the step and other connections' reads into the same workspace") {
  Workspace workspace;
  for (const std::size_t size : {1UL, 100UL, 16383UL, 16384UL, 16385UL, 60000UL, 65536UL}) {
    CAPTURE(size);
    Input one{200000};
    Input two{200000};
    const std::string kept(size, 'k');
    CHECK(put(one, workspace, kept) == size);
    one.settle(workspace);
    CHECK(put(two, workspace, std::string(65536, 'x')) == 65536);
    CHECK(text(one) == kept);
    two.consume(65536);
    two.settle(workspace);
    CHECK(put(one, workspace, "more") == 4);
    CHECK(text(one) == kept + "more");
  }
}

TEST_CASE("an empty input gives its block back at the end of a step") {
  Workspace workspace;
  Input one{100000};
  put(one, workspace, "abc");
  one.consume(3);
  one.settle(workspace);
  CHECK_FALSE(one.storage());
  Input two{100000};
  const char* const block = two.space(workspace).data();
  two.settle(workspace);
  CHECK(one.space(workspace).data() == block);
}

TEST_CASE("the limit bounds what is kept, exactly, and consuming makes space again") {
  Workspace workspace;
  Input input{1000};
  CHECK(put(input, workspace, std::string(5000, 'x')) == 1000);
  CHECK_FALSE(input.has_space());
  CHECK(input.space(workspace).empty());
  input.consume(1);
  CHECK(input.has_space());
  CHECK(input.space(workspace).size() == 1);
  CHECK(put(input, workspace, "yy") == 1);
  input.consume(999);
  CHECK(text(input) == "y");
}

TEST_CASE("a loan keeps a chunk's bytes, however the input goes on") {
  Workspace workspace;
  Input input{200000};
  put(input, workspace, "head" + std::string(1000, 'c') + "tail");
  const Bytes chunk = view(input.readable()).substr(4, 1000);
  const StorageRef loan = input.storage();
  input.consume(1004);
  CHECK(chunk == std::string(1000, 'c'));
  input.settle(workspace);
  for (int i = 0; i < 10; ++i) put(input, workspace, std::string(20000, 'z'));
  Input other{200000};
  for (int i = 0; i < 10; ++i) put(other, workspace, std::string(60000, 'o'));
  CHECK(chunk == std::string(1000, 'c'));
}

TEST_CASE("any pattern of reads, consumption and settling keeps the stream of bytes (seeded)") {
  std::mt19937 random{7};
  const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>{0, n - 1}(random); };
  for (int round = 0; round < 50; ++round) {
    Workspace workspace;
    Input input{50000 + below(100000)};
    Input noise{100000};
    std::string expected;
    std::size_t counter = 0;
    std::vector<std::pair<StorageRef, std::pair<Bytes, std::string>>> loans;
    bool right = true;
    for (int i = 0; i < 200; ++i) {
      switch (below(5)) {
        case 0:
        case 1: {
          std::string bytes(1 + below(below(3) == 0 ? 60000 : 300), ' ');
          for (char& c : bytes) c = static_cast<char>(counter++ % 251);
          const std::size_t n = put(input, workspace, bytes);
          counter -= bytes.size() - n;
          expected.append(bytes, 0, n);
          break;
        }
        case 2: {
          const std::size_t n = input.size() == 0 ? 0 : below(input.size() + 1);
          if (n != 0 && below(4) == 0) {
            const Bytes lent = view(input.readable()).substr(0, n);
            loans.push_back({input.storage(), {lent, std::string{lent}}});
          }
          input.consume(n);
          expected.erase(0, n);
          break;
        }
        case 3:
          input.settle(workspace);
          put(noise, workspace, std::string(below(60000), 'n'));
          noise.consume(noise.size());
          noise.settle(workspace);
          break;
        default:
          if (!loans.empty() && below(3) == 0) loans.erase(loans.begin());
      }
      right = right && text(input) == expected;
      for (const auto& [loan, bytes] : loans) right = right && bytes.first == bytes.second;
    }
    CHECK(right);
  }
}
