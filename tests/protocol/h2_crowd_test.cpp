// Ten thousand streams over one connection, cancelled at random by both sides, with everything that may happen in between. The client
// here keeps accounts of its own: of windows, of content, of how each stream ended. AddressSanitizer looks for what is lost.
#include "h2_wire.hpp"

#include <pounce/h2/connection.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

using namespace pounce;
using namespace pounce::h2;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t most_streams = 10'000;
constexpr std::uint32_t window = 3000;

// What a stream's content is, both ways: told by its id, so that nothing can be mixed up.
std::string content_of(std::uint32_t id) { return std::string(id % 7919, static_cast<char>('a' + id % 26)); }

class Crowd {
 public:
  explicit Crowd(unsigned seed) : random_(seed) {
    limits_.stream_window = window;
    limits_.connection_window = 65535;
    limits_.resets = {.burst = 1'000'000, .per_second = 1};
    limits_.max_ahead = 8000;
    client_.hello({{4, window}});
  }

  void run() {
    for (int steps = 0; opened_ < most_streams || !clients_.empty() || !servers_.empty(); ++steps) {
      REQUIRE(steps < 2'000'000);
      client_acts();
      server_acts();
      exchange();
    }
    CHECK(connection_.streams() == 0);
    CHECK(connection_.idle());
    CHECK(requests_ == most_streams);
    CHECK(ended_ + reset_by_client_ + reset_by_server_ == most_streams);
    MESSAGE(ended_, " ended, ", reset_by_client_, " reset by the client, ", reset_by_server_, " by the server; ",
            octets_, " octets of content went one way");
  }

 private:
  struct Client {
    std::string to_send;
    bool sent_end = false;
    std::int64_t send_window = window;
    std::int64_t receive_window = window;
    std::string received;
    bool got_head = false;
  };
  struct Server {
    std::string received;
    std::size_t untaken = 0;
    bool complete = false;
    bool head = false;
    std::string to_send;
  };

  [[nodiscard]] bool chance(unsigned of) { return random_() % of == 0; }

  void client_acts() {
    while (opened_ < most_streams && clients_.size() < 60 && !chance(3)) {
      const std::uint32_t id = 2 * opened_++ + 1;
      Client& stream = clients_[id];
      const wire::Fields more{{"priority", chance(2) ? "u=" + std::to_string(random_() % 8) : "i"}};
      if (chance(2)) {
        client_.get(id, "/", more);
        stream.sent_end = true;
      } else {
        client_.post(id, "/", more);
        stream.to_send = content_of(id);
      }
    }
    for (auto at = clients_.begin(); at != clients_.end();) {
      auto& [id, stream] = *at;
      if (chance(40)) {
        client_.rst_stream(id);
        reset_here_.insert(id);
        at = clients_.erase(at);
        ++reset_by_client_;
        continue;
      }
      if (!stream.sent_end && chance(2)) {
        const auto allowed =
            static_cast<std::size_t>(std::max<std::int64_t>(0, std::min(stream.send_window, send_window_)));
        const std::string piece = stream.to_send.substr(0, std::min<std::size_t>(allowed, random_() % 1500));
        stream.to_send.erase(0, piece.size());
        stream.sent_end = stream.to_send.empty();
        stream.send_window -= static_cast<std::int64_t>(piece.size());
        send_window_ -= static_cast<std::int64_t>(piece.size());
        if (!piece.empty() || stream.sent_end) client_.data(id, piece, stream.sent_end);
      }
      if (chance(4)) {
        client_.window_update(id, 500);
        stream.receive_window += 500;
      }
      if (chance(50)) client_.frame(0x10, 0, 0, wire::FrameWriter::number(id) + "u=" + std::to_string(random_() % 8));
      ++at;
    }
    if (receive_window_ < 30000) {
      client_.window_update(0, 30000);
      receive_window_ += 30000;
    }
  }

  void server_acts() {
    for (auto at = servers_.begin(); at != servers_.end();) {
      auto& [id, stream] = *at;
      const StreamId to{id};
      if (chance(60)) {
        connection_.reset(to, output_);
        at = servers_.erase(at);
        continue;
      }
      if (stream.untaken != 0 && chance(2)) {
        connection_.taken(to, stream.untaken, output_);
        stream.untaken = 0;
      }
      if (!stream.head && chance(3)) {
        stream.head = true;
        stream.to_send = content_of(id);
        CHECK(connection_.send_head(to, ResponseHead{}, output_) == Sent::ok);
      }
      bool done = false;
      if (stream.head && chance(2)) {
        const SentData sent =
            connection_.send_data(to, Bytes{stream.to_send}.substr(0, 1 + random_() % 6000), {}, output_);
        CHECK((sent.status == Sent::ok || sent.status == Sent::no_room));
        stream.to_send.erase(0, sent.accepted);
        if (stream.to_send.empty()) {
          CHECK(connection_.send_end(to, {}, now_, output_) == Sent::ok);
          done = true;
        }
      }
      at = done ? servers_.erase(at) : std::next(at);
    }
  }

