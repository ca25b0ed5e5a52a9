// What a server said over HTTP/2, as the documents show it: an answer per stream, in the order of the streams, then how it took its leave. What
// belongs to the connection alone (SETTINGS, PING, credit) is left out.
#include "tests/sim/play.hpp"

#include "tests/protocol/h2_wire.hpp"

#include <map>

namespace pounce::sim {

using namespace pounce::h2;

namespace {

struct Stream {
  std::string heads;
  std::string content;
  std::string ending = "(open)";
};

void take_head(wire::FrameReader& reader, const wire::Frame& frame, Stream& stream) {
  const bool trailers = !stream.heads.empty() && !stream.heads.starts_with("1");
  std::string text;
  for (const auto& [name, value] : reader.decode(frame.payload)) {
    if (name == ":status") {
      text += value + "\r\n";
    } else {
      text.append(name).append(": ").append(value).append("\r\n");
    }
  }
  if (trailers) {
    stream.content += "(trailers)" + text;
  } else {
    stream.heads += text;
  }
}

}  // namespace

std::vector<std::string> streams_in(std::string_view bytes) {
  wire::FrameReader reader;
  reader.add(bytes);
  std::map<std::uint32_t, Stream> streams;
  std::vector<std::string> last;
  for (wire::Frame frame; reader.next(frame);) {
    Stream* const stream = frame.header.stream != 0 ? &streams[frame.header.stream] : nullptr;
    const bool carries = frame.header.type == FrameType::headers || frame.header.type == FrameType::data;
    if (frame.header.type == FrameType::headers) {
      take_head(reader, frame, *stream);
    } else if (frame.header.type == FrameType::data) {
      stream->content += frame.payload;
    } else if (frame.header.type == FrameType::rst_stream) {
      stream->ending = "(reset " + std::to_string(read_32(frame.payload, 0)) + ")";
    } else if (frame.header.type == FrameType::goaway) {
      last.push_back("goaway after " + std::to_string(read_32(frame.payload, 0)) + ", " +
                     std::to_string(read_32(frame.payload, 4)));
    }
    if (carries && frame.header.has(flag_end_stream)) stream->ending = "(end)";
  }
  std::vector<std::string> out;
  for (const auto& [id, stream] : streams) {
    if (stream.heads.empty() && stream.ending == "(open)") continue;  // it was given credit
    out.push_back(std::to_string(id) + ": " + stream.heads + shown(stream.content) + stream.ending);
  }
  out.insert(out.end(), last.begin(), last.end());
  if (!reader.empty()) out.emplace_back("(a part of a frame)");
  return out;
}

}  // namespace pounce::sim
