// Which path of a target names which file, and which are refused.
#include <doctest/doctest.h>

#include <pounce/files/target_path.hpp>

#include <string>
#include <string_view>

using pounce::files::directory_location;
using pounce::files::target_path;
using namespace std::string_literals;

namespace {

// "200 NAME", "200 NAME (directory)" or the status.
std::string verdict(std::string_view path) {
  const auto target = target_path(path);
  if (!target) return std::to_string(target.error());
  return "200 " + target->path + (target->directory ? " (directory)" : "");
}

struct Row {
  std::string_view path;
  std::string_view verdict;
};

}  // namespace

TEST_CASE("a path names a file below the root") {
  static constexpr Row rows[] = {
      {"/", "200 index.html (directory)"},
      {"/index.html", "200 index.html"},
      {"/sub/", "200 sub/index.html (directory)"},
      {"/sub/deep/leaf.txt", "200 sub/deep/leaf.txt"},
      {"/two%20words.txt", "200 two words.txt"},
      {"/caf%C3%A9.txt", "200 caf\xc3\xa9.txt"},
      {"/caf%c3%a9.txt", "200 caf\xc3\xa9.txt"},
      {"/%61", "200 a"},
      {"/a+b", "200 a+b"},
      {"/a~b!$&'()*,;=:@", "200 a~b!$&'()*,;=:@"},
      {"/a.b..c", "200 a.b..c"},
      {"/a.", "200 a."},
      {"/a..", "200 a.."},
      {"/%20", "200  "},
      {"/.well-known/thing", "200 .well-known/thing"},
      {"/%2ewell-known/", "200 .well-known/index.html (directory)"},
      {"/~user", "200 ~user"},
      // Decoded once: a name may have a percent sign.
      {"/a%252eb.txt", "200 a%2eb.txt"},
      {"/%252e%252e/x", "200 %2e%2e/x"},
      {"/a%252fb", "200 a%2fb"},
      {"/a%2500", "200 a%00"},
      // Bytes that are no UTF-8 are a name like any other; none of them decodes to a dot or a slash.
      {"/%c0%ae%c0%ae/x", "200 \xc0\xae\xc0\xae/x"},
      {"/%e0%80%ae", "200 \xe0\x80\xae"},
      {"/%ff", "200 \xff"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(verdict(row.path) == row.verdict);
  }
}

TEST_CASE("a path that tries to say more than a name is refused") {
  static constexpr Row rows[] = {
      // Not a path.
      {"", "400"},
      {"*", "400"},
      {"index.html", "400"},
      {"../x", "400"},
      // Dot segments: raw, encoded, mixed, anywhere.
      {"/.", "400"},
      {"/..", "400"},
      {"/./", "400"},
      {"/../", "400"},
      {"/../x", "400"},
      {"/./x", "400"},
      {"/sub/.", "400"},
      {"/sub/..", "400"},
      {"/sub/../x", "400"},
      {"/sub/./x", "400"},
      {"/sub/../../x", "400"},
      {"/sub/deep/../../../x", "400"},
      {"/x/..", "400"},
      {"/%2e", "400"},
      {"/%2e%2e", "400"},
      {"/%2E%2E/x", "400"},
      {"/%2e%2E/x", "400"},
      {"/.%2e/x", "400"},
      {"/%2e./x", "400"},
      {"/%2e/x", "400"},
      {"/sub/%2e%2e/%2e%2e/x", "400"},
      {"/..%2fx", "400"},
      {"//../x", "400"},
      {"/sub//../x", "400"},
      {"/.hidden/../x", "400"},
      {"/.well-known/../x", "400"},
      // Slashes in disguise.
      {"/%2f", "400"},
      {"/a%2fb", "400"},
      {"/a%2Fb", "400"},
      {"/%2fetc%2fpasswd", "400"},
      {"/%2e%2e%2fx", "400"},
      {"/sub%2f..%2f..%2fx", "400"},
      {"/\\", "400"},
      {"/..\\x", "400"},
      {"/a\\b", "400"},
      {"/a%5cb", "400"},
      {"/..%5cx", "400"},
      {"/%5C%5Chost%5Cshare", "400"},
      // NUL and other control bytes.
      {"/%00", "400"},
      {"/x%00", "400"},
      {"/x.txt%00.html", "400"},
      {"/..%00/x", "400"},
      {"/%0a", "400"},
      {"/x%0d%0aSet-Cookie:%20a=b", "400"},
      {"/%09", "400"},
      {"/%1b[31m", "400"},
      {"/%7f", "400"},
      {"/a\x01", "400"},
      {"/a\x7f", "400"},
      {"/a\tb", "400"},
      // Percent signs that encode nothing.
      {"/%", "400"},
      {"/a%", "400"},
      {"/a%2", "400"},
      {"/a%2/", "400"},
      {"/%zz", "400"},
      {"/%2g", "400"},
      {"/%g2", "400"},
      {"/%%32e", "400"},
      {"/%u002e%u002e/x", "400"},
      {"/..%u2215x", "400"},
      {"/% 2e", "400"},
      {"/%-1", "400"},
      {"/%+2e", "400"},
      // Names that are kept from everybody.
      {"/.git/config", "404"},
      {"/.env", "404"},
      {"/.htaccess", "404"},
      {"/%2eenv", "404"},
      {"/sub/.env", "404"},
      {"/.hidden/", "404"},
      {"/...", "404"},
      {"/....//x", "404"},
      {"/..;/x", "404"},
      {"/.%20/x", "404"},
      {"/..%20/x", "404"},
      {"/..x", "404"},
      {"/.well-knownx/a", "404"},
      {"/.Well-Known/a", "404"},
      {"/sub/.well-known/a", "404"},
      {"/.well-known/.git", "404"},
      // Empty segments, which no file has.
      {"//", "404"},
      {"///", "404"},
      {"//etc/passwd", "404"},
      {"/sub//leaf.txt", "404"},
      {"//evil.example/", "404"},
  };
  static_assert(std::size(rows) >= 60);
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(verdict(row.path) == row.verdict);
  }
}

