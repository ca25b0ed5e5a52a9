// Message heads: what the protocol machines report and send (RFC 9110, section 6).
//
// All members are views. A `RequestHead` in an event borrows from the input and the `Events` list until that list is cleared or
// the machine is called again; every string in it is empty or points into `raw`, so one copy of `raw` and a shift of the
// views keeps it (`pounce::Session` does that).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pounce::inline v0 {

// The fields that Pounce itself looks at, so that a look-up compares a number and not a string.
enum class FieldId : std::uint8_t {
  other,
  accept,
  accept_encoding,
  allow,
  authorization,
  cache_control,
  connection,
  content_encoding,
  content_length,
  content_type,
  cookie,
  date,
  etag,
  expect,
  forwarded,
  host,
  if_match,
  if_modified_since,
  if_none_match,
  if_range,
  if_unmodified_since,
  keep_alive,
  last_modified,
  location,
  origin,
  proxy_connection,
  range,
  server,
  set_cookie,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  user_agent,
  vary,
};

struct Field {
  std::string_view name;   // as the peer wrote it; compare without case, or by id
  std::string_view value;  // without surrounding blanks
  FieldId id = FieldId::other;
};

using FieldList = std::span<const Field>;

// The id of a field name, compared without case; `other` when it is not in the table.
[[nodiscard]] FieldId field_id(std::string_view name) noexcept;

// The first field with this id, or null. O(number of fields).
[[nodiscard]] constexpr const Field* find(FieldList fields, FieldId id) noexcept {
  for (const Field& field : fields) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

enum class Version : std::uint8_t { http10, http11, http2 };

enum class Method : std::uint8_t { other, get, head, post, put, delete_, connect, options, trace, patch };

[[nodiscard]] Method method_id(std::string_view method) noexcept;  // case-sensitive, RFC 9110, section 9.1

struct RequestHead {
  std::string_view raw;        // the octets that all views below point into
  std::string_view method;     // any RFC 9110 token
  std::string_view target;     // as sent
  std::string_view authority;  // of an absolute-form target, else the Host field's value; empty on HTTP/1.0 without
  std::string_view path;       // of the target, still percent-encoded, without the query; "*" for OPTIONS *
  std::string_view query;      // after the first '?', without it
  FieldList fields;            // in order of arrival
  std::string_view protocol;   // what an extended CONNECT asks for (RFC 8441); empty: it is none
  std::optional<std::uint64_t> content_length;  // declared
  Version version = Version::http11;
  Method method_id = Method::other;
  bool has_body = false;          // content follows (a length above zero, or chunked)
  bool keep_alive = true;         // the peer would go on after this exchange
  bool expects_continue = false;  // Expect: 100-continue on HTTP/1.1
  bool has_query = false;         // "/p?" has an empty query, "/p" has none
};

struct ResponseHead {
  std::uint16_t status = 200;                     // 200 … 599
  FieldList fields{};                             // checked: names are tokens, values hold no control bytes but HTAB
  std::string_view lines{};                       // ready-made, trusted field lines, each ending in CRLF (Date, Server)
  std::optional<std::uint64_t> content_length{};  // known length; without it the machine chooses the framing
  bool close = false;                             // end the connection after this response
  bool whole = false;  // its content is ready: request content that was not read will not be read
};

}  // namespace pounce::inline v0
