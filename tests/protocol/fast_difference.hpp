// Holds the fast path for heads against the slow one; for tests and for the fuzz target. Header only.
//
// Bytes are shown in heap blocks of exactly their size, so that AddressSanitizer sees any look beyond them.
#pragma once

#include "protocol/h1/fast_head.hpp"
#include "protocol/h1/fast_marks.hpp"
#include "protocol/h1/head.hpp"

#include <pounce/h1/connection.hpp>
#include <pounce/h1/head_scan.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace pounce::difference {

class Block {
 public:
  explicit Block(Bytes bytes) : bytes_(std::make_unique<char[]>(bytes.size())), size_(bytes.size()) {
    std::ranges::copy(bytes, bytes_.get());
  }
  [[nodiscard]] Bytes view() const noexcept { return {bytes_.get(), size_}; }
  [[nodiscard]] MutableBytes bytes() noexcept { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

// The same bytes at the same place.
[[nodiscard]] inline bool same(Bytes a, Bytes b) noexcept { return a.data() == b.data() && a.size() == b.size(); }

// What differs, as a word; empty: nothing.
[[nodiscard]] inline std::string difference_of(const RequestHead& a, const RequestHead& b) {
  if (!same(a.raw, b.raw)) return "raw";
  if (!same(a.method, b.method) || a.method_id != b.method_id) return "method";
  if (!same(a.target, b.target)) return "target";
  if (!same(a.authority, b.authority)) return "authority";
  if (!same(a.path, b.path)) return "path";
  if (!same(a.query, b.query) || a.has_query != b.has_query) return "query";
  if (a.version != b.version) return "version";
  if (a.content_length != b.content_length || a.has_body != b.has_body) return "content";
  if (a.keep_alive != b.keep_alive) return "keep_alive";
  if (a.expects_continue != b.expects_continue) return "expects_continue";
  if (a.fields.size() != b.fields.size()) return "number of fields";
  for (std::size_t i = 0; i < a.fields.size(); ++i) {
    if (!same(a.fields[i].name, b.fields[i].name)) return "name of field " + std::to_string(i);
    if (!same(a.fields[i].value, b.fields[i].value)) return "value of field " + std::to_string(i);
    if (a.fields[i].id != b.fields[i].id) return "id of field " + std::to_string(i);
  }
  return {};
}

// `find_marks` as its description says it, byte by byte.
[[nodiscard]] inline std::size_t find_marks_plainly(Bytes input, h1::Marks& marks) {
  constexpr Bytes plain = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!$&'*+-._~";
  if (input.size() < h1::least_marked) return 0;
  marks = {};
  std::size_t in_a_row = 0;
  std::size_t size = 0;
  for (std::size_t at = 0; at < std::min(input.size(), h1::Marks::most); ++at) {
    if (size != 0 && at % h1::Marks::word_bits == 0) return size;  // marks go on to the end of the word
    const auto c = static_cast<unsigned char>(input[at]);
    const bool control = c < 0x20 || c >= 0x7f;
    in_a_row = control ? in_a_row + 1 : 0;
    if (in_a_row == 4 && size == 0) size = at + 1;
    const std::uint64_t bit = std::uint64_t{1} << (at % h1::Marks::word_bits);
    if (control) marks.controls[at / h1::Marks::word_bits] |= bit;
    if (plain.find(input[at]) == Bytes::npos) marks.breaks[at / h1::Marks::word_bits] |= bit;
  }
  return size;
}

// Whether all variants that run here find the same marks in `input`; else the name of one that does not.
[[nodiscard]] inline std::string differing_variant(Bytes input) {
  const auto reference = std::make_unique<h1::Marks>();
  const auto marks = std::make_unique<h1::Marks>();
  const std::size_t size = find_marks_plainly(input, *reference);
  for (const h1::MarksVariant& variant : h1::marks_variants()) {
    if (!variant.available) continue;
    if (variant.find(input, *marks) != size) return variant.name;
    const std::size_t words = (size + h1::Marks::word_bits - 1) / h1::Marks::word_bits;
    if (!std::equal(marks->controls.begin(), marks->controls.begin() + words, reference->controls.begin()) ||
        !std::equal(marks->breaks.begin(), marks->breaks.begin() + words, reference->breaks.begin())) {
      return variant.name;
    }
  }
  return {};
}

struct Comparison {
  bool fast = false;       // the fast path accepted
  bool accepted = false;   // the slow path did
  std::string difference;  // empty: none
};

// Both paths over one input: the fast path may know nothing, but what it says must be what the slow path says.
[[nodiscard]] inline Comparison compare_paths(Bytes input, const h1::Limits& limits) {
  const Block block{input};
  Events events;
  http::Framing framing;
  const h1::FastHead fast = h1::accept_head(block.view(), limits, events, framing);

  Events slow_events;
  Events::Slot& slow = slow_events.slot();
  http::Framing slow_framing;
  h1::HeadScan scan;
  Fault fault = block.view().empty() ? Fault::invalid_request_line : scan.advance(block.view(), limits);
  const bool complete = fault == Fault::none && scan.complete();
  if (complete) {
    fault = h1::parse_head(block.view().substr(0, scan.size()), scan.request_line_size(), slow, slow_framing);
  }

  Comparison result{fast.size != 0, complete && fault == Fault::none, differing_variant(block.view())};
  if (!result.difference.empty()) return result;
  if (!result.fast) {
    if (fast.slot != nullptr &&
        (!fast.slot->fields.empty() || !fast.slot->head.method.empty() || fast.slot->head.has_query)) {
      result.difference = "a slot that is not reset";
    }
    return result;
  }
  if (!result.accepted) {
    result.difference = "accepted: " + std::string{complete ? info(fault).name : "an incomplete head"};
  } else if (fast.size != scan.size()) {
    result.difference = "size";
  } else if (framing.content_length != slow_framing.content_length || framing.chunked != slow_framing.chunked ||
             framing.keep_alive != slow_framing.keep_alive ||
             framing.expects_continue != slow_framing.expects_continue) {
    result.difference = "framing";
  } else {
    result.difference = difference_of(fast.slot->head, slow.head);
  }
  return result;
}

// What a connection finds in `input` when it comes in two pieces, and what it sends; data of one request is one word.
// A head that is cut never takes the fast path, one that comes whole may: so equal logs say that both paths are equal
// up to the events.
[[nodiscard]] inline std::string connection_log(Bytes input, std::size_t cut, const h1::Limits& limits) {
  constexpr Instant now{std::chrono::seconds{1}};
  h1::Connection connection{limits, now};
  Output output;
  std::string log;
  std::string data;
  const auto flush_data = [&log, &data] {
    if (!data.empty()) ((log += "data ") += data) += '\n';
    data.clear();
  };
  std::size_t used = 0;
  for (const std::size_t end : {cut, input.size()}) {
    if (end == used) continue;
    Block block{input.substr(used, end - used)};
    Events events;
    used += connection.receive(block.bytes(), now, events, output);
    for (const Event& event : events) {
      if (const auto* found = std::get_if<event::Data>(&event)) {
        data += found->bytes;
        continue;
      }
      flush_data();
      if (const auto* request = std::get_if<event::Request>(&event)) {
        const RequestHead& head = *request->head;
        for (const Bytes part : {head.method, head.target, head.authority, head.path, head.query}) (log += part) += '|';
        for (const Field& field : head.fields) {
          ((((log += field.name) += '=') += field.value) += '#') += std::to_string(static_cast<int>(field.id));
        }
        for (const bool flag : {head.keep_alive, head.has_body, head.expects_continue, head.has_query})
          log += flag ? '+' : '-';
        log += head.content_length ? std::to_string(*head.content_length) : "";
      } else if (const auto* ended = std::get_if<event::End>(&event)) {
        log += "end";
        for (const Field& field : ended->trailers) ((log += field.name) += '=') += field.value;
      } else if (const auto* failed = std::get_if<event::Failed>(&event)) {
        log += info(failed->fault).name;
      }
      log += '\n';
    }
  }
  flush_data();
  std::array<Bytes, 8> slices;
  while (!output.empty()) {
    const std::size_t count = output.gather(slices);
    std::size_t size = 0;
    for (std::size_t i = 0; i < count; ++i) {
      log += slices[i];
      size += slices[i].size();
    }
    output.written(size);
  }
  return log;
}

}  // namespace pounce::difference
