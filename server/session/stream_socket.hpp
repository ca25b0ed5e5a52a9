// StreamSocket: a WebSocket on a stream of HTTP/2 (RFC 8441): its machine, and what waits between that and the stream.
//
// In: content that the machine has not eaten is kept, and not credited, so that the stream's window bounds it.
// Out: frames wait here until the stream's queue takes them: at most `most_output`, or one message.
#pragma once

#include <pounce/core/output.hpp>
#include <pounce/ws/connection.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace pounce::inline v0 {

struct StreamSocket {
  static constexpr std::size_t most_output = 64 * kibibyte;

  StreamSocket(const ws::Limits& limits, Instant now, StreamId stream, Owned<MessageCodec> codec)
      : connection(limits, now, stream) {
    connection.hold_end();  // messages that came before it are answered first
    if (codec) connection.use_codec(std::move(codec));
  }

  ws::Connection connection;
  Output output{most_output};
  std::string rest;              // content that was not eaten
  std::uint64_t refused_at = 0;  // how far the output was when it had no room
  bool end_received = false;     // END_STREAM has come …
  bool end_told = false;         // … and the machine knows
  bool over = false;             // the stream has been ended from here
};

}  // namespace pounce::inline v0
