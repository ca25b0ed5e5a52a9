// The only place that knows llhttp.
//
// llhttp sees complete heads only, so its spans never split (but for blanks that it would not know, which it is not shown). It never sees content: it is stopped at the end of the head.
#include "head.hpp"

#include <pounce/core/ascii.hpp>

#include <llhttp.h>

#if defined(LLHTTP_VERSION_MAJOR) && LLHTTP_VERSION_MAJOR < 9
static_assert(LLHTTP_STRICT_MODE == 1, "loose llhttp lets requests be smuggled");
#endif

namespace pounce::inline v0::h1 {

namespace {

// What llhttp found so far, compared with what we found.
struct Comparison {
  FieldList fields;
  std::size_t names = 0;
  std::size_t values = 0;
  bool complete = false;
};

Comparison& comparison(llhttp_t* parser) noexcept { return *static_cast<Comparison*>(parser->data); }

int on_name(llhttp_t* parser, const char* at, std::size_t size) {
  Comparison& seen = comparison(parser);
  if (seen.names == seen.fields.size()) return -1;
  const Bytes name = seen.fields[seen.names++].name;
  return name.data() == at && name.size() == size ? 0 : -1;
}

int on_value(llhttp_t* parser, const char* at, std::size_t size) {
  Comparison& seen = comparison(parser);
  if (size == 0 && seen.values == seen.names) return 0;  // nothing more of a value that was shown up to its end
  if (seen.values == seen.names) return -1;
  const Bytes ours = seen.fields[seen.values++].value;
  const Bytes theirs = trim(Bytes{at, size});
  return ours.empty() ? (theirs.empty() ? 0 : -1)
                      : (ours.data() == theirs.data() && ours.size() == theirs.size() ? 0 : -1);
}

int on_end(llhttp_t* parser) {
  Comparison& seen = comparison(parser);
  seen.complete = seen.names == seen.fields.size() && seen.values == seen.names;
  return -1;  // content is none of its business
}

constexpr llhttp_settings_t make_settings() noexcept {
  llhttp_settings_t settings{};
  settings.on_header_field = on_name;
  settings.on_header_value = on_value;
  settings.on_headers_complete = on_end;
  return settings;
}

constexpr llhttp_settings_t settings = make_settings();

// The blanks behind a length, if there is HTAB among them: legal (RFC 9110, section 5.6.3), but llhttp 8 has only SP there.
Bytes unknown_blanks(Bytes head, FieldList fields) noexcept {
  const Field* const length = find(fields, FieldId::content_length);
  if (length == nullptr || length->value.empty()) return {};
  const auto begin = static_cast<std::size_t>(length->value.data() + length->value.size() - head.data());
  std::size_t end = begin;
  while (is_blank(head[end])) ++end;
  const Bytes blanks = head.substr(begin, end - begin);
  return blanks.find('\t') == Bytes::npos ? Bytes{} : blanks;
}

}  // namespace

bool llhttp_agrees(Bytes head, const RequestHead& parsed) {
  Comparison seen{.fields = parsed.fields};
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  parser.data = &seen;
  // It knows only its own methods; any other token has a stand-in.
  if (parsed.method_id == Method::other) {
    constexpr Bytes stand_in = "GET";
    if (llhttp_execute(&parser, stand_in.data(), stand_in.size()) != HPE_OK) return false;
    head.remove_prefix(parsed.method.size());
  }
  if (const Bytes blanks = unknown_blanks(head, parsed.fields); !blanks.empty()) {
    const auto before = static_cast<std::size_t>(blanks.data() - head.data());
    if (llhttp_execute(&parser, head.data(), before) != HPE_OK) return false;
    head.remove_prefix(before + blanks.size());
  }
  llhttp_execute(&parser, head.data(), head.size());
  return seen.complete;
}

}  // namespace pounce::inline v0::h1
