// What the system says about this process: descriptors, memory, processor time, start.
//
// Read when asked; what the system does not tell is absent. Costs a few system calls and a walk over the open descriptors.
#pragma once

#include <pounce/events/metrics.hpp>

namespace pounce::inline v0::posix {

[[nodiscard]] events::Process read_process();

}  // namespace pounce::inline v0::posix
