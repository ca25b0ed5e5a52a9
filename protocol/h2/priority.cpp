#include <pounce/h2/priority.hpp>

#include <pounce/http/syntax.hpp>

namespace pounce::inline v0::h2 {

Priority parse_priority(Bytes value) noexcept {
  Priority priority;
  // Neither member has a value with a comma in it; a quoted string of an unknown one that has is torn into pieces that mean nothing,
  // or a member that its sender could as well have written.
  http::ListElements members{value};
  while (const auto member = members.next()) {
    const Bytes whole = trim(member->substr(0, member->find(';')));  // parameters mean nothing
    const std::size_t equals = whole.find('=');
    const Bytes name = whole.substr(0, equals);
    const bool bare = equals == Bytes::npos;
    const Bytes text = bare ? Bytes{} : whole.substr(equals + 1);
    if (name == "u" && text.size() == 1 && text[0] >= '0' && text[0] <= '7') {
      priority.urgency = static_cast<std::uint8_t>(text[0] - '0');
    } else if (name == "i" && (bare || text == "?1" || text == "?0")) {
      priority.incremental = bare || text == "?1";
    }
  }
  return priority;
}

}  // namespace pounce::inline v0::h2
