// Heads: the search for their end, and the second opinion. What single heads mean is in the transcripts.
#include "protocol/h1/head.hpp"

#include <pounce/h1/head_scan.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace pounce;

namespace {

Fault parse(const std::string& head, Events::Slot& slot, http::Framing& framing) {
  return h1::parse_head(head, head.find('\n') + 1, slot, framing);
}

Fault parse(const std::string& head) {
  Events events;
  http::Framing framing;
  return parse(head, events.slot(), framing);
}

}  // namespace

TEST_CASE("the scan says where the head ends, and leaves what follows alone") {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  h1::HeadScan scan;
  CHECK(scan.advance(head + "GET /2", {}) == Fault::none);
  CHECK(scan.complete());
  CHECK(scan.size() == head.size());
  CHECK(scan.request_line_size() == 16);
}

TEST_CASE("a slow sender costs no second look") {
  // Byte by byte, over memory in which all that was looked at is overwritten: the scan must not need it again, but for the
  // first byte, the byte before a line end, and the request line, which is read when it is complete.
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n";
  std::string seen;
  h1::HeadScan scan;
  for (std::size_t i = 0; i < head.size(); ++i) {
    seen += head[i];
    REQUIRE(scan.advance(seen, {}) == Fault::none);
    REQUIRE(scan.complete() == (i + 1 == head.size()));
    if (i > 20) std::fill(seen.begin() + 20, seen.end() - 1, '\n');
  }
}

TEST_CASE("both parsers must agree") {
  CHECK(parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == Fault::none);
  CHECK(parse("QUERY / HTTP/1.1\r\nHost: a\r\nA:\r\nB: \t \r\nC: d \r\n\r\n") == Fault::none);

  Events events;
  Events::Slot& slot = events.slot();
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\r\n";
  http::Framing framing;
  REQUIRE(parse(head, slot, framing) == Fault::none);
  REQUIRE(h1::llhttp_agrees(head, slot.head));
  SUBCASE("on the number of fields") { slot.head.fields = slot.head.fields.first(1); }
  SUBCASE("on names") { slot.fields[1].name.remove_suffix(1); }
  SUBCASE("on values") { slot.fields[1].value = {}; }
  SUBCASE("on where they stand") { slot.fields[1].value = slot.fields[0].value; }
  CHECK_FALSE(h1::llhttp_agrees(head, slot.head));
}

TEST_CASE("HTAB is a blank, also where llhttp 8 has only SP") {
  for (const char* length : {"\t5", "5\t", "5 \t", "5\t ", "\t5\t\t", " 5  "}) {
    for (const char* behind : {"\r\n", "\r\nA: \tb\t\r\n"}) {
      Events events;
      Events::Slot& slot = events.slot();
      http::Framing framing;
      const std::string head = std::string{"ANY / HTTP/1.1\r\nHost: a\t\r\nContent-Length:"} + length + behind + "\r\n";
      CAPTURE(head);
      CHECK(parse(head, slot, framing) == Fault::none);
      CHECK(slot.head.content_length == 5);
    }
  }
  for (const char* length : {"5\t5", "5 5", "5\t,", "\t", "5\t\v"}) {
    CAPTURE(length);
    CHECK(parse(std::string{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:"} + length + "\r\n\r\n") != Fault::none);
  }
}

TEST_CASE("what llhttp would let through") {
  CHECK(parse("GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n") == Fault::obsolete_folding);
  CHECK(parse("GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n") == Fault::invalid_field_name);
  CHECK(parse("GET / RTSP/1.0\r\nHost: a\r\n\r\n") == Fault::invalid_request_line);
  CHECK(parse("GET / HTTP/2.0\r\nHost: a\r\n\r\n") == Fault::unsupported_version);
  CHECK(parse("GET /\r\nHost: a\r\n\r\n") == Fault::invalid_request_line);
  CHECK(parse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n") == Fault::invalid_transfer_coding);
}
