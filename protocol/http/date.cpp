#include <pounce/http/date.hpp>

#include <algorithm>
#include <chrono>
#include <string_view>

namespace pounce::inline v0::http {

namespace {

constexpr std::string_view days = "SunMonTueWedThuFriSat";
constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";

char digit(unsigned number) noexcept { return static_cast<char>('0' + number % 10); }

void put_two(char* at, unsigned number) noexcept {
  at[0] = digit(number / 10);
  at[1] = digit(number);
}

}  // namespace

std::array<char, date_size> format_date(WallTime time) noexcept {
  constexpr std::string_view shape = "Sun, 00 Jan 0000 00:00:00 GMT";
  static_assert(shape.size() == date_size);
  std::array<char, date_size> text{};
  std::ranges::copy(shape, text.begin());

  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const auto second = static_cast<unsigned>((time - day).count());
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  std::ranges::copy(days.substr(std::chrono::weekday{day}.c_encoding() * 3, 3), text.begin());
  put_two(&text[5], static_cast<unsigned>(date.day()));
  std::ranges::copy(months.substr((static_cast<unsigned>(date.month()) - 1) * 3, 3), text.begin() + 8);
  put_two(&text[12], year / 100);
  put_two(&text[14], year);
  put_two(&text[17], second / 3600);
  put_two(&text[20], second / 60 % 60);
  put_two(&text[23], second % 60);
  return text;
}

}  // namespace pounce::inline v0::http
