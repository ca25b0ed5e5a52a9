// Lines for the systemd journal: it reads a priority off the front of each (sd-daemon(3)), where a terminal or a file would show it.
#pragma once

#include <pounce/core/string_fwd.hpp>

#include <string_view>

namespace pounce::inline v0::posix {

// Whether this descriptor is the journal, by the device and inode that JOURNAL_STREAM names.
[[nodiscard]] bool is_journal(int descriptor);

// Each line with `<3>`, `<4>` or `<6>` before it: errors, warnings, the rest, by the word that our lines have behind the program's name.
[[nodiscard]] std::string with_priorities(std::string_view lines);

}  // namespace pounce::inline v0::posix
