#include "tests/sim/play.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace pounce::sim {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t most_shown = 300;

// Takes one chunked body from the front of `from`: its content in one piece, and whether it is complete.
std::string take_body(std::string_view& from) {
  std::string content;
  while (true) {
    const std::size_t end = from.find(line_end);
    std::size_t size = 0;
    const auto [last, error] = std::from_chars(from.data(), from.data() + std::min(end, from.size()), size, 16);
    if (end == std::string_view::npos || error != std::errc{} || last != from.data() + end) break;  // it was cut here
    from.remove_prefix(end + line_end.size());
    if (size == 0) {
      const std::size_t trailers_end = from.starts_with(line_end) ? 0 : from.find("\r\n\r\n");
      if (trailers_end == std::string_view::npos) break;
      const std::size_t rest = trailers_end + (trailers_end == 0 ? 2 : 4);
      std::string out = shown(content) + "(end of chunks)";
      out += from.substr(0, rest - 2);
      from.remove_prefix(rest);
      return out;
    }
    content += from.substr(0, size);
    if (from.size() < size + line_end.size()) break;
    from.remove_prefix(size + line_end.size());
  }
  from = {};
  return shown(content) + "(cut)";
}

std::size_t content_length(std::string_view head) {
  const std::size_t at = head.find("\r\nContent-Length: ");
  std::size_t length = 0;
  if (at != std::string_view::npos) std::from_chars(head.data() + at + 18, head.data() + head.size(), length);
  return length;
}

}  // namespace

std::string shown(std::string_view content) {
  if (content.size() <= most_shown) return std::string{content};
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  std::string digits(16, '0');
  for (std::size_t i = 0; i < 16; ++i) digits[15 - i] = "0123456789abcdef"[(hash >> (4 * i)) & 15U];
  return "(" + std::to_string(content.size()) + " bytes, hash " + digits + ")";
}

std::vector<std::string> answers_in(std::string_view bytes) {
  std::vector<std::string> out;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (!bytes.starts_with("HTTP/1.") || end == std::string_view::npos) {
      out.push_back(shown(bytes));
      return out;
    }
    const std::string_view head = bytes.substr(0, end + 4);
    std::string& answer = out.emplace_back(head);
    bytes.remove_prefix(head.size());
    if (bytes.starts_with("HTTP/1.")) continue;  // the answer to HEAD, or one without content
    if (head.find("\r\nTransfer-Encoding: chunked") != std::string_view::npos) {
      answer += take_body(bytes);
    } else {
      const std::size_t length = std::min(content_length(head), bytes.size());
      answer += shown(bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
  }
  return out;
}

}  // namespace pounce::sim
