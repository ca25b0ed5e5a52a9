// What is remembered of a directory, for how long, and who waits for its disk.
#include <doctest/doctest.h>

#include <pounce/app/token.hpp>
#include <pounce/files/files.hpp>
#include <pounce/files/listed_names.hpp>
#include <pounce/posix/files.hpp>
#include <pounce/posix/letterbox.hpp>

#include "posix/fetchers.hpp"
#include "tests/posix/scratch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

using pounce::FileError;
using pounce::Haste;
using pounce::posix::Fetchers;
using pounce::posix::RootedFiles;
namespace fs = std::filesystem;

namespace {

pounce::Owned<RootedFiles> open_root(const Scratch& scratch, RootedFiles::Options options) {
  auto files = RootedFiles::open_root((scratch / "root").string(), options);
  REQUIRE(files.has_value());
  return std::move(*files);
}

std::string content(const pounce::Files& files, std::string_view path) {
  const auto opened = files.open(path, Haste::may_wait);
  if (!opened) return std::string{pounce::name(opened.error())};
  if (!opened->file->contents().empty()) return "kept: " + std::string{opened->file->contents()};
  std::string text(opened->state.size, '\0');
  const auto got = opened->file->read(0, text);
  return got == text.size() ? text : "short";
}

// Renamed over the old one, as rsync and editors do.
void replace(const Scratch& scratch, std::string_view text) {
  scratch.write("root/fresh", text);
  fs::rename(scratch / "root/fresh", scratch / "root/a.txt");
}

void age(const fs::path& path) {
  const std::array<timespec, 2> then{timespec{784111777, 0}, timespec{784111777, 0}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), then.data(), 0) == 0);
}

// Counts what is posted.
class Counter final : public pounce::Mailbox {
 public:
  pounce::Status post(std::string) override {
    ++posted;
    posted.notify_all();
    return pounce::Status::ok;
  }
  void wait_for(int n) {
    for (int now = posted; now < n; now = posted) posted.wait(now);
  }
  std::atomic<int> posted = 0;

 private:
  void destroy() noexcept override { delete this; }
};

}  // namespace

TEST_CASE("a cached file that is replaced, written to or removed is noticed at once") {
  const Scratch scratch;
  scratch.write("root/a.txt", "one");
  const auto files = open_root(scratch, {.open_files = 16});
  CHECK(content(*files, "a.txt") == "one");
  replace(scratch, "two, and longer");
  CHECK(content(*files, "a.txt") == "two, and longer");
  scratch.write("root/a.txt", "3");
  CHECK(content(*files, "a.txt") == "3");
  const auto before = files->open("a.txt", Haste::may_wait);
  fs::remove(scratch / "root/a.txt");
  CHECK(content(*files, "a.txt") == "not_found");
  std::string text(1, '\0');
  CHECK(before->file->read(0, text) == 1);  // who had it open goes on
}

TEST_CASE("one descriptor serves many") {
  const Scratch scratch;
  scratch.write("root/a.txt", "one");
  const auto files = open_root(scratch, {.open_files = 16});
  const auto first = files->open("a.txt", Haste::may_wait);
  const auto second = files->open("a.txt", Haste::may_wait);
  CHECK(first->file.get() == second->file.get());
  CHECK(first->state == second->state);
}

TEST_CASE("the cache is bounded") {
  const Scratch scratch;
  const auto descriptors = [] {
    return std::distance(fs::directory_iterator{"/proc/self/fd"}, fs::directory_iterator{});
  };
  for (int i = 0; i < 200; ++i) scratch.write("root/" + std::to_string(i), std::to_string(i));
  const auto files = open_root(scratch, {.open_files = 32});
  const auto before = descriptors();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 200; ++i) CHECK(content(*files, std::to_string(i)) == std::to_string(i));
  }
  CHECK(descriptors() <= before + 32);
}