TEST_CASE("every single byte, raw and encoded, is a plain part of a name or refused") {
  for (unsigned octet = 0; octet < 256; ++octet) {
    CAPTURE(octet);
    const char c = static_cast<char>(octet);
    const bool refused = octet < 0x20 || octet == 0x7f || c == '/' || c == '\\';
    constexpr std::string_view digits = "0123456789abcdef";
    const std::string encoded = std::string{"/a%"} + digits[octet / 16] + digits[octet % 16] + "b";
    CHECK(verdict(encoded) == (refused ? "400"s : "200 a"s + c + "b"));
    if (c == '/' || c == '%') continue;  // these mean something when they are raw
    CHECK(verdict("/a"s + c + "b") == (refused ? "400"s : "200 a"s + c + "b"));
  }
}

TEST_CASE("names and paths end where file systems end them") {
  const std::string name(pounce::files::most_name_bytes, 'n');
  CHECK(target_path("/" + name).has_value());
  CHECK(target_path("/" + name + "n").error() == 404);
  CHECK(target_path("/" + name + "n/../x").error() == 400);
  std::string path;
  while (path.size() + 256 <= pounce::files::most_path_bytes) path.append("/").append(name);
  CHECK(target_path(path).has_value());
  CHECK(target_path(path + "/" + name).has_value());
  CHECK(verdict(path + "/" + name + "/n") == "404");
  CHECK(target_path(std::string(1 << 20, '/')).error() == 404);
  std::string encoded = "/";
  for (std::size_t i = 0; i < pounce::files::most_name_bytes; ++i) encoded.append("%41");
  CHECK(target_path(encoded)->path.size() == pounce::files::most_name_bytes);
}

TEST_CASE("a directory's own address") {
  CHECK(directory_location("/", "sub", "") == "/sub/");
  CHECK(directory_location("/", "sub/deep", "x=1&y=//z") == "/sub/deep/?x=1&y=//z");
  SUBCASE("is encoded again, so that it is a valid field value and one path") {
    CHECK(directory_location("/", "two words", "") == "/two%20words/");
    CHECK(directory_location("/", "caf\xc3\xa9", "") == "/caf%C3%A9/");
    CHECK(directory_location("/", "50%", "") == "/50%25/");
    CHECK(directory_location("/", "a?b#c", "") == "/a%3Fb%23c/");
    CHECK(directory_location("/", "%2e%2e", "") == "/%252e%252e/");
  }
  SUBCASE("never names another host") {
    for (const std::string_view hostile :
         {"//evil.example", "/%2fevil.example", "/\\evil.example", "/%5cevil.example", "///evil.example"}) {
      CHECK_FALSE(target_path(hostile).has_value());
    }
    CHECK(directory_location("/", target_path("/evil.example")->path, "") == "/evil.example/");
    CHECK(directory_location("/", target_path("/http:")->path, "") == "/http%3A/");
  }
}
