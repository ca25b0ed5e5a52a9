#include <pounce/files/conditional.hpp>

#include <pounce/core/ascii.hpp>
#include <pounce/http/date.hpp>

#include <chrono>

namespace pounce::inline v0::files {

namespace {

struct Tag {
  Bytes opaque;  // with its quotes
  bool weak = false;
};

// etagc: visible ASCII but the quote, and obs-text.
constexpr bool is_tag_octet(char c) noexcept {
  const auto octet = static_cast<unsigned char>(c);
  return octet == 0x21 || (octet >= 0x23 && octet != 0x7f);
}

// Takes an entity tag off the front: [ "W/" ] DQUOTE *etagc DQUOTE.
std::optional<Tag> take_tag(Bytes& text) noexcept {
  Bytes rest = text;
  Tag tag;
  if (rest.starts_with("W/")) {
    tag.weak = true;
    rest.remove_prefix(2);
  }
  if (!rest.starts_with('"')) return std::nullopt;
  std::size_t end = 1;
  while (end < rest.size() && is_tag_octet(rest[end])) ++end;
  if (end == rest.size() || rest[end] != '"') return std::nullopt;
  tag.opaque = rest.substr(0, end + 1);
  rest.remove_prefix(end + 1);
  text = rest;
  return tag;
}

enum class Comparison : bool { strong, weak };

// "*", or a list with a tag that is the same. What follows something that is no list counts for nothing.
bool matches(Bytes list, Bytes own, Comparison comparison) noexcept {
  if (trim(list) == "*") return true;
  while (true) {
    while (!list.empty() && (is_blank(list.front()) || list.front() == ',')) list.remove_prefix(1);
    const auto tag = take_tag(list);
    if (!tag) return false;
    list = trim(list);
    if (!list.empty() && list.front() != ',') return false;
    if (tag->opaque == own && (comparison == Comparison::weak || !tag->weak)) return true;
  }
}

bool any_matches(FieldList fields, FieldId id, Bytes own, Comparison comparison) noexcept {
  for (const Field& field : fields) {
    if (field.id == id && matches(field.value, own, comparison)) return true;
  }
  return false;
}

// The only field of that name.
const Field* find_only(FieldList fields, FieldId id) noexcept {
  const Field* only = nullptr;
  for (const Field& field : fields) {
    if (field.id != id) continue;
    if (only != nullptr) return nullptr;
    only = &field;
  }
  return only;
}

std::optional<WallTime> date_in(FieldList fields, FieldId id, WallTime now) noexcept {
  const Field* const field = find_only(fields, id);
  return field == nullptr ? std::nullopt : http::parse_date(field->value, now);
}

// A date stands for the content of one moment only when a second has passed since (RFC 9110, section 8.8.2.2).
bool is_strong(WallTime modified, WallTime now) noexcept { return now - modified >= std::chrono::seconds{1}; }

}  // namespace

Condition evaluate(FieldList fields, const Validators& validators) noexcept {
  if (find(fields, FieldId::if_match) != nullptr) {
    if (!any_matches(fields, FieldId::if_match, validators.tag, Comparison::strong)) return Condition::failed;
  } else if (const auto limit = date_in(fields, FieldId::if_unmodified_since, validators.now)) {
    if (validators.modified && *validators.modified > *limit) return Condition::failed;
  }
  if (find(fields, FieldId::if_none_match) != nullptr) {
    return any_matches(fields, FieldId::if_none_match, validators.tag, Comparison::weak) ? Condition::not_modified
                                                                                         : Condition::holds;
  }
  if (const auto limit = date_in(fields, FieldId::if_modified_since, validators.now)) {
    if (validators.modified && *validators.modified <= *limit) return Condition::not_modified;
  }
  return Condition::holds;
}

std::optional<Bytes> wanted_range(FieldList fields, const Validators& validators) noexcept {
  const Field* const range = find_only(fields, FieldId::range);
  if (range == nullptr) return std::nullopt;
  if (find(fields, FieldId::if_range) == nullptr) return range->value;
  const Field* const only = find_only(fields, FieldId::if_range);
  if (only == nullptr) return std::nullopt;
  Bytes text = only->value;
  if (const auto tag = take_tag(text)) {
    const bool same = text.empty() && !tag->weak && tag->opaque == validators.tag;
    return same ? std::optional{range->value} : std::nullopt;
  }
  const auto date = http::parse_date(only->value, validators.now);
  const bool same = date && validators.modified == date && is_strong(*date, validators.now);
  return same ? std::optional{range->value} : std::nullopt;
}

}  // namespace pounce::inline v0::files
