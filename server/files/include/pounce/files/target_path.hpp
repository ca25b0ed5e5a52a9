// From the path of a request target to the name of a file under a root. Pure: it decides, and opens nothing.
//
// The path is split and percent-decoded once. A path that tries to say more than a name does is refused, not repaired:
//   400  a percent sign without two hex digits; an encoded slash or NUL, any other control byte, a backslash, raw or encoded;
//        "." and ".." as a segment, raw or encoded; a path that does not begin with a slash
//   404  an empty segment ("//"); a hidden name, one that begins with a dot, but for /.well-known (RFC 8615); a segment longer
//        than 255 bytes or a path longer than 4095
// Names are bytes: no character set is implied, and what decodes to "%2e" is a name with a percent sign in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace pounce::inline v0::files {

inline constexpr std::size_t most_name_bytes = 255;
inline constexpr std::size_t most_path_bytes = 4095;
inline constexpr std::string_view index_name = "index.html";

struct TargetPath {
  std::string path;        // relative to the root, not empty; of a directory, its index page
  bool directory = false;  // the target ended with a slash
};

// The name, or the status that answers instead of a file. `index` is the name of index pages.
[[nodiscard]] std::expected<TargetPath, std::uint16_t> target_path(std::string_view path,
                                                                   std::string_view index = index_name);

// Where a directory that was asked for without its slash is: an absolute path, encoded again, with the slash and the query. It
// never begins with two slashes, which would name another host. `prefix` is where the root is mounted: "/", or "/prefix/"; `path` is
// what target_path gave.
[[nodiscard]] std::string directory_location(std::string_view prefix, std::string_view path, std::string_view query);

// `name` as it may stand in a path, percent-encoded where it must be; slashes stay.
void append_encoded(std::string& out, std::string_view name);

}  // namespace pounce::inline v0::files
