#include <pounce/posix/clock.hpp>

#include <pounce/http/date.hpp>

#include <ctime>

namespace pounce::inline v0::posix {

Instant monotonic_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return Instant{std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec}};
}

std::chrono::sys_time<std::chrono::nanoseconds> wall_now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::chrono::sys_time<std::chrono::nanoseconds>{std::chrono::seconds{now.tv_sec} +
                                                         std::chrono::nanoseconds{now.tv_nsec}};
}

TickSource::TickSource(std::optional<std::string_view> server, bool date) : date_(date) {
  if (server) {
    lines_.append("Server: ");
    lines_.append(*server);
    lines_.append("\r\n");
  }
  tick_.server_line_size = lines_.size();
  tick_.clock = monotonic_now;
  update();
}

const Tick& TickSource::update() {
  tick_.now = monotonic_now();
  if (tick_.now >= next_format_) format();
  return tick_;
}

void TickSource::format() {
  timespec wall{};
  ::clock_gettime(CLOCK_REALTIME, &wall);
  tick_.wall = WallTime{std::chrono::seconds{wall.tv_sec}};
  // The next second begins when its fraction is over.
  next_format_ = tick_.now + std::chrono::seconds{1} - std::chrono::nanoseconds{wall.tv_nsec};
  if (date_) {
    const auto date = http::format_date(tick_.wall);
    lines_.resize(tick_.server_line_size);
    lines_.append("Date: ");
    lines_.append({date.data(), date.size()});
    lines_.append("\r\n");
  }
  tick_.lines = lines_.bytes();
}

}  // namespace pounce::inline v0::posix