  // Both outputs go to the other side, the client's in pieces of any size.
  void exchange() {
    now_ += 1ms;
    std::string bytes = client_.take();
    while (!bytes.empty()) {
      const std::size_t piece = std::min<std::size_t>(bytes.size(), 1 + random_() % 5000);
      pending_.append(bytes, 0, piece);
      bytes.erase(0, piece);
      Events events;
      const std::size_t used = connection_.receive({pending_.data(), pending_.size()}, now_, events, output_);
      for (const Event& event : events) std::visit([this](const auto& what) { server_sees(what); }, event);
      pending_.erase(0, used);
      connection_.written(now_, output_);
      std::array<Bytes, 4> slices;
      while (const std::size_t count = output_.gather(slices)) {
        for (std::size_t i = 0; i < count; ++i) {
          reader_.add(slices[i]);
          output_.written(slices[i].size());
        }
        connection_.written(now_, output_);
      }
      for (wire::Frame frame; reader_.next(frame);) client_sees(frame);
    }
    if (connection_.deadline(output_) <= now_) {
      Events events;
      connection_.expire(now_, events, output_);
      CHECK(events.empty());
    }
  }

  void server_sees(const event::Request& request) {
    ++requests_;
    CHECK(servers_.try_emplace(static_cast<std::uint32_t>(number(request.stream))).second);
  }
  void server_sees(const event::Data& data) {
    const auto id = static_cast<std::uint32_t>(number(data.stream));
    const auto at = servers_.find(id);
    REQUIRE(at != servers_.end());
    at->second.received += data.bytes;
    at->second.untaken += data.bytes.size();
    octets_ += data.bytes.size();
  }
  void server_sees(const event::End& end) {
    const auto id = static_cast<std::uint32_t>(number(end.stream));
    Server& stream = servers_.at(id);
    CHECK_FALSE(stream.complete);
    stream.complete = true;
    CHECK((stream.received.empty() || stream.received == content_of(id)));
  }
  void server_sees(const event::Reset& reset) {
    CHECK(reset.fault == Fault::stream_reset);
    const auto id = static_cast<std::uint32_t>(number(reset.stream));
    CHECK(reset_here_.contains(id));
    CHECK(servers_.erase(id) == 1);
    connection_.reset(reset.stream, output_);
  }
  void server_sees(const event::Writable&) {}
  void server_sees(const event::GoAway&) { FAIL("a GOAWAY"); }
  void server_sees(const auto&) { FAIL("nothing of HTTP/2"); }
  void server_sees(const event::Failed& failed) { FAIL(info(failed.fault).name); }

  void client_sees(const wire::Frame& frame) {
    const std::uint32_t id = frame.header.stream;
    const auto at = clients_.find(id);
    switch (frame.header.type) {
      case FrameType::headers:
        (void)reader_.decode(frame.payload);
        if (at == clients_.end()) break;
        CHECK_FALSE(at->second.got_head);
        at->second.got_head = true;
        if (frame.header.has(flag_end_stream)) end(at);
        break;
      case FrameType::data:
        receive_window_ -= frame.header.length;
        REQUIRE(receive_window_ >= 0);
        if (at == clients_.end()) break;
        at->second.receive_window -= frame.header.length;
        REQUIRE(at->second.receive_window >= 0);
        at->second.received += frame.payload;
        if (frame.header.has(flag_end_stream)) end(at);
        break;
      case FrameType::rst_stream:
        if (at == clients_.end()) break;  // it crossed ours, or came behind the answer
        clients_.erase(at);
        ++reset_by_server_;
        break;
      case FrameType::window_update:
        if (id == 0) {
          send_window_ += read_32(frame.payload, 0);
        } else if (at != clients_.end()) {
          at->second.send_window += read_32(frame.payload, 0);
        }
        break;
      case FrameType::settings: break;
      default: FAIL("an unexpected frame");
    }
  }

  void end(std::map<std::uint32_t, Client>::iterator at) {
    CHECK(at->second.got_head);
    CHECK(at->second.received == content_of(at->first));
    // A client that has its answer gives up what it has not sent.
    if (!at->second.sent_end) {
      client_.rst_stream(at->first, 0);
      reset_here_.insert(at->first);
    }
    ++ended_;
    clients_.erase(at);
  }

  std::mt19937 random_;
  Limits limits_;
  Instant now_{1000s};
  Output output_;
  Connection connection_{limits_, now_};
  wire::FrameWriter client_;
  wire::FrameReader reader_;
  std::string pending_;
  std::map<std::uint32_t, Client> clients_;
  std::map<std::uint32_t, Server> servers_;
  std::set<std::uint32_t> reset_here_;
  std::int64_t send_window_ = default_window;
  std::int64_t receive_window_ = default_window;
  std::uint32_t opened_ = 0;
  std::size_t requests_ = 0;
  std::size_t ended_ = 0;
  std::size_t reset_by_client_ = 0;
  std::size_t reset_by_server_ = 0;
  std::size_t octets_ = 0;
};

}  // namespace

TEST_CASE("ten thousand streams over one connection, cancelled by both sides") {
  for (const unsigned seed : {1U, 2U}) {
    CAPTURE(seed);
    Crowd{seed}.run();
  }
}
