// Lines for whoever started the program: to a descriptor that may be a pipe or a terminal which nobody reads any more.
#pragma once

#include <pounce/core/time.hpp>

#include <string_view>

namespace pounce::inline v0::posix {

// Waits no longer than `patience` in all; what has found no room by then is dropped. Pieces of up to PIPE_BUF octets are written whole. False: not
// all of it was written.
bool write_lines(int descriptor, std::string_view text, Duration patience) noexcept;

}  // namespace pounce::inline v0::posix
