// The PROXY protocol, as bytes: each row is a header and what is made of it; every one is also read at every length.
#include <doctest/doctest.h>

#include <pounce/proxy/proxy_header.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace pounce;
using namespace pounce::proxy;
using namespace std::string_literals;

namespace {

// "192.0.2.7:4711 > 10.0.0.1:80 secure (29)", "nobody (15)", "incomplete", "malformed".
std::string read(std::string_view bytes) {
  ProxyHeader header;
  switch (parse_proxy_header(bytes, header)) {
    case HeaderState::incomplete: CHECK(header.size == 0); return "incomplete";
    case HeaderState::malformed: CHECK_FALSE(header.source.has_value()); return "malformed";
    case HeaderState::complete: break;
  }
  std::string text = header.source ? header.source->text() + " > " + header.destination->text() : "nobody";
  return text + (header.secure ? " secure (" : " (") + std::to_string(header.size) + ")";
}

// A prefix of a good header is never more than incomplete, and what follows it changes nothing. A bad one is never taken for good.
void check(std::string_view why, const std::string& header, const std::string& expected) {
  CAPTURE(why);
  CHECK(read(header) == expected);
  const bool good = expected != "malformed";
  for (std::size_t n = 0; n < header.size(); ++n) {
    CAPTURE(n);
    const std::string found = read(std::string_view{header}.substr(0, n));
    if (good) {
      CHECK(found == "incomplete");
    } else {
      CHECK((found == "incomplete" || found == "malformed"));
    }
  }
  if (good) CHECK(read(header + "GET / HTTP/1.1\r\n\r\n") == expected);
}

std::string v2(unsigned version_command, unsigned family, std::string_view body, int length = -1) {
  std::string text = "\r\n\r\n\0\r\nQUIT\n"s;
  const auto octet = [&text](std::size_t n) { text.push_back(static_cast<char>(n)); };
  octet(version_command);
  octet(family);
  const std::size_t size = length < 0 ? body.size() : static_cast<std::size_t>(length);
  octet(size >> 8U);
  octet(size & 0xffU);
  return text.append(body);
}

const std::string v4 = "\xc0\x00\x02\x07\x0a\x00\x00\x01\x12\x67\x00\x50"s;
const std::string v6 =
    "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x07"s + std::string(15, '\0') + "\x01"s + "\x12\x67\x01\xbb"s;

}  // namespace

TEST_CASE("version 1") {
  check("IPv4", "PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\r\n", "192.0.2.7:4711 > 10.0.0.1:80 (39)");
  check("IPv6", "PROXY TCP6 2001:db8::7 ::1 4711 443\r\n", "[2001:db8::7]:4711 > [::1]:443 (37)");
  check("the longest",
        "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535 > [ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535 (104)");
  check("unknown", "PROXY UNKNOWN\r\n", "nobody (15)");
  check("unknown, with more", "PROXY UNKNOWN ffff::1 whatever 1 2\r\n", "nobody (36)");
  check("unknown, as long as can be", "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n", "nobody (107)");
  check("longer", "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n", "malformed");
  check("endless", "PROXY " + std::string(4000, 'x'), "malformed");
  check("bare LF", "PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\n", "malformed");
  check("bare CR", "PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\rX", "malformed");
  check("two blanks", "PROXY TCP4  192.0.2.7 10.0.0.1 4711 80\r\n", "malformed");
  check("a blank at the end", "PROXY TCP4 192.0.2.7 10.0.0.1 4711 80 \r\n", "malformed");
  check("a word more", "PROXY TCP4 192.0.2.7 10.0.0.1 4711 80 1\r\n", "malformed");
  check("a word less", "PROXY TCP4 192.0.2.7 10.0.0.1 4711\r\n", "malformed");
  check("another family", "PROXY UDP4 192.0.2.7 10.0.0.1 4711 80\r\n", "malformed");
  check("families crossed", "PROXY TCP4 2001:db8::7 ::1 4711 80\r\n", "malformed");
  check("families mixed", "PROXY TCP6 2001:db8::7 10.0.0.1 4711 80\r\n", "malformed");
  check("no address", "PROXY TCP4 192.0.2.256 10.0.0.1 4711 80\r\n", "malformed");
  check("a leading zero", "PROXY TCP4 192.0.2.7 10.0.0.1 04711 80\r\n", "malformed");
  check("port 0", "PROXY TCP4 192.0.2.7 10.0.0.1 0 0\r\n", "192.0.2.7:0 > 10.0.0.1:0 (35)");
  check("no port", "PROXY TCP4 192.0.2.7 10.0.0.1 65536 80\r\n", "malformed");
  check("a sign", "PROXY TCP4 192.0.2.7 10.0.0.1 +1 80\r\n", "malformed");
  check("small letters", "proxy TCP4 192.0.2.7 10.0.0.1 4711 80\r\n", "malformed");
  check("a NUL", "PROXY TCP4 192.0.2.7\0 10.0.0.1 4711 80\r\n"s, "malformed");
  check("a request", "GET / HTTP/1.1\r\n", "malformed");
  check("TLS", "\x16\x03\x01\x02"s, "malformed");
  check("HTTP/2", "PRI * HTTP/2.0\r\n", "malformed");
}

