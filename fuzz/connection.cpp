// A whole connection: however its bytes are cut, events and output are the same. Requests are answered as soon as they are
// complete, so that pipelining is reached; every third answer is chunked, every fifth closes.
//
// Input: one byte that chooses the cut, then what arrives.
#include <pounce/h1/connection.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <variant>

using namespace pounce;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

constexpr Instant start{std::chrono::seconds{1}};

class Run {
 public:
  explicit Run(const h1::Limits& limits) : connection_(limits, start) {}

  void feed(Bytes bytes) {
    pending_ += bytes;
    step();
  }
  void end() {
    Events events;
    connection_.receive_end(start, events, output_);
    act(events);
    step();
    flush();
    require(connection_.finished(output_));
    flush_data();
  }
  [[nodiscard]] const std::string& log() const { return log_; }
  [[nodiscard]] const std::string& sent() const { return sent_; }

 private:
  // Bytes are shown in a block of their own, so that a stale view is found.
  void step() {
    for (bool again = true; again;) {
      const auto input = std::make_unique<char[]>(pending_.size());
      std::ranges::copy(pending_, input.get());
      Events events;
      const std::size_t used = connection_.receive({input.get(), pending_.size()}, start, events, output_);
      require(used <= pending_.size());
      pending_.erase(0, used);
      again = act(events) || (used != 0 && !pending_.empty());
      flush();
      const Instant deadline = connection_.deadline(output_);
      require(deadline > start);
    }
  }

  // Whether a response was given.
  bool act(const Events& events) {
    bool answered = false;
    for (const Event& event : events) {
      require(!failed_);
      if (const auto* data = std::get_if<event::Data>(&event)) {
        require(!data->bytes.empty());
        data_ += data->bytes;
        continue;
      }
      flush_data();
      if (const auto* request = std::get_if<event::Request>(&event)) log_head(*request->head);
      if (const auto* end = std::get_if<event::End>(&event)) {
        log_ += "end";
        for (const Field& field : end->trailers) ((log_ += field.name) += '=') += field.value;
        ended_ = true;
      }
      if (const auto* failed = std::get_if<event::Failed>(&event)) {
        log_ += info(failed->fault).name;
        failed_ = true;
        ended_ = false;
      }
      log_ += '\n';
    }
    if (std::exchange(ended_, false)) {
      respond();
      answered = true;
    }
    return answered;
  }

  void respond() {
    const StreamId stream = connection_.stream();
    const std::uint64_t count = number(stream);
    constexpr Bytes text = "Hello, World!";
    ResponseHead head;
    if (count % 3 != 0) head.content_length = text.size();
    head.close = count % 5 == 0;
    require(connection_.send_head(stream, head, output_) == Sent::ok);
    require(connection_.send_data(stream, text, {}, output_).accepted == text.size());
    require(connection_.send_end(stream, {}, start, output_) == Sent::ok);
  }

  void log_head(const RequestHead& head) {
    for (const Bytes part : {head.method, head.target, head.authority, head.path, head.query}) (log_ += part) += ' ';
    for (const Field& field : head.fields) ((((log_ += field.name) += '=') += field.value) += ' ');
  }

  void flush_data() {
    if (data_.empty()) return;
    ((log_ += "data ") += data_) += '\n';
    data_.clear();
  }

  void flush() {
    std::array<Bytes, 8> slices;
    while (!output_.empty()) {
      const std::size_t count = output_.gather(slices);
      std::size_t size = 0;
      for (std::size_t i = 0; i < count; ++i) {
        sent_ += slices[i];
        size += slices[i].size();
      }
      output_.written(size);
    }
    connection_.written(start, output_);
  }

  Output output_;
  h1::Connection connection_;
  std::string pending_;
  std::string log_;
  std::string sent_;
  std::string data_;
  bool ended_ = false;
  bool failed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t seed = data[0];
  const Bytes bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  h1::Limits limits;
  limits.max_request_line = 200;
  limits.max_header_size = 400;
  limits.max_headers = 10;
  limits.max_request_size = 200;
  limits.max_chunk_extensions = 50;
  limits.max_trailer_size = 100;
  limits.max_trailers = 4;
  limits.max_requests = 12;

  Run whole{limits};
  whole.feed(bytes);
  whole.end();
  Run cut{limits};
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t piece = std::min(seed == 0 ? 1 : 1 + (seed * 7 + at * 13) % seed, bytes.size() - at);
    cut.feed(bytes.substr(at, piece));
    at += piece;
  }
  cut.end();
  require(cut.log() == whole.log());
  require(cut.sent() == whole.sent());
  return 0;
}
