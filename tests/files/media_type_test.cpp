// A type comes from the ending of a name, and from nothing else.
#include <doctest/doctest.h>

#include <pounce/files/media_type.hpp>

#include <string>
#include <string_view>

using pounce::files::media_type;

TEST_CASE("the types of the web") {
  CHECK(media_type("index.html") == "text/html; charset=utf-8");
  CHECK(media_type("a/b/style.css") == "text/css; charset=utf-8");
  CHECK(media_type("app.js") == "text/javascript; charset=utf-8");
  CHECK(media_type("app.mjs") == "text/javascript; charset=utf-8");
  CHECK(media_type("data.json") == "application/json");
  CHECK(media_type("note.txt") == "text/plain; charset=utf-8");
  CHECK(media_type("picture.png") == "image/png");
  CHECK(media_type("picture.svg") == "image/svg+xml");
  CHECK(media_type("code.wasm") == "application/wasm");
  CHECK(media_type("font.woff2") == "font/woff2");
  CHECK(media_type("site.webmanifest") == "application/manifest+json");
}

TEST_CASE("case does not matter, and only the last ending counts") {
  CHECK(media_type("PICTURE.PNG") == "image/png");
  CHECK(media_type("archive.tar.gz") == "application/gzip");
  CHECK(media_type("page.html.exe") == "application/octet-stream");
}

TEST_CASE("what is not known is never guessed") {
  for (const std::string_view path :
       {"plain", "", ".", "a.", "html", "dir.html/plain", "a.unknown", "a.html ", ".png/x"}) {
    CAPTURE(path);
    CHECK(media_type(path) == "application/octet-stream");
  }
  CHECK(media_type("a." + std::string(5000, 'x')) == "application/octet-stream");
}
