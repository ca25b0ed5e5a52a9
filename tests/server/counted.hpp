// What tests of memory share: an operator new that counts.
#pragma once

#include <atomic>
#include <cstddef>

namespace pounce::inline v0::testing {

extern std::atomic<std::size_t> allocations;
extern std::atomic<std::size_t> held;  // by what operator new has given
extern std::size_t fails_in;           // so many allocations from now there is no memory, once; 0: always

}  // namespace pounce::inline v0::testing
