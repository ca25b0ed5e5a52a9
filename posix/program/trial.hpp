// Trial: a configuration is tried in a process of its own before this one takes it: `--check`, with the same arguments and environment.
//
// A module may throw from a static constructor, crash or end the process while it is loaded, and C++ leaves no way to survive that; so
// whoever serves does not try it first. It has passed when it has said `configuration_ok`, and ended well.
// Limits: `most_trial_text` of what it says is kept; it is killed after `most_trial_time`, and when `most_ending` has gone by since it closed its
// standard error.
#pragma once

#include "posix/program/generation.hpp"

#include <pounce/core/time.hpp>
#include <pounce/posix/descriptor.hpp>

#include <sys/types.h>

#include <cstddef>
#include <expected>
#include <string>

namespace pounce::inline v0::program {

inline constexpr std::size_t most_trial_text = std::size_t{64} * 1024;
inline constexpr Duration most_trial_time = std::chrono::seconds{30};
inline constexpr Duration most_ending = std::chrono::seconds{2};

// One that is under way. Not thread-safe.
class Trial {
 public:
  // Where no process can be made, `result` says so.
  explicit Trial(const Invocation& invocation);
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;
  // Kills what still runs.
  ~Trial();

  // Readable when there is something to `read`.
  [[nodiscard]] int descriptor() const noexcept { return said_.get(); }
  // When it has taken too long.
  [[nodiscard]] Instant until() const noexcept { return until_; }
  // Once `descriptor` is readable, or `until` has come. True: it is over.
  [[nodiscard]] bool read(Instant now);
  // Once, when it is over. What it said, where it failed.
  [[nodiscard]] std::expected<void, Refused> result();

 private:
  [[nodiscard]] bool says_well() const;
  [[nodiscard]] bool ends_soon(int& status) const;

  const Invocation& invocation_;
  posix::Descriptor said_;
  posix::Descriptor printed_;
  pid_t process_ = -1;  // below 0: minus the error that kept it from starting; or it has been looked at
  Instant until_;
  std::string text_;
  bool in_time_ = true;
};

// A whole one; it waits, until `abandoned` is readable at the latest: then it has not passed, and nobody asks why.
[[nodiscard]] std::expected<void, Refused> pass_trial(const Invocation& invocation, int abandoned);

}  // namespace pounce::inline v0::program
