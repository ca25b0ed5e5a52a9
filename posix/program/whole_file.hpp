// All of a small file that a configuration names.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

namespace pounce::inline v0::program {

// Its octets, or errno; EFBIG: there are more than `most`. Waits for a disk, and for who writes to a FIFO.
[[nodiscard]] std::expected<std::string, int> whole_file(const std::string& path, std::size_t most);

}  // namespace pounce::inline v0::program
