// Limits of one HTTP/2 connection. Sizes in bytes, durations as chrono. An empty optional means "not limited"; zero never does.
// What each of them defends against is a table in protocol/README.md. Those that HTTP/1.1 has too have the same name.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/pace.hpp>
#include <pounce/core/time.hpp>
#include <pounce/h2/budget.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pounce::inline v0::h2 {

struct Limits {
  // messages
  std::size_t max_request_line = 8 * kibibyte;               // :path; more: 414
  std::size_t max_header_size = 64 * kibibyte;               // names, values and 32 for each field; more: 431
  std::size_t max_headers = 100;                             // fields, each cookie crumb by itself; more: 431
  std::optional<std::uint64_t> max_request_size = mebibyte;  // content; more: 413
  std::size_t max_trailer_size = 16 * kibibyte;              // counted like max_header_size; more: 431
  std::size_t max_trailers = 100;                            // more: 431
  std::optional<std::uint64_t> max_requests{};               // per connection; then it drains
  std::size_t max_header_block = 128 * kibibyte;  // octets of one field block as it is sent; more: the connection ends
  std::size_t max_header_factor = 4;  // a section that decodes to so many times its limit ends the connection

  // streams and windows
  std::uint32_t max_streams = 100;               // at once, with those whose handler has not let go of them
  std::uint32_t stream_window = 256 * kibibyte;  // request content that the application has not taken, one stream
  std::uint32_t connection_window = mebibyte;    // … and all streams together; at least 65535 (RFC 9113, section 6.9.2)
  std::uint32_t max_frame_size = 16 * kibibyte;  // from the peer
  std::size_t max_stream_queue =
      64 * kibibyte;  // response content that waits for its turn, one stream; a lent piece may be larger
  std::size_t max_ahead = 128 * kibibyte;  // response content in the output; what is there has had its turn

  // what a peer may cost without asking for anything
  std::size_t max_continuations = 64;  // CONTINUATION frames of one field block
  std::size_t max_settings = 32;       // entries of one SETTINGS frame
  Rate resets{100, 33};                // streams reset by the peer, and those it provokes us to reset
  Rate pings{1000, 100};               // PING frames, acknowledgements included
  Rate settings{100, 10};              // SETTINGS and GOAWAY frames
  Rate empty_data{1000, 100};          // DATA frames that carry nothing and end nothing
  Rate priorities{1000, 100};          // PRIORITY and PRIORITY_UPDATE; each request brings ten more
  Rate window_updates{1000, 100};      // WINDOW_UPDATE; each DATA frame that we send brings ten more
  Rate unknown_frames{1000, 100};
  Rate late_frames{1000, 100};  // HEADERS and DATA for streams that we have reset

  // time
  Duration preface_timeout = std::chrono::seconds{10};   // until the first SETTINGS frame is complete
  Duration settings_timeout = std::chrono::seconds{10};  // until ours are acknowledged
  Duration header_timeout =
      std::chrono::seconds{10};  // from a frame's first byte until it, or its field block, is complete
  Duration request_timeout = std::chrono::seconds{30};  // without body progress while content is wanted, one stream
  Duration stop_grace = std::chrono::seconds{1};  // for content behind a complete answer; then its stream is reset
  Duration write_timeout =
      std::chrono::seconds{30};  // without progress of the output, or of a stream for lack of window
  Duration keep_alive_timeout = std::chrono::seconds{75};  // without any stream
  Duration linger_timeout = std::chrono::seconds{5};       // silence while what still arrives is thrown away
  Duration linger_limit = std::chrono::seconds{30};        // the whole of that phase
  Duration drain_grace = std::chrono::seconds{1};          // for a round trip between the two GOAWAY frames of a drain
  std::optional<Duration> ping_interval{};                 // of silence while streams live; then we ask with a PING …
  Duration ping_timeout =
      std::chrono::seconds{15};                 // … and wait so long for the answer, from when all before it was read
  std::optional<std::uint64_t> min_rate = 500;  // bytes per second, both directions; see Pace
  Duration rate_grace = std::chrono::seconds{10};

  [[nodiscard]] PaceLimits body_pace() const noexcept { return {request_timeout, min_rate, rate_grace}; }
  [[nodiscard]] PaceLimits write_pace() const noexcept { return {write_timeout, min_rate, rate_grace}; }
  // The room that an input needs: the largest field block, or frame, must be complete in it.
  [[nodiscard]] std::size_t least_input() const noexcept {
    constexpr std::size_t frame_header = 9;
    constexpr std::size_t other = 6;  // padding and priority of a HEADERS frame
    return max_header_block + (max_continuations + 1) * frame_header + other + 255 + max_frame_size;
  }
};

}  // namespace pounce::inline v0::h2
