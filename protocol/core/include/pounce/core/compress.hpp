// Compress: what a response asks of the content codings that its server may apply.
#pragma once

#include <cstdint>

namespace pounce::inline v0 {

enum class Compress : std::uint8_t {
  automatic,  // by size, type and what the client accepts
  off,        // opt-out: content that mixes a secret with what the request brought (BREACH)
  always,     // also when it is small, of any type, or an event stream
  hidden,     // like automatic, with padding of a random length and without a dictionary
};

}  // namespace pounce::inline v0
