// Ranges against a slow and obvious reading of them, and dates there and back.
#include <doctest/doctest.h>

#include <pounce/files/range.hpp>
#include <pounce/http/date.hpp>

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

using pounce::files::ByteRange;
using pounce::files::decide_ranges;
using pounce::files::Ranges;

TEST_CASE("the pieces hold the bytes that were asked for, each once") {
  std::mt19937 random{7};
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
  for (int round = 0; round < 20'000; ++round) {
    const unsigned size = 1 + below(40);
    const unsigned count = 1 + below(pounce::files::most_ranges);
    std::string text = "bytes=";
    std::vector<bool> wanted(size, false);
    for (unsigned i = 0; i < count; ++i) {
      if (i != 0) text += ',';
      const unsigned first = below(50);
      const unsigned length = 1 + below(8);
      if (below(6) == 0) {
        text += "-" + std::to_string(length);
        for (unsigned at = size - std::min(length, size); at < size; ++at) wanted[at] = true;
      } else if (below(6) == 0) {
        text += std::to_string(first) + "-";
        for (unsigned at = first; at < size; ++at) wanted[at] = true;
      } else {
        text += std::to_string(first) + "-" + std::to_string(first + length - 1);
        for (unsigned at = first; at < first + length && at < size; ++at) wanted[at] = true;
      }
    }
    CAPTURE(text);
    CAPTURE(size);
    const Ranges ranges = decide_ranges(text, size);
    std::vector<int> got(size, 0);
    for (const ByteRange& piece : ranges.pieces()) {
      REQUIRE(piece.first <= piece.last);
      REQUIRE(piece.last < size);
      for (std::uint64_t at = piece.first; at <= piece.last; ++at) ++got[at];
    }
    bool any = false;
    for (unsigned at = 0; at < size; ++at) {
      REQUIRE(got[at] == (wanted[at] ? 1 : 0));
      any = any || wanted[at];
    }
    REQUIRE(ranges.kind() == (any ? Ranges::Kind::partial : Ranges::Kind::unsatisfiable));
    for (const ByteRange& a : ranges.pieces()) {
      for (const ByteRange& b : ranges.pieces()) REQUIRE((&a == &b || a.last + 1 < b.first || b.last + 1 < a.first));
    }
  }
}

TEST_CASE("at the far end of numbers") {
  constexpr std::uint64_t huge = 0x7fff'ffff'ffff'ffff;
  const Ranges last = decide_ranges("bytes=9223372036854775806-", huge);
  REQUIRE(last.pieces().size() == 1);
  CHECK(last.pieces()[0] == ByteRange{huge - 1, huge - 1});
  CHECK(decide_ranges("bytes=9223372036854775807-", huge).kind() == Ranges::Kind::unsatisfiable);
  CHECK(decide_ranges("bytes=0-,-1", huge).pieces().size() == 1);
}

TEST_CASE("every date that is written is read again") {
  const pounce::WallTime now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 21}};
  for (std::int64_t seconds = -62'167'219'200; seconds < 253'402'300'800; seconds += 86'399LL * 977) {
    const pounce::WallTime time{std::chrono::seconds{seconds}};
    const auto text = pounce::http::format_date(time);
    REQUIRE(pounce::http::parse_date({text.data(), text.size()}, now) == time);
  }
}

TEST_CASE("a year of two digits is at most fifty years ahead") {
  const auto year_of = [](std::string_view digits, int this_year) {
    const pounce::WallTime now{std::chrono::sys_days{std::chrono::year{this_year} / 6 / 1}};
    const std::string text = "Sunday, 06-Nov-" + std::string{digits} + " 08:49:37 GMT";
    const auto time = pounce::http::parse_date(text, now);
    REQUIRE(time.has_value());
    return static_cast<int>(std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(*time)}.year());
  };
  CHECK(year_of("94", 2026) == 1994);
  CHECK(year_of("26", 2026) == 2026);
  CHECK(year_of("76", 2026) == 2076);
  CHECK(year_of("77", 2026) == 1977);
  CHECK(year_of("00", 2026) == 2000);
  CHECK(year_of("10", 2095) == 2110);
  CHECK(year_of("46", 2095) == 2046);
}
