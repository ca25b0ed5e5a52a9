// The example of protocol/README.md, compiled and run over a socket pair; and a check that the page still shows it.
#include <pounce/h1/conversation.hpp>

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <string>

using namespace pounce;

namespace {

// [readme]
struct Hello {  // what is answered
  h1::Conversation& http;

  void operator()(const event::Request& request) { http.want_body(request.stream); }
  void operator()(const event::Data&) {}
  void operator()(const event::End& end) { (void)http.send_response(end.stream, {}, "hello\n"); }
  void operator()(const event::Failed&) {}  // the answer is in the output already
};

void serve(int socket) {
  const auto now = [] { return Instant{std::chrono::steady_clock::now().time_since_epoch()}; };
  const h1::Limits limits;
  Workspace workspace;  // one for all connections of a thread
  h1::Conversation http{limits, now()};
  while (!http.finished()) {
    // 1. All that has become possible, by bytes or by time.
    http.advance(now(), workspace, Hello{http});
    // 2. Write, and say so.
    for (Bytes piece; http.gather({&piece, 1}) != 0;) {
      const ssize_t sent = send(socket, piece.data(), piece.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      http.written(static_cast<std::size_t>(sent), now());
    }
    if (http.wants_shutdown()) shutdown(socket, SHUT_WR);
    // 3. Wait for bytes until the deadline, and read them to where they are wanted.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(http.deadline() - now());
    pollfd wait{socket, POLLIN, 0};
    if (!http.wants_input() || poll(&wait, 1, std::max(0, static_cast<int>(left.count()))) == 0) continue;
    const MutableBytes space = http.space(workspace);
    const ssize_t size = recv(socket, space.data(), space.size(), 0);
    if (size < 0) return;
    size == 0 ? http.received_end() : http.received(static_cast<std::size_t>(size));
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
