// The served directory on a real disk: what stands in it is read, and nothing else, whichever way the kernel resolves names.
#include <doctest/doctest.h>

#include <pounce/app/application.hpp>
#include <pounce/files/directory.hpp>
#include <pounce/files/entity_tag.hpp>
#include <pounce/files/listed_names.hpp>
#include <pounce/files/mount.hpp>
#include <pounce/posix/clock.hpp>
#include <pounce/posix/files.hpp>
#include <pounce/testing.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/posix/scratch.hpp"

using namespace std::string_literals;
using pounce::FileError;
using pounce::Instant;
using pounce::posix::RootedFiles;
namespace fs = std::filesystem;

namespace {

constexpr std::string_view secret = "outside of the served directory";

struct Tree {
  Tree() {
    scratch.write("secret.txt", secret);
    scratch.write("root-other/secret.txt", secret);
    scratch.write("root/index.html", "index");
    scratch.write("root/note.txt", "note");
    scratch.write("root/empty.txt", "");
    scratch.write("root/two words.txt", "two words");
    scratch.write("root/a%2eb.txt", "percent");
    scratch.write("root/caf\xc3\xa9.txt", "coffee");
    scratch.write("root/sub/index.html", "sub");
    scratch.write("root/sub/deep/leaf.txt", "leaf");
    scratch.write("root/.env", "hidden");
    scratch.write("root/.well-known/thing", "well known");
    const fs::path root = scratch / "root";
    fs::create_symlink(scratch / "secret.txt", root / "link-to-secret.txt");
    fs::create_symlink("../secret.txt", root / "link-up.txt");
    fs::create_symlink("note.txt", root / "link-inside.txt");
    fs::create_directory_symlink("..", root / "link-to-outside");
    fs::create_directory_symlink("sub", root / "link-to-sub");
    fs::create_symlink("link-loop", root / "link-loop");
    fs::create_directory_symlink("/proc", root / "proc-link");
    REQUIRE(::mkfifo((root / "pipe").c_str(), 0600) == 0);
  }

  [[nodiscard]] pounce::Owned<RootedFiles> open(RootedFiles::Resolve how) const {
    auto files = RootedFiles::open_root((scratch / "root").string(), {.resolve = how});
    REQUIRE(files.has_value());
    return std::move(*files);
  }

  Scratch scratch;
};

// The content, or the name of the error.
std::string outcome(const pounce::Files& files, std::string_view path) {
  const auto opened = files.open(path, pounce::Haste::may_wait);
  if (!opened) return std::string{pounce::name(opened.error())};
  std::string content(opened->state.size + 16, '\0');
  const auto got = opened->file->read(0, content);
  if (!got) return "unreadable";
  content.resize(*got);
  return "content: " + content;
}

// Both ways, where this kernel has both.
template <class F>
void each_way(F check) {
  const Tree tree;
  auto detected = RootedFiles::open_root((tree.scratch / "root").string(), {});
  REQUIRE(detected.has_value());
  for (const auto how : {RootedFiles::Resolve::by_component, (*detected)->resolve()}) {
    CAPTURE(static_cast<int>(how));
    const auto files = tree.open(how);
    check(tree, *files);
  }
}

std::size_t open_descriptors() {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator{"/proc/self/fd"}, fs::directory_iterator{}));
}

}  // namespace

TEST_CASE("what stands below the root is read") {
  each_way([](const Tree&, const pounce::Files& files) {
    CHECK(outcome(files, "note.txt") == "content: note");
    CHECK(outcome(files, "empty.txt") == "content: ");
    CHECK(outcome(files, "two words.txt") == "content: two words");
    CHECK(outcome(files, "a%2eb.txt") == "content: percent");
    CHECK(outcome(files, "caf\xc3\xa9.txt") == "content: coffee");
    CHECK(outcome(files, "sub/deep/leaf.txt") == "content: leaf");
    CHECK(outcome(files, "sub") == "is_directory");
    CHECK(outcome(files, "sub/deep") == "is_directory");
    CHECK(outcome(files, "nowhere") == "not_found");
    CHECK(outcome(files, "sub/nowhere") == "not_found");
    CHECK(outcome(files, "nowhere/x") == "not_found");
    CHECK(outcome(files, "note.txt/x") == "not_found");
    CHECK(outcome(files, "NOTE.TXT") == "not_found");
    CHECK(outcome(files, std::string(300, 'n')) == "not_found");
    CHECK(outcome(files, std::string(5000, 'n')) == "not_found");
  });
}

