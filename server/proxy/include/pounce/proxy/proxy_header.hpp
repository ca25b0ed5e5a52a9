// The PROXY protocol, versions 1 and 2 (HAProxy's specification): what a proxy says about a connection, before its first byte.
//
// What it is: a parser. Whether a header has to be there is the listener's to say (`--bind ADDR:PORT,proxy`): it is never guessed, or
// any client could write one. What it is not: X-Forwarded-For and the like (forwarded.hpp), which are about requests.
// Limits: version 1 is a line of at most 107 bytes; version 2 at most `longest_v2` with its TLVs, which have to fill their room exactly.
// A CRC-32C that is there has to be right. Errors: `malformed` is final; nothing of it is answered, for nobody knows whom.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/string_fwd.hpp>
#include <pounce/proxy/network.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pounce::inline v0::proxy {

inline constexpr std::size_t longest_v1 = 107;
inline constexpr std::size_t longest_v2 = 4096;

struct Endpoint {
  IpAddress address;
  std::uint16_t port;

  // "192.0.2.1:40112", "[2001:db8::1]:40112".
  [[nodiscard]] std::string text() const;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct ProxyHeader {
  // None: the proxy speaks for itself (LOCAL, such as a health check), or does not know (UNKNOWN, other families).
  std::optional<Endpoint> source;
  std::optional<Endpoint> destination;
  bool secure = false;   // the client came over TLS (PP2_TYPE_SSL)
  std::size_t size = 0;  // bytes that it takes
};

enum class HeaderState : std::uint8_t { incomplete, complete, malformed };

// `bytes` begin with the connection. `incomplete`: more are needed to tell, never beyond the limits above.
[[nodiscard]] HeaderState parse_proxy_header(Bytes bytes, ProxyHeader& header) noexcept;

}  // namespace pounce::inline v0::proxy
