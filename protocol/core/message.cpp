#include <pounce/core/message.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pounce::inline v0 {

namespace {

// Lower case for letters; '-' and digits stay. What else this changes is no octet of a name, or becomes none of the table's.
constexpr char lower(char c) noexcept { return static_cast<char>(c | 0x20); }

template <class Word>
[[nodiscard]] bool equal_words(const char* name, const char* literal) noexcept {
  Word a{};
  Word b{};
  std::memcpy(&a, name, sizeof a);
  std::memcpy(&b, literal, sizeof b);
  return (a | static_cast<Word>(0x2020202020202020ULL)) == b;
}

// `name` has the length of the literal, which is lower case: letters and '-'. Compared in words, the last of which may overlap
// the one before. A carriage return would pass for '-', but is in no name that is a token.
template <std::size_t N>
FieldId pick(std::string_view name, const char (&literal)[N], FieldId id) noexcept {
  constexpr std::size_t size = N - 1;
  bool equal = true;
  if constexpr (size >= 8) {
    for (std::size_t i = 0; i + 8 <= size; i += 8)
      equal = equal && equal_words<std::uint64_t>(name.data() + i, literal + i);
    equal = equal && equal_words<std::uint64_t>(name.data() + size - 8, literal + size - 8);
  } else if constexpr (size >= 4) {
    equal = equal_words<std::uint32_t>(name.data(), literal) &&
            equal_words<std::uint32_t>(name.data() + size - 4, literal + size - 4);
  } else {
    for (std::size_t i = 0; i < size; ++i) equal = equal && lower(name[i]) == literal[i];
  }
  return equal ? id : FieldId::other;
}

}  // namespace

// The length and one letter leave at most one candidate, so that at most one comparison is made.
FieldId field_id(std::string_view name) noexcept {
  switch (name.size()) {
    case 2: return pick(name, "te", FieldId::te);
    case 4:
      switch (lower(name[0])) {
        case 'd': return pick(name, "date", FieldId::date);
        case 'e': return pick(name, "etag", FieldId::etag);
        case 'h': return pick(name, "host", FieldId::host);
        case 'v': return pick(name, "vary", FieldId::vary);
        default: return FieldId::other;
      }
    case 5:
      switch (lower(name[0])) {
        case 'a': return pick(name, "allow", FieldId::allow);
        case 'r': return pick(name, "range", FieldId::range);
        default: return FieldId::other;
      }
    case 6:
      switch (lower(name[0])) {
        case 'a': return pick(name, "accept", FieldId::accept);
        case 'c': return pick(name, "cookie", FieldId::cookie);
        case 'e': return pick(name, "expect", FieldId::expect);
        case 'o': return pick(name, "origin", FieldId::origin);
        case 's': return pick(name, "server", FieldId::server);
        default: return FieldId::other;
      }
    case 7:
      switch (lower(name[0])) {
        case 't': return pick(name, "trailer", FieldId::trailer);
        case 'u': return pick(name, "upgrade", FieldId::upgrade);
        default: return FieldId::other;
      }
    case 8:
      switch (lower(name[3])) {
        case 'm': return pick(name, "if-match", FieldId::if_match);
        case 'r': return pick(name, "if-range", FieldId::if_range);
        case 'a': return pick(name, "location", FieldId::location);
        default: return FieldId::other;
      }
    case 9: return pick(name, "forwarded", FieldId::forwarded);
    case 10:
      switch (lower(name[0])) {
        case 'c': return pick(name, "connection", FieldId::connection);
        case 'k': return pick(name, "keep-alive", FieldId::keep_alive);
        case 's': return pick(name, "set-cookie", FieldId::set_cookie);
        case 'u': return pick(name, "user-agent", FieldId::user_agent);
        default: return FieldId::other;
      }
    case 12: return pick(name, "content-type", FieldId::content_type);
    case 13:
      switch (lower(name[0])) {
        case 'a': return pick(name, "authorization", FieldId::authorization);
        case 'c': return pick(name, "cache-control", FieldId::cache_control);
        case 'i': return pick(name, "if-none-match", FieldId::if_none_match);
        case 'l': return pick(name, "last-modified", FieldId::last_modified);
        default: return FieldId::other;
      }
    case 14: return pick(name, "content-length", FieldId::content_length);
    case 15: return pick(name, "accept-encoding", FieldId::accept_encoding);
    case 16:
      switch (lower(name[0])) {
        case 'c': return pick(name, "content-encoding", FieldId::content_encoding);
        case 'p': return pick(name, "proxy-connection", FieldId::proxy_connection);
        default: return FieldId::other;
      }
    case 17:
      switch (lower(name[0])) {
        case 'i': return pick(name, "if-modified-since", FieldId::if_modified_since);
        case 't': return pick(name, "transfer-encoding", FieldId::transfer_encoding);
        default: return FieldId::other;
      }
    case 19: return pick(name, "if-unmodified-since", FieldId::if_unmodified_since);
    default: return FieldId::other;
  }
}

Method method_id(std::string_view method) noexcept {
  switch (method.size()) {
    case 3: return method == "GET" ? Method::get : method == "PUT" ? Method::put : Method::other;
    case 4: return method == "POST" ? Method::post : method == "HEAD" ? Method::head : Method::other;
    case 5: return method == "PATCH" ? Method::patch : method == "TRACE" ? Method::trace : Method::other;
    case 6: return method == "DELETE" ? Method::delete_ : Method::other;
    case 7: return method == "OPTIONS" ? Method::options : method == "CONNECT" ? Method::connect : Method::other;
    default: return Method::other;
  }
}

}  // namespace pounce::inline v0
