#include "section.hpp"

#include <pounce/http/fields.hpp>
#include <pounce/http/framing.hpp>
#include <pounce/http/syntax.hpp>
#include <pounce/http/target.hpp>

#include <algorithm>
#include <utility>

namespace pounce::inline v0::h2 {

namespace {

constexpr std::size_t field_overhead = 32;  // RFC 9113, section 6.5.2
constexpr std::size_t least_text = 512;

bool is_field_name(Bytes name) noexcept {
  return http::is_token(name) && std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_value(Bytes value) noexcept {
  if (!value.empty() && (is_blank(value.front()) || is_blank(value.back()))) return false;
  return http::is_field_value(value);
}

}  // namespace

Section::Section(Events::Slot* slot, const Limits& limits, Kind kind) noexcept
    : slot_(slot),
      limits_(&limits),
      most_size_(kind == Kind::trailers ? limits.max_trailer_size : limits.max_header_size),
      most_fields_(kind == Kind::trailers ? limits.max_trailers : limits.max_headers),
      kind_(kind) {
  if (slot != nullptr) slot->head.version = Version::http2;
}

// --- one field after the other ---

void Section::add(Bytes name, Bytes value) {
  size_ += name.size() + value.size() + field_overhead;
  const bool pseudo = name.starts_with(':');
  if (!pseudo) ++count_;
  if (fault_ != Fault::none || kind_ == Kind::unwanted) return;
  const bool trailers = kind_ == Kind::trailers;
  if (size_ > most_size_) return say(trailers ? Fault::trailers_too_large : Fault::head_too_large);
  if (count_ > most_fields_) return say(trailers ? Fault::trailers_too_large : Fault::too_many_fields);
  if (pseudo) return add_pseudo(name, value);
  add_field(name, value);
}

void Section::add_pseudo(Bytes name, Bytes value) {
  RequestHead& head = slot_->head;
  // In front of all fields, each at most once, none in trailers (RFC 9113, section 8.3).
  if (kind_ == Kind::trailers || count_ != 0 || value.empty()) return say(Fault::invalid_pseudo_field);
  if (name == ":method") {
    if (!http::is_token(value)) return say(Fault::invalid_pseudo_field);
    take_over(head.method, value);
  } else if (name == ":path") {
    if (value.size() > limits_->max_request_line) return say(Fault::request_line_too_long);
    take_over(path_, value);
  } else if (name == ":authority") {
    take_over(head.authority, value);
  } else if (name == ":scheme") {
    take_over(scheme_, value);
  } else if (name == ":protocol" && protocol_allowed_) {
    if (!http::is_token(value)) return say(Fault::invalid_pseudo_field);
    take_over(head.protocol, value);
  } else {
    say(Fault::invalid_pseudo_field);  // :protocol too where it was not offered (RFC 8441, section 3)
  }
}

void Section::take_over(Bytes& target, Bytes value) {
  if (!target.empty()) return say(Fault::invalid_pseudo_field);
  const Bytes kept = keep(value);  // may move what `target` shows
  target = kept;
}

void Section::add_field(Bytes name, Bytes value) {
  if (!is_field_name(name)) return say(Fault::invalid_field_name);
  if (!is_value(value)) return say(Fault::invalid_field_value);
  const FieldId id = field_id(name);
  switch (id) {
    case FieldId::connection:
    case FieldId::keep_alive:
    case FieldId::proxy_connection:
    case FieldId::transfer_encoding:
    case FieldId::upgrade: return say(Fault::connection_specific_field);
    case FieldId::te:
      if (!equal_without_case(value, "trailers")) return say(Fault::connection_specific_field);
      break;
    case FieldId::cookie: ++cookies_; break;
    case FieldId::other:
      if (kind_ == Kind::request && name == "priority") {
        priority_ = parse_priority(value);
      }
      break;
    default: break;
  }
  make_room(name.size() + value.size());
  Field field;
  field.name = keep(name);
  field.value = keep(value);
  field.id = id;
  slot_->fields.push_back(field);
}

// --- one piece of text ---

Bytes Section::keep(Bytes bytes) {
  make_room(bytes.size());
  OwnedBytes& text = slot_->text;
  const std::size_t at = text.size();
  text.append(bytes);
  return text.bytes().substr(at);
}

// When the text moves, what points into it moves along.
void Section::make_room(std::size_t size) {
  OwnedBytes& text = slot_->text;
  if (text.capacity() - text.size() >= size) return;
  OwnedBytes larger;
  larger.reserve(std::max(least_text, 2 * (text.size() + size)));
  larger.append(text.bytes());
  const auto move = [&](Bytes& view) {
    if (!view.empty()) view = larger.bytes().substr(static_cast<std::size_t>(view.data() - text.data()), view.size());
  };
  RequestHead& head = slot_->head;
  for (Bytes* const view : {&head.method, &head.authority, &head.protocol, &scheme_, &path_}) move(*view);
  for (Field& field : slot_->fields) {
    move(field.name);
    move(field.value);
  }
  text = std::move(larger);
}

// --- the whole ---

Fault Section::finish(bool end_stream) {
  if (fault_ != Fault::none || kind_ == Kind::unwanted) return fault_;
  RequestHead& head = slot_->head;
  if (kind_ == Kind::trailers) {
    erase_if(slot_->fields, [](const Field& field) { return http::is_forbidden_in_trailers(field.name); });
    return Fault::none;
  }
  head.method_id = method_id(head.method);
  if (const Fault fault = judge_authority(); fault != Fault::none) return fault;
  if (const Fault fault = judge_target(); fault != Fault::none) return fault;
  join_cookies();
  head.raw = slot_->text.bytes();
  head.fields = slot_->fields;

  http::Framing framing;
  if (const Fault fault = http::decide_framing(Version::http2, head.fields, framing); fault != Fault::none)
    return fault;
  if (end_stream && framing.content_length.value_or(0) != 0) return Fault::content_length_mismatch;
  head.content_length = framing.content_length;
  head.has_body = !end_stream;
  // Content may come without a declared length; the one expectation that there is was checked above.
  head.expects_continue = !end_stream && find(head.fields, FieldId::expect) != nullptr;
  return Fault::none;
}

// One of :authority and Host, or both and the same (RFC 9113, section 8.3.1). Applications find it where HTTP/1.1 has it, too.
Fault Section::judge_authority() {
  RequestHead& head = slot_->head;
  if (!head.authority.empty() && !http::is_authority(head.authority)) return Fault::invalid_host;
  Bytes host;
  const Fault fault = http::find_host(Version::http2, slot_->fields, host);
  if (fault != Fault::none && (fault != Fault::missing_host || head.authority.empty())) return fault;
  if (fault == Fault::missing_host) {
    const Bytes name = keep("host");
    slot_->fields.push_back({name, head.authority, FieldId::host});
  } else if (head.authority.empty()) {
    head.authority = host;
  } else if (!equal_without_case(head.authority, host)) {
    return Fault::authority_mismatch;
  }
  return Fault::none;
}

Fault Section::judge_target() {
  RequestHead& head = slot_->head;
  if (head.method.empty()) return Fault::invalid_pseudo_field;
  const bool extended = !head.protocol.empty();
  if (extended && head.method_id != Method::connect) return Fault::invalid_pseudo_field;
  if (head.method_id == Method::connect && !extended) {
    if (!scheme_.empty() || !path_.empty()) return Fault::invalid_pseudo_field;
    head.target = head.authority;
    return http::is_authority(head.authority, http::PortRule::required) ? Fault::none : Fault::invalid_target;
  }
  if (path_.empty() || (!equal_without_case(scheme_, "http") && !equal_without_case(scheme_, "https"))) {
    return Fault::invalid_pseudo_field;
  }
  http::Target target;
  if ((path_[0] != '/' && path_ != "*") || !http::parse_target(path_, extended ? Method::get : head.method_id, target))
    return Fault::invalid_target;
  head.target = path_;
  head.path = target.path;
  head.query = target.query;
  head.has_query = target.has_query;
  return Fault::none;
}

// Crumbs become one field again (RFC 9113, section 8.2.3).
void Section::join_cookies() {
  if (cookies_ < 2) return;
  List<Field>& fields = slot_->fields;
  std::size_t size = 0;
  for (const Field& field : fields) size += field.id == FieldId::cookie ? field.value.size() + 2 : 0;
  make_room(size);
  const std::size_t at = slot_->text.size();
  Field* first = nullptr;
  for (Field& field : fields) {
    if (field.id != FieldId::cookie) continue;
    if (first == nullptr) {
      first = &field;
    } else {
      slot_->text.append("; ");
    }
    slot_->text.append(field.value);
  }
  first->value = slot_->text.bytes().substr(at);
  erase_if(fields, [first](const Field& field) { return field.id == FieldId::cookie && &field != first; });
}

}  // namespace pounce::inline v0::h2
