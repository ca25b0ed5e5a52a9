// Message framing, decided once, by pure functions over a field list (RFC 9110, sections 7.6.1, 8.6, 10.1.1; RFC 9112,
// sections 6 and 9.3). Where a lenient reading could make two readers disagree about a message's end, it is refused.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/fault.hpp>
#include <pounce/core/message.hpp>

#include <cstdint>
#include <optional>

namespace pounce::inline v0::http {

struct Framing {
  std::optional<std::uint64_t> content_length;
  bool keep_alive = false;  // what the peer wants
  bool chunked = false;
  bool expects_continue = false;  // and has content to send
};

// The framing of a request; a fault when its fields allow none or more than one.
[[nodiscard]] Fault decide_framing(Version version, FieldList fields, Framing& framing) noexcept;

// The Host field's value: exactly one on HTTP/1.1, at most one on HTTP/1.0, valid where it stands.
[[nodiscard]] Fault find_host(Version version, FieldList fields, Bytes& host) noexcept;

}  // namespace pounce::inline v0::http
