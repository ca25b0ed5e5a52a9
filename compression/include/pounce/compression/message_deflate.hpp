// permessage-deflate for the messages of one WebSocket (RFC 7692, section 7.2), as the codec that ws::Connection holds.
//
// What was agreed on is an argument (`ws::DeflateAgreement`). Nothing is shared, and nothing is there before the first message in a direction.
// Memory, in each direction that keeps its window (takeover): the compressor 2^(send_window_bits + 2) + 2^(memory_level + 9) bytes, 256 KiB
// with the defaults; the decompressor 2^receive_window_bits and 10 KiB. Without takeover it is given back at the end of each message.
// Errors: std::bad_alloc. Whoever decodes limits what comes out by the room that it gives.
#pragma once

#include <pounce/core/message_codec.hpp>
#include <pounce/core/owned.hpp>

namespace pounce::inline v0::compression {

struct MessageDeflateSettings {
  int level = 1;         // 1 to 9
  int memory_level = 8;  // 1 to 9, of the compressor
};

[[nodiscard]] Owned<MessageCodec> make_message_deflate(const DeflateTerms& terms,
                                                       const MessageDeflateSettings& settings = {});

}  // namespace pounce::inline v0::compression
