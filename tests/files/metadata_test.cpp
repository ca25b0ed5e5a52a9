// What is kept with an open file that many requests share: it must be what would be worked out anew.
#include <doctest/doctest.h>

#include <pounce/app/application.hpp>
#include <pounce/app/token.hpp>
#include <pounce/files/directory.hpp>
#include <pounce/files/files.hpp>
#include <pounce/files/listed_names.hpp>
#include <pounce/files/mount.hpp>
#include <pounce/testing.hpp>

#include "tests/files/fake_files.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

// One open file under every name, as a cache would have it; what is true of it may change under the reader.
class Shared final : public pounce::Files {
 public:
  std::expected<pounce::OpenedFile, pounce::FileError> open(std::string_view, pounce::Haste) const override {
    return pounce::OpenedFile{file, state};
  }
  bool warm(std::string_view, pounce::Token) const override { return false; }
  std::expected<pounce::ListedNames, pounce::FileError> list(std::string_view, std::size_t) const override {
    return std::unexpected(pounce::FileError::not_found);
  }

  Entry entry{.content = "0123456789"};
  Counts counts;
  pounce::Loan<pounce::File> file{new FakeFile{entry, counts}};
  pounce::FileState state{.size = 10,
                          .inode = 17,
                          .modified = 784'111'777'000'000'000,
                          .seen = pounce::WallTime{std::chrono::seconds{1'700'000'000}}};
};

struct Site {
  Site() {
    app.route("/*", pounce::make_directory_handler(files, mount));
    other.prefix = "/other/";
    other.cache_control = "no-cache";
    app.route("/other/*", pounce::make_directory_handler(files, other));
  }
  std::string field(std::string_view target, std::string_view name) {
    pounce::testing::Client client{app};
    return std::string{client.get(target).fields.find(name).value_or("none")};
  }

  Shared files;
  pounce::files::Mount mount;
  pounce::files::Mount other;
  pounce::App app;
};

}  // namespace

TEST_CASE("it is worked out once for a file") {
  Site site;
  CHECK(site.files.file->metadata() == nullptr);
  CHECK(site.field("/a.txt", "etag") == "\"a-ae1b981bc490a00-11\"");
  const auto* const first = site.files.file->metadata();
  REQUIRE(first != nullptr);
  CHECK(site.field("/a.txt", "etag") == "\"a-ae1b981bc490a00-11\"");
  CHECK(site.field("/a.txt", "last-modified") == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(site.files.file->metadata() == first);
}

TEST_CASE("it is not used for anything else than it was made of") {
  Site site;
  CHECK(site.field("/a.txt", "content-type") == "text/plain; charset=utf-8");
  CHECK(site.field("/a.css", "content-type") == "text/css; charset=utf-8");
  CHECK(site.field("/a.txt", "cache-control") == "none");
  CHECK(site.field("/other/a.txt", "cache-control") == "no-cache");
  const std::string before = site.field("/a.txt", "etag");
  site.files.state.modified += 1;
  CHECK(site.field("/a.txt", "etag") != before);
  site.files.state.modified -= 1;
  CHECK(site.field("/a.txt", "etag") == before);
}

TEST_CASE("threads that work it out at once agree") {
  for (int round = 0; round < 50; ++round) {
    Site site;
    site.files.entry.kept = true;
    std::atomic<int> same = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] { same += site.field("/a.txt", "etag") == "\"a-ae1b981bc490a00-11\"" ? 1 : 0; });
      }
    }
    CHECK(same == 4);
    CHECK(site.files.file->metadata() != nullptr);
  }
}

TEST_CASE("a time to come is said when it has come") {
  Site site;
  site.files.state.modified = 1'700'000'001'000'000'000;
  CHECK(site.field("/a.txt", "last-modified") == "none");
  site.files.state.seen += std::chrono::seconds{1};
  CHECK(site.field("/a.txt", "last-modified") == "Tue, 14 Nov 2023 22:13:21 GMT");
}
