// The page that lists a directory, for people (HTML) and for programs (JSON).
//
// Names are data: escaped in HTML and JSON, percent-encoded in links. What is no UTF-8 shows as U+FFFD; its link works. Names that
// no target can have (with control bytes or backslashes) and hidden ones are left out. Directories come first, then by octets.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/message.hpp>
#include <pounce/core/string_fwd.hpp>

#include <cstddef>

namespace pounce::inline v0 {
struct ListedNames;
}

namespace pounce::inline v0::files {

inline constexpr std::size_t most_listed = 10'000;

// Whether Accept prefers application/json to text/html. Without the field: HTML.
[[nodiscard]] bool wants_json(FieldList fields) noexcept;

// `location`: the path of the directory as in targets, decoded, with its slashes. `names` is put in order.
[[nodiscard]] std::string listing_html(Bytes location, ListedNames& names);
[[nodiscard]] std::string listing_json(Bytes location, ListedNames& names);

}  // namespace pounce::inline v0::files
