// Names that are opened beneath a directory, and the calls that do it: openat2 where the kernel has it, else component by component.
// Ownership: the caller's descriptors. Errors: -1, and errno.
#pragma once

#include <fcntl.h>

#include <cstdint>
#include <string>

#ifndef O_PATH
#define O_PATH 0
#endif

namespace pounce::inline v0::posix {

inline constexpr int directory_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;

enum class Within : std::uint8_t {
  anything,           // the path may lead anywhere, as for open(2)
  directory,          // beneath the directory, and no symbolic link
  directory_by_links  // beneath the directory, also through links
};

/// openat(2), again when a signal interrupts it.
[[nodiscard]] int open_retried(int directory, const char* name, int flags) noexcept;

/// One openat2(2), without magic links. In haste: EAGAIN where it would have to read a directory from its disk. ENOSYS where there is no such call.
[[nodiscard]] int open_at_once(int directory, const char* path, int flags, Within within, bool in_haste) noexcept;

/// Beneath the directory, following no link. `path` is cut meanwhile.
[[nodiscard]] int open_by_component(int directory, std::string& path, int flags);

}  // namespace pounce::inline v0::posix