TEST_CASE("small files that have not been written to for a while are kept in memory, as far as there is room") {
  const Scratch scratch;
  scratch.write("root/a.txt", "one");
  scratch.write("root/large.bin", std::string(100'000, 'x'));
  const auto files = open_root(scratch, {.open_files = 32, .contents = 1024 * 1024});
  CHECK(content(*files, "a.txt") == "one");  // a moment old: it may be written to again unseen
  const auto old = open_root(scratch, {.open_files = 32, .contents = 1024 * 1024});
  age(scratch / "root/a.txt");
  age(scratch / "root/large.bin");
  CHECK(content(*old, "a.txt") == "kept: one");
  CHECK(content(*old, "large.bin").size() == 100'000);
  // A shard of the cache holds a sixteenth: one file of 60 KiB, not two.
  std::size_t kept = 0;
  for (int i = 0; i < 64; ++i) {
    const std::string name = "root/" + std::to_string(i);
    scratch.write(name, std::string(60 * 1024, 'y'));
    age(scratch / name);
  }
  std::vector<pounce::Loan<pounce::File>> seen;
  for (int i = 0; i < 64; ++i) seen.push_back(old->open(std::to_string(i), Haste::may_wait)->file);
  for (int i = 64; i-- > 0;) {
    const auto again = old->open(std::to_string(i), Haste::may_wait);
    if (again->file.get() == seen[static_cast<std::size_t>(i)].get()) kept += again->file->contents().size();
  }
  CHECK(kept > 0);
  CHECK(kept <= 1024 * 1024);
}

TEST_CASE("what is kept in memory is looked at again, also when its time was set back") {
  const Scratch scratch;
  scratch.write("root/a.txt", "one");
  age(scratch / "root/a.txt");
  const auto files = open_root(scratch, {.open_files = 32, .contents = 1024 * 1024});
  CHECK(content(*files, "a.txt") == "kept: one");
  const auto become = [&](std::string_view text) {
    for (int i = 0; i < 10'000; ++i) {
      if (content(*files, "a.txt") == text) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return false;
  };
  scratch.write("root/a.txt", "two");  // in place: the same size and inode
  age(scratch / "root/a.txt");
  CHECK(become("kept: two"));
  scratch.write("root/fresh", "new");
  age(scratch / "root/fresh");
  fs::rename(scratch / "root/fresh", scratch / "root/a.txt");
  CHECK(become("kept: new"));
  fs::remove(scratch / "root/a.txt");
  CHECK(become("not_found"));
}

TEST_CASE("replaced a thousand times: what is read is wholly old or wholly new") {
  const Scratch scratch;
  const auto text_of = [](int i) { return std::string(20'000 + i % 7, static_cast<char>('a' + i % 26)); };
  scratch.write("root/a.txt", text_of(0));
  age(scratch / "root/a.txt");
  const auto files = open_root(scratch, {.open_files = 16, .contents = 1024 * 1024});
  std::atomic<bool> ended = false;
  std::atomic<int> torn = 0;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!ended) {
        std::string got = content(*files, "a.txt");
        if (got.starts_with("kept: ")) got.erase(0, 6);
        const bool whole = got.size() >= 20'000 && std::ranges::all_of(got, [&](char c) { return c == got.front(); });
        if (!whole) ++torn;
      }
    });
  }
  for (int i = 0; i < 1000; ++i) {
    scratch.write("root/fresh", text_of(i));
    if (i % 2 == 0) age(scratch / "root/fresh");
    fs::rename(scratch / "root/fresh", scratch / "root/a.txt");
  }
  ended = true;
  readers.clear();
  CHECK(torn == 0);
}

TEST_CASE("links are followed where that is allowed, and only inside") {
  const Scratch scratch;
  scratch.write("secret.txt", "secret");
  scratch.write("root/sub/a.txt", "a");
  fs::create_symlink("sub/a.txt", scratch / "root/inside.txt");
  fs::create_directory_symlink("sub", scratch / "root/other");
  fs::create_symlink("../secret.txt", scratch / "root/up.txt");
  fs::create_symlink(scratch / "secret.txt", scratch / "root/absolute.txt");
  fs::create_symlink(scratch / "root/sub/a.txt", scratch / "root/absolute-inside.txt");
  fs::create_directory_symlink("/proc", scratch / "root/proc");
  fs::create_symlink("loop", scratch / "root/loop");
  const auto files = open_root(scratch, {.symlinks = true});
  if (files->resolve() == RootedFiles::Resolve::by_component) {
    CHECK(content(*files, "inside.txt") == "forbidden");
    return;
  }
  CHECK(content(*files, "inside.txt") == "a");
  CHECK(content(*files, "other/a.txt") == "a");
  for (const std::string_view path : {"up.txt", "absolute.txt", "absolute-inside.txt", "proc/version", "loop"}) {
    CAPTURE(path);
    CHECK(content(*files, path) == "forbidden");
  }
  auto listed = files->list("", 100);
  REQUIRE(listed.has_value());
  std::vector<std::string> names;
  for (const auto& name : listed->names) names.push_back(name.name);
  std::ranges::sort(names);
  CHECK(names == std::vector<std::string>{"inside.txt", "other", "sub"});
}

TEST_CASE("a listing holds files and directories that may be served, and no more than asked for") {
  const Scratch scratch;
  scratch.write("root/sub/a.txt", "a");
  scratch.write("root/.hidden", "h");
  scratch.write("root/b.txt", "bb");
  fs::create_symlink("b.txt", scratch / "root/link");
  REQUIRE(::mkfifo((scratch / "root/pipe").c_str(), 0600) == 0);
  const auto files = open_root(scratch, {});
  auto listed = files->list("", 100);
  REQUIRE(listed.has_value());
  std::ranges::sort(listed->names, {}, [](const pounce::ListedName& one) { return one.name.bytes(); });
  REQUIRE(listed->names.size() == 2);
  CHECK(listed->names[0].name == "b.txt");
  CHECK(listed->names[0].size == 2);
  CHECK(listed->names[1].directory);
  CHECK(listed->complete);
  CHECK_FALSE(files->list("", 1)->complete);
  CHECK(files->list("sub", 100)->names.size() == 1);
  CHECK(files->list("nowhere", 100).error() == FileError::not_found);
  CHECK(files->list("b.txt", 100).error() == FileError::not_found);
  CHECK(files->list("../root", 100).error() == FileError::not_found);
}

TEST_CASE("what the disk has to be asked for is fetched by another thread") {
  const Scratch scratch;
  scratch.write("root/a.bin", std::string(300'000, 'x'));
  Fetchers fetchers{2};
  const auto files = open_root(scratch, {.open_files = 16, .fetchers = &fetchers});
  const auto counter = pounce::Loan<Counter>{new Counter};
  const pounce::Token token{counter};
  CHECK(files->warm("a.bin", token));
  CHECK(files->warm("nowhere", token));
  counter->wait_for(2);
  const auto opened = files->open("a.bin", Haste::now);
  REQUIRE(opened.has_value());
  CHECK(opened->file->warm(0, 300'000, token));
  CHECK(opened->file->warm(299'999, 5, token));  // also behind the end
  counter->wait_for(4);
  CHECK(opened->file->ready(0, 300'000));
  std::string text(300'000, '\0');
  CHECK(opened->file->read_ready(0, text) == 300'000);
  // Out of memory, where the kernel lets go of it.
  ::fsync(opened->file->descriptor());
  ::posix_fadvise(opened->file->descriptor(), 0, 0, POSIX_FADV_DONTNEED);
  if (!opened->file->ready(0, 300'000)) {
    // Asked for what it has not, the kernel may begin to fetch it: by now nothing, a part, or all of it may be there.
    std::string some(300'000, '\0');
    const auto cold = opened->file->read_ready(0, some);
    if (cold) {
      CHECK(some.substr(0, *cold) == std::string(*cold, 'x'));
    } else {
      CHECK(cold.error() == FileError::later);
    }
    CHECK(opened->file->warm(0, 300'000, token));
    counter->wait_for(5);
    CHECK(opened->file->ready(0, 300'000));
  } else {
    MESSAGE("this file system keeps what it is told to drop: a cold file is not tested");
  }
}

TEST_CASE("fetchers that end drop what waits") {
  const auto counter = pounce::Loan<Counter>{new Counter};
  std::atomic<bool> release = false;
  std::atomic<int> started = 0;
  int accepted = 0;
  {
    Fetchers fetchers{1};
    const auto block = [&] {
      ++started;
      started.notify_all();
      release.wait(false);
    };
    REQUIRE(fetchers.fetch(block, pounce::Token{counter}));
    for (int now = started; now < 1; now = started) started.wait(now);
    while (fetchers.fetch([] {}, pounce::Token{counter})) ++accepted;
    release = true;
    release.notify_all();
  }
  CHECK(accepted == Fetchers::most_waiting);
  CHECK(counter->posted >= 1);
}
