// The grammar that all of HTTP shares, as tables: what is in it, and what is just beside it.
#include <pounce/http/date.hpp>
#include <pounce/http/fields.hpp>
#include <pounce/http/framing.hpp>
#include <pounce/http/status.hpp>
#include <pounce/http/syntax.hpp>
#include <pounce/http/target.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace pounce;
using namespace std::string_view_literals;

TEST_CASE("octet classes: every one of the 256, against the grammar") {
  constexpr Bytes tchars = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int code = 0; code < 256; ++code) {
    const char c = static_cast<char>(code);
    CAPTURE(code);
    CHECK(http::is_in(c, http::class_token) == (code != 0 && tchars.find(c) != Bytes::npos));
    CHECK(http::is_in(c, http::class_value) == (code == '\t' || (code >= 0x20 && code != 0x7f)));
    CHECK(http::is_in(c, http::class_target) == (code > 0x20 && code < 0x7f && code != '#'));
    CHECK(http::is_in(c, http::class_quoted) ==
          (code != '"' && code != '\\' && (code == '\t' || (code >= 0x20 && code != 0x7f))));
  }
}

TEST_CASE("tokens and values") {
  CHECK(http::is_token("GET"));
  CHECK_FALSE(http::is_token(""));
  CHECK_FALSE(http::is_token("a b"));
  CHECK_FALSE(http::is_token("a:"));
  CHECK_FALSE(http::is_token("a\0"sv));
  CHECK(http::is_field_value(""));
  CHECK(http::is_field_value(" a\tb \xff"));
  CHECK_FALSE(http::is_field_value("a\r"));
  CHECK_FALSE(http::is_field_value("a\nb"));
  CHECK_FALSE(http::is_field_value("\0"sv));
  CHECK_FALSE(http::is_field_value("\x7f"));
  CHECK(trim(" \t a b\t ") == "a b");
  CHECK(trim(" \t ").empty());
}

TEST_CASE("values: each octet, at each place of a long one") {
  const std::string plain(20, 'x');
  for (std::size_t at = 0; at < plain.size(); ++at) {
    for (int code = 0; code < 256; ++code) {
      std::string value = plain;
      value[at] = static_cast<char>(code);
      const bool good = http::is_field_value(value);
      if (good != http::is_in(value[at], http::class_value)) FAIL_CHECK("octet ", code, " at ", at);
    }
  }
  CHECK(http::is_field_value(plain));
}

TEST_CASE("digits: plain numbers of at most nineteen digits") {
  CHECK(http::parse_digits("0") == 0U);
  CHECK(http::parse_digits("007") == 7U);
  CHECK(http::parse_digits("9999999999999999999") == 9999999999999999999U);
  for (const Bytes bad :
       {"", "+1", "-1", " 1", "1 ", "1_0", "1,1", "0x1", "1.0", "a", "10000000000000000000", "00000000000000000001"}) {
    CAPTURE(bad);
    CHECK_FALSE(http::parse_digits(bad).has_value());
  }
}

TEST_CASE("lists: elements come trimmed, and empty ones come too") {
  std::vector<std::string> seen;
  http::ListElements elements{" a,\tb\t ,, c d ,"};
  while (const auto element = elements.next()) seen.emplace_back(*element);
  CHECK(seen == std::vector<std::string>{"a", "b", "", "c d", ""});
  CHECK(http::list_has("keep-alive,\tCLOSE\t", "close"));
  CHECK_FALSE(http::list_has("closed, xclose, clos", "close"));
  CHECK_FALSE(http::list_has("", "close"));
}

TEST_CASE("authorities") {
  for (const Bytes good :
       {"a", "a.example", "a.example:80", "a.example:", "127.0.0.1:8000", "a_b", "%41", "a!$&'()*+,;=~", "[::1]",
        "[::1]:", "[::]:80", "[1:2:3:4:5:6:7:8]", "[1::8]", "[::ffff:192.0.2.1]", "[2001:DB8::a]:65535"}) {
    CAPTURE(good);
    CHECK(http::is_authority(good));
  }
  for (const Bytes bad : {"",
                          ":80",
                          "a b",
                          "a/b",
                          "a?b",
                          "a#b",
                          "u@a",
                          "a:b",
                          "a:80:80",
                          "a:65536",
                          "a:000080",
                          "a:+1",
                          "%4",
                          "%4g",
                          "\xe9",
                          "a\t",
                          "[",
                          "[]",
                          "[:]",
                          "[:::]",
                          "[1:2:3:4:5:6:7]",
                          "[1:2:3:4:5:6:7:8:9]",
                          "[1::2::3]",
                          "[12345::]",
                          "[::g]",
                          "[1:2:3:4:5:6:7::8]",
                          "[::1",
                          "[::1]80",
                          "[::1]a",
                          "[fe80::1%25eth0]",
                          "[::192.0.2]",
                          "[::192.0.2.256]",
                          "[::192.0.2.01]",
                          "[1:]",
                          "[:1]",
                          "[v1.a]"}) {
    CAPTURE(bad);
    CHECK_FALSE(http::is_authority(bad));
  }
  CHECK(http::is_authority("a:443", http::PortRule::required));
  CHECK_FALSE(http::is_authority("a", http::PortRule::required));
  CHECK_FALSE(http::is_authority("a:", http::PortRule::required));
  CHECK_FALSE(http::is_authority("[::1]", http::PortRule::required));
}

