// What it is: why an address or a file cannot be had, and what to do about it, for the person who starts the program: who holds the
// port, which folder is missing, whose file it is.
// What it is not: a decision. It is asked after something has failed, and tells what it can see: of other people's processes little.
#pragma once

#include <string>
#include <string_view>

#include <pounce/config/bind_address.hpp>

namespace pounce::inline v0::posix {

/// "127.0.0.1:80: Permission denied (hint: ...)" for a bind or listen that failed with `error`.
[[nodiscard]] std::string listen_fault(const config::BindAddress& address, int error);

/// What to do about a file that could not be opened with `error`, or "".
[[nodiscard]] std::string file_advice(const std::string& path, int error);

/// " (hint: ADVICE)", or "".
[[nodiscard]] std::string as_hint(std::string_view advice);

}  // namespace pounce::inline v0::posix
