#include "tests/server/counted.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

namespace pounce::testing {

std::atomic<std::size_t> allocations = 0;
std::atomic<std::size_t> held = 0;
std::size_t fails_in = 0;

}  // namespace pounce::testing

using namespace pounce::testing;

namespace {

// The size stands before the memory, so that what is held can be counted.
void* counted(std::size_t size) {
  if (fails_in != 0) {
    --fails_in;
    if (fails_in == 0) throw std::bad_alloc{};
  }
  ++allocations;
  held += size;
  auto* memory = static_cast<char*>(std::malloc(size + 16));
  if (memory == nullptr) std::abort();
  std::memcpy(memory, &size, sizeof size);
  return memory + 16;
}

void uncounted(void* memory) noexcept {
  if (memory == nullptr) return;
  std::size_t size = 0;
  std::memcpy(&size, static_cast<char*>(memory) - 16, sizeof size);
  held -= size;
  std::free(static_cast<char*>(memory) - 16);
}

}  // namespace

void* operator new(std::size_t size) { return counted(size); }
void* operator new[](std::size_t size) { return counted(size); }
void operator delete(void* memory) noexcept { uncounted(memory); }
void operator delete[](void* memory) noexcept { uncounted(memory); }
void operator delete(void* memory, std::size_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::size_t) noexcept { uncounted(memory); }
