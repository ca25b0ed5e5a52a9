// How values are read: strictly, and back to the same text.
#include <doctest/doctest.h>

#include <pounce/config/value.hpp>

namespace {

using namespace pounce::config;
using namespace std::chrono_literals;

template <class Parsed>
bool fails(const Parsed& parsed, ValueFault fault) {
  return !parsed && parsed.error() == fault;
}

}  // namespace

TEST_CASE("a count is digits and nothing else") {
  CHECK(parse_count("0") == 0U);
  CHECK(parse_count("4096") == 4096U);
  CHECK(parse_count("18446744073709551615") == 18446744073709551615U);

  CHECK(fails(parse_count(""), ValueFault::empty));
  CHECK(fails(parse_count("-1"), ValueFault::sign));
  CHECK(fails(parse_count("+1"), ValueFault::sign));
  CHECK(fails(parse_count(" 1"), ValueFault::blank));
  CHECK(fails(parse_count("1 "), ValueFault::blank));
  CHECK(fails(parse_count("1\n"), ValueFault::blank));
  CHECK(fails(parse_count("1 000"), ValueFault::blank));
  CHECK(fails(parse_count("0x10"), ValueFault::not_a_number));
  CHECK(fails(parse_count("1_000"), ValueFault::not_a_number));
  CHECK(fails(parse_count("1,000"), ValueFault::not_a_number));
  CHECK(fails(parse_count("many"), ValueFault::not_a_number));
  CHECK(fails(parse_count("1e3"), ValueFault::not_a_number));
  CHECK(fails(parse_count("1.0"), ValueFault::fraction));
  CHECK(fails(parse_count("010"), ValueFault::leading_zero));
  CHECK(fails(parse_count("00"), ValueFault::leading_zero));
  CHECK(fails(parse_count("18446744073709551616"), ValueFault::too_large));
  CHECK(fails(parse_count("99999999999999999999999"), ValueFault::too_large));
}

TEST_CASE("a size is bytes, or a number of binary units") {
  CHECK(parse_size("512") == 512U);
  CHECK(parse_size("512B") == 512U);
  CHECK(parse_size("64KiB") == 65536U);
  CHECK(parse_size("1MiB") == 1048576U);
  CHECK(parse_size("2GiB") == 2147483648U);
  CHECK(parse_size("1TiB") == 1099511627776U);
  CHECK(parse_size("16777215TiB") == 16777215U * 1099511627776U);

  // 64K might be 64000 or 65536: refused, not guessed.
  for (const char* const unit : {"64K", "64k", "64kb", "64KB", "64kib", "64Kib", "64KiBs", "64KiB/s"}) {
    CAPTURE(unit);
    CHECK(fails(parse_size(unit), ValueFault::unknown_unit));
  }
  CHECK(fails(parse_size("64 KiB"), ValueFault::blank));
  CHECK(fails(parse_size("KiB"), ValueFault::not_a_number));
  CHECK(fails(parse_size("0.5MiB"), ValueFault::fraction));
  CHECK(fails(parse_size("16777216TiB"), ValueFault::too_large));
}

TEST_CASE("a rate is a size a second") {
  CHECK(parse_rate("500") == 500U);
  CHECK(parse_rate("500B") == 500U);
  CHECK(parse_rate("500B/s") == 500U);
  CHECK(parse_rate("64KiB/s") == 65536U);
  CHECK(fails(parse_rate("500/s"), ValueFault::unknown_unit));
  CHECK(fails(parse_rate("500B/s/s"), ValueFault::unknown_unit));
  CHECK(fails(parse_rate("B/s"), ValueFault::not_a_number));
}

TEST_CASE("a duration has a unit") {
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("5s") == 5s);
  CHECK(parse_duration("2m") == 2min);
  CHECK(parse_duration("1h") == 1h);
  CHECK(parse_duration("0s") == 0s);

  CHECK(fails(parse_duration("10"), ValueFault::missing_unit));
  CHECK(fails(parse_duration("10sec"), ValueFault::unknown_unit));
  CHECK(fails(parse_duration("10S"), ValueFault::unknown_unit));
  CHECK(fails(parse_duration("1m30s"), ValueFault::unknown_unit));
  CHECK(fails(parse_duration("1.5s"), ValueFault::fraction));
  CHECK(fails(parse_duration("-5s"), ValueFault::sign));
  CHECK(fails(parse_duration("10 s"), ValueFault::blank));
  CHECK(fails(parse_duration("s"), ValueFault::not_a_number));
  CHECK(fails(parse_duration("2562048h"), ValueFault::too_large));
  CHECK(parse_duration("2562047h").has_value());
}

TEST_CASE("what is written is read back to the same value") {
  CHECK(size_text(0) == "0B");
  CHECK(size_text(500) == "500B");
  CHECK(size_text(65536) == "64KiB");
  CHECK(size_text(1025) == "1025B");
  CHECK(rate_text(500) == "500B/s");
  CHECK(duration_text(75s) == "75s");
  CHECK(duration_text(120s) == "2m");
  CHECK(duration_text(1500ms) == "1500ms");
  CHECK(duration_text(0s) == "0ms");
  for (const std::uint64_t bytes : {0ULL, 1ULL, 1023ULL, 1024ULL, 1ULL << 40U, ~0ULL}) {
    CHECK(parse_size(size_text(bytes)) == bytes);
    CHECK(parse_rate(rate_text(bytes)) == bytes);
  }
  for (const auto duration : {1ms, 999ms, 1000ms, 60000ms, 3600000ms, 90000000ms}) {
    CHECK(parse_duration(duration_text(duration)) == std::chrono::nanoseconds(duration));
  }
}

TEST_CASE("UTF-8 is well formed or not") {
  for (const char* const good :
       {"", "a", "\xc3\xa4", "\xe2\x82\xac", "\xed\x9f\xbf", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    CAPTURE(good);
    CHECK(is_utf8(good));
  }
  for (const char* const bad : {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe2\x82", "\xed\xa0\x80",
                                "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x82z"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_utf8(bad));
  }
}
