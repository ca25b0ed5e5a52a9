// A directory of files as a handler: from a request to the file, the part of it and the fields that answer it.
//
//   pounce::App app;
//   app.route("/assets/*", pounce::make_directory_handler(files, mount));   // mount.prefix is "/assets/"
//
// GET and HEAD; other methods are 405, or for another handler (`beneath`). Which path is which file: target_path.hpp. A directory is its index page, or a listing where the
// mount has one, and is sent to its slash when it was asked for without (301). Conditions and ranges: conditional.hpp, range.hpp; HEAD
// knows no ranges. What the mount says of names that are not there, in this order: another handler is asked (`beneath`); the fallback is
// sent, but for names whose ending is a known type; the page for 404; a plain 404. Other errors: 400, 403, 503 when no
// descriptor is left, 500 when the disk fails.
// A representation of a compressible type that has a neighbour is the neighbour where the request takes its coding and it is not older; all
// answers of such types carry Vary.
// Content of at most `small_content`, or that is in memory, goes out with its head; larger content in pieces, each read when the one before it is in the
// output, with the length that the file had when it was opened: what is appended meanwhile is not sent, and a file that shrinks cuts the
// answer, so that nobody takes half of it for the whole. HEAD reads nothing.
// `files` and `mount` are borrowed and must outlive the handler.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/owned.hpp>

#include <cstddef>

namespace pounce::inline v0 {

class Files;
class Handler;
namespace files {
struct Mount;
}

[[nodiscard]] Owned<Handler> make_directory_handler(const Files& files, const files::Mount& mount);

namespace files {

inline constexpr std::size_t small_content = 32 * kibibyte;

}

}  // namespace pounce::inline v0
