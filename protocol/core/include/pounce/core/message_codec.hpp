// MessageCodec: what changes the payload of WebSocket messages on its way, as permessage-deflate does (RFC 7692).
//
// The interface stands here so that the protocol library links no compressor: `Pounce::compression` implements it, `ws::Connection`
// holds it. A codec belongs to one connection and is never shared or used again; between messages it keeps what the parameters of the
// extension allow (its windows). It knows no frames: it is called for pieces of messages, one message after the other in each direction.
// Limits: it never writes more than it is given room for. Errors: `decode` says so once and is not called again.
#pragma once

#include <pounce/core/bytes.hpp>

#include <cstddef>
#include <cstdint>

namespace pounce::inline v0 {

class MessageCodec {
 public:
  enum class Found : std::uint8_t {
    more,     // all of the input was used, and nothing more can be made of it
    full,     // the room is used up: call again with the rest of the input
    invalid,  // what was made is right; the rest cannot be decoded
  };
  struct Decoded {
    Found found;
    std::size_t used;
    std::size_t made;
  };

  MessageCodec() = default;
  MessageCodec(const MessageCodec&) = delete;
  MessageCodec& operator=(const MessageCodec&) = delete;
  virtual ~MessageCodec() = default;

  // Decodes a piece of a message into `room`, which is not empty. `last`: the message ends with `input`; then `more` means that all of it is there.
  [[nodiscard]] virtual Decoded decode(Bytes input, bool last, MutableBytes room) = 0;

  // How much `encode` needs at the most for a piece of so many bytes.
  [[nodiscard]] virtual std::size_t bound(std::size_t size) const = 0;
  // Encodes a piece of a message to `room`, at least `bound` bytes, and returns how many were used. The peer can decode all that was
  // encoded so far, also when more comes.
  [[nodiscard]] virtual std::size_t encode(Bytes piece, bool last, char* room) = 0;

  // How many bytes it holds now.
  [[nodiscard]] virtual std::size_t memory() const = 0;
};

// What both sides agreed on for permessage-deflate (RFC 7692, section 7.1), seen from our side.
struct DeflateTerms {
  std::uint8_t send_window_bits = 15;     // 9 to 15
  std::uint8_t receive_window_bits = 15;  // 8 to 15
  bool send_takeover = true;              // the window lives on from message to message
  bool receive_takeover = true;
};

}  // namespace pounce::inline v0
