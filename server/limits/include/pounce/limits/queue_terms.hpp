// QueueTerms: what an operator decides about a RequestQueue.
#pragma once

#include <pounce/core/list.hpp>
#include <pounce/core/small_string.hpp>
#include <pounce/core/time.hpp>

#include <cstdint>

namespace pounce::inline v0::limits {

/// What an operator decides.
struct QueueTerms {
  std::uint32_t running = 1;         // handlers at once, at least one
  std::uint32_t waiting = 0;         // requests in line; 0: nobody waits
  Duration timeout{};                // longest wait, above zero
  List<SmallString> exempt_paths{};  // what is below one of them needs no place
};

}  // namespace pounce::inline v0::limits
