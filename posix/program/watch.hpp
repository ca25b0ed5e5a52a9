// Watch: whether what a generation was made of has changed, for --reload: the file of TARGET, the configuration file, and a directory.
//
// It looks, every `look_every`; no event of the kernel is missed by that, and every file system can be looked at. A change counts when
// nothing has changed any more between two looks: a linker writes for a while.
// Limits: `most_files` below the directory, the first ones found; names that begin with a dot are left out.
// Threads: one.
#pragma once

#include <pounce/config/config.hpp>
#include <pounce/core/time.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pounce::inline v0::program {

class Watch {
 public:
  static constexpr Duration look_every = std::chrono::milliseconds{250};
  static constexpr std::size_t most_files = 10'000;

  // Where the configuration does not ask for it, nothing is watched.
  explicit Watch(const config::Config& config);

  [[nodiscard]] Instant next() const noexcept { return look_at_; }
  // What it watches has changed since the last change that it told of, at rest or not.
  [[nodiscard]] bool has_seen_more() const { return look_at_ != never && look() != known_; }
  // Once `next` has come. True: something has changed, and has come to rest.
  [[nodiscard]] bool tend(Instant now);

 private:
  [[nodiscard]] std::uint64_t look() const;

  std::vector<std::string> files_;
  std::string directory_;  // empty: none
  std::uint64_t known_ = 0;
  std::uint64_t last_ = 0;
  Instant look_at_ = never;
};

}  // namespace pounce::inline v0::program
