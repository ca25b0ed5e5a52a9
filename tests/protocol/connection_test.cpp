// What no transcript can show about a connection: its size, its views, its memory. Behaviour is in tests/transcripts/h1.
#include <pounce/core/kept_string.hpp>
#include <pounce/h1/connection.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

using namespace pounce;

namespace {

constexpr Instant start{std::chrono::seconds{1}};

struct Machine {
  h1::Limits limits;
  Events events;
  Output output;
  h1::Connection connection{limits, start};

  std::size_t receive(std::string& bytes) {
    return connection.receive({bytes.data(), bytes.size()}, start, events, output);
  }
};

}  // namespace

TEST_CASE("a connection is small, and holds no memory of its own") {
  CHECK(sizeof(h1::Connection) <= 256);
  CHECK(std::is_trivially_destructible_v<h1::Connection>);
}

TEST_CASE("views of a request lie in the input") {
  Machine machine;
  std::string input = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi";
  CHECK(machine.receive(input) == input.size());
  REQUIRE(machine.events.size() == 3);
  const auto& request = std::get<event::Request>(machine.events[0]);
  CHECK(request.head->raw.data() == input.data());
  CHECK(request.head->raw.size() == input.size() - 2);
  CHECK(std::get<event::Data>(machine.events[1]).bytes.data() == input.data() + input.size() - 2);
}

TEST_CASE("tiny chunks are one event, large ones are not moved") {
  Machine machine;
  std::string input = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 1000; ++i) input += "1\r\nx\r\n";
  const std::string large(4096, 'y');
  input += "1000\r\n" + large + "\r\n";
  const std::size_t at = input.size() - large.size() - 2;
  input += "0\r\n\r\n";
  CHECK(machine.receive(input) == input.size());
  REQUIRE(machine.events.size() == 4);
  CHECK(std::get<event::Data>(machine.events[1]).bytes == std::string(1000, 'x'));
  CHECK(std::get<event::Data>(machine.events[2]).bytes == large);
  CHECK(std::get<event::Data>(machine.events[2]).bytes.data() == input.data() + at);
}

TEST_CASE("lent content is not copied") {
  Machine machine;
  std::string input = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  REQUIRE(machine.receive(input) == input.size());
  Bytes bytes;
  StorageRef owner = keep(std::string(10000, 'x'), bytes);
  const StreamId stream = machine.connection.stream();
  REQUIRE(machine.connection.send_head(stream, {}, machine.output) == Sent::ok);
  CHECK(machine.connection.send_data(stream, bytes, owner, machine.output).accepted == bytes.size());
  std::array<Bytes, 8> slices;
  const std::size_t count = machine.output.gather(slices);
  bool lent = false;
  for (std::size_t i = 0; i < count; ++i) lent = lent || slices[i].data() == bytes.data();
  CHECK(lent);
}

TEST_CASE("a stream of the past is gone") {
  Machine machine;
  std::string input = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
  std::size_t used = machine.receive(input);
  const StreamId first = machine.connection.stream();
  CHECK(number(first) == 1);
  ResponseHead head;
  head.content_length = 0;
  REQUIRE(machine.connection.send_head(first, head, machine.output) == Sent::ok);
  REQUIRE(machine.connection.send_end(first, {}, start, machine.output) == Sent::ok);
  machine.events.clear();
  std::string rest = input.substr(used);
  used = machine.receive(rest);
  CHECK(used == rest.size());
  CHECK(number(machine.connection.stream()) == 2);
  CHECK(machine.connection.send_head(first, head, machine.output) == Sent::gone);
  machine.connection.reset(first, machine.output);
  machine.connection.want_body(first, true, start, machine.output);
  CHECK(machine.connection.send_head(machine.connection.stream(), head, machine.output) == Sent::ok);
}

TEST_CASE("a fault after good requests keeps them") {
  Machine machine;
  std::string input = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nx";
  CHECK(machine.receive(input) == input.size());
  REQUIRE(machine.events.size() == 3);
  CHECK(std::holds_alternative<event::Request>(machine.events[0]));
  CHECK(std::get<event::Data>(machine.events[1]).bytes == "hi");
  CHECK(std::get<event::Failed>(machine.events[2]).fault == Fault::invalid_chunk_size);
  CHECK(machine.output.finished());
}

TEST_CASE("the deadline is never late") {
  // An idle connection, a head, content, a written answer: at each point `expire` right at the deadline does something or
  // moves the deadline on.
  Machine machine;
  CHECK(machine.connection.deadline(machine.output) == start + machine.limits.keep_alive_timeout);
  std::string input = "POST / HTTP/1.1\r\n";
  CHECK(machine.receive(input) == 0);
  CHECK(machine.connection.deadline(machine.output) == start + machine.limits.header_timeout);
  input += "Host: a\r\nContent-Length: 5\r\n\r\n";
  CHECK(machine.receive(input) == input.size());
  CHECK(machine.connection.deadline(machine.output) == never);
  machine.connection.want_body(machine.connection.stream(), true, start, machine.output);
  CHECK(machine.connection.deadline(machine.output) == start + machine.limits.request_timeout);
  machine.connection.expire(start + machine.limits.request_timeout, machine.events, machine.output);
  CHECK(std::get<event::Failed>(machine.events[1]).fault == Fault::body_timeout);
}

TEST_CASE("a region is content of a declared length, and of nothing else") {
  class Nothing final : public Source {
   public:
    [[nodiscard]] std::optional<std::size_t> read(std::uint64_t, MutableBytes) override { return 0; }

   private:
    void destroy() noexcept override { delete this; }
  };
  const Loan<Source> source{new Nothing};
  const auto ask = [](Machine& machine, std::string input) {
    REQUIRE(machine.receive(input) == input.size());
    return machine.connection.stream();
  };
  {
    Machine machine;
    const StreamId stream = ask(machine, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    h1::Connection& connection = machine.connection;
    CHECK(connection.send_region(StreamId{9}, {source, 0, 5}, machine.output) == Sent::gone);
    CHECK(connection.send_region(stream, {source, 0, 5}, machine.output) == Sent::wrong_order);
    REQUIRE(connection.send_head(stream, {.content_length = 15}, machine.output) == Sent::ok);
    CHECK(connection.send_region(stream, {source, 0, 16}, machine.output) == Sent::length_mismatch);
    CHECK(connection.send_region(stream, {source, 0, 10}, machine.output) == Sent::ok);
    CHECK(connection.send_end(stream, {}, start, machine.output) == Sent::length_mismatch);
    CHECK(connection.send_region(stream, {source, 10, 5}, machine.output) == Sent::ok);
    CHECK(connection.send_region(stream, {}, machine.output) == Sent::ok);
    CHECK(connection.send_end(stream, {}, start, machine.output) == Sent::ok);
  }
  {
    Machine machine;
    const StreamId stream = ask(machine, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(machine.connection.send_head(stream, {}, machine.output) == Sent::ok);  // in chunks
    CHECK(machine.connection.send_region(stream, {source, 0, 5}, machine.output) == Sent::wrong_order);
  }
  {
    Machine machine;
    const StreamId stream = ask(machine, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(machine.connection.send_head(stream, {.content_length = 15}, machine.output) == Sent::ok);
    const std::size_t head = machine.output.size();
    CHECK(machine.connection.send_region(stream, {source, 0, 15}, machine.output) == Sent::ok);
    CHECK(machine.output.size() == head);
  }
}
