#include "fast_head.hpp"

#include "fast_marks.hpp"
#include "head.hpp"

#include <pounce/http/syntax.hpp>
#include <pounce/http/target.hpp>

#include <array>
#include <cassert>
#include <cstring>

namespace pounce::inline v0::h1 {

namespace {

constexpr Bytes line_end = "\r\n";

// Whether these bytes stand at `at`; the caller knows that there is room for them.
template <std::size_t N>
[[nodiscard]] bool stands_at(const char* at, const char (&literal)[N]) noexcept {
  return std::memcmp(at, literal, N - 1) == 0;
}

// One head, whose end and marks are known. Line ends are marked in both kinds of marks, so that each search ends.
class Reader {
 public:
  Reader(Bytes head, const Marks& marks, Events::Slot& slot) noexcept : head_(head), marks_(marks), slot_(slot) {}

  [[nodiscard]] bool read(const Limits& limits, http::Framing& framing) {
    if (!read_request_line() || fields_at_ - line_end.size() > limits.max_request_line) return false;
    if (head_.size() - fields_at_ - line_end.size() > limits.max_header_size) return false;
    if (!read_fields() || slot_.fields.size() > limits.max_headers) return false;
    RequestHead& request = slot_.head;
    if (host_.empty() && request.version != Version::http10) return false;
    request.raw = head_;
    request.authority = host_;
    request.fields = slot_.fields;
    if (http::decide_framing(request.version, {framing_fields_.data(), framing_count_}, framing) != Fault::none)
      return false;
    apply_framing(framing, request);
    return true;
  }

 private:
  [[nodiscard]] bool ends_line(std::size_t at) const noexcept {
    assert(at + 2 * line_end.size() <= head_.size());
    return stands_at(head_.data() + at, "\r\n");
  }

  [[nodiscard]] bool read_request_line() noexcept {
    RequestHead& request = slot_.head;
    const std::size_t method = marks_.next(marks_.breaks, 0);
    const std::size_t end = marks_.next(marks_.controls, method);
    constexpr std::size_t version = 9;  // with the space before it
    if (end < method + 2 + version || !ends_line(end)) return false;
    request.method = head_.substr(0, method);
    request.method_id = method_id(request.method);
    if (request.method_id == Method::other || request.method_id == Method::connect) return false;
    if (!stands_at(head_.data() + method, " /")) return false;
    if (stands_at(head_.data() + end - version, " HTTP/1.0")) {
      request.version = Version::http10;
    } else if (!stands_at(head_.data() + end - version, " HTTP/1.1")) {
      return false;
    }
    fields_at_ = end + line_end.size();
    return read_target(method + 1, end - version);
  }

  [[nodiscard]] bool read_target(std::size_t start, std::size_t end) noexcept {
    RequestHead& request = slot_.head;
    request.target = request.path = head_.substr(start, end - start);
    for (std::size_t at = marks_.next(marks_.breaks, start + 1); at < end; at = marks_.next(marks_.breaks, at + 1)) {
      if (head_[at] == ' ' || head_[at] == '#') return false;
      if (head_[at] != '?' || request.has_query) continue;
      request.has_query = true;
      request.path = head_.substr(start, at - start);
      request.query = head_.substr(at + 1, end - at - 1);
    }
    return true;
  }

  [[nodiscard]] bool read_fields() {
    for (std::size_t at = fields_at_; at != head_.size() - line_end.size();) {
      const std::size_t colon = marks_.next(marks_.breaks, at);
      if (head_[colon] != ':' || colon == at) return false;
      const std::size_t end = marks_.next(marks_.controls, colon);
      if (!ends_line(end)) return false;
      const std::size_t start = colon + (head_[colon + 1] == ' ' ? 2 : 1);
      if (start >= end || head_[start] == ' ' || head_[end - 1] == ' ') return false;
      const Bytes name = head_.substr(at, colon - at);
      const Field& field = slot_.fields.emplace_back(Field{name, head_.substr(start, end - start), field_id(name)});
      if (!look_at(field, start, end)) return false;
      at = end + line_end.size();
    }
    return stands_at(head_.data() + head_.size() - line_end.size(), "\r\n");
  }

  // What routing and framing need.
  [[nodiscard]] bool look_at(const Field& field, std::size_t start, std::size_t end) noexcept {
    switch (field.id) {
      case FieldId::host:
        if (!host_.empty()) return false;
        host_ = field.value;
        // Without a break it is a name of plain letters and digits. A port is the usual break.
        return marks_.next(marks_.breaks, start) == end || http::is_authority(host_);
      case FieldId::connection:
      case FieldId::content_length:
      case FieldId::expect:
      case FieldId::transfer_encoding:
        if (framing_count_ == framing_fields_.size()) return false;
        framing_fields_[framing_count_++] = field;
        return true;
      default: return true;
    }
  }

  Bytes head_;
  const Marks& marks_;
  Events::Slot& slot_;
  std::size_t fields_at_ = 0;
  Bytes host_;
  // The fields that framing depends on, for the one function that decides it.
  std::array<Field, 4> framing_fields_;
  std::size_t framing_count_ = 0;
};

}  // namespace

FastHead accept_head(Bytes input, const Limits& limits, Events& events, http::Framing& framing) {
  Marks marks;  // without a start value: what is read of it was written
  const std::size_t size = find_marks(input, marks);
  if (size == 0) return {};
  Events::Slot& slot = events.slot();
  if (Reader{input.substr(0, size), marks, slot}.read(limits, framing)) return {size, &slot};
  slot.head = RequestHead{};
  slot.fields.clear();
  return {0, &slot};
}

}  // namespace pounce::inline v0::h1
