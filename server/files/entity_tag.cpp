#include <pounce/files/entity_tag.hpp>

#include <bit>
#include <chrono>
#include <string_view>

namespace pounce::inline v0::files {

EntityTag::EntityTag(const FileState& state, Bytes coding) noexcept {
  put('"');
  put_hexadecimal(state.size);
  put('-');
  put_hexadecimal(static_cast<std::uint64_t>(state.modified));
  put('-');
  put_hexadecimal(state.inode);
  if (!coding.empty()) {
    put('-');
    for (const char c : coding.substr(0, 8)) put(c);
  }
  put('"');
}

void EntityTag::put_hexadecimal(std::uint64_t number) noexcept {
  constexpr std::string_view digits = "0123456789abcdef";
  unsigned shift = number == 0 ? 4 : (static_cast<unsigned>(std::bit_width(number)) + 3) / 4 * 4;
  while (shift != 0) {
    shift -= 4;
    put(digits[number >> shift & 15U]);
  }
}

std::optional<WallTime> last_modified(const FileState& state) noexcept {
  constexpr WallTime least = std::chrono::sys_days{std::chrono::year{0} / 1 / 1};
  constexpr WallTime end = std::chrono::sys_days{std::chrono::year{10000} / 1 / 1};
  const WallTime time{std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds{state.modified})};
  if (time < least || time >= end || time > state.seen) return std::nullopt;
  return time;
}

}  // namespace pounce::inline v0::files
