#include <pounce/files/mount.hpp>

#include <pounce/http/syntax.hpp>

#include <algorithm>

namespace pounce::inline v0::files {

bool is_fingerprinted(std::string_view path) noexcept {
  constexpr std::size_t least = 8;
  std::string_view name = path.substr(path.rfind('/') + 1);
  while (!name.empty()) {
    const std::string_view part = name.substr(0, name.find_first_of(".-_"));
    name.remove_prefix(std::min(part.size() + 1, name.size()));
    if (part.size() < least || !http::all_in(part, http::class_hex)) continue;
    const auto digits = std::ranges::count_if(part, http::is_digit);
    if (digits != 0 && digits != std::ranges::ssize(part)) return true;
  }
  return false;
}

}  // namespace pounce::inline v0::files
