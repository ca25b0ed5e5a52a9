// A response parser for tests: it trusts the framing that it is shown and judges nothing.
#include <pounce/testing.hpp>

#include <charconv>
#include <string>
#include <utility>

namespace pounce::inline v0::testing {

namespace {

constexpr std::string_view line_end = "\r\n";

std::optional<std::string_view> take_line(std::string_view& bytes) {
  const std::size_t end = bytes.find(line_end);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = bytes.substr(0, end);
  bytes.remove_prefix(end + line_end.size());
  return line;
}

std::optional<std::uint64_t> number(std::string_view text, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// False when the empty line that ends the section is not there yet.
bool take_fields(std::string_view& bytes, Fields& fields) {
  while (const auto line = take_line(bytes)) {
    if (line->empty()) return true;
    const std::size_t colon = line->find(':');
    if (colon == std::string_view::npos) {
      fields.add(*line, "");
      continue;
    }
    std::string_view value = line->substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    fields.add(line->substr(0, colon), value);
  }
  return false;
}

bool take_head(std::string_view& bytes, Reply& reply) {
  std::string_view rest = bytes;
  const auto line = take_line(rest);
  if (!line || line->size() < 12) return false;
  reply.status = static_cast<std::uint16_t>(number(line->substr(9, 3), 10).value_or(0));
  if (!take_fields(rest, reply.fields)) return false;
  bytes = rest;
  return true;
}

// Whether the whole content is there; what is there of it goes into the reply in any case.
bool take_chunks(std::string_view& bytes, Reply& reply) {
  while (true) {
    const auto line = take_line(bytes);
    const auto size = line ? number(*line, 16) : std::nullopt;
    if (!size) return false;
    if (*size == 0) return take_fields(bytes, reply.trailers);
    const bool whole = bytes.size() >= *size + line_end.size();
    reply.body.append(bytes.substr(0, *size));
    if (!whole) return false;
    bytes.remove_prefix(*size + line_end.size());
  }
}

}  // namespace

std::optional<Reply> take_reply(std::string& bytes, bool to_head, bool closed) {
  std::string_view rest = bytes;
  Reply reply;
  while (true) {
    Reply head;
    if (!take_head(rest, head)) return std::nullopt;
    if (head.status >= 200) {
      head.informational = std::move(reply.informational);
      reply = std::move(head);
      break;
    }
    head.complete = true;
    reply.informational.push_back(std::move(head));
  }
  const bool no_content = to_head || reply.status == 204 || reply.status == 304;
  const auto coding = reply.header("transfer-encoding");
  const auto declared = reply.header("content-length");
  bool until_close = false;
  if (no_content) {
    reply.complete = true;
  } else if (coding) {
    reply.complete = take_chunks(rest, reply);
  } else if (declared) {
    const std::uint64_t length = number(*declared, 10).value_or(0);
    reply.complete = rest.size() >= length;
    reply.body = rest.substr(0, length);
    rest.remove_prefix(reply.body.size());
  } else {
    until_close = true;
    reply.complete = closed;
    reply.body = rest;
    rest = {};
  }
  if (!reply.complete && !closed) return std::nullopt;
  if (!reply.complete) rest = {};  // cut short: nothing can follow
  const auto connection = reply.header("connection");
  reply.keep_alive = reply.complete && !until_close && !(connection && equal_without_case(*connection, "close"));
  bytes.erase(0, bytes.size() - rest.size());
  return reply;
}

}  // namespace pounce::inline v0::testing
