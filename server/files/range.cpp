#include <pounce/files/range.hpp>

#include <pounce/http/syntax.hpp>

#include <algorithm>
#include <limits>
#include <optional>

namespace pounce::inline v0::files {

namespace {

// 1*DIGIT; more than 64 bits can hold is as much as they can hold, for it is behind every end.
std::optional<std::uint64_t> parse_position(Bytes digits) noexcept {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  if (digits.empty()) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : digits) {
    if (!http::is_digit(c)) return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    number = number > (most - digit) / 10 ? most : number * 10 + digit;
  }
  return number;
}

enum class Verdict : std::uint8_t { invalid, unsatisfiable, satisfiable };

Verdict judge(Bytes spec, std::uint64_t size, ByteRange& range) noexcept {
  const std::size_t dash = spec.find('-');
  if (dash == Bytes::npos) return Verdict::invalid;
  const Bytes before = spec.substr(0, dash);
  const Bytes behind = spec.substr(dash + 1);
  if (before.empty()) {
    const auto length = parse_position(behind);
    if (!length) return Verdict::invalid;
    if (*length == 0) return Verdict::unsatisfiable;
    range = {size - std::min(*length, size), size - 1};
    return Verdict::satisfiable;
  }
  const auto first = parse_position(before);
  const auto last = behind.empty() ? std::numeric_limits<std::uint64_t>::max() : parse_position(behind);
  if (!first || !last || *last < *first) return Verdict::invalid;
  if (*first >= size) return Verdict::unsatisfiable;
  range = {*first, std::min(*last, size - 1)};
  return Verdict::satisfiable;
}

// No byte lies between them, or they share some.
bool touch(const ByteRange& a, const ByteRange& b) noexcept {
  return a.first <= b.last + 1 && b.first <= a.last + 1;  // the last byte of a file is below the largest number
}

}  // namespace

// It takes in whatever it touches, and stands where the first of those stood.
void Ranges::add(ByteRange range) noexcept {
  std::size_t place = count_;
  for (std::size_t i = 0; i < count_;) {
    if (!touch(pieces_[i], range)) {
      ++i;
      continue;
    }
    range = {std::min(pieces_[i].first, range.first), std::max(pieces_[i].last, range.last)};
    std::copy(pieces_.begin() + i + 1, pieces_.begin() + count_, pieces_.begin() + i);
    --count_;
    place = std::min(place, i);
    i = 0;  // what it has grown to may touch one that it did not touch before
  }
  std::copy_backward(pieces_.begin() + place, pieces_.begin() + count_, pieces_.begin() + count_ + 1);
  pieces_[place] = range;
  ++count_;
}

Ranges decide_ranges(Bytes value, std::uint64_t size) noexcept {
  Ranges ranges;
  constexpr Bytes unit = "bytes=";
  if (size == 0 || !equal_without_case(value.substr(0, unit.size()), unit)) return ranges;
  std::size_t asked = 0;
  http::ListElements specs{value.substr(unit.size())};
  while (const auto spec = specs.next()) {
    if (spec->empty()) continue;
    ByteRange range;
    const Verdict verdict = judge(*spec, size, range);
    if (verdict == Verdict::invalid || ++asked > most_ranges) return Ranges{};
    if (verdict == Verdict::satisfiable) ranges.add(range);
  }
  if (asked == 0) return ranges;
  ranges.kind_ = ranges.count_ == 0 ? Ranges::Kind::unsatisfiable : Ranges::Kind::partial;
  return ranges;
}

}  // namespace pounce::inline v0::files
