// The fast path for heads: it says what the slow path says, or nothing; and it takes what clients really send.
#include "tests/protocol/fast_difference.hpp"
#include "tests/protocol/head_generator.hpp"
#include "tests/slow_build.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

using namespace pounce;
using namespace pounce::difference;

namespace {

// Why `input` is not accepted by the fast path as it is by the slow one; empty when it is.
std::string complaint(Bytes input, const h1::Limits& limits = {}) {
  const Comparison found = compare_paths(input, limits);
  if (!found.difference.empty()) return found.difference;
  if (!found.accepted) return "not accepted at all";
  return found.fast ? "" : "left to the slow path";
}

// Requests as programs send them, by name.
const std::vector<std::pair<const char*, std::string>> usual{
    {"curl", "GET /index.html HTTP/1.1\r\nHost: example.com\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"},
    {"curl with a port and a query",
     "GET /a/b?x=1&y=%20 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"},
    {"curl -I", "HEAD / HTTP/1.1\r\nHost: localhost:8000\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"},
    {"curl --data",
     "POST /form HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\nContent-Length: 3\r\nContent-Type: "
     "application/x-www-form-urlencoded\r\n\r\na=b"},
    {"curl -T, large",
     "PUT /file HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\nContent-Length: "
     "2000000\r\nExpect: 100-continue\r\n\r\n"},
    {"curl -T -",
     "PUT /file HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\nTransfer-Encoding: "
     "chunked\r\nExpect: 100-continue\r\n\r\n"},
    {"wrk", "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"},
    {"ab", "GET / HTTP/1.0\r\nHost: 127.0.0.1:8080\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n"},
    {"ab -k",
     "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\nHost: 127.0.0.1:8080\r\nUser-Agent: ApacheBench/2.3\r\nAccept: "
     "*/*\r\n\r\n"},
    {"h2load --h1", "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nuser-agent: h2load nghttp2/1.52.0\r\n\r\n"},
    {"hey",
     "GET / HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: hey/0.0.1\r\nContent-Type: text/html\r\nAccept-Encoding: "
     "gzip\r\n\r\n"},
    {"a health check of HTTP/1.0", "GET /health HTTP/1.0\r\n\r\n"},
    {"haproxy's check", "OPTIONS / HTTP/1.0\r\n\r\n"},
    {"kubelet",
     "GET /ready HTTP/1.1\r\nHost: 10.1.2.3:8080\r\nUser-Agent: kube-probe/1.30\r\nAccept: */*\r\nConnection: "
     "close\r\n\r\n"},
    {"Chrome",
     "GET / HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\nsec-ch-ua: "
     "\"Chromium\";v=\"130\", \"Google Chrome\";v=\"130\", \"Not?A_Brand\";v=\"99\"\r\nsec-ch-ua-mobile: "
     "?0\r\nsec-ch-ua-platform: \"Linux\"\r\nUpgrade-Insecure-Requests: 1\r\nUser-Agent: Mozilla/5.0 (X11; Linux "
     "x86_64) "
     "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36\r\nAccept: "
     "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/"
     "signed-exchange;v=b3;q=0.7\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: "
     "?1\r\nSec-Fetch-Dest: "
     "document\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\nCookie: "
     "_ga=GA1.1.1234567890.1700000000; sid=31d4d96e407aad42; theme=dark; q=\"a b\"\r\nIf-None-Match: "
     "W/\"6526-5f1c\"\r\nIf-Modified-Since: Wed, 21 Oct 2026 07:28:00 GMT\r\n\r\n"},
    {"Firefox",
     "GET /app.js?v=12 HTTP/1.1\r\nHost: www.example.com:8443\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) "
     "Gecko/20100101 Firefox/128.0\r\nAccept: */*\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, "
     "deflate, br, "
     "zstd\r\nReferer: https://www.example.com/\r\nConnection: keep-alive\r\nCookie: a=b\r\nSec-Fetch-Dest: "
     "script\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Site: same-origin\r\nPriority: u=2\r\nPragma: "
     "no-cache\r\nCache-Control: "
     "no-cache\r\n\r\n"},
    {"Safari",
     "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade-Insecure-Requests: 1\r\nAccept: "
     "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nUser-Agent: Mozilla/5.0 (Macintosh; Intel Mac "
     "OS X "
     "10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15\r\nAccept-Language: "
     "en-GB,en;q=0.9\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n\r\n"},
    {"fetch with JSON",
     "POST /api/items HTTP/1.1\r\nHost: api.example.com\r\nConnection: keep-alive\r\nContent-Length: "
     "17\r\nContent-Type: application/json\r\nAuthorization: Bearer "
     "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo\r\nOrigin: "
     "https://example.com\r\nAccept: application/json, text/plain, */*\r\n\r\n{\"name\": \"value\"}"},
    {"a CORS preflight",
     "OPTIONS /api HTTP/1.1\r\nHost: api.example.com\r\nOrigin: https://example.com\r\nAccess-Control-Request-Method: "
     "PUT\r\nAccess-Control-Request-Headers: content-type,x-a\r\nAccept: */*\r\n\r\n"},
    {"PATCH and DELETE", "PATCH /api/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"},
    {"a chunked upload",
     "POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n0\r\nX-Sum: 1\r\n\r\n"},
    {"EventSource",
     "GET /events HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\nCache-Control: no-cache\r\nLast-Event-ID: "
     "42\r\n\r\n"},
    {"a range", "GET /v.mp4 HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1023\r\nIf-Range: \"x\"\r\n\r\n"},
    {"WebSocket",
     "GET /chat HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: "
     "no-cache\r\nUpgrade: websocket\r\nOrigin: https://example.com\r\nSec-WebSocket-Version: "
     "13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate; "
     "client_max_window_bits\r\n\r\n"},
    {"WebSocket of Firefox",
     "GET /chat HTTP/1.1\r\nHost: example.com\r\nConnection: keep-alive, Upgrade\r\nUpgrade: "
     "websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"},
    {"nginx as a proxy",
     "GET /p HTTP/1.1\r\nHost: backend\r\nX-Real-IP: 203.0.113.7\r\nX-Forwarded-For: 203.0.113.7, "
     "10.0.0.1\r\nX-Forwarded-Proto: https\r\nConnection: close\r\nAccept: */*\r\n\r\n"},
    {"nginx as a proxy, its default",
     "GET /p HTTP/1.0\r\nHost: 127.0.0.1:9000\r\nConnection: close\r\nAccept: */*\r\n\r\n"},
    {"envoy",
     "GET /p HTTP/1.1\r\nhost: svc.default.svc.cluster.local:8080\r\nx-forwarded-proto: http\r\nx-request-id: "
     "7e0b1b2a-1111-4222-8333-444455556666\r\nx-envoy-expected-rq-timeout-ms: 15000\r\naccept: */*\r\n\r\n"},
    {"Go", "GET / HTTP/1.1\r\nHost: a:1\r\nUser-Agent: Go-http-client/1.1\r\nAccept-Encoding: gzip\r\n\r\n"},
    {"requests",
     "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: python-requests/2.28.1\r\nAccept-Encoding: gzip, deflate\r\nAccept: "
     "*/*\r\nConnection: keep-alive\r\n\r\n"},
    {"git",
     "GET /r.git/info/refs?service=git-upload-pack HTTP/1.1\r\nHost: a\r\nUser-Agent: git/2.39.5\r\nAccept: "
     "*/*\r\nAccept-Encoding: "
     "deflate, gzip, br, zstd\r\nPragma: no-cache\r\nGit-Protocol: version=2\r\n\r\n"},
    {"four kilobytes of cookies",
     "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=" + std::string(4000, 'x') + "\r\nAccept: */*\r\n\r\n"},
};

}  // namespace

