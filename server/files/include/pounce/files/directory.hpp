// A directory of files as a handler.
//
//   pounce::App app;
//   app.route("*", pounce::make_directory_handler(files));
//
// GET and HEAD; other methods are 405. Which path is which file: target_path.hpp. A directory is its index.html, and is sent to its
// slash when it was asked for without (301); it is never listed. Errors: 400, 403, 404, 503 when no descriptor is left, 500
// when the disk fails. Content goes out in blocks of 64 KiB, each read when the one before it is in the output, with the length
// that the file had when it was opened: what is appended meanwhile is not sent, and a file that shrinks cuts the connection, so
// that nobody takes half of it for the whole. HEAD opens the file and reads nothing.
// Not here yet: conditional requests, ranges, precompressed files, links.
// `files` is borrowed and must outlive the handler.
#pragma once

#include <pounce/app/handler.hpp>
#include <pounce/core/owned.hpp>
#include <pounce/files/files.hpp>

namespace pounce::inline v0 {

[[nodiscard]] Owned<Handler> make_directory_handler(const Files& files);

}  // namespace pounce::inline v0
