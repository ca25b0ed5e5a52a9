// Sent: what a `send_*` call says to its caller. These are *our* mistakes and conditions, never the peer's.
// Whatever it is, unless `ok` the state is unchanged and nothing was appended to the output.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0 {

enum class [[nodiscard]] Sent : std::uint8_t {
  ok,
  gone,             // no such stream any more: its connection failed, or its response has ended
  wrong_order,      // a second head, data before the head, a 1xx after the head
  invalid_field,    // a name that is no token; CR, LF, NUL or another control byte in a value; a bad status
  forbidden_field,  // a field that the machine itself writes (Transfer-Encoding, Connection options other than close …)
  length_mismatch,  // more or fewer bytes than the declared Content-Length
  no_room,          // the output is full: flush, then try again
  invalid_text,     // a text message, or the reason of a Close, that is not UTF-8
};

struct [[nodiscard]] SentData {
  std::size_t accepted = 0;  // how many bytes of the front were taken
  Sent status = Sent::ok;    // `ok` also when only a part was accepted
};

}  // namespace pounce::inline v0
