// Request targets and authorities (RFC 9110, section 7; RFC 9112, section 3.2; RFC 3986, section 3.2).
//
// Decides whether a target is one of the four forms and takes it apart. It decodes nothing: paths stay percent-encoded.
// All views lie in the argument. User information in an authority is refused (RFC 9110, section 4.2.4).
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/message.hpp>

#include <cstdint>

namespace pounce::inline v0::http {

enum class PortRule : std::uint8_t { optional, required };

// uri-host [ ":" port ]: a registered name, an IPv4 address or a bracketed IPv6 address; not empty. A port is at most
// 65535; it may be empty after its colon unless required.
[[nodiscard]] bool is_authority(Bytes bytes, PortRule port = PortRule::optional) noexcept;

// What may stand behind that colon.
[[nodiscard]] bool is_port(Bytes bytes, PortRule rule) noexcept;

struct Target {
  Bytes authority;  // of the absolute and the authority form
  Bytes path;       // "/" where the absolute form has none; "*"; empty for the authority form
  Bytes query;      // without its '?'
  bool has_query = false;
};

// Whether `bytes` is a valid target for `method`. The asterisk form is for OPTIONS alone, the authority form for CONNECT alone.
[[nodiscard]] bool parse_target(Bytes bytes, Method method, Target& target) noexcept;

}  // namespace pounce::inline v0::http
