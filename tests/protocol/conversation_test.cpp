// h1::Conversation: the machine with its buffers. What it adds: bytes stay until their events are handled, nothing is shown while there is
// no room for the answers, the end of input is told last.
#include <pounce/h1/conversation.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <string>

using namespace pounce;
using namespace std::chrono_literals;

namespace {

// Echoes content, greets otherwise; `late` leaves the answer to the test.
struct Echo {
  h1::Conversation& http;
  std::string& seen;
  bool late = false;

  void operator()(const event::Request& request) {
    seen += std::string{request.head->method} + " ";
    if (late) return;
    const bool echo = request.head->has_body;
    if (echo) http.want_body(request.stream);
    CHECK(http.send_head(request.stream, {.content_length = echo ? request.head->content_length : 2}) == Sent::ok);
    if (!echo) CHECK(http.send_data(request.stream, "hi").accepted == 2);
  }
  void operator()(const event::Data& data) {
    CHECK(http.send_data(data.stream, data.bytes, http.storage()).accepted == data.bytes.size());
  }
  void operator()(const event::End& end) {
    if (!late) CHECK(http.send_end(end.stream) == Sent::ok);
  }
  void operator()(const event::Failed& failed) { seen += std::string{info(failed.fault).name} + " "; }
};

struct Driven {
  h1::Limits limits;
  Instant now{1h};
  Workspace workspace;
  h1::Conversation http{limits, now};
  std::string seen;
  bool late = false;

  // As much as is wanted of `bytes`; returns how much that was.
  std::size_t give(Bytes bytes) {
    std::size_t given = 0;
    while (given < bytes.size()) {
      const MutableBytes space = http.space(workspace);
      if (space.empty()) break;
      const Bytes piece = bytes.substr(given, space.size());
      std::memcpy(space.data(), piece.data(), piece.size());
      http.received(piece.size());
      given += piece.size();
      step();
    }
    return given;
  }
  void step() { http.advance(now, workspace, Echo{http, seen, late}); }
  std::string take(std::size_t most = std::string::npos) {
    std::string taken;
    for (Bytes piece; taken.size() < most && http.gather({&piece, 1}) != 0;) {
      piece = piece.substr(0, most - taken.size());
      taken += piece;
      http.written(piece.size(), now);
    }
    return taken;
  }
};

std::string post(std::size_t size) {
  return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}

constexpr Bytes get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr Bytes hi = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

}  // namespace

TEST_CASE("pipelined requests are answered in one step, the end of input comes last") {
  Driven peer;
  CHECK(peer.give(std::string{get} + std::string{get}) == 2 * get.size());
  peer.http.received_end();
  CHECK_FALSE(peer.http.wants_input());
  peer.step();
  CHECK(peer.take() == std::string{hi} + std::string{hi});
  CHECK(peer.http.wants_shutdown());
  CHECK(peer.http.finished());
  CHECK(peer.seen == "GET GET ");
}

TEST_CASE("an echo to a peer that does not read stops reading, and goes on when there is room") {
  Driven peer;
  const std::string body(mebibyte, 'x');
  REQUIRE(peer.give(post(body.size())) == post(body.size()).size());
  const std::size_t first = peer.give(body);
  CHECK(first < body.size());
  CHECK_FALSE(peer.http.wants_input());
  CHECK(peer.http.wants_output());
  // The peer is slow in reading, and not blamed for not sending: only the pace of the output is judged.
  peer.now += peer.limits.request_timeout - 1s;
  std::string back = peer.take(1);
  peer.now += 2s;
  peer.step();
  CHECK(peer.seen == "POST ");

  std::size_t given = first;
  while (given < body.size()) {
    back += peer.take();
    CHECK(peer.http.deadline() <= peer.now);  // there is more to do
    peer.step();
    REQUIRE(peer.http.wants_input());
    given += peer.give(Bytes{body}.substr(given));
  }
  back += peer.take();
  CHECK(back.ends_with("\r\n\r\n" + body));
  CHECK(peer.http.wants_input());
}

