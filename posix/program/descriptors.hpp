// How many descriptors this process may have. The soft limit is often 1024, for the sake of select(), which Pounce never calls.
#pragma once

#include <cstddef>

namespace pounce::inline v0::program {

// Raises the soft limit to `wanted`, or as far as the hard limit goes; it never lowers it. Returns what it is then.
std::size_t allow_descriptors(std::size_t wanted) noexcept;

}  // namespace pounce::inline v0::program
