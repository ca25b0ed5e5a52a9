// Mount: where a directory appears in the space of paths, and what its operator decided about it.
//
// Plain values, checked before they get here, and a borrowed handler; frozen before the first request and shared by reference.
#pragma once

#include <pounce/compression/media_types.hpp>
#include <pounce/files/media_type.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace pounce::inline v0 {
class Handler;
}

namespace pounce::inline v0::files {

struct Mount {
  std::string prefix = "/";          // begins and ends with a slash, as it stands in targets
  std::string index = "index.html";  // the page that a directory is
  const Handler* beneath =
      nullptr;            // who is asked for what is not there, and for other methods than GET and HEAD; null: nobody
  std::string fallback;   // relative to the root: what is sent (200) for a name that is not there; empty: nothing
  std::string not_found;  // relative to the root: the content of a 404; empty: a plain one
  std::string cache_control;             // of every answer with content, and 304; empty: the field is left out
  bool immutable = false;                // fingerprinted names may be kept for a year
  bool listing = false;                  // of directories without an index page
  bool precompressed = true;             // look for NAME.zst, NAME.br, NAME.gz beside NAME
  std::uint64_t boundary_seed = 0;       // of multipart answers: drawn once per process
  const MediaTypes* types = nullptr;     // null: the built-in table
  compression::MediaTypes compressible;  // whose neighbours are looked for
  compression::MediaTypes coded;  // what may be compressed on its way; of the rest it is not asked for each answer
};

// Whether a name says that its content never changes: "app.3f2a1b9c.js". Eight or more hexadecimal digits, of which some are
// letters and some are not, between dots, dashes or underscores.
[[nodiscard]] bool is_fingerprinted(std::string_view path) noexcept;

}  // namespace pounce::inline v0::files
