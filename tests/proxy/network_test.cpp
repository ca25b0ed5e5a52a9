// Addresses and networks: what is one, how it is written, what it holds.
#include <doctest/doctest.h>

#include <pounce/proxy/network.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace pounce;
using namespace pounce::proxy;

namespace {

std::string canonical(std::string_view text) {
  const auto address = parse_ip(text);
  return address ? address->text() : "none";
}

std::string host(std::string_view text) {
  const auto address = parse_host_address(text);
  return address ? address->text() : "none";
}

std::string network(std::string_view text) {
  NetworkFault fault{};
  const auto parsed = parse_network(text, &fault);
  return parsed ? parsed->text() : std::string(text_of(fault));
}

bool holds(std::string_view network, std::string_view address) {
  return parse_network(network).value().contains(parse_ip(address).value());
}

}  // namespace

TEST_CASE("an address has one text (RFC 5952)") {
  struct Row {
    std::string_view text;
    std::string_view canonical;
  };
  const Row rows[] = {
      {"0.0.0.0", "0.0.0.0"},
      {"255.255.255.255", "255.255.255.255"},
      {"192.0.2.1", "192.0.2.1"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"::ffff:c000:201", "192.0.2.1"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:db8::1", "2001:db8::1"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:0db8::0001", "2001:db8::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // a single zero is no gap
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest run
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of equals
      {"1:0:0:0:0:0:0:0", "1::"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(canonical(row.text) == row.canonical);
    CHECK(canonical(row.canonical) == row.canonical);
  }
}

TEST_CASE("what is no address") {
  for (const std::string_view text : {"",
                                      "1",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "1.2.3.256",
                                      "01.2.3.4",
                                      "1.2.3.04",
                                      "1.2.3.4 ",
                                      " 1.2.3.4",
                                      "1..2.3",
                                      "1.2.3.",
                                      ".1.2.3",
                                      "0x1.2.3.4",
                                      "1.2.3.-4",
                                      "+1.2.3.4",
                                      "localhost",
                                      ":",
                                      ":::",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1:2:3:4:5:6:7:8::",
                                      "::1:2:3:4:5:6:7:8",
                                      "1::2::3",
                                      "12345::",
                                      "g::",
                                      "::1%eth0",
                                      "[::1]",
                                      "::1.2.3",
                                      "1.2.3.4::",
                                      "::1.2.3.4:1",
                                      "1:2:3:4:5:6:7:1.2.3.4",
                                      "1:",
                                      ":1",
                                      "::ffff:256.0.0.1",
                                      "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_ip(text).has_value());
  }
}

TEST_CASE("an address where hosts are named may have a port; IPv6 has brackets") {
  CHECK(host("192.0.2.1") == "192.0.2.1");
  CHECK(host("192.0.2.1:1") == "192.0.2.1");
  CHECK(host("192.0.2.1:65535") == "192.0.2.1");
  CHECK(host("[2001:db8::1]") == "2001:db8::1");
  CHECK(host("[2001:db8::1]:443") == "2001:db8::1");
  for (const std::string_view text :
       {"", ":", ":80", "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:x", "192.0.2.1:1:2", "2001:db8::1", "[2001:db8::1",
        "[2001:db8::1]443", "[2001:db8::1]:", "[192.0.2.1]", "[]", "unknown", "_hidden", "unix:", "example.org",
        "example.org:80"}) {
    CAPTURE(text);
    CHECK(host(text) == "none");
  }
}

TEST_CASE("a network is read and written the same way; bits behind the prefix are a slip") {
  for (const std::string_view text : {"10.0.0.0/8", "192.0.2.1", "0.0.0.0/0", "::/0", "2001:db8::/32", "::1",
                                      "fe80::/10", "unix:", "172.16.0.0/12", "198.51.100.128/25"}) {
    CAPTURE(text);
    CHECK(network(text) == text);
  }
  CHECK(network("192.0.2.1/32") == "192.0.2.1");
  CHECK(network("::ffff:0:0/96") == "0.0.0.0/0");
  CHECK(network("::1/128") == "::1");
  for (const std::string_view text :
       {"", "x", "10.0.0.0.0/8", "localhost", "[::1]", "[::1]/128", "/8", "unix", "unix:/x", "10/8"}) {
    CAPTURE(text);
    CHECK(network(text) == "is no IP address");
  }
  for (const std::string_view text :
       {"10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "::/ 1"}) {
    CAPTURE(text);
    CHECK(network(text) == "has no prefix length of its family behind the slash");
  }
  for (const std::string_view text : {"10.0.0.1/8", "10.1.0.0/8", "2001:db8::1/32", "0.0.0.1/0", "192.0.2.3/31"}) {
    CAPTURE(text);
    CHECK(network(text) == "has bits set behind its prefix");
  }
}

TEST_CASE("what a network holds") {
  CHECK(holds("10.0.0.0/8", "10.255.255.255"));
  CHECK_FALSE(holds("10.0.0.0/8", "11.0.0.0"));
  CHECK(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
  CHECK(holds("172.16.0.0/12", "172.31.255.255"));
  CHECK_FALSE(holds("172.16.0.0/12", "172.32.0.0"));
  CHECK(holds("192.0.2.1", "192.0.2.1"));
  CHECK_FALSE(holds("192.0.2.1", "192.0.2.0"));
  CHECK(holds("0.0.0.0/0", "255.1.2.3"));
  CHECK_FALSE(holds("0.0.0.0/0", "::1"));  // a family is one
  CHECK(holds("::/0", "2001:db8::1"));
  CHECK_FALSE(holds("::/0", "192.0.2.1"));
  CHECK(holds("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
  CHECK_FALSE(holds("unix:", "::"));
}

TEST_CASE("peers, as sockets name them") {
  const std::vector<Network> nobody;
  const std::vector<Network> some{parse_network("10.0.0.0/8").value(), parse_network("::1").value()};
  const std::vector<Network> sockets{parse_network("unix:").value()};
  CHECK(has_peer(some, "10.1.2.3:40112"));
  CHECK(has_peer(some, "[::1]:40112"));
  CHECK(has_peer(some, "[::ffff:10.1.2.3]:40112"));
  CHECK_FALSE(has_peer(some, "11.1.2.3:40112"));
  CHECK_FALSE(has_peer(some, "unix:"));
  CHECK_FALSE(has_peer(some, "unknown"));
  CHECK_FALSE(has_peer(some, ""));
  CHECK(has_peer(sockets, "unix:"));
  CHECK_FALSE(has_peer(sockets, "10.1.2.3:40112"));
  CHECK_FALSE(has_peer(nobody, "unix:"));
  CHECK_FALSE(has_peer(nobody, "127.0.0.1:1"));
}
