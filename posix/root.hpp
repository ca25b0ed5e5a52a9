// Root: the directory that a path names, which may be another one later: recreated, renamed, or the end of a link that was changed.
//
// Everything is opened from one descriptor number, which stays open for the object's life: when the path names another directory (by device
// and inode), that takes the number over in one step (dup3). So an open in flight is beneath the old directory or the new one, and
// never beneath what somebody else opened meanwhile; and a directory that is removed cannot be mistaken for the next, for it is held.
// While the path leads to no directory, `fault` says why, as errno does.
// A relative path is looked up from the working directory at each look.
// Threads: any. One looks at a time; nobody waits for it.
#pragma once

#include <pounce/core/owned.hpp>
#include <pounce/core/time.hpp>
#include <pounce/posix/descriptor.hpp>

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <expected>
#include <string>

namespace pounce::inline v0::posix {

class Root {
 public:
  enum class Look : std::uint8_t {
    same,     // nothing has changed, or another thread is looking
    another,  // what was known of names is not true any more
    later     // in haste, and a disk has to be asked
  };

  // The error is errno's.
  [[nodiscard]] static std::expected<Owned<Root>, int> open(const std::string& path);

  [[nodiscard]] int descriptor() const noexcept { return directory_.get(); }
  // 0: there is a directory.
  [[nodiscard]] int fault() const noexcept { return fault_.load(std::memory_order_acquire); }
  // Whether the last look was FileCache::valid ago.
  [[nodiscard]] bool due(Instant now) const noexcept { return now >= due_.load(std::memory_order_relaxed); }
  [[nodiscard]] Look look(Instant now, bool in_haste) noexcept;

 private:
  Root(std::string path, Descriptor directory, dev_t device, ino_t inode) noexcept;

  [[nodiscard]] Look look_now(Instant now, bool in_haste) noexcept;

  std::string path_;
  Descriptor directory_;
  std::atomic<bool> looking_ = false;  // whoever has set it writes what follows
  dev_t device_;
  ino_t inode_;
  std::atomic<int> fault_ = 0;
  std::atomic<Instant> due_;
};

}  // namespace pounce::inline v0::posix