TEST_CASE("nothing outside is reached, even when the caller has checked nothing") {
  each_way([](const Tree& tree, const pounce::Files& files) {
    for (const std::string& path :
         {""s, "."s, ".."s, "/"s, "../secret.txt"s, "./note.txt"s, "sub/../note.txt"s, "sub/../../secret.txt"s,
          "/etc/passwd"s, "//etc/passwd"s, "sub//index.html"s, "sub/"s, "note.txt/"s, "../root-other/secret.txt"s,
          (tree.scratch / "secret.txt").string(), "note.txt\0.html"s, "\0"s, "sub/\0/x"s}) {
      CAPTURE(path);
      CHECK(outcome(files, path) == "not_found");
    }
  });
}

TEST_CASE("links are not followed, not even inside") {
  each_way([](const Tree&, const pounce::Files& files) {
    for (const std::string_view path :
         {"link-to-secret.txt", "link-up.txt", "link-inside.txt", "link-to-outside", "link-to-outside/secret.txt",
          "link-to-sub/index.html", "link-loop", "link-loop/x", "proc-link/version", "proc-link/self/environ"}) {
      CAPTURE(path);
      CHECK(outcome(files, path) == "forbidden");
    }
  });
}

TEST_CASE("what is no regular file is not served, and stops nobody") {
  each_way([](const Tree& tree, const pounce::Files& files) {
    const std::size_t before = open_descriptors();
    CHECK(outcome(files, "pipe") == "forbidden");  // returns, though nobody writes
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = (tree.scratch / "root/socket").string();
    REQUIRE(name.size() < sizeof address.sun_path);
    std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
    const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    if (bound) CHECK(outcome(files, "socket") == "forbidden");
    ::unlink(name.c_str());
    ::close(socket);
    CHECK(open_descriptors() == before);
  });
}

TEST_CASE("permissions are those of the server") {
  if (::geteuid() == 0) return;  // root may do everything
  each_way([](const Tree& tree, const pounce::Files& files) {
    fs::permissions(tree.scratch / "root/note.txt", fs::perms::none);
    CHECK(outcome(files, "note.txt") == "forbidden");
    fs::permissions(tree.scratch / "root/sub", fs::perms::none);
    CHECK(outcome(files, "sub/index.html") == "forbidden");
    fs::permissions(tree.scratch / "root/sub", fs::perms::owner_all);
  });
}

TEST_CASE("reading at an offset, at the end and beyond") {
  each_way([](const Tree&, const pounce::Files& files) {
    const auto file = files.open("note.txt", pounce::Haste::may_wait);
    REQUIRE(file.has_value());
    CHECK(file->state.size == 4);
    std::array<char, 8> room{};
    CHECK(file->file->read(2, room) == 2);
    CHECK(std::string_view{room.data(), 2} == "te");
    CHECK(file->file->read(4, room) == 0);
    CHECK(file->file->read(1'000'000, room) == 0);
    CHECK(file->file->read(~0ULL, room) == 0);
    CHECK(file->file->read(0, pounce::MutableBytes{}) == 0);
  });
}

TEST_CASE("an open file is what was opened, whatever happens to its name") {
  each_way([](const Tree& tree, const pounce::Files& files) {
    const auto file = files.open("note.txt", pounce::Haste::may_wait);
    REQUIRE(file.has_value());
    fs::remove(tree.scratch / "root/note.txt");
    fs::create_symlink("../secret.txt", tree.scratch / "root/note.txt");
    std::string content(4, '\0');
    CHECK(file->file->read(0, content) == 4);
    CHECK(content == "note");
    CHECK(outcome(files, "note.txt") == "forbidden");
    fs::remove(tree.scratch / "root/note.txt");
    tree.scratch.write("root/note.txt", "note");
  });
}

