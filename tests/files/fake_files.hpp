// A disk made of strings, with what a real one does: errors, slow reads, files that change while they are open.
#pragma once

#include <pounce/app/token.hpp>
#include <pounce/files/files.hpp>
#include <pounce/files/listed_names.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// One file; what it claims and what it has may differ, as they do when somebody writes to it meanwhile.
struct Entry {
  std::string content;
  std::optional<std::uint64_t> claimed = {};
  std::int64_t modified = 784'111'777'000'000'000;  // Sun, 06 Nov 1994 08:49:37 GMT
  std::optional<pounce::FileError> open_error = {};
  std::uint64_t fails_from = ~0ULL;  // reads from this offset on fail
  std::size_t most_per_read = ~0ULL;
  std::uint64_t inode = 17;
  bool cold_name = false;     // opening waits for the disk, until somebody has warmed it
  bool cold_content = false;  // so does reading
  bool kept = false;          // its content is in memory
};

struct Counts {
  int open = 0;
  int reads = 0;
  int warmed = 0;
  int waits = 0;  // for the disk, by the one who asked
  std::uint64_t read_to = 0;
};

class FakeFile final : public pounce::File {
 public:
  FakeFile(Entry& entry, Counts& counts) : entry_(&entry), counts_(&counts) { ++counts_->open; }
  ~FakeFile() override { --counts_->open; }

  std::optional<std::size_t> read(std::uint64_t offset, pounce::MutableBytes room) override {
    if (entry_->cold_content) ++counts_->waits;
    std::size_t filled = 0;
    while (filled < room.size()) {
      const auto got = read_content(offset + filled, room.subspan(filled));
      if (!got) return std::nullopt;
      if (*got == 0) break;
      filled += *got;
    }
    return filled;
  }
  std::expected<std::size_t, pounce::FileError> read_ready(std::uint64_t offset, pounce::MutableBytes room) override {
    if (entry_->cold_content) return std::unexpected(pounce::FileError::later);
    const auto got = read_content(offset, room);
    if (!got) return std::unexpected(pounce::FileError::failed);
    return *got;
  }
  bool ready(std::uint64_t, std::size_t) const noexcept override { return !entry_->cold_content; }
  bool warm(std::uint64_t, std::size_t, pounce::Token token) override {
    if (refuses_to_warm) return false;
    ++counts_->warmed;
    entry_->cold_content = false;
    return token.post({}) == pounce::Status::ok;
  }
  pounce::Bytes contents() const noexcept override {
    return entry_->kept ? pounce::Bytes{entry_->content} : pounce::Bytes{};
  }

  static inline bool refuses_to_warm = false;

 private:
  void destroy() noexcept override { delete this; }
  std::optional<std::size_t> read_content(std::uint64_t offset, pounce::MutableBytes room) {
    ++counts_->reads;
    if (offset >= entry_->fails_from) return std::nullopt;
    const std::string_view rest =
        std::string_view{entry_->content}.substr(std::min<std::uint64_t>(offset, entry_->content.size()));
    const std::size_t n = std::min({rest.size(), room.size(), entry_->most_per_read});
    if (n != 0) std::memcpy(room.data(), rest.data(), n);
    counts_->read_to = std::max(counts_->read_to, offset + n);
    return n;
  }

  Entry* entry_;
  Counts* counts_;
};

class FakeFiles final : public pounce::Files {
 public:
  std::expected<pounce::OpenedFile, pounce::FileError> open(std::string_view path, pounce::Haste haste) const override {
    const auto found = entries.find(std::string{path});
    if (found == entries.end()) return std::unexpected(pounce::FileError::not_found);
    Entry& entry = found->second;
    if (entry.cold_name) {
      if (haste == pounce::Haste::now) return std::unexpected(pounce::FileError::later);
      ++counts.waits;
    }
    if (entry.open_error) return std::unexpected(*entry.open_error);
    return pounce::OpenedFile{pounce::Loan<pounce::File>{new FakeFile{entry, counts}},
                              pounce::FileState{.size = entry.claimed.value_or(entry.content.size()),
                                                .inode = entry.inode,
                                                .modified = entry.modified,
                                                .seen = now}};
  }
  bool warm(std::string_view path, pounce::Token token) const override {
    if (FakeFile::refuses_to_warm) return false;
    ++counts.warmed;
    entries[std::string{path}].cold_name = false;
    return token.post({}) == pounce::Status::ok;
  }
  std::expected<pounce::ListedNames, pounce::FileError> list(std::string_view path, std::size_t most) const override {
    const auto found = directories.find(std::string{path});
    if (found == directories.end()) return std::unexpected(pounce::FileError::not_found);
    pounce::ListedNames listed;
    for (const pounce::ListedName& name : found->second) {
      if (listed.names.size() == most) {
        listed.complete = false;
        break;
      }
      listed.names.push_back(name);
    }
    return listed;
  }

  mutable std::map<std::string, Entry> entries;
  std::map<std::string, std::vector<pounce::ListedName>> directories;
  mutable Counts counts;
  pounce::WallTime now{std::chrono::seconds{1'700'000'000}};  // Tue, 14 Nov 2023 22:13:20 GMT
};
