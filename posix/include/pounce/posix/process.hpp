// What the system says about this process, or another one of the same user: descriptors, memory, processor time, start.
//
// Read when asked; what the system does not tell is absent. Costs a few system calls and a walk over the open descriptors.
#pragma once

#include <pounce/events/metrics.hpp>

#include <sys/types.h>

namespace pounce::inline v0::posix {

[[nodiscard]] events::Process read_process();
// Where there is no such process, everything is absent. Processor time is told in ticks, mostly of 10 ms.
[[nodiscard]] events::Process read_process(pid_t process);

}  // namespace pounce::inline v0::posix
