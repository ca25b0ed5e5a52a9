// The media type of a file, by the ending of its name; never by its content, which whoever wrote the file chose.
//
// Text types carry charset=utf-8 (but for JSON, XML and SVG, which say it themselves). What is not in the table is
// application/octet-stream: a browser saves it and does not run it. Answers also carry `X-Content-Type-Options: nosniff`.
#pragma once

#include <string_view>

namespace pounce::inline v0::files {

// Endings are compared without case. The result is a literal.
[[nodiscard]] std::string_view media_type(std::string_view path) noexcept;

}  // namespace pounce::inline v0::files