TEST_CASE("version 2") {
  check("IPv4", v2(0x21, 0x11, v4), "192.0.2.7:4711 > 10.0.0.1:80 (28)");
  check("IPv6", v2(0x21, 0x21, v6), "[2001:db8::7]:4711 > [::1]:443 (52)");
  check("a Unix socket", v2(0x21, 0x31, std::string(216, 'p')), "nobody (232)");
  check("unspecified", v2(0x21, 0x00, ""), "nobody (16)");
  check("LOCAL", v2(0x20, 0x00, ""), "nobody (16)");
  check("LOCAL, whatever it holds", v2(0x20, 0x99, "anything"), "nobody (24)");
  check("version 1 in its clothes", v2(0x11, 0x11, v4), "malformed");
  check("version 3", v2(0x31, 0x11, v4), "malformed");
  check("another command", v2(0x22, 0x11, v4), "malformed");
  check("datagrams", v2(0x21, 0x12, v4), "malformed");
  check("another family", v2(0x21, 0x41, v4), "malformed");
  check("half unspecified", v2(0x21, 0x10, v4), "malformed");
  check("no room for the addresses", v2(0x21, 0x11, v4.substr(1)), "malformed");
  check("nor for those of IPv6", v2(0x21, 0x21, v4), "malformed");
  check("too long", v2(0x21, 0x11, v4, 4081), "malformed");
  check("as long as can be", v2(0x21, 0x11, v4 + "\x04\x0f\xe1"s + std::string(4065, 'n')),
        "192.0.2.7:4711 > 10.0.0.1:80 (4096)");
}

TEST_CASE("what version 2 carries besides fills its room exactly") {
  check("an unknown one", v2(0x21, 0x11, v4 + "\xee\x00\x03xyz"s), "192.0.2.7:4711 > 10.0.0.1:80 (34)");
  check("an empty one", v2(0x21, 0x11, v4 + "\x04\x00\x00"s), "192.0.2.7:4711 > 10.0.0.1:80 (31)");
  check("two", v2(0x21, 0x11, v4 + "\x01\x00\x02h2\x02\x00\x01h"s), "192.0.2.7:4711 > 10.0.0.1:80 (37)");
  check("cut", v2(0x21, 0x11, v4 + "\x01\x00"s), "malformed");
  check("longer than its room", v2(0x21, 0x11, v4 + "\x01\x00\x03h2"s), "malformed");
  check("TLS, from the client", v2(0x21, 0x11, v4 + "\x20\x00\x05\x01\x00\x00\x00\x00"s),
        "192.0.2.7:4711 > 10.0.0.1:80 secure (36)");
  check("TLS, but not", v2(0x21, 0x11, v4 + "\x20\x00\x05\x00\x00\x00\x00\x00"s), "192.0.2.7:4711 > 10.0.0.1:80 (36)");
  check("TLS, cut", v2(0x21, 0x11, v4 + "\x20\x00\x04\x01\x00\x00\x00"s), "malformed");
  check("with a family that is not known", v2(0x21, 0x00, "\x20\x00\x05\x01\x00\x00\x00\x00"s), "nobody secure (24)");
}

TEST_CASE("a checksum that is there has to be right (CRC-32C)") {
  // Over the header with the checksum taken for zero; computed by another implementation.
  const std::string right = v2(0x21, 0x11, v4 + "\x03\x00\x04"s + "\xf3\xa7\x74\x67"s);
  check("right", right, "192.0.2.7:4711 > 10.0.0.1:80 (35)");
  std::string wrong = right;
  wrong.back() = static_cast<char>(wrong.back() ^ 1);
  check("wrong", wrong, "malformed");
  std::string changed = right;
  changed[16] = '\x01';
  check("an address that was changed on the way", changed, "malformed");
  check("of another size", v2(0x21, 0x11, v4 + "\x03\x00\x03xyz"s), "malformed");
}