// Whichever way names are opened, with a cache and without. The clock is the test's: later than the other one, so that nothing is looked at
// but when it is said.
template <class F>
void each_root(F check) {
  for (const auto how : {RootedFiles::Resolve::by_component, RootedFiles::Resolve::detect}) {
    for (const std::size_t open_files : {std::size_t{0}, std::size_t{64}}) {
      CAPTURE(static_cast<int>(how));
      CAPTURE(open_files);
      const Scratch scratch;
      scratch.write("site/a.txt", "old");
      const std::size_t descriptors = open_descriptors();
      {
        Instant now = pounce::posix::monotonic_now() + std::chrono::hours{1};
        const auto look = [&now](const RootedFiles& files) {
          now += std::chrono::milliseconds{500};
          CHECK(files.look_again(now, pounce::Haste::may_wait));
        };
        check(scratch, RootedFiles::Options{.resolve = how, .open_files = open_files, .contents = 1024 * 1024}, look);
      }
      CHECK(open_descriptors() == descriptors);
    }
  }
}

pounce::Owned<RootedFiles> open_site(const fs::path& path, const RootedFiles::Options& options) {
  auto files = RootedFiles::open_root(path.string(), options);
  REQUIRE(files.has_value());
  return std::move(*files);
}

TEST_CASE("a root that is removed is nothing, and what is made in its place is served") {
  each_root([](const Scratch& scratch, const RootedFiles::Options& options, const auto& look) {
    const auto files = open_site(scratch / "site", options);
    look(*files);
    CHECK(outcome(*files, "a.txt") == "content: old");
    fs::remove_all(scratch / "site");
    for (int i = 0; i < 3; ++i) {
      look(*files);
      CHECK(outcome(*files, "a.txt") == "not_found");
      CHECK(files->list("", 10).error() == FileError::not_found);
    }
    scratch.write("site/a.txt", "new");
    scratch.write("site/b.txt", "another");
    look(*files);
    CHECK(outcome(*files, "a.txt") == "content: new");
    CHECK(outcome(*files, "b.txt") == "content: another");
    CHECK(files->list("", 10)->names.size() == 2);
    fs::remove_all(scratch / "site");
    scratch.write("site/a.txt", "newer");  // between two looks
    look(*files);
    CHECK(outcome(*files, "a.txt") == "content: newer");
  });
}

TEST_CASE("a root that is renamed takes its files along; who has one open keeps it; back, it is served again") {
  each_root([](const Scratch& scratch, const RootedFiles::Options& options, const auto& look) {
    const auto files = open_site(scratch / "site", options);
    look(*files);
    const auto before = files->open("a.txt", pounce::Haste::may_wait);
    REQUIRE(before.has_value());
    fs::rename(scratch / "site", scratch / "away");
    look(*files);
    CHECK(outcome(*files, "a.txt") == "not_found");
    std::string content(3, '\0');
    CHECK(before->file->read(0, content) == 3);
    CHECK(content == "old");
    scratch.write("site", "a file");
    look(*files);
    CHECK(outcome(*files, "a.txt") == "not_found");
    fs::remove(scratch / "site");
    fs::rename(scratch / "away", scratch / "site");
    look(*files);
    CHECK(outcome(*files, "a.txt") == "content: old");
    fs::rename(scratch / "site", scratch / "away");
    scratch.write("site/a.txt", "new");
    look(*files);
    CHECK(outcome(*files, "a.txt") == "content: new");
  });
}

TEST_CASE("a root may be a link, which may lead elsewhere later") {
  each_root([](const Scratch& scratch, const RootedFiles::Options& options, const auto& look) {
    scratch.write("two/a.txt", "new");
    fs::create_directory_symlink("site", scratch / "current");
    const auto files = open_site(scratch / "current", options);
    look(*files);
    for (int round = 0; round < 3; ++round) {
      CHECK(outcome(*files, "a.txt") == "content: old");
      fs::create_directory_symlink("two", scratch / "next");
      fs::rename(scratch / "next", scratch / "current");
      look(*files);
      CHECK(outcome(*files, "a.txt") == "content: new");
      fs::create_directory_symlink("site", scratch / "next");
      fs::rename(scratch / "next", scratch / "current");
      look(*files);
    }
    fs::create_directory_symlink("nowhere", scratch / "next");
    fs::rename(scratch / "next", scratch / "current");
    look(*files);
    CHECK(outcome(*files, "a.txt") == "not_found");
    fs::create_directory_symlink("current", scratch / "next");
    fs::rename(scratch / "next", scratch / "current");  // to itself
    look(*files);
    CHECK(outcome(*files, "a.txt") == "forbidden");
  });
}

