// Limits of one WebSocket connection. Sizes in bytes, durations as chrono. An empty optional means "not limited"; zero never does.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/pace.hpp>
#include <pounce/core/time.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pounce::inline v0::ws {

struct Limits {
  // Of a message, all its fragments together and inflated; more: 1009. One without a limit must not be assembled.
  std::optional<std::uint64_t> max_message_size = 16 * mebibyte;
  bool assemble = true;  // a message is one event; else pieces come as they arrive, and nothing of them is kept
  std::size_t compress_from = 128;  // shorter messages are sent as they are; with a codec only

  Duration message_timeout = std::chrono::seconds{30};  // without progress of a message that is being assembled; 1008
  Duration write_timeout = std::chrono::seconds{30};    // without progress of the output
  Duration close_timeout =
      std::chrono::seconds{10};  // for the answer to our Close, from when it was written; for a held end
  Duration linger_timeout = std::chrono::seconds{5};  // for the peer to close, while what still arrives is thrown away
  std::optional<std::uint64_t> min_rate = 500;        // bytes per second, as those two are judged; see Pace
  Duration rate_grace = std::chrono::seconds{10};
  std::optional<Duration> ping_interval{};           // silence of the peer after which it is asked
  Duration ping_timeout = std::chrono::seconds{20};  // for anything that shows it is there

  [[nodiscard]] PaceLimits message_pace() const noexcept { return {message_timeout, min_rate, rate_grace}; }
  [[nodiscard]] PaceLimits write_pace() const noexcept { return {write_timeout, min_rate, rate_grace}; }
};

// What we are ready to agree on for permessage-deflate (RFC 7692); see extensions.hpp.
struct DeflateWishes {
  std::uint8_t send_window_bits = 15;  // 9 to 15: the window of our compressor, at the most
  // 9 to 15: that of the peer's; a client that cannot be limited is not compressed with
  std::uint8_t receive_window_bits = 15;
  bool send_takeover = true;  // keep the compressor's window between messages, where the client can follow
  bool receive_takeover = true;
};

}  // namespace pounce::inline v0::ws
