#include <pounce/http/date.hpp>

#include <pounce/http/syntax.hpp>

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

// Reads a date from the front to the back. After the first thing that is not there nothing is.
class Reader {
 public:
  explicit Reader(Bytes text) noexcept : rest_(text) {}

  [[nodiscard]] bool done() const noexcept { return good_ && rest_.empty(); }
  void literal(Bytes text) noexcept {
    if (!rest_.starts_with(text)) return fail();
    rest_.remove_prefix(text.size());
  }
  // Exactly so many digits.
  unsigned number(std::size_t digits) noexcept {
    const auto value = parse_digits(rest_.substr(0, digits));
    if (!value || rest_.size() < digits) {
      fail();
      return 0;
    }
    rest_.remove_prefix(digits);
    return static_cast<unsigned>(*value);
  }
  // asctime writes a day below ten with a blank in front.
  unsigned padded_day() noexcept {
    if (!rest_.starts_with(' ')) return number(2);
    rest_.remove_prefix(1);
    return number(1);
  }
  // One of the names of three letters in `names`, as its place among them.
  unsigned name(std::string_view names) noexcept {
    const std::size_t at = rest_.size() < 3 ? std::string_view::npos : names.find(rest_.substr(0, 3));
    if (at == std::string_view::npos || at % 3 != 0) {
      fail();
      return 0;
    }
    rest_.remove_prefix(3);
    return static_cast<unsigned>(at / 3);
  }
  void clock(unsigned& hour, unsigned& minute, unsigned& second) noexcept {
    hour = number(2);
    literal(":");
    minute = number(2);
    literal(":");
    second = number(2);
  }

 private:
  void fail() noexcept {
    good_ = false;
    rest_ = {};
  }

  Bytes rest_;
  bool good_ = true;
};

constexpr std::string_view long_days[]{"Sunday, ",   "Monday, ", "Tuesday, ", "Wednesday, ",
                                       "Thursday, ", "Friday, ", "Saturday, "};

}  // namespace

std::optional<WallTime> parse_date(Bytes text, WallTime now) noexcept {
  unsigned day = 0;
  unsigned month = 0;
  unsigned year = 0;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  Reader reader{text};
  const auto* const long_day = std::ranges::find_if(long_days, [text](Bytes name) { return text.starts_with(name); });
  if (long_day != std::end(long_days)) {  // Sunday, 06-Nov-94 08:49:37 GMT
    reader.literal(*long_day);
    day = reader.number(2);
    reader.literal("-");
    month = reader.name(months);
    reader.literal("-");
    const int this_year =
        static_cast<int>(std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(now)}.year());
    const int of_this_century = this_year - this_year % 100 + static_cast<int>(reader.number(2));
    const int meant = of_this_century > this_year + 50    ? of_this_century - 100
                      : of_this_century <= this_year - 50 ? of_this_century + 100
                                                          : of_this_century;
    if (meant < 0) return std::nullopt;
    year = static_cast<unsigned>(meant);
    reader.literal(" ");
    reader.clock(hour, minute, second);
    reader.literal(" GMT");
  } else if (text.size() == date_size) {  // Sun, 06 Nov 1994 08:49:37 GMT
    (void)reader.name(days);
    reader.literal(", ");
    day = reader.number(2);
    reader.literal(" ");
    month = reader.name(months);
    reader.literal(" ");
    year = reader.number(4);
    reader.literal(" ");
    reader.clock(hour, minute, second);
    reader.literal(" GMT");
  } else {  // Sun Nov  6 08:49:37 1994
    (void)reader.name(days);
    reader.literal(" ");
    month = reader.name(months);
    reader.literal(" ");
    day = reader.padded_day();
    reader.literal(" ");
    reader.clock(hour, minute, second);
    reader.literal(" ");
    year = reader.number(4);
  }
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)}, std::chrono::month{month + 1},
                                         std::chrono::day{day}};
  // 60 is a leap second.
  if (!reader.done() || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second};
}

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