TEST_CASE("a path is looked at once in half a second, and not more often") {
  each_root([](const Scratch& scratch, const RootedFiles::Options& options, const auto& look) {
    const auto files = open_site(scratch / "site", options);
    look(*files);
    fs::rename(scratch / "site", scratch / "away");
    CHECK(outcome(*files, "a.txt") == "content: old");
    look(*files);
    CHECK(outcome(*files, "a.txt") == "not_found");
  });
}

TEST_CASE("a root that changes while many read is one or the other") {
  for (const std::size_t open_files : {std::size_t{0}, std::size_t{64}}) {
    const Scratch scratch;
    scratch.write("one/a.txt", "same name, one");
    scratch.write("two/a.txt", "same name, two");
    fs::create_directory_symlink("one", scratch / "current");
    const auto files = open_site(scratch / "current", {.open_files = open_files, .contents = 1024 * 1024});
    const Instant start = pounce::posix::monotonic_now() + std::chrono::hours{1};
    std::atomic<int> looks = 0;
    std::atomic<int> strange = 0;
    std::atomic<bool> ended = false;
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        while (!ended) {
          if (!files->look_again(start + ++looks * std::chrono::milliseconds{500}, pounce::Haste::may_wait)) ++strange;
          const std::string got = outcome(*files, "a.txt");
          if (got != "content: same name, one" && got != "content: same name, two") ++strange;
        }
      });
    }
    for (int i = 0; i < 300; ++i) {
      fs::create_directory_symlink(i % 2 == 0 ? "two" : "one", scratch / "next");
      fs::rename(scratch / "next", scratch / "current");
    }
    ended = true;
    readers.clear();
    CHECK(strange == 0);
    fs::create_directory_symlink("two", scratch / "next");
    fs::rename(scratch / "next", scratch / "current");
    CHECK(files->look_again(start + ++looks * std::chrono::milliseconds{500}, pounce::Haste::may_wait));
    CHECK(outcome(*files, "a.txt") == "content: same name, two");
  }
}

TEST_CASE("a root that cannot be served") {
  const Tree tree;
  const std::string nowhere = (tree.scratch / "nowhere").string();
  CHECK(RootedFiles::open_root(nowhere, {}).error() == ENOENT);
  const std::string file = (tree.scratch / "secret.txt").string();
  CHECK(RootedFiles::open_root(file, {}).error() == ENOTDIR);
  CHECK_FALSE(RootedFiles::open_root("", {}).has_value());
}

