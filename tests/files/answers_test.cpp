// The table of answers, played in memory: whole requests through the real session, over a disk made of strings.
#include <doctest/doctest.h>

#include <pounce/app/application.hpp>
#include <pounce/core/ascii.hpp>
#include <pounce/files/directory.hpp>
#include <pounce/files/entity_tag.hpp>
#include <pounce/files/files.hpp>
#include <pounce/files/mount.hpp>
#include <pounce/testing.hpp>

#include "tests/files/fake_files.hpp"

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(pounce::trim(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + separator.size());
  }
}

struct Site {
  Site() {
    constexpr std::int64_t second = 1'000'000'000;
    constexpr std::int64_t then = 784'111'777 * second;
    const auto put = [this](const char* name, std::string content, std::int64_t modified) {
      Entry& entry = files.entries[name];
      entry.content = std::move(content);
      entry.modified = modified;
      entry.inode = files.entries.size();
    };
    const std::string twenty = "0123456789abcdefghij";
    put("a.txt", twenty, then);
    put("empty.txt", "", then);
    put("ahead.txt", twenty, 4'102'444'800 * second);
    put("page.html", twenty, then);
    put("page.html.zst", "zstd of the page", then);
    put("page.html.br", "br of the page", then);
    put("page.html.gz", "gzip of the page", then + second);
    put("stale.html", twenty, then);
    put("stale.html.gz", "gzip of an older page", then - 1);
    put("photo.png", twenty, then);
    put("photo.png.gz", "gzip of a picture", then);
    app.route("*", pounce::make_directory_handler(files, mount));
  }

  std::string tag(std::string name, std::string_view coding) const {
    if (coding == "gzip") name += ".gz";
    if (coding == "zstd") name += ".zst";
    if (coding == "br") name += ".br";
    const auto opened = files.open(name, pounce::Haste::may_wait);
    // Of what is not there: some other tag.
    if (!opened) return "\"" + std::string{coding} + "\"";
    return std::string{pounce::files::EntityTag{opened->state, coding}.text()};
  }
  // With the tags in the place of their names.
  std::string fill(std::string_view text, const std::string& name) const {
    std::string out;
    while (true) {
      const std::size_t at = text.find("{tag");
      out.append(text.substr(0, at));
      if (at == std::string_view::npos) return out;
      const std::size_t end = text.find('}', at);
      const std::string_view inner = text.substr(at + 1, end - at - 1);
      out.append(tag(name, inner.size() > 4 ? inner.substr(4) : std::string_view{}));
      text.remove_prefix(end + 1);
    }
  }
  std::string content(std::string name, std::string_view coding) const {
    if (coding == "gzip") name += ".gz";
    if (coding == "zstd") name += ".zst";
    if (coding == "br") name += ".br";
    return files.entries.at(name).content;
  }

  FakeFiles files;
  pounce::files::Mount mount;
  pounce::App app;
};

std::string_view piece_of(std::string_view content, std::string_view range) {
  const std::size_t dash = range.find('-');
  const std::size_t first = std::stoul(std::string{range.substr(0, dash)});
  const std::size_t last = std::stoul(std::string{range.substr(dash + 1)});
  return content.substr(first, last - first + 1);
}

std::string parts_of(std::string_view content, std::string_view ranges, std::string_view type_field) {
  const std::string boundary{type_field.substr(type_field.find("boundary=") + 9)};
  std::string body;
  for (const std::string_view range : split(ranges, ",")) {
    body.append(body.empty() ? "--" : "\r\n--").append(boundary).append("\r\nContent-Type: text/plain; charset=utf-8");
    body.append("\r\nContent-Range: bytes ").append(range).append("/20\r\n\r\n").append(piece_of(content, range));
  }
  return body.append("\r\n--").append(boundary).append("--\r\n");
}

void play(const Site& site, std::string_view line) {
  const auto columns = split(line, "|");
  REQUIRE(columns.size() == 5);
  const std::string_view method = columns[0].substr(0, columns[0].find(' '));
  const std::string_view target = columns[0].substr(method.size() + 1);
  const std::string name{target.substr(1, target.find('?') - 1)};
  pounce::Fields fields;
  for (const std::string_view field : split(columns[1], " ~ ")) {
    if (field.empty()) continue;
    const std::size_t colon = field.find(':');
    fields.add(field.substr(0, colon), site.fill(pounce::trim(field.substr(colon + 1)), name));
  }
  pounce::testing::Client client{site.app};
  const auto reply = client.request(method, target, fields);
  CHECK(std::to_string(reply.status) == columns[2]);
  CHECK(reply.complete);
  CHECK(reply.keep_alive);
  for (const std::string_view field : split(columns[3], " ~ ")) {
    CAPTURE(field);
    if (field.starts_with('-')) {
      CHECK_FALSE(reply.header(field.substr(1)).has_value());
    } else if (const std::size_t colon = field.find(':'); colon != std::string_view::npos) {
      CHECK(reply.header(field.substr(0, colon)) == site.fill(pounce::trim(field.substr(colon + 1)), name));
    } else if (!field.empty()) {
      CHECK(reply.header(field).has_value());
    }
  }
  const std::string_view wanted = columns[4];
  if (wanted == "any") return;
  if (wanted == "none") {
    CHECK(reply.body.empty());
  } else if (wanted == "all") {
    CHECK(reply.body == site.content(name, {}));
  } else if (wanted.starts_with("parts ")) {
    const auto type = reply.header("content-type");
    REQUIRE(type.has_value());
    REQUIRE(type->starts_with("multipart/byteranges; boundary="));
    const std::string body = parts_of(site.content(name, {}), wanted.substr(6), *type);
    CHECK(reply.body == body);
    CHECK(reply.header("content-length") == std::to_string(body.size()));
  } else if (wanted.find('-') == std::string_view::npos) {
    CHECK(reply.body == site.content(name, wanted));
  } else if (const std::size_t blank = wanted.find(' '); blank != std::string_view::npos) {
    CHECK(reply.body == piece_of(site.content(name, wanted.substr(0, blank)), wanted.substr(blank + 1)));
  } else {
    CHECK(reply.body == piece_of(site.content(name, {}), wanted));
  }
}

}  // namespace

