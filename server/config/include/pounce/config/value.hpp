// What it is: strict parsers and canonical texts of option values: counts, sizes, rates, durations.
// What it is not: a general number reader. No sign, blank, fraction, separator, leading zero or
// overflow is let through, and a duration without its unit is refused rather than guessed.
// Ownership: arguments are borrowed for the call; results are values. Everything is constexpr.
// Units: sizes are bytes (`64KiB`, `512B`, `512`), rates bytes per second (`500B/s`, `1KiB/s`,
// `500`), request rates requests per time (`100/s`, `30/m`), durations `250ms`, `5s`, `2m`, `1h`.
// Text is judged too: is_utf8, for what must be printable as TOML.
// Limits: a count or size fits 64 bits, a duration fits std::chrono::nanoseconds.
// Errors: a ValueFault; its wording is in freeze.cpp, where the kind of the option is known.
#pragma once

#include <pounce/config/request_rate.hpp>
#include <pounce/core/lean.hpp>

#include <cstdint>
#include <expected>
#include <limits>
#include <string>
#include <string_view>

namespace pounce::inline v0::config {

enum class ValueFault : std::uint8_t {
  empty,
  sign,
  blank,
  not_a_number,
  leading_zero,
  fraction,
  missing_unit,
  unknown_unit,
  too_large,
};

namespace detail {

struct Scanned {
  std::uint64_t number = 0;
  std::string_view unit;
};

/// Splits "64KiB" into 64 and "KiB". Whatever follows the digits is left to the caller to judge.
constexpr std::expected<Scanned, ValueFault> scan(std::string_view text) {
  if (text.empty()) {
    return std::unexpected(ValueFault::empty);
  }
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      return std::unexpected(ValueFault::blank);
    }
  }
  if (text.front() == '-' || text.front() == '+') {
    return std::unexpected(ValueFault::sign);
  }
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  std::size_t digits = 0;
  std::uint64_t number = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    const auto digit = static_cast<std::uint64_t>(text[digits] - '0');
    if (number > (most - digit) / 10) {
      return std::unexpected(ValueFault::too_large);
    }
    number = number * 10 + digit;
    ++digits;
  }
  if (digits == 0) {
    return std::unexpected(ValueFault::not_a_number);
  }
  if (digits > 1 && text.front() == '0') {
    return std::unexpected(ValueFault::leading_zero);
  }
  if (digits < text.size() && text[digits] == '.') {
    return std::unexpected(ValueFault::fraction);
  }
  return Scanned{number, text.substr(digits)};
}

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

inline constexpr Unit size_units[] = {
    {"TiB", 1ULL << 40U}, {"GiB", 1ULL << 30U}, {"MiB", 1ULL << 20U}, {"KiB", 1ULL << 10U}, {"B", 1}};
inline constexpr Unit duration_units[] = {
    {"h", 3'600'000'000'000ULL}, {"m", 60'000'000'000ULL}, {"s", 1'000'000'000ULL}, {"ms", 1'000'000ULL}};

template <std::size_t N>
constexpr std::expected<std::uint64_t, ValueFault> scale(const Scanned& scanned, const Unit (&units)[N],
                                                         std::uint64_t most) {
  for (const Unit& unit : units) {
    if (unit.name == scanned.unit) {
      if (scanned.number > most / unit.factor) {
        return std::unexpected(ValueFault::too_large);
      }
      return scanned.number * unit.factor;
    }
  }
  return std::unexpected(ValueFault::unknown_unit);
}

/// Written by hand: std::to_string may consult nothing, but this stays constexpr as well.
constexpr std::string decimal(std::uint64_t number) {
  std::string reversed;
  do {
    reversed.push_back(static_cast<char>('0' + number % 10));
    number /= 10;
  } while (number != 0);
  return {reversed.rbegin(), reversed.rend()};
}

}  // namespace detail

/// "4096". Nothing may follow the digits.
constexpr std::expected<std::uint64_t, ValueFault> parse_count(std::string_view text) {
  const auto scanned = detail::scan(text);
  if (!scanned) {
    return std::unexpected(scanned.error());
  }
  if (!scanned->unit.empty()) {
    return std::unexpected(ValueFault::not_a_number);
  }
  return scanned->number;
}

/// "64KiB", "1MiB", "512B"; a bare number is bytes.
constexpr std::expected<std::uint64_t, ValueFault> parse_size(std::string_view text) {
  auto scanned = detail::scan(text);
  if (!scanned) {
    return std::unexpected(scanned.error());
  }
  if (scanned->unit.empty()) {
    return scanned->number;
  }
  return detail::scale(*scanned, detail::size_units, std::numeric_limits<std::uint64_t>::max());
}