TEST_CASE("when a file was changed; nothing when it says tomorrow") {
  each_way([](const Tree& tree, const pounce::Files& files) {
    const std::array<timespec, 2> then{timespec{784111777, 999'999'999}, timespec{784111777, 999'999'999}};
    REQUIRE(::utimensat(AT_FDCWD, (tree.scratch / "root/note.txt").c_str(), then.data(), 0) == 0);
    const auto state = files.open("note.txt", pounce::Haste::may_wait)->state;
    CHECK(state.modified == 784'111'777'999'999'999);
    CHECK(pounce::files::last_modified(state) == pounce::WallTime{std::chrono::seconds{784111777}});
    const std::time_t tomorrow = ::time(nullptr) + 86400;
    const std::array<timespec, 2> later{timespec{tomorrow, 0}, timespec{tomorrow, 0}};
    REQUIRE(::utimensat(AT_FDCWD, (tree.scratch / "root/note.txt").c_str(), later.data(), 0) == 0);
    CHECK_FALSE(pounce::files::last_modified(files.open("note.txt", pounce::Haste::may_wait)->state).has_value());
  });
}

TEST_CASE("a directory that turns into a link and back is never followed") {
  each_way([](const Tree& tree, const pounce::Files& files) {
    tree.scratch.write("outside/leaf.txt", secret);
    tree.scratch.write("root/swap/leaf.txt", "inside");
    fs::create_directory_symlink("../outside", tree.scratch / "root/decoy");
    std::atomic<bool> ended = false;
    std::thread attacker{[&] {
      const fs::path root = tree.scratch / "root";
      while (!ended) {
        ::rename((root / "swap").c_str(), (root / "kept").c_str());
        ::rename((root / "decoy").c_str(), (root / "swap").c_str());
        ::rename((root / "swap").c_str(), (root / "decoy").c_str());
        ::rename((root / "kept").c_str(), (root / "swap").c_str());
      }
    }};
    int leaks = 0;
    for (int i = 0; i < 3000; ++i) {
      const std::string got = outcome(files, "swap/leaf.txt");
      if (got != "content: inside" && got != "not_found" && got != "forbidden" && got != "busy") ++leaks;
    }
    ended = true;
    attacker.join();
    CHECK(leaks == 0);
    fs::remove(tree.scratch / "root/decoy");
  });
}

TEST_CASE("whole requests: hostile targets against a real disk") {
  each_way([](const Tree&, const pounce::Files& files) {
    pounce::App app;
    const pounce::files::Mount mount;
    app.route("*", pounce::make_directory_handler(files, mount));
    const std::size_t before = open_descriptors();
    for (const std::string_view target : {"/../secret.txt",
                                          "/sub/../../secret.txt",
                                          "/./../secret.txt",
                                          "/..",
                                          "/../",
                                          "/%2e%2e/secret.txt",
                                          "/%2E%2E/secret.txt",
                                          "/.%2e/secret.txt",
                                          "/%2e./secret.txt",
                                          "/%2e%2e%2fsecret.txt",
                                          "/..%2fsecret.txt",
                                          "/sub%2f..%2f..%2fsecret.txt",
                                          "/%252e%252e/secret.txt",
                                          "/..%252fsecret.txt",
                                          "/..%5csecret.txt",
                                          "/..\\secret.txt",
                                          "/%c0%ae%c0%ae/secret.txt",
                                          "/%e0%80%ae%e0%80%ae/secret.txt",
                                          "/..;/secret.txt",
                                          "/..%00/secret.txt",
                                          "/....//secret.txt",
                                          "//../secret.txt",
                                          "/sub//../../secret.txt",
                                          "/%2f..%2fsecret.txt",
                                          "/%2fetc%2fpasswd",
                                          "//etc/passwd",
                                          "/etc/passwd",
                                          "/..%c0%afsecret.txt",
                                          "/..%u2215secret.txt",
                                          "/note.txt/../../secret.txt",
                                          "/note.txt%00.html",
                                          "/link-to-secret.txt",
                                          "/link-to-outside/secret.txt",
                                          "/link-up.txt",
                                          "/proc-link/self/environ",
                                          "/.env",
                                          "/%2eenv",
                                          "/pipe",
                                          "http://a/../secret.txt",
                                          "/../root-other/secret.txt",
                                          "/sub/%2e%2e/%2e%2e/secret.txt",
                                          "/link-to-outside/root-other/secret.txt",
                                          "/.//secret.txt",
                                          "/..//secret.txt"}) {
      CAPTURE(target);
      pounce::testing::Client client{app};
      const auto reply = client.get(target);
      CHECK(reply.status >= 400);
      CHECK(reply.status <= 404);
      CHECK(reply.body.find(secret) == std::string::npos);
      CHECK(reply.body.find("root:") == std::string::npos);
    }
    pounce::testing::Client client{app};
    CHECK(client.get("/").body == "index");
    CHECK(client.get("/.well-known/thing").body == "well known");
    CHECK(client.get("/a%252eb.txt").body == "percent");
    CHECK(client.get("/sub").header("location") == "/sub/");
    CHECK(open_descriptors() == before);
  });
}
