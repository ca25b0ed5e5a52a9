#include "posix/file_cache.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace pounce::inline v0::posix {

namespace {

std::size_t kept_of(const FileCache::Entry& entry) noexcept { return entry.file ? entry.file->contents().size() : 0; }

}  // namespace

std::optional<FileCache::Entry> FileCache::find(std::string_view path) {
  Shard& shard = shard_of(path);
  const std::lock_guard guard{shard.lock};
  const auto found = shard.names.find(path);
  if (found == shard.names.end()) return std::nullopt;
  if (found->second != shard.used.begin()) shard.used.splice(shard.used.begin(), shard.used, found->second);
  return found->second->entry;
}

FileCache::Entry FileCache::put(std::string_view path, Entry entry, std::uint64_t epoch) {
  Shard& shard = shard_of(path);
  std::list<Named> out;  // its files are closed when the lock is not held any more
  const std::lock_guard guard{shard.lock};
  if (epoch != epoch_) return entry;  // with the lock: whoever forgets comes to this shard after us
  if (const auto found = shard.names.find(path); found != shard.names.end()) {
    Entry& there = found->second->entry;
    const bool kept = there.file && (kept_of(there) != 0 || kept_of(entry) == 0);
    if (kept && entry.file && there.state == entry.state) {
      there.state = entry.state;
      there.checked = entry.checked;
      return there;
    }
    shard.contents -= kept_of(there);
    out.splice(out.end(), shard.used, found->second);
    shard.names.erase(found);
  }
  const std::size_t kept = kept_of(entry);
  evict(shard, out, most_per_shard_ - 1, contents_per_shard_ - std::min(kept, contents_per_shard_));
  shard.used.push_front(Named{std::string{path}, entry});
  try {
    shard.names.emplace(shard.used.front().path, shard.used.begin());
  } catch (...) {
    shard.used.pop_front();
    throw;
  }
  shard.contents += kept;
  return entry;
}

void FileCache::forget() noexcept {
  ++epoch_;
  for (Shard& shard : shards_) {
    std::list<Named> out;  // closed without the lock
    const std::lock_guard guard{shard.lock};
    shard.names.clear();
    out.swap(shard.used);
    shard.contents = 0;
  }
}

void FileCache::evict(Shard& shard, std::list<Named>& out, std::size_t most, std::size_t contents) {
  while (!shard.used.empty() && (shard.used.size() > most || shard.contents > contents)) {
    const auto last = std::prev(shard.used.end());
    shard.contents -= kept_of(last->entry);
    shard.names.erase(last->path);
    out.splice(out.end(), shard.used, last);
  }
}

}  // namespace pounce::inline v0::posix