TEST_CASE("the fast path takes what clients send") {
  for (const auto& [name, request] : usual) {
    CAPTURE(name);
    CHECK(complaint(request) == "");
    CHECK(complaint(request + "GET /next HTTP/1.1\r\n") == "");  // what follows is none of its business
  }
}

TEST_CASE("a head of several pieces takes the slow path, and the events are the same at every cut") {
  for (const auto& [name, request] : usual) {
    CAPTURE(name);
    const std::string whole = connection_log(request, request.size(), {});
    REQUIRE_FALSE(whole.empty());
    for (std::size_t cut = 0; cut < request.size(); cut += request.size() > 1000 ? 7 : 1) {
      REQUIRE(connection_log(request, cut, {}) == whole);
    }
  }
}

TEST_CASE("what is unusual is left to the slow path, also where that accepts it") {
  const auto left = [](std::string head) {
    const Comparison found = compare_paths(head, {});
    CAPTURE(head);
    CHECK(found.difference == "");
    CHECK(found.accepted);
    CHECK_FALSE(found.fast);
  };
  left("QUERY / HTTP/1.1\r\nHost: a\r\n\r\n");
  left("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n");
  left("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  left("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n");
  left("GET / HTTP/1.1\r\nHost:  a\r\n\r\n");
  left("GET / HTTP/1.1\r\nHost: a \r\n\r\n");
  left("GET / HTTP/1.1\r\nHost: a\r\nA:\r\n\r\n");
  left("GET / HTTP/1.1\r\nHost: a\r\nA: \r\n\r\n");
  left("GET / HTTP/1.1\r\nHost: a\r\nA: b\tc\r\n\r\n");
  left("GET / HTTP/1.1\r\nHost: a\r\nA: \xc3\xb6\r\n\r\n");
  left("GET / HTTP/1.1\r\nHost: a\r\n#: b\r\n\r\n");
  left("GET / HTTP/1.1\r\nHost: a\r\nCookie: " + std::string(8192, 'c') + "\r\n\r\n");
}

TEST_CASE("limits are judged as the slow path judges them") {
  const std::string head = "GET /123456789 HTTP/1.1\r\nHost: a\r\nAccept: */*\r\nA: b\r\n\r\n";
  const std::size_t line = head.find('\r');
  const std::size_t fields = head.size() - line - 4;
  h1::Limits exact;
  exact.max_request_line = line;
  exact.max_header_size = fields;
  exact.max_headers = 3;
  CHECK(complaint(head, exact) == "");
  h1::Limits tight = exact;
  SUBCASE("request line") { tight.max_request_line = line - 1; }
  SUBCASE("size of the fields") { tight.max_header_size = fields - 1; }
  SUBCASE("number of fields") { tight.max_headers = 2; }
  CHECK(complaint(head, tight) == "not accepted at all");
}

TEST_CASE("marks say of each byte whether it is a control byte, and whether it is plain") {
  const std::string plain = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!$&'*+-._~";
  for (const h1::MarksVariant& variant : h1::marks_variants()) {
    if (!variant.available) {
      MESSAGE("not on this machine: ", variant.name);
      continue;
    }
    CAPTURE(variant.name);
    for (int c = 0; c < 256; ++c) {
      // At each place of a word, and before the end of a head, so that the marks count.
      for (std::size_t at = 0; at < 70; ++at) {
        std::string input(at, 'a');
        input += static_cast<char>(c);
        input += "aaaaaaaaaaaaaaaa\r\n\r\n";
        h1::Marks marks;
        REQUIRE(variant.find(input, marks) == input.size());
        const bool control = c < 0x20 || c >= 0x7f;
        const bool is_plain = c != 0 && plain.find(static_cast<char>(c)) != std::string::npos;
        REQUIRE((h1::Marks::next(marks.controls, 0) == at) == control);
        REQUIRE((h1::Marks::next(marks.breaks, 0) == at) == !is_plain);
        REQUIRE((h1::Marks::next(marks.controls, at + 1)) == at + 17);
      }
    }
  }
}

TEST_CASE("the end is found wherever it lies, and not before it is there") {
  for (const h1::MarksVariant& variant : h1::marks_variants()) {
    if (!variant.available) continue;
    CAPTURE(variant.name);
    h1::Marks marks;
    for (std::size_t size = 0; size < 300; ++size) {
      const std::string head = std::string(size, 'x') + "\r\n\r\n";
      const std::size_t expected = head.size() < h1::least_marked ? 0 : head.size();
      REQUIRE(variant.find(head, marks) == expected);
      if (expected != 0) REQUIRE(variant.find(head + std::string(size, '\n'), marks) == expected);
      REQUIRE(variant.find(Bytes{head}.substr(0, head.size() - 1), marks) == 0);
    }
    const std::string full = std::string(h1::Marks::most - 4, 'x') + "\r\n\r\n";
    CHECK(variant.find(full, marks) == full.size());
    CHECK(variant.find("x" + full, marks) == 0);
  }
}

TEST_CASE("nothing behind the last byte is read: the page behind it cannot be") {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  char* const pages =
      static_cast<char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  REQUIRE(pages != MAP_FAILED);
  REQUIRE(mprotect(pages + page, page, PROT_NONE) == 0);
  const std::string head =
      "GET /0123456789/0123456789/0123456789/0123456789/0123456789/ HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n";
  for (std::size_t size = 0; size <= head.size(); ++size) {
    char* const at = pages + page - size;
    std::memcpy(at, head.data() + head.size() - size, size);
    h1::Marks marks;
    for (const h1::MarksVariant& variant : h1::marks_variants()) {
      if (variant.available) REQUIRE(variant.find({at, size}, marks) == (size < h1::least_marked ? 0 : size));
    }
    Events events;
    http::Framing framing;
    const std::size_t accepted = h1::accept_head({at, size}, {}, events, framing).size;
    REQUIRE(accepted == (size == head.size() ? size : 0));
  }
  munmap(pages, 2 * page);
}

TEST_CASE("built and damaged heads: both paths say the same") {
  constexpr int count = slow_build ? 200'000 : 2'000'000;
  h1::Limits tight;
  tight.max_request_line = 30;
  tight.max_header_size = 150;
  tight.max_headers = 5;
  HeadGenerator generator{Seed{1}};
  int accepted = 0;
  int fast = 0;
  for (int i = 0; i < count; ++i) {
    const std::string head = generator.next();
    const h1::Limits& limits = i % 4 == 0 ? tight : h1::Limits{};
    const Comparison found = compare_paths(head, limits);
    accepted += found.accepted ? 1 : 0;
    fast += found.fast ? 1 : 0;
    if (!found.difference.empty()) FAIL(found.difference, ": ", head);
    if (i % 5000 != 0) continue;
    const std::string whole = connection_log(head, head.size(), limits);
    for (std::size_t cut = 0; cut < head.size(); ++cut) {
      if (connection_log(head, cut, limits) != whole) FAIL("cut at ", cut, ": ", head);
    }
  }
  // Enough of both, or the test would say nothing.
  MESSAGE(count, " heads, ", accepted, " accepted, ", fast, " of them by the fast path");
  CHECK(accepted > count / 5);
  CHECK(fast > count / 10);
  CHECK(fast < accepted);
  CHECK(accepted < count * 4 / 5);
}
