#include <pounce/events/text.hpp>

#include "line.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace pounce::inline v0::events {

namespace {

template <std::size_t n>
void put(char* at, unsigned value) noexcept {
  for (std::size_t i = n; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

void Line::flush() {
  out_.append(buffer_.data(), at_);
  at_ = buffer_.data();
  reserve();
}

void Line::spell(std::string_view text, std::string_view prefix) {
  constexpr std::string_view hex = "0123456789abcdef";
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (!needs_escape(octet)) {
      put(c);
    } else if (c == '"' || c == '\\') {
      put('\\');
      put(c);
    } else {
      put(prefix);
      put(hex[octet / 16]);
      put(hex[octet % 16]);
    }
  }
}

void Line::seconds(Duration duration) {
  const auto total = static_cast<std::uint64_t>(std::max(duration, Duration::zero()).count());
  std::array<char, 10> rest{'.'};
  events::put<9>(rest.data() + 1, static_cast<unsigned>(total % 1'000'000'000));
  number(total / 1'000'000'000);
  put(std::string_view{rest.data(), rest.size()});
}

void append_escaped(std::string& out, std::string_view text) { Line{out}.escaped(text); }

void append_json_text(std::string& out, std::string_view text) { Line{out}.json(text); }

void append_number(std::string& out, std::uint64_t number) { Line{out}.number(number); }

void append_seconds(std::string& out, Duration duration) { Line{out}.seconds(duration); }

std::string_view TimeText::common(WallInstant time) {
  format(time);
  return {common_.data(), common_.size()};
}

std::string_view TimeText::precise(WallInstant time) {
  format(time);
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time - second_).count();
  put<3>(precise_.data() + 20, static_cast<unsigned>(milliseconds));
  return {precise_.data(), precise_.size()};
}

void TimeText::format(WallInstant time) {
  const WallTime second = std::chrono::floor<std::chrono::seconds>(time);
  if (second == second_) return;
  second_ = second;
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto day = std::chrono::floor<std::chrono::days>(second);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{second - day};
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  const auto month = static_cast<unsigned>(date.month());
  const auto hour = static_cast<unsigned>(clock.hours().count());
  const auto minute = static_cast<unsigned>(clock.minutes().count());
  const auto seconds = static_cast<unsigned>(clock.seconds().count());

  constexpr std::string_view common_shape = "00/Mmm/0000:00:00:00 +0000";
  std::copy(common_shape.begin(), common_shape.end(), common_.begin());
  put<2>(common_.data(), static_cast<unsigned>(date.day()));
  std::copy_n(months.begin() + 3 * (month - 1), 3, common_.begin() + 3);
  put<4>(common_.data() + 7, year);
  put<2>(common_.data() + 12, hour);
  put<2>(common_.data() + 15, minute);
  put<2>(common_.data() + 18, seconds);

  constexpr std::string_view precise_shape = "0000-00-00T00:00:00.000Z";
  std::copy(precise_shape.begin(), precise_shape.end(), precise_.begin());
  put<4>(precise_.data(), year);
  put<2>(precise_.data() + 5, month);
  put<2>(precise_.data() + 8, static_cast<unsigned>(date.day()));
  put<2>(precise_.data() + 11, hour);
  put<2>(precise_.data() + 14, minute);
  put<2>(precise_.data() + 17, seconds);
}

}  // namespace pounce::inline v0::events
