// Who the client is, where proxies stand in front: X-Forwarded-For, -Proto, -Host, or Forwarded (RFC 7239).
//
// What it is: the one place that decides it, for requests, logs, events and limits. What it is not: a reader of the PROXY protocol
// (proxy_header.hpp), which is about connections.
// The rule: only a trusted peer is listened to. Its list is walked from the right, over the proxies that are trusted in turn; the first
// that is not trusted is the client, and whatever stands left of it is the client's own invention. What is no address ends the walk:
// nothing that was not checked is ever reported. Fields of the same name are one list, in order of arrival.
// Limits: `most_hops` proxies in a row. Ownership: views lie in the fields.
#pragma once

#include <pounce/core/message.hpp>
#include <pounce/proxy/network.hpp>
#include <pounce/proxy/trust.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pounce::inline v0::proxy {

inline constexpr std::size_t most_hops = 32;

// What trusted proxies say about a request.
struct Relayed {
  std::optional<IpAddress> client;  // none: the peer itself
  std::string_view scheme;          // "http" or "https"; empty: not said
  std::string_view host;            // uri-host [":" port], valid; empty: not said
};

// `fields` come from a peer that `trust.proxies` has.
[[nodiscard]] Relayed relayed(const Trust& trust, FieldList fields) noexcept;

// False for nearly every field, at the price of a look at its id and first letter: then it does not speak for a proxy.
[[nodiscard]] constexpr bool may_speak_for_proxy(const Field& field) noexcept {
  if (field.id != FieldId::other) return field.id == FieldId::forwarded;
  return !field.name.empty() && (field.name.front() == 'x' || field.name.front() == 'X');
}

// Whether a field speaks for a proxy, so that it must not reach the application from anybody else: Forwarded, X-Forwarded-*, X-Real-IP.
[[nodiscard]] bool speaks_for_proxy(const Field& field) noexcept;

// Whether an application may see it: from a trusted peer, the fields of the dialect; from others, none that speaks for a proxy.
[[nodiscard]] bool is_visible(const Trust& trust, bool trusted_peer, const Field& field) noexcept;

}  // namespace pounce::inline v0::proxy
