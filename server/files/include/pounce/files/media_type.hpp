// The media type of a file, by the ending of its name; never by its content, which whoever wrote the file chose.
//
// Text types carry charset=utf-8 (but for JSON, XML and SVG, which say it themselves). What is in no table is
// application/octet-stream: a browser saves it and does not run it. Answers also carry `X-Content-Type-Options: nosniff`.
#pragma once

#include <pounce/core/list.hpp>

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace pounce::inline v0::files {

inline constexpr std::string_view unknown_media_type = "application/octet-stream";

// From the built-in table. Endings are compared without case. The result is a literal.
[[nodiscard]] std::string_view media_type(std::string_view path) noexcept;

// The built-in table, and a file's on top of it. Frozen once it is made; shared by reference.
class MediaTypes {
 public:
  static constexpr std::size_t longest_ending = 32;

  MediaTypes() = default;
  // The format of mime.types: a type and its endings on a line, `#` begins a comment. Of two lines for one ending the later counts.
  // Otherwise all problems, each "line 3: what is wrong".
  [[nodiscard]] static std::expected<MediaTypes, List<std::string>> parse(std::string_view text);

  // As media_type. The result lives as long as this.
  [[nodiscard]] std::string_view of(std::string_view path) const noexcept;

 private:
  struct Ending {
    std::string ending;  // lower case
    std::string type;
    std::size_t place;  // among all lines
  };
  List<Ending> endings_;  // in order
};

}  // namespace pounce::inline v0::files
