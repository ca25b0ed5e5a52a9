// FakeMachine: a line protocol with several streams on one connection, to try the seams between machine, session and driver
// without HTTP in the way.
//
//   peer sends            the machine reports        the session sends         the peer sees
//   open 1 /path          Request 1                  send_head(1, 200)         1 head 200
//   data 1 text           Data 1                     send_data(1, "text")      1 data text
//   end 1                 End 1                      send_end(1)               1 end
//   block 1, unblock 1    (stream 1 has no room)     reset(1)                  1 reset
//   bad                   Failed
#pragma once

#include <pounce/core/machine.hpp>
#include <pounce/http/status.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace pounce::sim {

class FakeMachine {
 public:
  std::size_t receive(MutableBytes input, Instant, Events& events, Output& output) {
    std::size_t used = 0;
    while (!failed_) {
      const Bytes rest = view(input).substr(used);
      const std::size_t end = rest.find('\n');
      if (end == Bytes::npos) break;
      used += end + 1;
      line(rest.substr(0, end), events, output);
    }
    return used;
  }
  void receive_end(Instant, Events&, Output& output) {
    ended_ = true;
    close_when_done(output);
  }

  void want_body(StreamId, bool, Instant, Output&) {}
  void taken(StreamId, std::size_t, Output&) {}
  void ignore_body(StreamId, Output&) {}
  Sent send_informational(StreamId, std::uint16_t, FieldList, Output&) { return Sent::ok; }
  Sent send_head(StreamId stream, const ResponseHead& head, Output& output) {
    if (!open_.contains(stream)) return Sent::gone;
    say(stream, "head " + std::to_string(head.status), output);
    return Sent::ok;
  }
  // Never at once: so that each piece is to be seen.
  static Sent send_response(StreamId, const ResponseHead&, Bytes, const StorageRef&, Instant, Output&) {
    return Sent::no_room;
  }
  SentData send_data(StreamId stream, Bytes bytes, StorageRef, Output& output) {
    if (!open_.contains(stream)) return {0, Sent::gone};
    if (blocked_.contains(stream) || output.room() == 0) return {0, Sent::no_room};
    const std::size_t n = std::min(bytes.size(), output.room());
    say(stream, "data " + std::string{bytes.substr(0, n)}, output);
    return {n, Sent::ok};
  }
  Sent send_end(StreamId stream, FieldList, Instant, Output& output) {
    if (open_.erase(stream) == 0) return Sent::gone;
    say(stream, "end", output);
    close_when_done(output);
    return Sent::ok;
  }
  void use_lines(std::string_view) noexcept {}
  void reset(StreamId stream, Output& output) {
    if (open_.erase(stream) != 0) say(stream, "reset", output);
    close_when_done(output);
  }
  void drain(Instant, Output& output) {
    ended_ = true;
    close_when_done(output);
  }

  [[nodiscard]] Instant deadline(const Output&) const { return never; }
  void expire(Instant, Events&, Output&) {}
  void written(Instant, const Output&) {}
  [[nodiscard]] bool wants_input() const { return !ended_ && !failed_; }
  [[nodiscard]] bool finished(const Output& output) const { return output.finished() && output.empty(); }
  [[nodiscard]] bool idle() const { return open_.empty(); }

 private:
  static void say(StreamId stream, const std::string& what, Output& output) {
    output.append(std::to_string(number(stream)) + " " + what + "\n");
  }
  void close_when_done(Output& output) const {
    if ((ended_ || failed_) && open_.empty() && !output.finished()) output.finish();
  }
  static std::string_view word(std::string_view& text) {
    const std::string_view out = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), out.size() + 1));
    return out;
  }

  void line(Bytes text, Events& events, Output& output) {
    const Bytes raw = text;
    const std::string_view what = word(text);
    const std::string_view digits = word(text);
    std::uint64_t id = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), id);
    const StreamId stream{id};
    if (what == "open") {
      Events::Slot& slot = events.slot();
      slot.head.raw = raw;
      slot.head.method = what;
      slot.head.target = slot.head.path = text;
      slot.head.version = Version::http2;
      slot.head.has_body = true;
      open_.insert(stream);
      events.push(event::Request{stream, &slot.head});
    } else if (what == "data") {
      events.push(event::Data{stream, text});
    } else if (what == "end") {
      events.push(event::End{stream, {}});
    } else if (what == "block") {
      blocked_.insert(stream);
    } else if (what == "unblock") {
      blocked_.erase(stream);
    } else {
      failed_ = true;
      open_.clear();
      events.push(event::Failed{StreamId{0}, Fault::invalid_request_line});
      close_when_done(output);
    }
  }

  std::set<StreamId> open_;
  std::set<StreamId> blocked_;
  bool ended_ = false;
  bool failed_ = false;
};

static_assert(ProtocolMachine<FakeMachine>);

}  // namespace pounce::sim
