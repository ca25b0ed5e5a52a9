// Arena: what is released in reverse order can be had again, and its limit holds whatever the sizes are.
#include <doctest/doctest.h>

#include "server/session/arena.hpp"

#include <new>
#include <vector>

using namespace pounce;

namespace {

struct Piece {
  void* memory;
  std::size_t size;
};

// As many as there is memory for: the sizes in turn.
std::vector<Piece> fill(Arena& arena, Workspace& workspace, const std::vector<std::size_t>& sizes) {
  std::vector<Piece> pieces;
  try {
    while (pieces.size() < 100'000) {
      const std::size_t size = sizes[pieces.size() % sizes.size()];
      pieces.push_back({arena.allocate(workspace, size), size});
    }
  } catch (const std::bad_alloc&) {
  }
  return pieces;
}

}  // namespace

TEST_CASE("frames nest: what was allocated last is released first, and its memory is had again") {
  Workspace workspace;
  for (const bool snug : {false, true}) {
    Arena& arena = snug ? Arena::make_snug(100) : Arena::make(workspace);
    void* const first = arena.allocate(workspace, 48);
    for (int round = 0; round < 3; ++round) {
      std::vector<void*> frames;
      for (int i = 0; i < 20; ++i) frames.push_back(arena.allocate(workspace, 1000));
      for (std::size_t i = frames.size(); i-- > 0;) arena.release(workspace, frames[i], 1000);
      void* const again = arena.allocate(workspace, 16);
      CHECK(again == static_cast<char*>(first) + 48);
      arena.release(workspace, again, 16);
    }
    arena.dissolve(workspace);
  }
}

TEST_CASE("an arena ends at its limit, exactly once the last block is full, for frames of any size") {
  for (const std::vector<std::size_t>& sizes :
       {std::vector<std::size_t>{1000}, {3500, 4000, 5000}, {5000}, {100, 17'000}, {70'000}}) {
    Workspace workspace;
    Arena& arena = Arena::make(workspace);
    const std::vector<Piece> pieces = fill(arena, workspace, sizes);
    std::size_t sum = 0;
    for (const Piece& piece : pieces) sum += piece.size;
    CAPTURE(sizes.front());
    CHECK(sum <= Arena::most + 2 * Workspace::large);
    CHECK(sum >= Arena::most / 2);
    for (std::size_t i = pieces.size(); i-- > 0;) arena.release(workspace, pieces[i].memory, pieces[i].size);
    CHECK(fill(arena, workspace, sizes).size() == pieces.size());
    arena.dissolve(workspace);
  }
}
