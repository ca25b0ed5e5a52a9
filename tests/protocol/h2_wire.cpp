#include "h2_wire.hpp"

#include <stdexcept>

namespace wire {

using namespace pounce;
using namespace pounce::h2;

void FrameWriter::frame(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload) {
  frame(type, flags, stream, payload, payload.size());
}

void FrameWriter::frame(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload,
                        std::size_t length) {
  char head[frame_header_size];
  write_frame_header(head, {.length = static_cast<std::uint32_t>(length),
                            .stream = stream,
                            .type = static_cast<FrameType>(type),
                            .flags = static_cast<std::uint8_t>(flags)});
  bytes_.append(head, sizeof head);
  bytes_ += payload;
}

std::string FrameWriter::number(std::uint32_t value) {
  std::string text(4, '\0');
  write_32(text.data(), value);
  return text;
}

void FrameWriter::preface() { bytes_ += client_preface; }

void FrameWriter::settings(const std::vector<std::pair<unsigned, std::uint32_t>>& settings) {
  std::string payload;
  for (const auto& [id, value] : settings) payload += number(id).substr(2) + number(value);
  frame(4, 0, 0, payload);
}

void FrameWriter::hello(const std::vector<std::pair<unsigned, std::uint32_t>>& more) {
  preface();
  settings(more);
  settings_ack();
}

std::string FrameWriter::encode(const Fields& fields) {
  FieldBlock block;
  for (const auto& [name, value] : fields) block.add(name, value);
  std::string text(encoder_.bound(block), '\0');
  text.resize(encoder_.encode(block, text.data(), text.size()));
  return text;
}

void FrameWriter::headers(std::uint32_t stream, const Fields& fields, bool end_stream) {
  frame(1, 4U | (end_stream ? 1U : 0U), stream, encode(fields));
}

Fields FrameWriter::request(const std::string& method, const std::string& path, const Fields& more) {
  Fields fields{{":method", method}, {":scheme", "http"}, {":path", path}, {":authority", "a.example"}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

void FrameWriter::get(std::uint32_t stream, const std::string& path, const Fields& more) {
  headers(stream, request("GET", path, more), true);
}

void FrameWriter::post(std::uint32_t stream, const std::string& path, const Fields& more) {
  headers(stream, request("POST", path, more), false);
}

void FrameWriter::data(std::uint32_t stream, std::string_view bytes, bool end_stream) {
  frame(0, end_stream ? 1 : 0, stream, bytes);
}

void FrameWriter::rst_stream(std::uint32_t stream, std::uint32_t code) { frame(3, 0, stream, number(code)); }

void FrameWriter::window_update(std::uint32_t stream, std::uint32_t increment) {
  frame(8, 0, stream, number(increment));
}

bool FrameReader::next(Frame& frame) {
  if (pending_.size() < frame_header_size) return false;
  frame.header = read_frame_header(pending_);
  const std::size_t size = frame_header_size + frame.header.length;
  if (pending_.size() < size) return false;
  frame.payload = pending_.substr(frame_header_size, frame.header.length);
  pending_.erase(0, size);
  return true;
}

Fields FrameReader::decode(std::string_view block) {
  Fields fields;
  for (;;) {
    const Decoder::Result result = decoder_.next(block, true);
    if (result.found == Decoder::Found::end) return fields;
    if (result.found != Decoder::Found::field) throw std::runtime_error("the field block cannot be decoded");
    fields.emplace_back(result.name, result.value);
  }
}

}  // namespace wire
