// The fast path for request heads: says "accepted", exactly as the scan, our parser and llhttp together would, or "don't know".
//
// It never refuses a head: what it does not know, the slow path (head_scan.hpp, head.hpp) decides. It knows what clients
// usually send: a common method, a target that starts with '/', HTTP/1.0 or 1.1, fields of one line with a value of visible
// ASCII and spaces, a Host without brackets, no limit exceeded, 8 KiB at most, all of it there. In particular it is blind to
// HTAB, obs-text, folding, empty values and blanks around a value other than one space in front of it.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/event.hpp>
#include <pounce/h1/limits.hpp>
#include <pounce/http/framing.hpp>

#include <cstddef>

namespace pounce::inline v0::h1 {

struct FastHead {
  std::size_t size = 0;          // of the head, when it was accepted; 0: don't know
  Events::Slot* slot = nullptr;  // the slot that holds it; without a size, one that was taken and is reset
};

// Looks at an input that starts with a request line. When it accepts, the slot and `framing` are filled as `parse_head` does.
[[nodiscard]] FastHead accept_head(Bytes input, const Limits& limits, Events& events, http::Framing& framing);

}  // namespace pounce::inline v0::h1
