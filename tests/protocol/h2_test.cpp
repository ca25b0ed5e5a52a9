// The parts of the HTTP/2 machine by themselves: budgets, priorities, the stream table, the scheduler; and what transcripts cannot show.
#include "h2_wire.hpp"

#include <pounce/core/kept_string.hpp>
#include <pounce/h2/budget.hpp>
#include <pounce/h2/connection.hpp>
#include <pounce/h2/priority.hpp>
#include <pounce/h2/scheduler.hpp>
#include <pounce/h2/stream.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <variant>
#include <vector>

using namespace pounce;
using namespace pounce::h2;
using namespace std::chrono_literals;

namespace {

constexpr Instant start{1000s};

// A machine with its buffers.
struct Machine {
  explicit Machine(const Limits& limits, std::size_t room = Output::default_limit)
      : output(room), connection(limits, start) {}

  // Shows it `bytes` behind those that it left; what it leaves again stays in `input`.
  void feed(const std::string& bytes, Instant now = start) {
    input += bytes;
    events.clear();
    input.erase(0, connection.receive({input.data(), input.size()}, now, events, output));
  }
  std::string drained(Instant now = start) {
    std::string all;
    connection.written(now, output);
    for (std::array<Bytes, 1> slice; output.gather(slice) != 0;) {
      all += slice[0];
      output.written(slice[0].size());
      connection.written(now, output);
    }
    return all;
  }

  std::string input;
  Events events;
  Output output;
  Connection connection;
};

}  // namespace

TEST_CASE("a budget: a burst at once, then so many a second") {
  constexpr Rate rate{.burst = 3, .per_second = 2};
  Budget budget;
  for (int i = 0; i < 3; ++i) CHECK(budget.spend(rate, start));
  CHECK_FALSE(budget.spend(rate, start));
  CHECK_FALSE(budget.spend(rate, start + 499ms));
  CHECK(budget.spend(rate, start + 500ms));
  CHECK_FALSE(budget.spend(rate, start + 999ms));
  CHECK(budget.spend(rate, start + 1000ms));
  CHECK_FALSE(budget.spend(rate, start + 1000ms));
  // It never holds more than the burst.
  for (int i = 0; i < 3; ++i) CHECK(budget.spend(rate, start + 1000h));
  CHECK_FALSE(budget.spend(rate, start + 1000h));
  budget.repay(1);
  CHECK(budget.spend(rate, start + 1000h));
  CHECK_FALSE(budget.spend(rate, start + 1000h));
  // Asked often, it still gives back all that time brings.
  Budget busy;
  int granted = 0;
  for (int i = 0; i < 1000; ++i) granted += busy.spend(rate, start + i * 10ms) ? 1 : 0;
  CHECK(granted >= 3 + 19);
  CHECK(granted <= 3 + 20);
}

TEST_CASE("a budget of nothing") {
  Budget budget;
  CHECK_FALSE(budget.spend({.burst = 0, .per_second = 10}, start + 1h));
}

TEST_CASE("priority values") {
  CHECK(parse_priority("") == Priority{3, false});
  CHECK(parse_priority("u=0") == Priority{0, false});
  CHECK(parse_priority("u=7, i") == Priority{7, true});
  CHECK(parse_priority("i,u=2") == Priority{2, true});
  CHECK(parse_priority("i=?0") == Priority{3, false});
  CHECK(parse_priority("i=?1") == Priority{3, true});
  CHECK(parse_priority("u=1,u=5") == Priority{5, false});
  CHECK(parse_priority("u=1;a=b, i;c") == Priority{1, true});
  CHECK(parse_priority("u=8, i=1") == Priority{3, false});
  CHECK(parse_priority("u=-1") == Priority{3, false});
  CHECK(parse_priority("u=10") == Priority{3, false});
  CHECK(parse_priority("U=1, I") == Priority{3, false});
  CHECK(parse_priority("u, u=, =1, ,") == Priority{3, false});
}

TEST_CASE("the stream table finds what is there, whatever was closed in between") {
  std::mt19937 random{7};
  Streams streams;
  std::map<std::uint32_t, Stream*> model;
  std::uint32_t next = 1;
  for (int i = 0; i < 20000; ++i) {
    if (model.size() < 100 && random() % 2 == 0) {
      // Now and then far ahead, so that homes collide.
      next += random() % 50 == 0 ? 2 * static_cast<std::uint32_t>(random() % 1000) + 2 : 2;
      Stream& stream = streams.open(next);
      CHECK(stream.id == next);
      CHECK(stream.queue.empty());
      CHECK(stream.send_window == 0);
      stream.send_window = next;
      model[next] = &stream;
    } else if (!model.empty()) {
      auto at = model.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(random() % model.size()));
      streams.close(*at->second, Ending::reset_by_us);
      CHECK(streams.ending(at->first) == Ending::reset_by_us);
      model.erase(at);
    }
    REQUIRE(streams.size() == model.size());
    for (std::uint32_t id = next > 300 ? next - 300 : 1; id <= next; id += 2) {
      const auto at = model.find(id);
      REQUIRE(streams.find(id) == (at == model.end() ? nullptr : at->second));
    }
  }
  std::set<std::uint32_t> seen;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    CHECK(streams[i].send_window == streams[i].id);
    seen.insert(streams[i].id);
  }
  CHECK(seen.size() == model.size());
}