/// A size, with or without "/s" after its unit; a bare number is bytes per second.
constexpr std::expected<std::uint64_t, ValueFault> parse_rate(std::string_view text) {
  if (text.ends_with("B/s")) {
    text.remove_suffix(2);
  }
  return parse_size(text);
}

/// "250ms", "5s", "2m", "1h". A bare number is refused: nobody can tell seconds from milliseconds.
constexpr std::expected<std::chrono::nanoseconds, ValueFault> parse_duration(std::string_view text) {
  const auto scanned = detail::scan(text);
  if (!scanned) {
    return std::unexpected(scanned.error());
  }
  if (scanned->unit.empty()) {
    return std::unexpected(ValueFault::missing_unit);
  }
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::chrono::nanoseconds::rep>::max());
  const auto total = detail::scale(*scanned, detail::duration_units, most);
  if (!total) {
    return std::unexpected(total.error());
  }
  return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(*total));
}

namespace detail {

inline constexpr Unit request_rate_units[] = {
    {"/s", 1'000'000'000ULL}, {"/m", 60'000'000'000ULL}, {"/h", 3'600'000'000'000ULL}, {"/d", 86'400'000'000'000ULL}};

}  // namespace detail

/// "100/s", "30/m", "1000/h", "5/d". The count's bounds are the option's.
constexpr std::expected<RequestRate, ValueFault> parse_request_rate(std::string_view text) {
  const auto scanned = detail::scan(text);
  if (!scanned) {
    return std::unexpected(scanned.error());
  }
  if (scanned->unit.empty()) {
    return std::unexpected(ValueFault::missing_unit);
  }
  for (const detail::Unit& unit : detail::request_rate_units) {
    if (unit.name == scanned->unit) {
      return RequestRate{scanned->number,
                         std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(unit.factor))};
    }
  }
  return std::unexpected(ValueFault::unknown_unit);
}

constexpr std::string request_rate_text(const RequestRate& rate) {
  for (const detail::Unit& unit : detail::request_rate_units) {
    if (static_cast<std::uint64_t>(rate.interval.count()) == unit.factor) {
      return detail::decimal(rate.count).append(unit.name);
    }
  }
  return {};
}

/// One of the values of a choice, "1.2|1.3".
constexpr bool is_choice(std::string_view values, std::string_view text) {
  while (true) {
    const std::size_t end = values.find('|');
    if (values.substr(0, end) == text) {
      return true;
    }
    if (end == std::string_view::npos) {
      return false;
    }
    values.remove_prefix(end + 1);
  }
}

/// The shortest exact text that parses back to the same value: 65536 is "64KiB", 500 is "500B".
constexpr std::string size_text(std::uint64_t bytes) {
  for (const detail::Unit& unit : detail::size_units) {
    if (bytes >= unit.factor && bytes % unit.factor == 0) {
      return detail::decimal(bytes / unit.factor).append(unit.name);
    }
  }
  return "0B";
}

constexpr std::string rate_text(std::uint64_t bytes_per_second) { return size_text(bytes_per_second).append("/s"); }

/// Whole milliseconds at least; a finer duration, which no option can carry, is rounded down.
constexpr std::string duration_text(std::chrono::nanoseconds duration) {
  const auto total = static_cast<std::uint64_t>(duration.count() < 0 ? 0 : duration.count());
  for (const detail::Unit& unit : detail::duration_units) {
    if (total >= unit.factor && total % unit.factor == 0) {
      return detail::decimal(total / unit.factor).append(unit.name);
    }
  }
  return detail::decimal(total / 1'000'000U).append("ms");
}

/// Well-formed UTF-8 (RFC 3629): the shortest form, no surrogates, nothing above U+10FFFF.
constexpr bool is_utf8(std::string_view text) {
  const auto byte = [&text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&byte](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned head = byte(i);
    const unsigned next = byte(i + 1);
    if (head < 0x80) {
      i += 1;
    } else if (head >= 0xc2 && head <= 0xdf && tail(i + 1)) {
      i += 2;
    } else if (head >= 0xe0 && head <= 0xef && tail(i + 1) && tail(i + 2) && (head != 0xe0 || next >= 0xa0) &&
               (head != 0xed || next < 0xa0)) {
      i += 3;
    } else if (head >= 0xf0 && head <= 0xf4 && tail(i + 1) && tail(i + 2) && tail(i + 3) &&
               (head != 0xf0 || next >= 0x90) && (head != 0xf4 || next < 0x90)) {
      i += 4;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace pounce::inline v0::config
