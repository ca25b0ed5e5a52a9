// Chunked content: ours against llhttp's. What both accept must be the same content with the same end; what ours accepts
// without extensions and trailers, llhttp must accept. Ours may refuse more. Cutting the bytes must change nothing.
//
// Input: the bytes behind a head that says chunked.
#include <pounce/h1/chunked.hpp>

#include <llhttp.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

using namespace pounce;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct Decoded {
  bool ended = false;
  Fault fault = Fault::none;
  std::size_t used = 0;
  bool trailers = false;
  std::string content;
};

// New bytes arrive in steps of `step`; what was not used is shown again.
Decoded decode(Bytes bytes, std::size_t step, const h1::Limits& limits) {
  Decoded result;
  h1::ChunkDecoder decoder;
  for (std::size_t end = std::min(step, bytes.size());;) {
    const auto found = decoder.next(bytes.substr(result.used, end - result.used), limits);
    require(found.used <= end - result.used);
    result.used += found.used;
    switch (found.found) {
      case h1::ChunkDecoder::Found::data:
        require(!found.bytes.empty());
        result.content += found.bytes;
        continue;
      case h1::ChunkDecoder::Found::end:
        result.ended = true;
        result.trailers = !found.bytes.empty();
        return result;
      case h1::ChunkDecoder::Found::fault: result.fault = found.fault; return result;
      case h1::ChunkDecoder::Found::more: break;
    }
    if (end == bytes.size()) return result;
    end = std::min(end + step, bytes.size());
  }
}

int on_body(llhttp_t* parser, const char* at, std::size_t size) {
  static_cast<Decoded*>(parser->data)->content.append(at, size);
  return 0;
}

int on_complete(llhttp_t* parser) {
  static_cast<Decoded*>(parser->data)->ended = true;
  return HPE_PAUSED;
}

Decoded decode_with_llhttp(Bytes bytes) {
  Decoded result;
  llhttp_settings_t settings{};
  settings.on_body = on_body;
  settings.on_message_complete = on_complete;
  llhttp_t parser;
  llhttp_init(&parser, HTTP_REQUEST, &settings);
  parser.data = &result;
  constexpr Bytes head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  require(llhttp_execute(&parser, head.data(), head.size()) == HPE_OK);
  llhttp_execute(&parser, bytes.data(), bytes.size());
  if (result.ended) result.used = static_cast<std::size_t>(llhttp_get_error_pos(&parser) - bytes.data());
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes{reinterpret_cast<const char*>(data), size};
  if (bytes.empty()) return 0;
  h1::Limits limits;
  limits.max_request_size = 200;
  limits.max_chunk_extensions = 50;
  limits.max_trailer_size = 100;
  limits.max_trailers = 4;
  const Decoded ours = decode(bytes, size, limits);
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, 1 + size / 2}) {
    const Decoded again = decode(bytes, step, limits);
    require(again.ended == ours.ended && again.fault == ours.fault && again.content == ours.content);
    if (ours.ended) require(again.used == ours.used);
  }
  if (!ours.ended) return 0;
  const Decoded theirs = decode_with_llhttp(bytes);
  const bool plain = !ours.trailers && bytes.substr(0, ours.used).find(';') == Bytes::npos;
  if (plain) require(theirs.ended);
  if (theirs.ended) require(theirs.content == ours.content && theirs.used == ours.used);
  return 0;
}
