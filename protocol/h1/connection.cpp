// Law:
//   - All transitions of the reading side are in one table; the writing side goes idle -> head -> content -> idle.
//   - One request at a time: bytes behind it are not looked at until its response has ended.
//   - `linger` and `closed` never parse again; the output is finished exactly when one of them is entered.
//   - A fault is reported once and answered at most once, and never after a response head.
//   - What is found, and what is answered, depends on the bytes and never on how they were cut.
#include <pounce/h1/connection.hpp>

#include "compose.hpp"
#include "fast_head.hpp"
#include "head.hpp"

#include <pounce/http/fields.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

namespace pounce::inline v0::h1 {

namespace {

// Smaller pieces of chunked content are moved together, so that tiny chunks cost no event each.
constexpr std::size_t gather_below = kibibyte;

}  // namespace

void Connection::move(Cause cause) noexcept {
  constexpr auto head = Reading::head;
  constexpr auto content = Reading::content;
  constexpr auto discard = Reading::discard;
  constexpr auto complete = Reading::complete;
  constexpr auto linger = Reading::linger;
  constexpr auto closed = Reading::closed;
  constexpr auto switched = Reading::switched;
  constexpr auto no = static_cast<Reading>(0xff);
  using Row = std::array<Reading, 7>;
  // clang-format off
  static constexpr std::array<Row, 7> table{
      //  head      content   discard   complete  linger    closed  switched
      Row{complete, no,       no,       no,       no,       no,     no},        // bare_request
      Row{content,  no,       no,       no,       no,       no,     no},        // request
      Row{no,       complete, head,     no,       no,       no,     no},        // content_end
      Row{no,       discard,  no,       head,     no,       no,     no},        // response_end
      Row{linger,   linger,   linger,   linger,   linger,   closed, no},        // close_lingering
      Row{closed,   closed,   closed,   closed,   closed,   closed, no},        // close
      Row{no,       no,       no,       switched, no,       no,     no},        // switch_protocols
  };
  // clang-format on
  constexpr auto ends = [](const Row& row) {
    return (row[4] == linger || row[4] == closed || row[4] == no) && (row[5] == closed || row[5] == no) && row[6] == no;
  };
  static_assert(std::ranges::all_of(table, ends), "nothing leads back from the end");
  const Reading next = table[static_cast<std::size_t>(cause)][static_cast<std::size_t>(reading_)];
  assert(next != no);
  reading_ = next;
}

Connection::Connection(const Limits& limits, Instant now) noexcept : limits_(&limits), now_(now), since_(now) {}

// --- input from the network ---

std::size_t Connection::receive(MutableBytes input, Instant now, Events& events, Output& output) {
  now_ = now;
  std::size_t used = 0;
  for (;;) {
    const MutableBytes rest = input.subspan(used);
    const Reading before = reading_;
    std::size_t step = 0;
    switch (reading_) {
      case Reading::head: step = receive_head(view(rest), events, output); break;
      case Reading::content: step = receive_content(rest, events, output); break;
      case Reading::discard: step = discard(view(rest), events, output); break;
      case Reading::complete:
        if (!keep_alive_ && !rest.empty()) {
          ignored_ = true;
          step = rest.size();
        }
        break;
      case Reading::linger:
        body_pace_.progress(rest.size(), now, linger_pace());
        step = rest.size();
        break;
      case Reading::closed: step = rest.size(); break;
      case Reading::switched: break;
    }
    used += step;
    if (reading_ == before && (step == 0 || used == input.size())) break;
  }
  unread_ = used < input.size();
  if (peer_ended_) conclude(events, output);
  return used;
}

void Connection::receive_end(Instant now, Events& events, Output& output) {
  now_ = now;
  peer_ended_ = true;
  conclude(events, output);
}

// The peer has ended and all that it sent was shown to us.
void Connection::conclude(Events& events, Output& output) {
  switch (reading_) {
    case Reading::head:
      if (unread_ && output.room() == 0) break;  // what waits may still be a request
      if (head_started_) return fail(Fault::truncated_head, false, events, output);
      return shut(false, output);
    case Reading::content: return fail(Fault::truncated_body, false, events, output);
    case Reading::discard: return shut(false, output);
    case Reading::complete: break;
    case Reading::linger: return move(Cause::close);
    case Reading::closed:
    case Reading::switched: break;
  }
}

std::size_t Connection::skip_empty_lines(Bytes input, Fault& fault) noexcept {
  std::size_t used = 0;
  while (used < input.size() && (input[used] == '\r' || input[used] == '\n')) {
    if (input[used] == '\n') {
      fault = Fault::invalid_line_end;
      break;
    }
    if (used + 1 == input.size()) break;
    if (input[used + 1] != '\n') {
      fault = Fault::invalid_line_end;
      break;
    }
    if (empty_lines_ == limits_->max_empty_lines) {
      fault = Fault::too_many_empty_lines;
      break;
    }
    ++empty_lines_;
    used += 2;
  }
  return used;
}

std::size_t Connection::receive_head(Bytes input, Events& events, Output& output) {
  std::size_t used = 0;
  std::size_t size = 0;  // of the head, when it was accepted
  Events::Slot* slot = nullptr;
  http::Framing framing;
  Fault fault = Fault::none;
  if (!head_started_) {
    if (output.room() == 0) return 0;  // who does not read our answers gets no new ones
    used = skip_empty_lines(input, fault);
    if (fault != Fault::none) {
      fail(fault, false, events, output);
      return used;
    }
    input.remove_prefix(used);
    if (input.empty() || input == "\r") return used;
    head_started_ = true;
    since_ = now_;
    head_scan_ = HeadScan{};
    // A head that does not come in one piece is left to the scan, which looks at each byte once.
    const FastHead fast = accept_head(input, *limits_, events, framing);
    size = fast.size;
    slot = fast.slot;
  }
  if (input.empty()) return used;

  if (size == 0) {
    fault = head_scan_.advance(input, *limits_);
    if (fault == Fault::none && !head_scan_.complete()) return used;
    if (fault == Fault::none) {
      size = head_scan_.size();
      if (slot == nullptr) slot = &events.slot();
      fault = parse_head(input.substr(0, size), head_scan_.request_line_size(), *slot, framing);
    }
  }
  if (fault == Fault::none && limits_->max_request_size &&
      framing.content_length.value_or(0) > *limits_->max_request_size) {
    fault = Fault::body_too_large;
  }
  if (fault != Fault::none) {
    fail(fault, input.starts_with("HEAD "), events, output);
    return used;
  }
  begin_request(*slot, framing, events);
  return used + size;
}

void Connection::begin_request(Events::Slot& slot, const http::Framing& framing, Events& events) {
  const RequestHead& head = slot.head;
  ++count_;
  head_started_ = false;
  empty_lines_ = 0;
  http10_ = head.version == Version::http10;
  head_method_ = head.method_id == Method::head;
  keep_alive_ = framing.keep_alive;
  close_ = false;
  wanted_ = false;
  continue_ = framing.expects_continue ? Continue::awaited : Continue::unwanted;
  writing_ = Writing::head;
  request_body_ = framing.chunked ? Body::chunked : head.has_body ? Body::length : Body::none;
  content_left_ = framing.content_length.value_or(0);
  chunks_ = ChunkDecoder{};
  events.push(event::Request{stream(), &head});
  if (head.has_body) return move(Cause::request);
  events.push(event::End{stream(), {}});
  move(Cause::bare_request);
}

std::size_t Connection::receive_content(MutableBytes input, Events& events, Output& output) {
  if (input.empty()) return 0;
  if (continue_ == Continue::awaited) continue_ = Continue::unwanted;  // it did not wait
  if (request_body_ == Body::chunked) return receive_chunked(input, events, output);
  const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(content_left_, input.size()));
  events.push(event::Data{stream(), view(input).substr(0, piece)});
  body_pace_.progress(piece, now_, limits_->body_pace());
  content_left_ -= piece;
  if (content_left_ == 0) end_content({}, events, output);
  return piece;
}

