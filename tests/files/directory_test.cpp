// The directory handler over a disk made of strings, and the welcome page: whole requests through the real session.
#include <doctest/doctest.h>

#include <pounce/app/application.hpp>
#include <pounce/files/directory.hpp>
#include <pounce/files/files.hpp>
#include <pounce/files/mount.hpp>
#include <pounce/files/welcome.hpp>
#include <pounce/testing.hpp>

#include "tests/files/fake_files.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

using namespace std::string_literals;
using pounce::FileError;
using pounce::testing::Client;

namespace {

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

Entry broken(FileError error) {
  Entry entry;
  entry.open_error = error;
  return entry;
}

struct Site {
  Site() {
    files.entries["index.html"] = Entry{"<title>index</title>"};
    files.entries["note.txt"] = Entry{"note"};
    files.entries["empty.txt"] = Entry{""};
    files.entries["large.bin"] = Entry{pattern(1000 * 1000 + 7)};
    files.entries["sub"] = broken(FileError::is_directory);
    files.entries["sub/index.html"] = Entry{"<title>sub</title>"};
    files.entries["two words"] = broken(FileError::is_directory);
    files.entries["odd/index.html"] = broken(FileError::is_directory);
    files.entries["secret"] = broken(FileError::forbidden);
    files.entries["busy"] = broken(FileError::busy);
    files.entries["failed"] = broken(FileError::failed);
    app.route("*", pounce::make_directory_handler(files, mount));
  }

  FakeFiles files;
  pounce::files::Mount mount;
  pounce::App app;
};

}  // namespace

TEST_CASE("a file is sent with its type, its length and its time") {
  Site site;
  Client client{site.app};
  const auto reply = client.get("/note.txt?a=/../b");
  CHECK(reply.status == 200);
  CHECK(reply.body == "note");
  CHECK(reply.header("content-type") == "text/plain; charset=utf-8");
  CHECK(reply.header("content-length") == "4");
  CHECK(reply.header("last-modified") == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(reply.header("x-content-type-options") == "nosniff");
  CHECK_FALSE(reply.header("transfer-encoding").has_value());
  CHECK(reply.complete);
  CHECK(reply.keep_alive);
  CHECK(site.files.counts.open == 0);
}

TEST_CASE("files of every size around a block arrive whole") {
  Site site;
  constexpr std::size_t block = 64 * pounce::kibibyte;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, block - 1, block, block + 1, 2 * block, 5 * block + 17}) {
    CAPTURE(size);
    site.files.entries["x.bin"] = Entry{pattern(size)};
    Client client{site.app};
    const auto reply = client.get("/x.bin");
    CHECK(reply.status == 200);
    CHECK(reply.complete);
    CHECK(reply.keep_alive);
    CHECK(reply.body == pattern(size));
  }
}

