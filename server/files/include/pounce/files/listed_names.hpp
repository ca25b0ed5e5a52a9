// ListedNames: what Files::list gives.
#pragma once

#include <pounce/core/list.hpp>
#include <pounce/core/small_string.hpp>
#include <pounce/core/time.hpp>

#include <cstdint>

namespace pounce::inline v0 {

// A name in a directory: a regular file or a directory that may be served.
struct ListedName {
  SmallString name;
  bool directory = false;
  std::uint64_t size = 0;  // of a file
  WallTime modified{};
};

struct ListedNames {
  List<ListedName> names;  // in no order
  bool complete = true;    // there were no more than `most`
};

}  // namespace pounce::inline v0
