// What an operator decides about a mounted directory: prefix, listing, fallback, the page for 404, caching; and slow disks.
#include <doctest/doctest.h>

#include <pounce/app/application.hpp>
#include <pounce/files/directory.hpp>
#include <pounce/files/files.hpp>
#include <pounce/files/listing.hpp>
#include <pounce/files/mount.hpp>
#include <pounce/testing.hpp>

#include "tests/files/fake_files.hpp"

#include <string>
#include <string_view>
#include <vector>

using pounce::testing::Client;

namespace {

struct Site {
  explicit Site(std::string_view prefix = "/") {
    files.entries["index.html"].content = "index";
    files.entries["note.txt"].content = "note";
    files.entries["404.html"].content = "nothing here";
    files.entries["app.3f2a1b9c.js"].content = "app";
    files.entries["large.bin"].content = std::string(300'000, 'x');
    files.entries["sub"].open_error = pounce::FileError::is_directory;
    files.entries["docs"].open_error = pounce::FileError::is_directory;
    files.directories[""] = {{.name = "docs", .directory = true}, {.name = "note.txt", .size = 4}};
    files.directories["docs"] = {
        {.name = "b.txt", .size = 1, .modified = pounce::WallTime{std::chrono::seconds{784111777}}},
        {.name = "a<b>&\"'.txt", .size = 2},
        {.name = "caf\xc3\xa9", .directory = true},
        {.name = "latin\xe9.txt", .size = 3},
        {.name = ".hidden", .size = 4},
        {.name = "a\nb", .size = 5},
        {.name = "javascript:alert(1)", .size = 6},
    };
    mount.prefix = prefix;
    app.route(mount.prefix + "*", pounce::make_directory_handler(files, mount));
    if (prefix != "/") app.route(prefix.substr(0, prefix.size() - 1), pounce::make_directory_handler(files, mount));
  }

  pounce::testing::Reply get(std::string_view target, std::string_view name = {}, std::string_view value = {}) {
    pounce::Fields fields;
    if (!name.empty()) fields.add(name, value);
    Client client{app};
    return client.get(target, fields);
  }

  FakeFiles files;
  pounce::files::Mount mount;
  pounce::App app;
};

}  // namespace

TEST_CASE("a prefix stands in front of the names, and in redirects") {
  Site site{"/assets/v1/"};
  CHECK(site.get("/assets/v1/note.txt").body == "note");
  CHECK(site.get("/assets/v1/").body == "index");
  CHECK(site.get("/assets/v1").status == 301);
  CHECK(site.get("/assets/v1?a=b").header("location") == "/assets/v1/?a=b");
  CHECK(site.get("/assets/v1/sub?a=b").header("location") == "/assets/v1/sub/?a=b");
  CHECK(site.get("/assets/v1/../note.txt").status == 400);
  CHECK(site.get("/assets/v1/%2e%2e/note.txt").status == 400);
  CHECK(site.get("/assets/v1//note.txt").status == 404);
  CHECK(site.get("/assets/v10").status == 404);
  CHECK(site.get("/note.txt").status == 404);
}

TEST_CASE("a fallback is for names that are no files of a known type") {
  Site site;
  site.mount.fallback = "index.html";
  site.mount.not_found = "404.html";
  for (const std::string_view target : {"/users", "/users/7", "/users/", "/a.b/c", "/john.doe", "//x", "/.env"}) {
    CAPTURE(target);
    const auto reply = site.get(target);
    CHECK(reply.status == 200);
    CHECK(reply.body == "index");
    CHECK(reply.header("content-type") == "text/html; charset=utf-8");
    CHECK(reply.header("etag").has_value());
  }
  const auto missing = site.get("/missing.js");
  CHECK(missing.status == 404);
  CHECK(missing.body == "nothing here");
  CHECK(missing.header("content-type") == "text/html; charset=utf-8");
  CHECK_FALSE(missing.header("etag").has_value());
  CHECK_FALSE(missing.header("cache-control").has_value());
  CHECK(site.get("/../x").status == 400);
  SUBCASE("conditions count for the fallback") {
    CHECK(site.get("/users", "if-none-match", *site.get("/users").header("etag")).status == 304);
  }
  SUBCASE("they do not for the page of a 404") {
    CHECK(site.get("/missing.js", "if-none-match", "*").status == 404);
    CHECK(site.get("/missing.js", "range", "bytes=0-1").body == "nothing here");
  }
  SUBCASE("a stand-in that is not there is a plain 404") {
    site.files.entries.erase("index.html");
    site.files.entries.erase("404.html");
    CHECK(site.get("/users").status == 404);
    CHECK(site.get("/missing.js").body == "404 Not Found\n");
  }
  SUBCASE("a large page is streamed") {
    site.files.entries["404.html"].content = std::string(200'000, 'y');
    CHECK(site.get("/missing.js").body.size() == 200'000);
    Client client{site.app};
    const auto head = client.head("/missing.js");
    CHECK(head.status == 404);
    CHECK(head.header("content-length") == "200000");
  }
}

TEST_CASE("Cache-Control, and a year for fingerprinted names") {
  Site site;
  CHECK_FALSE(site.get("/note.txt").header("cache-control").has_value());
  site.mount.cache_control = "public, max-age=60";
  CHECK(site.get("/note.txt").header("cache-control") == "public, max-age=60");
  CHECK(site.get("/note.txt", "if-none-match", "*").header("cache-control") == "public, max-age=60");
  CHECK(site.get("/note.txt", "range", "bytes=0-1").header("cache-control") == "public, max-age=60");
  CHECK_FALSE(site.get("/nowhere").header("cache-control").has_value());
  site.mount.immutable = true;
  CHECK(site.get("/note.txt").header("cache-control") == "public, max-age=60");
  CHECK(site.get("/app.3f2a1b9c.js").header("cache-control") == "public, max-age=31536000, immutable");
}

TEST_CASE("which names hold a fingerprint") {
  using pounce::files::is_fingerprinted;
  for (const std::string_view name : {"app.3f2a1b9c.js", "main-0123456789abcdef.css", "x/y_DEADBEE5.png", "a1b2c3d4"}) {
    CAPTURE(name);
    CHECK(is_fingerprinted(name));
  }
  for (const std::string_view name : {"app.js", "photo-20240101.jpg", "facade.css", "deadbeef.txt", "app.3f2a1b9.js",
                                      "3f2a1b9c/app.js", "", "a.", "readme-first.txt"}) {
    CAPTURE(name);
    CHECK_FALSE(is_fingerprinted(name));
  }
}

TEST_CASE("a directory without a page is listed where the mount says so") {
  Site site;
  CHECK(site.get("/docs/").status == 404);
  site.mount.listing = true;
  CHECK(site.get("/docs").header("location") == "/docs/");
  CHECK(site.get("/").body == "index");  // one with a page is not
  CHECK(site.get("/nowhere/").status == 404);
  SUBCASE("as HTML: names are text, links are encoded") {
    const auto reply = site.get("/docs/");
    CHECK(reply.status == 200);
    CHECK(reply.header("content-type") == "text/html; charset=utf-8");
    CHECK(reply.header("vary") == "accept");
    CHECK(reply.header("content-security-policy") == "default-src 'none'; style-src 'unsafe-inline'");
    const std::string& page = reply.body;
    const auto has = [&page](std::string_view text) { return page.find(text) != std::string::npos; };
    CHECK(has("<title>/docs/</title>"));
    CHECK(has("<a href=\"../\">"));
    CHECK(has("<a href=\"./a%3Cb%3E&amp;%22&#39;.txt\">a&lt;b&gt;&amp;&quot;&#39;.txt</a>"));
    CHECK(has("<a href=\"./caf%C3%A9/\">caf\xc3\xa9/</a>"));
    CHECK(has("<a href=\"./latin%E9.txt\">latin\xef\xbf\xbd.txt</a>"));
    CHECK(has("<a href=\"./javascript%3Aalert(1)\">"));
    CHECK(has("<td>1994-11-06 08:49</td>"));
    CHECK_FALSE(has(".hidden"));
    CHECK_FALSE(has("a\nb"));
    CHECK(page.find("caf") < page.find("b.txt"));  // directories first
  }
  SUBCASE("as JSON") {
    const auto reply = site.get("/docs/", "accept", "application/json");
    CHECK(reply.header("content-type") == "application/json");
    CHECK(
        reply.body ==
        "{\"path\":\"/docs/\",\"complete\":true,\"entries\":[\n"
        "{\"name\":\"caf\xc3\xa9\",\"href\":\"./caf%C3%A9/\",\"type\":\"directory\",\"modified\":0},\n"
        "{\"name\":\"a\\u003cb>&\\\"'.txt\",\"href\":\"./"
        "a%3Cb%3E&%22'.txt\",\"type\":\"file\",\"size\":2,\"modified\":0},\n"
        "{\"name\":\"b.txt\",\"href\":\"./b.txt\",\"type\":\"file\",\"size\":1,\"modified\":784111777},\n"
        "{\"name\":\"javascript:alert(1)\",\"href\":\"./"
        "javascript%3Aalert(1)\",\"type\":\"file\",\"size\":6,\"modified\":0},\n"
        "{\"name\":\"latin\xef\xbf\xbd.txt\",\"href\":\"./latin%E9.txt\",\"type\":\"file\",\"size\":3,\"modified\":0}\n"
        "]}\n");
  }
  SUBCASE("which of the two follows from Accept") {
    struct Row {
      std::string_view accept;
      std::string_view type;
    };
    for (const Row& row :
         {Row{"*/*", "text/html; charset=utf-8"}, Row{"text/html,application/json", "text/html; charset=utf-8"},
          Row{"application/json, text/html;q=0.9", "application/json"},
          Row{"text/html;q=0.1, application/*;q=0.2", "application/json"},
          Row{"text/html, */*;q=0.8", "text/html; charset=utf-8"},
          Row{"application/json;q=0", "text/html; charset=utf-8"}}) {
      CAPTURE(row.accept);
      CHECK(site.get("/docs/", "accept", row.accept).header("content-type") == row.type);
    }
  }
  SUBCASE("no more than ten thousand names") {
    auto& names = site.files.directories["docs"];
    names.assign(pounce::files::most_listed + 1, {.name = "x"});
    CHECK(site.get("/docs/").body.find("There is more") != std::string::npos);
    CHECK(site.get("/docs/", "accept", "application/json").body.find("\"complete\":false") != std::string::npos);
  }
}

TEST_CASE("types of a file on top of the built-in ones") {
  Site site;
  const auto types = pounce::files::MediaTypes::parse("# comment\ntext/x-note txt .note\napplication/x-none\n");
  REQUIRE(types.has_value());
  site.mount.types = &*types;
  CHECK(site.get("/note.txt").header("content-type") == "text/x-note; charset=utf-8");
  CHECK(site.get("/").header("content-type") == "text/html; charset=utf-8");
  CHECK(types->of("a.NOTE") == "text/x-note; charset=utf-8");
  CHECK(types->of("a.png") == "image/png");
  CHECK(types->of("a.b") == "application/octet-stream");
}

TEST_CASE("a file of types that is none is told line by line") {
  const auto types =
      pounce::files::MediaTypes::parse("text/html html\nhtml text/html\n\ntext/plain t;t \x01\n/ x\na/b/c x");
  REQUIRE_FALSE(types.has_value());
  CHECK(std::vector<std::string>(types.error().begin(), types.error().end()) ==
        std::vector<std::string>{"line 2: does not begin with a media type such as text/plain",
                                 "line 4: an ending is one to 32 letters, digits and marks",
                                 "line 4: an ending is one to 32 letters, digits and marks",
                                 "line 5: does not begin with a media type such as text/plain",
                                 "line 6: does not begin with a media type such as text/plain"});
  const auto twice = pounce::files::MediaTypes::parse("a/one x\r\na/two X y\r\n");
  REQUIRE(twice.has_value());
  CHECK(twice->of("f.x") == "a/two");
}

TEST_CASE("what is not in memory is fetched by somebody else") {
  Site site;
  Entry& note = site.files.entries["note.txt"];
  Entry& large = site.files.entries["large.bin"];
  note.cold_name = note.cold_content = large.cold_name = large.cold_content = true;
  CHECK(site.get("/note.txt").body == "note");
  CHECK(site.get("/large.bin").body == large.content);
  large.cold_content = true;
  CHECK(site.get("/large.bin", "range", "bytes=0-1,100000-100001").status == 206);
  CHECK(site.files.counts.warmed == 5);
  CHECK(site.files.counts.waits == 0);
  CHECK(site.files.counts.open == 0);
}

TEST_CASE("where nobody will, the one who asks waits") {
  Site site;
  FakeFile::refuses_to_warm = true;
  site.files.entries["note.txt"].cold_name = site.files.entries["note.txt"].cold_content = true;
  site.files.entries["large.bin"].cold_content = true;
  CHECK(site.get("/note.txt").body == "note");
  CHECK(site.get("/large.bin").body.size() == 300'000);
  CHECK(site.files.counts.waits >= 3);
  FakeFile::refuses_to_warm = false;
}
