// The example of protocol/README.md, compiled and run over a socket pair; and a check that the page still shows it.
#include <pounce/h1/connection.hpp>

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <string>
#include <variant>

using namespace pounce;

namespace {

// [readme]
void serve(int socket) {
  const auto now = [] { return Instant{std::chrono::steady_clock::now().time_since_epoch()}; };
  const h1::Limits limits;
  h1::Connection connection{limits, now()};
  Events events;
  Output output;
  std::string input;
  while (!connection.finished(output)) {
    // 1. Show all bytes that were not consumed, and drop those that are.
    input.erase(0, connection.receive({input.data(), input.size()}, now(), events, output));
    // 2. Act on what was found. Views in events live until `clear`.
    const bool found = !events.empty();
    for (const Event& event : events) {
      if (const auto* request = std::get_if<event::Request>(&event)) {
        connection.want_body(request->stream, true, now(), output);
      } else if (const auto* end = std::get_if<event::End>(&event)) {
        ResponseHead head;
        head.content_length = 6;
        if (connection.send_head(end->stream, head, output) != Sent::ok) continue;
        (void)connection.send_data(end->stream, "hello\n", {}, output);
        (void)connection.send_end(end->stream, {}, now(), output);
      }
    }
    events.clear();
    // 3. Write, and say so. A finished output that is empty shuts the sending side.
    for (std::array<Bytes, 1> slice; output.gather(slice) != 0;) {
      const ssize_t sent = send(socket, slice[0].data(), slice[0].size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      output.written(static_cast<std::size_t>(sent));
    }
    connection.written(now(), output);
    if (output.finished()) shutdown(socket, SHUT_WR);
    if (found || connection.finished(output)) continue;  // there may be pipelined requests
    // 4. Wait for bytes until the deadline; what time does is an event like any other.
    pollfd wait{socket, POLLIN, 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(connection.deadline(output) - now());
    if (poll(&wait, 1, static_cast<int>(left.count())) == 0) {
      connection.expire(now(), events, output);
      continue;
    }
    std::array<char, 4096> bytes;
    const ssize_t size = recv(socket, bytes.data(), bytes.size(), 0);
    if (size < 0) return;
    if (size == 0) connection.receive_end(now(), events, output);
    input.append(bytes.data(), static_cast<std::size_t>(size));
  }
}
// [readme]

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("the example of the README serves") {
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
  constexpr Bytes requests =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  REQUIRE(write(ends[0], requests.data(), requests.size()) == static_cast<ssize_t>(requests.size()));
  shutdown(ends[0], SHUT_WR);
  serve(ends[1]);
  std::array<char, 1024> bytes;
  const ssize_t size = read(ends[0], bytes.data(), bytes.size());
  CHECK(std::string(bytes.data(), size > 0 ? static_cast<std::size_t>(size) : 0) ==
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n");
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("the README shows the example as it is compiled") {
  const std::string source = text_of(POUNCE_SOURCE_DIR "/tests/protocol/embedding_test.cpp");
  const std::string mark = "// [readme]\n";
  const std::size_t first = source.find(mark) + mark.size();
  const std::string example = source.substr(first, source.find(mark, first) - first);
  CHECK(text_of(POUNCE_SOURCE_DIR "/protocol/README.md").find("```cpp\n" + example + "```") != std::string::npos);
}
