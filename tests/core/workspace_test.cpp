// Workspace and Storage: blocks are recycled when nobody else looks, and only then; loans are counted.
#include <doctest/doctest.h>

#include <pounce/core/kept_string.hpp>
#include <pounce/core/storage.hpp>
#include <pounce/core/workspace.hpp>

#include <thread>
#include <utility>
#include <vector>

using namespace pounce;

TEST_CASE("a block that comes back is lent again, by size") {
  Workspace workspace;
  for (const std::size_t size : {Workspace::small, Workspace::medium, Workspace::large}) {
    BlockRef block = workspace.lend(size);
    CHECK(block->capacity() == size);
    char* const at = block->data();
    workspace.give_back(std::move(block));
    const BlockRef again = workspace.lend(size - 1);
    CHECK(again->data() == at);
    CHECK(workspace.lend(size)->data() != at);
  }
}

TEST_CASE("a block on loan elsewhere is not recycled") {
  Workspace workspace;
  BlockRef block = workspace.lend(Workspace::small);
  const StorageRef other = block;
  char* const at = block->data();
  workspace.give_back(std::move(block));
  CHECK(workspace.lend(Workspace::small)->data() != at);
}

TEST_CASE("a block of a size of its own is not kept, and null may be given back") {
  Workspace workspace;
  BlockRef huge = workspace.lend(Workspace::large + 1);
  CHECK(huge->capacity() >= Workspace::large + 1);
  workspace.give_back(std::move(huge));
  workspace.give_back(BlockRef{});
}

TEST_CASE("spares are bounded") {
  Workspace workspace;
  std::vector<BlockRef> blocks;
  for (std::size_t i = 0; i < Workspace::most_spare + 10; ++i) blocks.push_back(workspace.lend(Workspace::small));
  for (BlockRef& block : blocks) workspace.give_back(std::move(block));
}

TEST_CASE("the read block comes back, unless somebody still holds a loan on it") {
  Workspace workspace;
  BlockRef block = workspace.take_read_block();
  char* const first = block->data();
  workspace.return_read_block(std::move(block));
  block = workspace.take_read_block();
  CHECK(block->data() == first);
  const StorageRef loan = block;
  workspace.return_read_block(std::move(block));
  CHECK(workspace.take_read_block()->data() != first);
}

TEST_CASE("loans: copies count, moves do not, the last one ends it") {
  Bytes bytes;
  StorageRef one = keep("text", bytes);
  CHECK(bytes == "text");
  CHECK(one->sole());
  StorageRef two = one;
  CHECK(one->loans() == 2);
  StorageRef three = std::move(two);
  CHECK_FALSE(two);
  CHECK(one->loans() == 2);
  three = StorageRef{};
  CHECK(one->sole());
  StorageRef& same = one;
  one = same;
  CHECK(one->sole());
  CHECK(bytes == "text");
}

TEST_CASE("loans may be given up on other threads") {
  for (int round = 0; round < 50; ++round) {
    Bytes bytes;
    StorageRef mine = keep(std::string(100, 'x'), bytes);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([loan = mine, bytes]() mutable {
        CHECK(bytes.back() == 'x');
        loan = StorageRef{};
      });
    }
    mine = StorageRef{};
    for (std::thread& thread : threads) thread.join();
  }
}
