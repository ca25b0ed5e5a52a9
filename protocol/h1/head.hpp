// Parsing complete request heads (RFC 9112, sections 3 and 5).
//
// A head is parsed when all of it is there, never in part. Two parsers read it: ours, which names each fault exactly, and
// llhttp in strict mode. It is accepted only when both accept it and agree on every field, byte for byte. Usual heads do not come
// here: fast_head.hpp accepts them as these two would.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/event.hpp>
#include <pounce/core/fault.hpp>
#include <pounce/core/list.hpp>
#include <pounce/http/framing.hpp>

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0::h1 {

// Parses a complete head, whose request line (with CRLF) has `request_line` bytes. Fills `slot` and `framing`; on a fault
// `slot.head.method_id` is still right where the method could be read.
[[nodiscard]] Fault parse_head(Bytes head, std::size_t request_line, Events::Slot& slot, http::Framing& framing);

// Parses complete field lines, each with its CRLF, without the empty line that ends the section.
[[nodiscard]] Fault parse_fields(Bytes lines, List<Field>& fields);

// The request line without its CRLF: method, target and version into `head`.
[[nodiscard]] Fault parse_request_line(Bytes line, RequestHead& head) noexcept;

// What `framing` says, into a fresh head.
void apply_framing(const http::Framing& framing, RequestHead& head) noexcept;

// The second opinion (second_opinion.cpp): whether llhttp, strict, accepts the head and finds the same fields in it.
[[nodiscard]] bool llhttp_agrees(Bytes head, const RequestHead& parsed);

}  // namespace pounce::inline v0::h1