TEST_CASE("any framing of content fits into the output: an echo needs no queue of its own") {
  for (const std::size_t chunk : {1U, 100U, 1024U, 5000U}) {
    Driven peer;
    std::string request = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t size = 0; size < 400 * kibibyte; size += chunk) {
      std::string digits;
      for (std::size_t left = chunk; left != 0; left /= 16)
        digits.insert(digits.begin(), "0123456789abcdef"[left % 16]);
      request += digits + "\r\n" + std::string(chunk, 'x') + "\r\n";
    }
    request += "0\r\n\r\n";
    std::string back;
    for (std::size_t given = 0; given < request.size();) {
      given += peer.give(Bytes{request}.substr(given));
      back += peer.take();
      peer.step();
    }
    CHECK(back.ends_with("0\r\n\r\n"));  // that all was accepted, the handler checks
  }
}

TEST_CASE("a late answer leaves more to do") {
  Driven peer;
  peer.late = true;
  peer.give(std::string{get} + std::string{get});
  CHECK(peer.seen == "GET ");
  CHECK(peer.http.deadline() > peer.now);
  CHECK(peer.http.send_head(StreamId{1}, {.content_length = 0}) == Sent::ok);
  CHECK(peer.http.send_end(StreamId{1}) == Sent::ok);
  CHECK(peer.http.deadline() <= peer.now);
  peer.step();
  CHECK(peer.seen == "GET GET ");
}

TEST_CASE("what time does is an event like any other") {
  Driven peer;
  peer.give("GET / HT");
  CHECK(peer.http.deadline() == peer.now + peer.limits.header_timeout);
  peer.now = peer.http.deadline();
  peer.step();
  CHECK(peer.seen == "header_timeout ");
  CHECK(peer.take().starts_with("HTTP/1.1 408 "));
  CHECK(peer.http.wants_shutdown());
  CHECK_FALSE(peer.http.finished());  // what still arrives is thrown away, so that the answer is not lost
  peer.http.received_end();
  peer.step();
  CHECK(peer.http.finished());
}

TEST_CASE("100 Continue, a drain, a reset") {
  Driven peer;
  peer.give("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(peer.take().starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
  peer.http.reset(StreamId{1});
  peer.step();
  CHECK(peer.http.wants_shutdown());

  Driven idle;
  idle.http.drain(idle.now + 1s);
  CHECK(idle.http.finished());
}

TEST_CASE("the largest head that is allowed fits") {
  Driven peer;
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  while (head.size() + 1010 < peer.limits.max_header_size) head += "X-Filler: " + std::string(1000, 'x') + "\r\n";
  peer.give(head + "\r\n");
  CHECK(peer.take() == hi);
}

TEST_CASE("a handler that throws leaves nothing behind for the next conversation of its thread") {
  const h1::Limits limits;
  const Instant now{1h};
  Workspace workspace;
  struct Thrower {
    void operator()(const event::Request&) { throw 1; }
    void operator()(const event::Data&) {}
    void operator()(const event::End&) {}
    void operator()(const event::Failed&) {}
  };
  const auto give = [&](h1::Conversation& http, Bytes bytes) {
    std::memcpy(http.space(workspace).data(), bytes.data(), bytes.size());
    http.received(bytes.size());
  };
  std::string seen;
  {
    h1::Conversation first{limits, now};
    give(first, "GET /secret HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK_THROWS_AS(first.advance(now, workspace, Thrower{}), int);
    first.advance(now, workspace, Echo{first, seen, true});
    CHECK(seen.empty());  // nor is it shown again
  }
  h1::Conversation second{limits, now};
  second.advance(now, workspace, Echo{second, seen, true});
  CHECK(seen.empty());
  give(second, "PUT / HTTP/1.1\r\nHost: a\r\n\r\n");
  second.advance(now, workspace, Echo{second, seen, true});
  CHECK(seen == "PUT ");
}
