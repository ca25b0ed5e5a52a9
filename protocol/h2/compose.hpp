// Frames without a state of their own, composed straight into an Output (RFC 9113, section 6).
#pragma once

#include <pounce/core/fault.hpp>
#include <pounce/core/output.hpp>
#include <pounce/h2/frame.hpp>
#include <pounce/h2/limits.hpp>

#include <cstdint>

namespace pounce::inline v0::h2 {

// What our PING frames hold, so that their answers can be told apart.
inline constexpr Bytes drain_ping{"draining"};
inline constexpr Bytes liveness_ping{"alive???"};
// Whether HTTP has an answer to what is wrong with a request. What is malformed (400) is an error of its stream instead
// (RFC 9113, section 8.1.1).
[[nodiscard]] inline bool has_answer(Fault fault) noexcept {
  const std::uint16_t status = info(fault).status;
  return status != 0 && status != 400;
}

// `connect`: extended CONNECT is spoken (RFC 8441, section 3).
void compose_settings(const Limits& limits, bool connect, Output& output);
void compose_settings_ack(Output& output);
void compose_ping(Bytes opaque, bool ack, Output& output);
void compose_window_update(std::uint32_t stream, std::uint32_t increment, Output& output);
void compose_rst_stream(std::uint32_t stream, ErrorCode code, Output& output);
// `why` is for people.
void compose_goaway(std::uint32_t last, ErrorCode code, Bytes why, Output& output);

}  // namespace pounce::inline v0::h2
