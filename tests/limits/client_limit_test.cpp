// Whom a rate limit counts as one client, whom it is not for, and what the one too many is told.
#include <doctest/doctest.h>

#include <pounce/app/application.hpp>
#include <pounce/limits/client_limit.hpp>
#include <pounce/limits/client_terms.hpp>
#include <pounce/proxy/network.hpp>

#include <string>

using namespace std::chrono_literals;
using pounce::Instant;
using pounce::limits::client_of;
using pounce::limits::ClientLimit;
using pounce::limits::is_below;
using pounce::limits::Rate;
using pounce::limits::Secret;

namespace {

constexpr Instant now{1s};

pounce::limits::Client client(std::string_view text) { return client_of(*pounce::proxy::parse_ip(text)); }

bool same_bucket(std::string_view left, std::string_view right) {
  return client(left).group == client(right).group && client(left).ipv6 == client(right).ipv6;
}

}  // namespace

TEST_CASE("a client is an IPv4 address or an IPv6 /64") {
  CHECK(same_bucket("192.0.2.1", "192.0.2.1"));
  CHECK(same_bucket("192.0.2.1", "::ffff:192.0.2.1"));
  CHECK_FALSE(same_bucket("192.0.2.1", "192.0.2.2"));
  CHECK(same_bucket("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"));
  CHECK_FALSE(same_bucket("2001:db8:1:2::1", "2001:db8:1:3::1"));
  CHECK_FALSE(same_bucket("0.0.0.1", "0:0:0:1::"));
}

TEST_CASE("a prefix is a path and all below it") {
  CHECK(is_below("/a", "/a"));
  CHECK(is_below("/a/b", "/a"));
  CHECK(is_below("/a/b", "/a/"));
  CHECK(is_below("/anything", "/"));
  CHECK_FALSE(is_below("/ab", "/a"));
  CHECK_FALSE(is_below("/", "/a"));
}

TEST_CASE("whom the limit is not for") {
  ClientLimit limit{
      {.rate = {.count = 1, .interval = 1min, .burst = 1},
       .clients = 64,
       .exempt = {*pounce::proxy::parse_network("10.0.0.0/8"), *pounce::proxy::parse_network("2001:db8::/32")},
       .exempt_paths = {"/health"}},
      Secret{.low = 1, .high = 2}};
  for (int i = 0; i < 3; ++i) {
    CHECK(limit.admit("10.1.2.3", "/", now).admitted);
    CHECK(limit.admit("2001:db8::7", "/", now).admitted);
    CHECK(limit.admit("unix:", "/", now).admitted);
    CHECK(limit.admit("192.0.2.1", "/health/ready", now).admitted);
  }
  CHECK(limit.admit("192.0.2.1", "/healthy", now).admitted);
  CHECK_FALSE(limit.admit("192.0.2.1", "/healthy", now).admitted);
  CHECK(limit.admit("192.0.2.1", "/health", now).admitted);
}

TEST_CASE("the answer says when to come back, and what the limit is") {
  ClientLimit limit{{.rate = {.count = 30, .interval = 1min, .burst = 5}, .clients = 64}, Secret{.low = 1, .high = 2}};
  for (int i = 0; i < 5; ++i) REQUIRE(limit.admit("192.0.2.1", "/", now).admitted);
  const auto verdict = limit.admit("192.0.2.1", "/", now);
  REQUIRE_FALSE(verdict.admitted);
  const pounce::Response answer = limit.answer(verdict);
  CHECK(answer.head().status() == 429);
  CHECK(answer.head().fields().find("retry-after") == "2");
  CHECK(answer.head().fields().find("ratelimit-policy") == "\"client\";q=5;w=10");
  CHECK(answer.head().fields().find("ratelimit") == "\"client\";r=0;t=2");
}
