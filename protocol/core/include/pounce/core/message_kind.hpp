// What a WebSocket message is (RFC 6455, section 5.6). Alone in its header, for applications need it and none of the events.
#pragma once

#include <cstdint>

namespace pounce::inline v0 {

enum class MessageKind : std::uint8_t { text = 1, binary = 2 };

}  // namespace pounce::inline v0
