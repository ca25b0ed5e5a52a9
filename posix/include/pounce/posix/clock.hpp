// The clocks: the one place where Pounce reads them.
//
// A TickSource belongs to one worker. `update` reads the monotonic clock; once a second it also reads the wall clock and formats
// the field lines that every response carries.
#pragma once

#include <pounce/core/owned_bytes.hpp>
#include <pounce/core/time.hpp>

#include <optional>
#include <string_view>

namespace pounce::inline v0::posix {

[[nodiscard]] Instant monotonic_now() noexcept;
[[nodiscard]] std::chrono::sys_time<std::chrono::nanoseconds> wall_now() noexcept;

class TickSource {
 public:
  // `server`: value of the Server field; `date`: whether there is a Date field.
  TickSource(std::optional<std::string_view> server, bool date);

  const Tick& update();
  [[nodiscard]] const Tick& tick() const noexcept { return tick_; }

 private:
  void format();

  Tick tick_;
  Instant next_format_{};
  OwnedBytes lines_;
  bool date_;
};

}  // namespace pounce::inline v0::posix
