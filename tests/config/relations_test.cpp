// What settings have to do with one another.
#include "tests/config/settings.hpp"

using namespace testing;

TEST_CASE("a part is smaller than the whole") {
  CHECK(problems_of({by_flag("drain_delay", "9999ms")}).empty());
  const auto lines = problems_of({by_flag("drain_delay", "10s")});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] ==
        "pounce-sync: error: --drain-delay: leaves nothing of shutdown_timeout, which it is a part of (from command "
        "line; hint: make it shorter, or shutdown_timeout longer)\n");
  CHECK(problems_of({by_flag("drain_delay", "10s"), by_file("shutdown_timeout", "11s", 1)}).empty());
  CHECK(problems_of({by_flag("shutdown_timeout", "1s"), by_file("drain_delay", "1s", 1)}).size() == 1);
}

TEST_CASE("what tunes a limit needs the limit, or to hear that there is none") {
  const auto lines = problems_of({by_flag("queue_depth", "5"), by_file("rate_limit_burst", "7", 3)});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find(
            "--queue-depth: means nothing without max_concurrency (from command line; hint: add max_concurrency)") !=
        std::string::npos);
  CHECK(lines[1].find("rate_limit_burst: means nothing without rate_limit") != std::string::npos);
  CHECK(problems_of({by_flag("queue_depth", "5"), by_file("max_concurrency", "none", 1)}).empty());
  CHECK(problems_of({by_flag("rate_limit_burst", "5"), by_file("rate_limit", "none", 1)}).empty());
}

TEST_CASE("host and port do not go with bind, and the message says who set bind") {
  const auto lines =
      problems_of({by_environment("port", "80"), by_file("host", "::1", 4), by_flag("bind", "127.0.0.1:1")});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find("host: cannot be set together with bind (from pounce.toml line 4") != std::string::npos);
  CHECK(lines[1].find("POUNCE_PORT: cannot be set together with bind") != std::string::npos);
  CHECK(lines[1].find("bind was set by command line") != std::string::npos);
}

TEST_CASE("an address twice is a slip, unless any port will do") {
  CHECK(problems_of({by_flag("bind", "127.0.0.1:1"), by_flag("bind", "127.0.0.1:1")}).size() == 1);
  CHECK(problems_of({by_flag("bind", "unix:/a"), by_flag("bind", "unix:/a")}).size() == 1);
  CHECK(problems_of({by_flag("bind", "127.0.0.1:1"), by_flag("bind", "127.0.0.2:1")}).empty());
  CHECK(problems_of({by_flag("bind", "127.0.0.1:0"), by_flag("bind", "127.0.0.1:0")}).empty());
}

TEST_CASE("the administrator's door is a door of its own") {
  const auto lines = problems_of({by_flag("admin_bind", "127.0.0.1:8000")});
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find(
            "--admin-bind: '127.0.0.1:8000' is where requests are served (from command line; hint: choose another "
            "address)") != std::string::npos);
  CHECK(problems_of({by_flag("admin_bind", "127.0.0.1:8000"), by_flag("port", "8001")}).empty());
  CHECK(problems_of({by_flag("admin_bind", "127.0.0.1:0"), by_flag("port", "0")}).empty());
  CHECK(problems_of({by_flag("bind", "unix:/tmp/a"), by_file("admin_bind", "unix:/tmp/a")}).size() == 1);
}
