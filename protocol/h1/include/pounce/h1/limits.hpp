// Limits of one HTTP/1.1 connection. Sizes in bytes, durations as chrono. An empty optional means "not limited"; zero never does.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/pace.hpp>
#include <pounce/core/time.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace pounce::inline v0::h1 {

struct Limits {
  std::size_t max_request_line = 8 * kibibyte;               // without its CRLF; more: 414
  std::size_t max_header_size = 64 * kibibyte;               // all field lines with their CRLFs; more: 431
  std::size_t max_headers = 100;                             // field lines; more: 431
  std::optional<std::uint64_t> max_request_size = mebibyte;  // content, decoded from its transfer coding; more: 413
  std::size_t max_empty_lines = 10;                          // before a request line; more: 400
  std::size_t max_chunk_extensions = 16 * kibibyte;          // in all chunk-size lines of one message; more: 400
  std::size_t max_trailer_size = 16 * kibibyte;              // more: 431
  std::size_t max_trailers = 100;                            // field lines; more: 431
  std::uint64_t max_unread_body =
      256 * kibibyte;                           // swallowed after an early answer to keep the connection; more: close
  std::optional<std::uint64_t> max_requests{};  // per connection; the last response says close

  Duration header_timeout = std::chrono::seconds{10};      // a true deadline for a whole head, from its first byte
  Duration request_timeout = std::chrono::seconds{30};     // without body progress while content is wanted
  Duration write_timeout = std::chrono::seconds{30};       // without progress of the output
  Duration keep_alive_timeout = std::chrono::seconds{75};  // idle, also before the first request
  Duration linger_timeout = std::chrono::seconds{5};       // silence while what still arrives is thrown away
  Duration linger_limit = std::chrono::seconds{30};        // the whole of that phase
  Duration drain_grace = std::chrono::seconds{1};          // for one more request of an idle peer, in a patient drain
  std::optional<std::uint64_t> min_rate = 500;             // bytes per second, both directions; see Pace
  Duration rate_grace = std::chrono::seconds{10};

  [[nodiscard]] PaceLimits body_pace() const noexcept { return {request_timeout, min_rate, rate_grace}; }
  [[nodiscard]] PaceLimits write_pace() const noexcept { return {write_timeout, min_rate, rate_grace}; }
};

}  // namespace pounce::inline v0::h1