TEST_CASE("a file that comes in small reads, to a client that reads slowly") {
  Site site;
  site.files.entries["large.bin"].most_per_read = 1000;
  Client client{site.app, {.output_limit = 10'000, .write_size = 4096}};
  CHECK(client.get("/large.bin").body == pattern(1000 * 1000 + 7));
}

TEST_CASE("reading does not run ahead of the client") {
  Site site;
  site.files.entries["huge.bin"] = Entry{pattern(8 * pounce::mebibyte)};
  Client client{site.app};
  client.take_at_most(0);
  client.send("GET /huge.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  client.run();
  CHECK(site.files.counts.open == 1);
  CHECK(site.files.counts.read_to <= 512 * pounce::kibibyte);
  SUBCASE("and a client that leaves closes the file") {
    client.reset();
    CHECK(site.files.counts.open == 0);
  }
  SUBCASE("and goes on when it reads again") {
    client.take_at_most(std::nullopt);
    client.run();
    CHECK(client.reply().body.size() == 8 * pounce::mebibyte);
    CHECK(site.files.counts.open == 0);
  }
}

TEST_CASE("HEAD says the same as GET and reads nothing") {
  Site site;
  for (const std::string_view target :
       {"/note.txt", "/empty.txt", "/large.bin", "/sub/", "/sub", "/nowhere", "/secret"}) {
    CAPTURE(target);
    Client client{site.app};
    const auto got = client.get(target);
    site.files.counts.reads = 0;
    const auto head = client.head(target);
    CHECK(site.files.counts.reads == 0);
    CHECK(head.status == got.status);
    CHECK(head.body.empty());
    for (const std::string_view field : {"content-type", "content-length", "last-modified", "location"}) {
      CHECK(head.header(field) == got.header(field));
    }
    CHECK(client.get("/note.txt").body == "note");  // on the same connection
  }
}

TEST_CASE("a directory is its index page, at its slash") {
  Site site;
  Client client{site.app};
  CHECK(client.get("/").body == "<title>index</title>");
  CHECK(client.get("/?x=1").header("content-type") == "text/html; charset=utf-8");
  CHECK(client.get("/sub/").body == "<title>sub</title>");
  CHECK(client.get("/sub").status == 301);
  CHECK(client.get("/sub").header("location") == "/sub/");
  CHECK(client.get("/sub?x=1&y=//z").header("location") == "/sub/?x=1&y=//z");
  CHECK(client.get("/two%20words").header("location") == "/two%20words/");
  SUBCASE("one without a page is not listed") { CHECK(client.get("/two%20words/").status == 404); }
  SUBCASE("a page that is a directory is none") { CHECK(client.get("/odd/").status == 404); }
}

TEST_CASE("what cannot be sent is a plain answer that says nothing of the request") {
  Site site;
  struct Row {
    std::string_view target;
    std::uint16_t status;
  };
  for (const Row& row :
       {Row{"/nowhere", 404}, Row{"/note.txt/", 404}, Row{"/sub/nowhere", 404}, Row{"/.env", 404},
        Row{"//note.txt", 404}, Row{"/../note.txt", 400}, Row{"/%2e%2e/note.txt", 400}, Row{"/a%2fb", 400},
        Row{"/note.txt%00", 400}, Row{"/%zz", 400}, Row{"/secret", 403}, Row{"/busy", 503}, Row{"/failed", 500}}) {
    CAPTURE(row.target);
    Client client{site.app};
    const auto reply = client.get(row.target);
    CHECK(reply.status == row.status);
    CHECK(reply.complete);
    CHECK(reply.body.starts_with(std::to_string(row.status)));
    CHECK(reply.body.find(row.target) == std::string::npos);
    CHECK(reply.header("content-type") == "text/plain; charset=utf-8");
    CHECK(client.get("/note.txt").body == "note");
  }
}

TEST_CASE("other methods than GET and HEAD are told so") {
  Site site;
  for (const std::string_view method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "FROB", "get"}) {
    CAPTURE(method);
    Client client{site.app};
    const auto reply = client.request(method, "/note.txt");
    CHECK(reply.status == 405);
    CHECK(reply.header("allow") == "GET, HEAD");
  }
  CHECK(site.files.counts.reads == 0);
}

TEST_CASE("a file that changes while it is sent") {
  Site site;
  Entry& entry = site.files.entries["large.bin"];
  SUBCASE("one that has grown is sent as long as it was") {
    entry.claimed = 100'000;
    Client client{site.app};
    const auto reply = client.get("/large.bin");
    CHECK(reply.body == pattern(100'000));
    CHECK(reply.complete);
    CHECK(reply.keep_alive);
    CHECK(site.files.counts.read_to == 100'000);
  }
  SUBCASE("one that has shrunk is cut: never a short answer that looks complete") {
    entry.claimed = entry.content.size() + 1;
    Client client{site.app};
    const auto reply = client.get("/large.bin");
    CHECK(reply.status == 200);
    CHECK_FALSE(reply.complete);
    CHECK(client.end_of_output());
  }
  SUBCASE("one that is gone before the first block is an error") {
    entry.content.clear();
    entry.claimed = 100;
    Client client{site.app};
    CHECK(client.get("/large.bin").status == 500);
  }
  SUBCASE("a disk that fails at once is an error") {
    entry.fails_from = 0;
    Client client{site.app};
    CHECK(client.get("/large.bin").status == 500);
  }
  SUBCASE("a disk that fails later cuts") {
    entry.fails_from = 200'000;
    Client client{site.app};
    CHECK_FALSE(client.get("/large.bin").complete);
    CHECK(client.end_of_output());
  }
  CHECK(site.files.counts.open == 0);
}

TEST_CASE("a time that no HTTP date can say is not said") {
  Site site;
  Entry& entry = site.files.entries["note.txt"];
  SUBCASE("not yet come") { entry.modified = 1'700'000'001'000'000'000; }
  SUBCASE("of the far future") { entry.modified = 0x7fff'ffff'ffff'ffff; }
  Client client{site.app};
  CHECK(client.get("/note.txt").status == 200);
  CHECK_FALSE(client.get("/note.txt").header("last-modified").has_value());
}

TEST_CASE("pipelined files come in order on one connection") {
  Site site;
  Client client{site.app};
  client.send(
      "GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\nGET /note.txt HTTP/1.1\r\nHost: a\r\n\r\nHEAD /large.bin "
      "HTTP/1.1\r\nHost: a\r\n\r\n");
  client.run();
  CHECK(client.reply().body == pattern(1000 * 1000 + 7));
  CHECK(client.reply().body == "note");
  CHECK(client.reply(true).status == 200);
}

TEST_CASE("the welcome page") {
  const pounce::App app = pounce::welcome();
  Client client{app};
  SUBCASE("is text for a program") {
    const auto reply = client.get("/");
    CHECK(reply.status == 200);
    CHECK(reply.header("content-type") == "text/plain; charset=utf-8");
    CHECK(reply.body.find("pounce-async ./public") != std::string::npos);
    CHECK(reply.body.find("POUNCE_APP(hello);") != std::string::npos);
  }
  SUBCASE("is HTML for a browser") {
    pounce::Fields fields;
    fields.add("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
    const auto reply = client.get("/?x", fields);
    CHECK(reply.status == 200);
    CHECK(reply.header("content-type") == "text/html; charset=utf-8");
    CHECK(reply.body.starts_with("<!doctype html>"));
    CHECK(reply.body.size() < 4096);
    CHECK(reply.body.find("#include <") == std::string::npos);
  }
  SUBCASE("is all there is") {
    CHECK(client.get("/nowhere").status == 404);
    CHECK(client.get("/../../etc/passwd").status == 404);
    CHECK(client.post("/", "x").status == 405);
    CHECK(client.head("/").status == 200);
    CHECK(client.head("/").body.empty());
  }
}

// --- another handler beneath ---

namespace {

pounce::Response tell(const pounce::Request& request) {
  return pounce::Response::text("app " + std::string{request.path()} + " " + std::string{request.body()});
}

pounce::Task read_and_tell(pounce::Exchange& x) {
  std::string content;
  pounce::Received got = co_await x.read();
  while (got.status() == pounce::Status::ok) {
    content.append(got.bytes());
    got = co_await x.read();
  }
  (void)x.respond(pounce::Response::text("app " + std::string{x.request().path()} + " " + content));
}

// The files of a Site before an application's handler.
struct Layered : Site {
  explicit Layered(bool coroutine) {
    files.entries["bare"] = broken(FileError::is_directory);
    coroutine ? app.route("*", read_and_tell) : app.route("*", tell);
    mount.beneath = app.find("/\n");
    app.route("/*", pounce::make_directory_handler(files, mount));
  }
};

}  // namespace

TEST_CASE("what is not there is asked of the handler beneath, with its content") {
  for (const bool coroutine : {false, true}) {
    CAPTURE(coroutine);
    Layered site{coroutine};
    Client client{site.app};
    CHECK(client.get("/note.txt").body == "note");
    CHECK(client.get("/sub/").body == "<title>sub</title>");
    CHECK(client.get("/sub").header("location") == "/sub/");
    CHECK(client.get("/nowhere").body == "app /nowhere ");
    CHECK(client.get("/.hidden").body == "app /.hidden ");
    CHECK(client.get("/bare").body == "app /bare ");
    CHECK(client.get("/bare/").body == "app /bare/ ");
    CHECK(client.post("/note.txt", "abc").body == "app /note.txt abc");
    CHECK(client.post("/form", std::string(20'000, 'x')).body == "app /form " + std::string(20'000, 'x'));
    CHECK(client.get("/secret").status == 403);
    CHECK(client.get("/%00").status == 400);
    CHECK(client.get("/busy").status == 503);
    const auto head = client.head("/nowhere");
    CHECK(head.status == 200);
    CHECK(head.body.empty());
    CHECK(client.get("/note.txt").body == "note");
  }
}

TEST_CASE("the handler beneath comes before a fallback and a page for 404") {
  Layered site{false};
  site.mount.fallback = "index.html";
  site.mount.not_found = "note.txt";
  Client client{site.app};
  CHECK(client.get("/nowhere").body == "app /nowhere ");
  CHECK(client.get("/nowhere.js").body == "app /nowhere.js ");
}
