// One h2::Connection under a fuzzer: its input in any pieces, its application in the hands of the target, everything that comes of it
// logged, and what must hold for every event and every frame looked at on the way.
#pragma once

#include "tests/protocol/h2_wire.hpp"

#include <pounce/h2/connection.hpp>
#include <pounce/http/syntax.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <variant>

namespace pounce::fuzzing {

inline void require(bool condition) {
  if (!condition) std::abort();
}

class H2Run {
 public:
  explicit H2Run(const h2::Limits& limits) : connection_(limits, now_) {}

  // Shows it more, in a block of its own, so that a stale view is found. Nothing is written: when content is cut into frames is
  // for the driver to say, and must be the same in the runs that are compared.
  void feed(Bytes bytes) {
    pending_ += bytes;
    for (std::size_t used = 1; used != 0;) {
      const auto input = std::make_unique<char[]>(pending_.size());
      std::ranges::copy(pending_, input.get());
      Events events;
      used = connection_.receive({input.get(), pending_.size()}, now_, events, output_);
      require(used <= pending_.size());
      pending_.erase(0, used);
      see(events);
      if (pending_.empty()) break;
    }
  }
  void step() {
    for (const StreamId stream : std::exchange(over_, {})) let_go(stream);
    flush();
    feed({});
    flush();
  }
  void end() {
    step();
    Events events;
    connection_.receive_end(now_, events, output_);
    see(events);
    for (const StreamId stream : std::set<StreamId>{open_}) let_go(stream);
    step();
    wait(std::chrono::minutes{5});  // a response without a window ends in time
    require(connection_.streams() == 0);
    require(connection_.finished(output_));
    close_data();
  }
  void wait(Duration duration) {
    now_ = after(now_, duration);
    for (int calls = 0; connection_.deadline(output_) <= now_; ++calls) {
      require(calls < 1000);
      Events events;
      connection_.expire(now_, events, output_);
      see(events);
      step();
    }
  }
  void let_go(StreamId stream) {
    connection_.reset(stream, output_);
    open_.erase(stream);
  }

  [[nodiscard]] h2::Connection& connection() noexcept { return connection_; }
  [[nodiscard]] Output& output() noexcept { return output_; }
  [[nodiscard]] Instant now() const noexcept { return now_; }
  // Requests that were reported and not let go of; an ended response leaves, too.
  [[nodiscard]] std::set<StreamId>& open() noexcept { return open_; }
  [[nodiscard]] const std::string& log() const noexcept { return log_; }
  [[nodiscard]] const std::string& frames() const noexcept { return frames_; }

 private:
  void flush() {
    connection_.written(now_, output_);
    std::array<Bytes, 8> slices;
    while (const std::size_t count = output_.gather(slices)) {
      std::size_t size = 0;
      for (std::size_t i = 0; i < count; ++i) {
        reader_.add(slices[i]);
        size += slices[i].size();
      }
      output_.written(size);
      connection_.written(now_, output_);
    }
    for (wire::Frame frame; reader_.next(frame);) see(frame);
    require(reader_.empty());
  }

  void see(const wire::Frame& frame) {
    using h2::FrameType;
    const h2::FrameHeader& header = frame.header;
    require(header.length <= h2::default_frame_size);
    if (header.type == FrameType::window_update) {
      // How much it gives back at a time may depend on how the content came: in frames, or in pieces of them.
      require(header.length == 4 && frame.payload != Bytes{"\0\0\0", 4});
      return;
    }
    frames_ += std::to_string(static_cast<unsigned>(header.type)) + ' ' + std::to_string(header.stream) + ' ' +
               std::to_string(header.flags) + ' ';
    switch (header.type) {
      case FrameType::headers:
        require(header.stream % 2 == 1 && header.has(h2::flag_end_headers));
        for (const auto& [name, value] : reader_.decode(frame.payload)) frames_ += name + '=' + value + ';';
        break;
      case FrameType::data:
        require(header.stream % 2 == 1);
        frames_ += frame.payload;
        break;
      case FrameType::rst_stream: require(header.length == 4); [[fallthrough]];
      case FrameType::settings:
      case FrameType::ping:
      case FrameType::goaway: frames_ += frame.payload; break;
      default: require(false);
    }
    frames_ += '\n';
  }

