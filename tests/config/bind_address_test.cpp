// Where to listen, as an operator writes it.
#include <doctest/doctest.h>

#include <string>

#include <pounce/config/bind_address.hpp>

namespace {

using namespace pounce::config;
using AddressKind = BindAddress::Kind;

AddressFault fault_of(std::string_view text) {
  const auto address = parse_bind_address(text);
  REQUIRE_FALSE(address.has_value());
  return address.error();
}

}  // namespace

TEST_CASE("the three forms, and names") {
  struct Row {
    const char* text;
    AddressKind kind;
    const char* host;
    int port;
  };
  const Row rows[] = {
      {"127.0.0.1:8000", AddressKind::tcp4, "127.0.0.1", 8000},
      {"0.0.0.0:0", AddressKind::tcp4, "0.0.0.0", 0},
      {"255.255.255.255:65535", AddressKind::tcp4, "255.255.255.255", 65535},
      {"[::1]:8000", AddressKind::tcp6, "::1", 8000},
      {"[::]:80", AddressKind::tcp6, "::", 80},
      {"[2001:db8::ff]:443", AddressKind::tcp6, "2001:db8::ff", 443},
      {"[::ffff:10.0.0.1]:80", AddressKind::tcp6, "::ffff:10.0.0.1", 80},
      {"localhost:8000", AddressKind::tcp_name, "localhost", 8000},
      {"www.example.com:80", AddressKind::tcp_name, "www.example.com", 80},
      {"4ever:80", AddressKind::tcp_name, "4ever", 80},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto address = parse_bind_address(row.text);
    REQUIRE(address.has_value());
    CHECK(address->kind == row.kind);
    CHECK(address->host == row.host);
    CHECK(address->port == row.port);
    CHECK(address->path.empty());
    CHECK(address->text() == row.text);
  }
  const auto socket = parse_bind_address("unix:/run/pounce.sock");
  REQUIRE(socket.has_value());
  CHECK(socket->kind == AddressKind::unix_path);
  CHECK(socket->path == "/run/pounce.sock");
  CHECK(socket->text() == "unix:/run/pounce.sock");
}

TEST_CASE("a Unix path is as long as a socket address takes, to the byte") {
  CHECK(parse_bind_address("unix:" + std::string(107, 'p')).has_value());
  CHECK(fault_of("unix:" + std::string(108, 'p')) == AddressFault::long_path);
  CHECK(fault_of("unix:") == AddressFault::no_path);
  CHECK(fault_of("unix:@abstract") == AddressFault::bad_path);
  CHECK(fault_of(std::string_view("unix:a\0b", 8)) == AddressFault::bad_path);
  CHECK(fault_of("unix:a\nb") == AddressFault::bad_path);
}

TEST_CASE("everything else is refused with its reason") {
  CHECK(fault_of("") == AddressFault::empty);
  CHECK(fault_of("127.0.0.1") == AddressFault::no_port);
  CHECK(fault_of("8000") == AddressFault::no_port);
  CHECK(fault_of("127.0.0.1:") == AddressFault::no_port);
  CHECK(fault_of("[::1]") == AddressFault::no_port);
  CHECK(fault_of(":8000") == AddressFault::no_host);
  CHECK(fault_of("::1:8000") == AddressFault::bare_v6);
  CHECK(fault_of("http://localhost:80") == AddressFault::bare_v6);
  for (const char* const port : {"65536", "-1", "+1", "08", "http", "8 0", "80/", "99999999999999999999"}) {
    CAPTURE(port);
    CHECK(fault_of("127.0.0.1:" + std::string(port)) == AddressFault::bad_port);
  }
  for (const char* const host : {"256.0.0.1",
                                 "127.1",
                                 "1.2.3.4.5",
                                 "01.2.3.4",
                                 "0x7f.0.0.1",
                                 "a..b",
                                 ".a",
                                 "a.",
                                 "-a",
                                 "a-",
                                 "a b",
                                 "a/b",
                                 "*",
                                 "[127.0.0.1]",
                                 "[::1",
                                 "[::1]x",
                                 "[:::]",
                                 "[1::2::3]",
                                 "[1:2:3:4:5:6:7]",
                                 "[1:2:3:4:5:6:7:8:9]",
                                 "[12345::]",
                                 "[::g]",
                                 "[fe80::1%eth0]",
                                 "[:1]",
                                 "[1:]",
                                 "[]",
                                 "1.2.3.256"}) {
    CAPTURE(host);
    CHECK(fault_of(std::string(host) + ":80") == AddressFault::bad_host);
  }
}

TEST_CASE("IPv6 texts") {
  for (const char* const good : {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "fe80::1",
                                 "::1.2.3.4", "64:ff9b::192.0.2.33", "1:2:3:4:5:6:1.2.3.4", "ABCD::ef01"}) {
    CAPTURE(good);
    CHECK(is_ipv6(good));
  }
  for (const char* const bad :
       {"", ":", "1", ":::", "1:2", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:1.2.3.4", "1.2.3.4",
        "::1.2.3", "::1.2.3.4:5", "1::2::", "::12345", "1:2:3:4:5:6:7:"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_ipv6(bad));
  }
}