std::size_t Connection::receive_chunked(MutableBytes input, Events& events, Output& output) {
  std::size_t used = 0;
  Bytes gathered;
  ChunkDecoder::Result result;
  for (;;) {
    result = chunks_.next(view(input).substr(used), *limits_);
    used += result.used;
    if (result.found != ChunkDecoder::Found::data) break;
    const Bytes piece = result.bytes;
    if (gathered.empty()) {
      gathered = piece;
    } else if (piece.size() < gather_below) {
      // Over framing that is done with: the target lies in the used part of the input, before its source.
      char* const target = input.data() + (gathered.data() + gathered.size() - input.data());
      std::memmove(target, piece.data(), piece.size());
      gathered = {gathered.data(), gathered.size() + piece.size()};
    } else {
      events.push(event::Data{stream(), gathered});
      gathered = piece;
    }
  }
  if (!gathered.empty()) events.push(event::Data{stream(), gathered});
  body_pace_.progress(used, now_, limits_->body_pace());
  if (result.found == ChunkDecoder::Found::end) end_content(result.bytes, events, output);
  if (result.found == ChunkDecoder::Found::fault) fail(result.fault, false, events, output);
  return used;
}

void Connection::end_content(Bytes trailers, Events& events, Output& output) {
  event::End end{stream(), {}};
  if (!trailers.empty()) {
    Events::Slot& slot = events.slot();
    if (parse_fields(trailers, slot.fields) != Fault::none) return fail(Fault::invalid_trailer, false, events, output);
    erase_if(slot.fields, [](const Field& field) { return http::is_forbidden_in_trailers(field.name); });
    end.trailers = slot.fields;
  }
  body_pace_.stop();
  events.push(end);
  move(Cause::content_end);
}

