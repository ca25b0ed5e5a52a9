// FileCache: what a name was found to be, for a moment: an open file, or that there is none.
//
// An entry is believed for `valid`; then the name is opened again. What is open keeps its descriptor until the cache lets go of it and
// the last loan ends. Least recently used entries go first.
// Limits: `most` entries, in shards with a lock of their own, each held for a look-up: no thread waits for another one's disk.
// Threads: any.
#pragma once

#include <pounce/core/time.hpp>
#include <pounce/files/files.hpp>

#include "posix/open_file.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace pounce::inline v0::posix {

class FileCache {
 public:
  static constexpr Duration valid = std::chrono::milliseconds{500};
  static constexpr std::size_t most_kept_file = 64 * kibibyte;  // larger ones are not kept in memory

  struct Entry {
    Loan<OpenFile> file;  // null: there is none
    FileState state;      // when it was opened, or last seen to be the same
    Instant checked{};
  };

  // `contents`: bytes of small files that may be kept in memory.
  FileCache(std::size_t most, std::size_t contents) noexcept
      : most_per_shard_((most + shard_count - 1) / shard_count), contents_per_shard_(contents / shard_count) {}

  [[nodiscard]] std::optional<Entry> find(std::string_view path);
  // Puts it in, in the place of what is there. An entry that turns out to be of the same file keeps the file, and what is kept of it.
  // `epoch`: as it was before the entry was made; nothing is put in when it has passed. Returns what is in the cache now.
  Entry put(std::string_view path, Entry entry, std::uint64_t epoch);
  // Lets go of everything. A new epoch begins: what was found out before does not come in any more.
  void forget() noexcept;
  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_.load(); }
  [[nodiscard]] bool keeps_contents() const noexcept { return contents_per_shard_ != 0; }

 private:
  static constexpr std::size_t shard_count = 16;

  struct Named {
    std::string path;
    Entry entry;
  };
  struct Shard {
    std::mutex lock;
    std::list<Named> used;                                                   // most recently first
    std::unordered_map<std::string_view, std::list<Named>::iterator> names;  // views of the list's
    std::size_t contents = 0;
  };

  [[nodiscard]] Shard& shard_of(std::string_view path) noexcept {
    return shards_[std::hash<std::string_view>{}(path) % shard_count];
  }
  void evict(Shard& shard, std::list<Named>& out, std::size_t most, std::size_t contents);

  std::size_t most_per_shard_;
  std::size_t contents_per_shard_;
  std::atomic<std::uint64_t> epoch_ = 0;
  std::array<Shard, shard_count> shards_;
};

}  // namespace pounce::inline v0::posix