TEST_CASE("endings are remembered for a while") {
  Streams streams;
  streams.remember(1, Ending::reset_by_peer);
  streams.remember(0x7fffffff, Ending::reset_by_us);
  CHECK(streams.ending(1) == Ending::reset_by_peer);
  CHECK(streams.ending(0x7fffffff) == Ending::reset_by_us);
  CHECK(streams.ending(3) == Ending::unknown);
  for (std::uint32_t i = 0; i < Streams::most_endings; ++i) streams.remember(1001 + 2 * i, Ending::ended);
  CHECK(streams.ending(1) == Ending::reset_by_peer);
  CHECK(streams.ending(1001) == Ending::ended);
  streams.remember(5001, Ending::ended);
  CHECK(streams.ending(1001) == Ending::unknown);
  for (std::uint32_t i = 1; i < Streams::most_endings; ++i) streams.remember(6001 + 2 * i, Ending::reset_by_us);
  CHECK(streams.ending(1) == Ending::unknown);
  CHECK(streams.ending(0x7fffffff) == Ending::reset_by_us);
}

TEST_CASE("the scheduler: always one of the most urgent, and everybody's turn comes") {
  std::mt19937 random{11};
  Scheduler scheduler;
  std::vector<std::unique_ptr<Stream>> streams;
  for (std::uint32_t i = 0; i < 60; ++i) {
    streams.push_back(std::make_unique<Stream>());
    streams.back()->id = 2 * i + 1;
    streams.back()->priority = {static_cast<std::uint8_t>(random() % 3), random() % 2 == 0};
  }
  std::set<Stream*> in;
  for (int i = 0; i < 20000; ++i) {
    Stream& stream = *streams[random() % streams.size()];
    switch (random() % 4) {
      case 0:
        scheduler.add(stream);
        in.insert(&stream);
        break;
      case 1:
        scheduler.remove(stream);
        in.erase(&stream);
        break;
      case 2: scheduler.change(stream, {static_cast<std::uint8_t>(random() % 3), random() % 2 == 0}); break;
      default:
        if (Stream* const next = scheduler.next()) scheduler.sent(*next);
    }
    REQUIRE(bool{stream.scheduled} == in.contains(&stream));
    Stream* const next = scheduler.next();
    REQUIRE((next == nullptr) == in.empty());
    if (next == nullptr) continue;
    REQUIRE(in.contains(next));
    for (const Stream* other : in) {
      REQUIRE(other->priority.urgency >= next->priority.urgency);
      if (other->priority == next->priority && !next->priority.incremental) REQUIRE(other->id >= next->id);
    }
  }
  // In turns: as many frames as there are equals, and each has had one. Of those that go one by one only the first is served.
  while (Stream* const next = scheduler.next()) {
    std::set<Stream*> equal;
    bool one_by_one = false;
    for (Stream* other : in) {
      if (other->priority.urgency != next->priority.urgency) continue;
      if (other->priority.incremental) {
        equal.insert(other);
      } else {
        one_by_one = true;
      }
    }
    std::set<Stream*> served;
    for (std::size_t i = 0; i < equal.size() * (one_by_one ? 2 : 1) + 1; ++i) {
      Stream* const turn = scheduler.next();
      if (turn->priority.incremental) served.insert(turn);
      scheduler.sent(*turn);
    }
    CHECK(served == equal);
    Stream* const gone = scheduler.next();
    scheduler.remove(*gone);
    in.erase(gone);
  }
  CHECK(in.empty());
}

TEST_CASE("input waits while the output is full: who asks but does not read is not served further") {
  Limits limits;
  limits.pings = {.burst = 1'000'000, .per_second = 1};
  Machine machine{limits, 4096};
  wire::FrameWriter client;
  client.hello();
  for (int i = 0; i < 10000; ++i) client.frame(6, 0, 0, "12345678");
  machine.feed(client.take());
  CHECK(machine.output.size() < 4096 + 64);
  CHECK(machine.input.size() > 160'000);
  // As the peer reads, the rest is answered.
  std::size_t answers = 0;
  for (wire::FrameReader reader; !machine.input.empty() || !machine.output.empty();) {
    reader.add(machine.drained());
    for (wire::Frame frame; reader.next(frame);) answers += frame.header.type == FrameType::ping ? 1 : 0;
    machine.feed("");
  }
  CHECK(answers == 10000);
}

TEST_CASE("content that is lent is not copied") {
  const Limits limits;
  Machine machine{limits};
  wire::FrameWriter client;
  client.hello();
  client.get(1);
  machine.feed(client.take());
  Bytes bytes;
  const StorageRef owner = keep(std::string(30000, 'x'), bytes);
  ResponseHead head;
  REQUIRE(machine.connection.send_response(StreamId{1}, head, bytes, owner, start, machine.output) == Sent::ok);
  machine.connection.written(start, machine.output);
  std::array<Bytes, 16> slices;
  const std::size_t count = machine.output.gather(slices);
  std::size_t lent = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const bool inside = slices[i].data() >= bytes.data() && slices[i].data() < bytes.data() + bytes.size();
    lent += inside ? slices[i].size() : 0;
  }
  CHECK(lent == bytes.size());
}