// Content of a request whose response has ended: nobody wants it, but the next request lies behind it.
std::size_t Connection::discard(Bytes input, Events& events, Output& output) {
  std::size_t used = 0;
  bool ended = false;
  if (request_body_ == Body::length) {
    used = static_cast<std::size_t>(std::min<std::uint64_t>(content_left_, input.size()));
    content_left_ -= used;
    ended = content_left_ == 0;
  } else {
    ChunkDecoder::Result result;
    do {
      result = chunks_.next(input.substr(used), *limits_);
      used += result.used;
      content_left_ += result.bytes.size();
    } while (result.found == ChunkDecoder::Found::data);
    if (result.found == ChunkDecoder::Found::fault) {
      fail(result.fault, false, events, output);
      return used;
    }
    if (content_left_ > limits_->max_unread_body) {
      shut(true, output);
      return used;
    }
    ended = result.found == ChunkDecoder::Found::end;
  }
  body_pace_.progress(used, now_, limits_->body_pace());
  if (ended) {
    move(Cause::content_end);
    await_request();
  }
  return used;
}

// --- ends ---

// Nothing more is sent. Lingering starts anew when the output has been written.
void Connection::shut(bool linger, Output& output) {
  assert(writing_ == Writing::idle);
  if (!output.finished()) output.finish();
  body_pace_.stop();
  move(linger && !peer_ended_ ? Cause::close_lingering : Cause::close);
  if (reading_ != Reading::linger) return;
  since_ = now_;
  body_pace_.start(now_);
}

// Ends the connection for a fault, with its answer where the peer still expects one.
void Connection::fail(Fault fault, bool head_only, Events& events, Output& output) {
  const bool under_way = writing_ != Writing::idle;
  const bool unanswered = writing_ == Writing::head || reading_ == Reading::head;
  if (unanswered) compose_fault(fault, under_way ? !head_method_ : !head_only, lines_, output);
  give_up(fault, true, events, output);
}

void Connection::refuse(Fault fault, Instant now, Events& events, Output& output) {
  assert(reading_ == Reading::head && !head_started_);
  now_ = now;
  fail(fault, false, events, output);
}

void Connection::give_up(Fault fault, bool linger, Events& events, Output& output) {
  assert(!failed_);
  events.push(event::Failed{writing_ != Writing::idle ? stream() : StreamId{0}, fault});
  failed_ = true;
  if (writing_ == Writing::content && response_body_ == Body::until_close) output.abandon();
  writing_ = Writing::idle;
  shut(linger && !output.abandoned(), output);
}

// --- questions ---

bool Connection::wants_input() const noexcept {
  if (peer_ended_) return false;
  switch (reading_) {
    case Reading::head:
    case Reading::discard:
    case Reading::linger: return true;
    case Reading::content: return wanted_;
    case Reading::complete:
    case Reading::closed:
    case Reading::switched: break;
  }
  return false;
}

bool Connection::finished(const Output& output) const noexcept { return reading_ == Reading::closed && output.empty(); }

bool Connection::idle() const noexcept { return reading_ == Reading::head && !head_started_ && !unread_; }

}  // namespace pounce::inline v0::h1
