#include "compose.hpp"

#include <array>
#include <cstring>
#include <utility>

namespace pounce::inline v0::h2 {

namespace {

// Room for a frame with so much payload, its header written.
char* begin(const FrameHeader& header, Output& output) {
  return write_frame_header(output.prepare(frame_header_size + header.length), header);
}

void end(const FrameHeader& header, Output& output) noexcept { output.commit(frame_header_size + header.length); }

}  // namespace

void compose_settings(const Limits& limits, bool connect, Output& output) {
  std::array<std::pair<Setting, std::uint32_t>, 6> settings{{
      {Setting::max_concurrent_streams, limits.max_streams},
      {Setting::initial_window_size, limits.stream_window},
      {Setting::max_header_list_size, static_cast<std::uint32_t>(limits.max_header_size)},
      {Setting::no_rfc7540_priorities, 1},
  }};
  std::size_t count = 4;
  if (connect) settings[count++] = {Setting::enable_connect_protocol, 1};
  if (limits.max_frame_size != default_frame_size) settings[count++] = {Setting::max_frame_size, limits.max_frame_size};
  const FrameHeader header{.length = static_cast<std::uint32_t>(count * 6), .type = FrameType::settings};
  char* at = begin(header, output);
  for (std::size_t i = 0; i < count; ++i) {
    at = write_32(write_16(at, static_cast<std::uint32_t>(settings[i].first)), settings[i].second);
  }
  end(header, output);
}

void compose_settings_ack(Output& output) {
  const FrameHeader header{.type = FrameType::settings, .flags = flag_ack};
  begin(header, output);
  end(header, output);
}

void compose_ping(Bytes opaque, bool ack, Output& output) {
  const FrameHeader header{.length = 8, .type = FrameType::ping, .flags = ack ? flag_ack : no_flags};
  std::memcpy(begin(header, output), opaque.data(), 8);
  end(header, output);
}

void compose_window_update(std::uint32_t stream, std::uint32_t increment, Output& output) {
  const FrameHeader header{.length = 4, .stream = stream, .type = FrameType::window_update};
  write_32(begin(header, output), increment);
  end(header, output);
}

void compose_rst_stream(std::uint32_t stream, ErrorCode code, Output& output) {
  const FrameHeader header{.length = 4, .stream = stream, .type = FrameType::rst_stream};
  write_32(begin(header, output), static_cast<std::uint32_t>(code));
  end(header, output);
}

void compose_goaway(std::uint32_t last, ErrorCode code, Bytes why, Output& output) {
  const FrameHeader header{.length = static_cast<std::uint32_t>(8 + why.size()), .type = FrameType::goaway};
  char* const at = write_32(write_32(begin(header, output), last), static_cast<std::uint32_t>(code));
  if (!why.empty()) std::memcpy(at, why.data(), why.size());
  end(header, output);
}

}  // namespace pounce::inline v0::h2