TEST_CASE("the answers of one step are one piece of output") {
  const Limits limits;
  Machine machine{limits};
  wire::FrameWriter client;
  client.hello();
  for (std::uint32_t id = 1; id < 64; id += 2) client.get(id);
  machine.feed(client.take());
  ResponseHead head;
  for (const Event& event : machine.events) {
    if (const auto* end = std::get_if<event::End>(&event)) {
      CHECK(machine.connection.send_response(end->stream, head, "Hello, World!", {}, start, machine.output) ==
            Sent::ok);
    }
  }
  machine.connection.written(start, machine.output);
  std::array<Bytes, 16> slices;
  CHECK(machine.output.gather(slices) == 1);
  CHECK(machine.connection.streams() == 0);
}

TEST_CASE("a legal field block that arrives byte by byte is a request, in as many CONTINUATION frames as are allowed") {
  Limits limits;
  limits.max_continuations = 1000;
  Machine machine{limits};
  wire::FrameWriter client;
  client.hello();
  const std::string block = client.encode(wire::FrameWriter::request("GET", "/", {{"x", std::string(500, '~')}}));
  client.frame(1, 1, 1, block.substr(0, 1));
  for (std::size_t i = 1; i < block.size(); ++i) client.frame(9, i + 1 == block.size() ? 4 : 0, 1, block.substr(i, 1));
  std::size_t requests = 0;
  for (const char c : client.take()) {
    machine.feed(std::string(1, c));
    for (const Event& event : machine.events) {
      requests += std::holds_alternative<event::Request>(event) ? 1 : 0;
      CHECK_FALSE(std::holds_alternative<event::Failed>(event));
    }
  }
  CHECK(requests == 1);
}

// nghttp2's bound, whatever ours are: its table is lost behind a longer one, so that the connection cannot go on.
TEST_CASE("a name or a value has 65,536 octets at the most, as it is sent") {
  for (const bool of_name : {true, false}) {
    for (const std::size_t size : {65'536UL, 65'537UL}) {
      Limits limits;
      limits.max_header_size = 1024 * 1024;
      Machine machine{limits};
      wire::FrameWriter client;
      client.hello();
      const std::string large(size, '&');  // a Huffman code of eight bits: no gain, so that it is sent as it is
      const std::pair<std::string, std::string> line{of_name ? large : "x", of_name ? "x" : large};
      std::string block = client.encode(wire::FrameWriter::request("GET", "/", {line}));
      CHECK(block.size() > size);
      for (unsigned type = 1; !block.empty(); type = 9) {
        const std::string part = block.substr(0, default_frame_size);
        block.erase(0, part.size());
        client.frame(type, (type == 1 ? 1U : 0U) | (block.empty() ? 4U : 0U), 1, part);
      }
      machine.feed(client.take());
      REQUIRE_FALSE(machine.events.empty());
      const Event& event = *machine.events.begin();
      CAPTURE(of_name);
      CAPTURE(size);
      if (size == 65'536) {
        CHECK(std::holds_alternative<event::Request>(event));
      } else {
        REQUIRE(std::holds_alternative<event::Failed>(event));
        CHECK(std::get<event::Failed>(event).fault == Fault::invalid_compression);
      }
    }
  }
}

TEST_CASE("an idle connection is small") {
  MESSAGE("sizeof: connection ", sizeof(Connection), ", stream ", sizeof(Stream));
  CHECK(sizeof(Connection) <= 1024);
  CHECK(sizeof(Stream) <= 320);
}

TEST_CASE("a stream that was reset is remembered, however many others have ended since") {
  Limits limits;
  Machine machine{limits};
  wire::FrameWriter frames;
  frames.hello();
  frames.post(1);
  machine.feed(frames.take());
  machine.connection.reset(StreamId{1}, machine.output);
  for (std::uint32_t id = 3; id < 1003; id += 2) {
    frames.get(id);
    machine.feed(frames.take());
    (void)machine.connection.send_response(StreamId{id}, {.status = 204}, {}, {}, start, machine.output);
    (void)machine.drained();
  }
  frames.data(1, "it was on its way", true);
  machine.feed(frames.take());
  CHECK(machine.events.empty());
  CHECK_FALSE(machine.output.finished());
  // One that ended by itself a moment ago is not: that is an error (RFC 9113, section 5.1).
  frames.data(1001, "x", true);
  machine.feed(frames.take());
  CHECK(machine.output.finished());
}