TEST_CASE("targets: a path made for the absolute form lies in the target") {
  http::Target target;
  const std::string bytes = "http://a.example";
  REQUIRE(http::parse_target(bytes, Method::get, target));
  CHECK(target.path == "/");
  CHECK(target.path.data() >= bytes.data());
  CHECK(target.path.data() < bytes.data() + bytes.size());
  CHECK_FALSE(http::parse_target("", Method::get, target));
  CHECK_FALSE(http::parse_target("http:/a", Method::get, target));
  CHECK_FALSE(http::parse_target("//a b", Method::get, target));
  CHECK(http::parse_target("//a/b", Method::get, target));
  CHECK(target.path == "//a/b");
}

TEST_CASE("status: a phrase for what is registered, and nothing for the rest") {
  CHECK(http::reason(200) == "OK");
  CHECK(http::reason(404) == "Not Found");
  CHECK(http::reason(299).empty());
  CHECK(http::reason(599).empty());
  CHECK(http::has_no_content(204));
  CHECK_FALSE(http::has_no_content(200));
}

TEST_CASE("dates") {
  const auto text = [](std::int64_t seconds) {
    const auto date = http::format_date(WallTime{std::chrono::seconds{seconds}});
    return std::string(date.data(), date.size());
  };
  CHECK(text(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(text(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(text(951782400) == "Tue, 29 Feb 2000 00:00:00 GMT");
  CHECK(text(4102444799) == "Thu, 31 Dec 2099 23:59:59 GMT");
}

TEST_CASE("fields of a response") {
  CHECK(http::check_response_field({"X", "a\tb"}) == Sent::ok);
  CHECK(http::check_response_field({"X", "a\r\nb"}) == Sent::invalid_field);
  CHECK(http::check_response_field({"X Y", "a"}) == Sent::invalid_field);
  CHECK(http::check_response_field({"Connection", "close"}) == Sent::ok);
  CHECK(http::check_response_field({"connection", "Upgrade"}) == Sent::forbidden_field);
  CHECK(http::check_response_field({"TRANSFER-ENCODING", "chunked"}) == Sent::forbidden_field);
}

TEST_CASE("fields that no trailer carries") {
  for (const char* name :
       {"Content-Length", "transfer-encoding", "Host", "Trailer", "Authorization", "Set-Cookie", "Content-Type",
        "Content-Range", "X-Forwarded-For", "x-forwarded-proto", "Via", "Max-Forwards", "TE"}) {
    CAPTURE(name);
    CHECK(http::is_forbidden_in_trailers(name));
  }
  for (const char* name : {"X-Sum", "ETag", "Digest", "Server-Timing", "grpc-status", "x-forwarded"}) {
    CAPTURE(name);
    CHECK_FALSE(http::is_forbidden_in_trailers(name));
  }
}

namespace {

Field field(std::string_view name, std::string_view value) { return {name, value, field_id(name)}; }

}  // namespace

TEST_CASE("framing: which of two faults is named depends on the fields, and each is one") {
  http::Framing framing;
  const auto decide = [&framing](Version version, std::vector<Field> fields) {
    return http::decide_framing(version, fields, framing);
  };
  CHECK(decide(Version::http11, {}) == Fault::none);
  CHECK(framing.keep_alive);
  CHECK(decide(Version::http10, {}) == Fault::none);
  CHECK_FALSE(framing.keep_alive);
  CHECK(decide(Version::http10, {field("Connection", "Keep-Alive")}) == Fault::none);
  CHECK(framing.keep_alive);
  CHECK(decide(Version::http11, {field("Transfer-Encoding", "gzip, chunked")}) == Fault::unsupported_transfer_coding);
  CHECK(decide(Version::http11, {field("Transfer-Encoding", "chunked, gzip")}) == Fault::invalid_transfer_coding);
  CHECK(decide(Version::http11, {field("Transfer-Encoding", "gzip;q=\"a\"")}) == Fault::unsupported_transfer_coding);
  CHECK(decide(Version::http11, {field("Transfer-Encoding", "chunked"), field("Content-Length", "0")}) ==
        Fault::length_with_transfer_coding);
  CHECK(decide(Version::http11, {field("Expect", "100-CONTINUE"), field("Content-Length", "1")}) == Fault::none);
  CHECK(framing.expects_continue);
  CHECK(decide(Version::http11, {field("Expect", ""), field("Content-Length", "1")}) == Fault::unsupported_expectation);
}
