// Drain: what a connection that serves no further requests does between two of them.
//
// Prompt: it ends, as it must when nobody will be there to answer. Patient: its peer may ask once more for a moment, because a request
// that crosses the end of a kept connection is lost without an answer (RFC 9112, section 9.5), and somebody else takes over.
#pragma once

#include <cstdint>

namespace pounce::inline v0 {

enum class Drain : std::uint8_t { prompt, patient };

}  // namespace pounce::inline v0