  void see(const Events& events) {
    for (const Event& event : events) {
      require(!failed_);
      std::visit([this](const auto& what) { see(what); }, event);
    }
  }
  void see(const event::Data& data) {
    require(!data.bytes.empty() && open_.contains(data.stream));
    if (data_stream_ != data.stream) close_data();
    data_stream_ = data.stream;
    data_ += data.bytes;
  }
  void see(const event::Request& request) {
    close_data();
    const RequestHead& head = *request.head;
    require(http::is_token(head.method));
    require(head.path.starts_with('/') || head.path == "*" || head.method == "CONNECT");
    require(!head.authority.empty() && head.authority.find('@') == Bytes::npos);
    require(find(head.fields, FieldId::host) != nullptr);
    std::string line =
        "request " + std::string(head.method) + ' ' + std::string(head.target) + ' ' + std::string(head.authority);
    const auto within = [&head](Bytes view) {
      return view.empty() ||
             (view.data() >= head.raw.data() && view.data() + view.size() <= head.raw.data() + head.raw.size());
    };
    require(within(head.method) && within(head.target) && within(head.authority) && within(head.path) &&
            within(head.query) && within(head.protocol));
    if (!head.protocol.empty()) line.append(" for ").append(head.protocol);
    for (const Field& field : head.fields) {
      require(within(field.name) && within(field.value));
      require(field.id != FieldId::connection && field.id != FieldId::transfer_encoding &&
              field.id != FieldId::upgrade);
      see_field(field, line);
    }
    require(open_.insert(request.stream).second);
    say(line, request.stream);
  }
  void see(const event::End& end) {
    close_data();
    std::string line = "end";
    for (const Field& field : end.trailers) see_field(field, line);
    say(line, end.stream);
  }
  void see(const event::Reset& reset) {
    close_data();
    if (reset.rejected) {
      require(!open_.contains(reset.stream) && rejected_.insert(reset.stream).second);
      return say("rejected " + std::string(info(reset.fault).name) + ' ' + std::to_string(reset.status), reset.stream);
    }
    require(open_.contains(reset.stream) && !rejected_.contains(reset.stream));
    say("reset " + std::string(info(reset.fault).name), reset.stream);
    over_.insert(reset.stream);
  }
  void see(const event::Writable& writable) {
    close_data();
    say("writable", writable.stream);
  }
  void see(const event::GoAway&) {
    close_data();
    log_ += "goaway\n";
  }
  void see(const auto&) { require(false); }  // nothing of HTTP/2
  void see(const event::Failed& failed) {
    close_data();
    failed_ = true;
    log_ += "failed " + std::string(info(failed.fault).name) + '\n';
  }

  static void see_field(const Field& field, std::string& line) {
    require(http::is_token(field.name) && http::is_field_value(field.value));
    require(std::ranges::none_of(field.name, [](char c) { return c >= 'A' && c <= 'Z'; }));
    require(field.id == field_id(field.name));
    line.append(" ").append(field.name).append("=").append(field.value);
  }
  void say(const std::string& what, StreamId stream) { log_ += what + " on " + std::to_string(number(stream)) + '\n'; }
  void close_data() {
    if (data_.empty()) return;
    say("data " + data_, data_stream_);
    data_.clear();
  }

  Instant now_{std::chrono::seconds{1000}};
  Output output_;
  h2::Connection connection_;
  wire::FrameReader reader_;
  std::string pending_;
  std::set<StreamId> open_;
  std::set<StreamId> rejected_;
  std::set<StreamId> over_;  // reset, to be let go of at the end of the step
  std::string log_;
  std::string frames_;
  std::string data_;
  StreamId data_stream_{0};
  bool failed_ = false;
};

// Small, so that all of them are met.
inline h2::Limits small_limits() {
  h2::Limits limits;
  limits.max_request_line = 50;
  limits.max_header_size = 600;
  limits.max_headers = 8;
  limits.max_request_size = 3000;
  limits.max_trailer_size = 200;
  limits.max_trailers = 3;
  limits.max_requests = 40;
  limits.max_header_block = 2000;
  limits.max_streams = 6;
  limits.stream_window = 2000;
  limits.connection_window = 70000;
  limits.max_stream_queue = 5000;
  limits.max_continuations = 6;
  limits.max_settings = 6;
  limits.resets = {.burst = 8, .per_second = 2};
  limits.pings = {.burst = 6, .per_second = 2};
  limits.settings = {.burst = 6, .per_second = 2};
  limits.empty_data = {.burst = 6, .per_second = 2};
  limits.priorities = {.burst = 6, .per_second = 2};
  limits.window_updates = {.burst = 12, .per_second = 2};
  limits.unknown_frames = {.burst = 6, .per_second = 2};
  return limits;
}

}  // namespace pounce::fuzzing