TEST_CASE("every row of the table, with files on a disk and files kept in memory") {
  for (const bool kept : {false, true}) {
    Site site;
    for (auto& [name, entry] : site.files.entries) entry.kept = kept;
    std::ifstream table{POUNCE_TEST_ANSWERS};
    int rows = 0;
    for (std::string line; std::getline(table, line);) {
      if (line.empty() || line.starts_with('#')) continue;
      CAPTURE(line);
      ++rows;
      play(site, line);
    }
    CHECK(rows >= 180);
    CHECK(site.files.counts.open == 0);
  }
}

TEST_CASE("a date counts for If-Range only when a second has passed since") {
  Site site;
  site.files.entries["a.txt"].modified = 1'700'000'000'000'000'000;
  const auto ranged = [&](std::string_view date) {
    pounce::Fields fields;
    fields.add("range", "bytes=0-1");
    fields.add("if-range", date);
    pounce::testing::Client client{site.app};
    return client.get("/a.txt", fields).status;
  };
  CHECK(ranged("Tue, 14 Nov 2023 22:13:20 GMT") == 200);  // now
  site.files.now += std::chrono::seconds{1};
  CHECK(ranged("Tue, 14 Nov 2023 22:13:20 GMT") == 206);
}

TEST_CASE("a tag changes with size, time, inode and coding") {
  const pounce::FileState state{.size = 20, .inode = 0xabcdef, .modified = 1'000'000'007};
  const auto tag = [](const pounce::FileState& of, std::string_view coding) {
    return std::string{pounce::files::EntityTag{of, coding}.text()};
  };
  CHECK(tag(state, {}) == "\"14-3b9aca07-abcdef\"");
  CHECK(tag(state, "gzip") == "\"14-3b9aca07-abcdef-gzip\"");
  CHECK(tag({}, {}) == "\"0-0-0\"");
  const pounce::FileState most{.size = ~0ULL, .inode = ~0ULL, .modified = -1};
  CHECK(tag(most, "overlong-name") == "\"ffffffffffffffff-ffffffffffffffff-ffffffffffffffff-overlong\"");
}
