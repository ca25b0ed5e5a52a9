#include <pounce/files/media_type.hpp>

#include <pounce/http/syntax.hpp>

#include <algorithm>
#include <array>

namespace pounce::inline v0::files {

namespace {

struct Ending {
  std::string_view ending;
  std::string_view type;
};

// In alphabetical order: found by bisection. (Not a std::array that deduces its size: g++ 12 keeps that one writable.)
constexpr Ending endings[]{
    Ending{"7z", "application/x-7z-compressed"},
    Ending{"aac", "audio/aac"},
    Ending{"apng", "image/apng"},
    Ending{"atom", "application/atom+xml"},
    Ending{"avif", "image/avif"},
    Ending{"bmp", "image/bmp"},
    Ending{"bz2", "application/x-bzip2"},
    Ending{"cjs", "text/javascript; charset=utf-8"},
    Ending{"css", "text/css; charset=utf-8"},
    Ending{"csv", "text/csv; charset=utf-8"},
    Ending{"epub", "application/epub+zip"},
    Ending{"flac", "audio/flac"},
    Ending{"gif", "image/gif"},
    Ending{"gz", "application/gzip"},
    Ending{"htm", "text/html; charset=utf-8"},
    Ending{"html", "text/html; charset=utf-8"},
    Ending{"ico", "image/vnd.microsoft.icon"},
    Ending{"ics", "text/calendar; charset=utf-8"},
    Ending{"jpeg", "image/jpeg"},
    Ending{"jpg", "image/jpeg"},
    Ending{"js", "text/javascript; charset=utf-8"},
    Ending{"json", "application/json"},
    Ending{"jsonld", "application/ld+json"},
    Ending{"jxl", "image/jxl"},
    Ending{"m4a", "audio/mp4"},
    Ending{"m4v", "video/mp4"},
    Ending{"map", "application/json"},
    Ending{"md", "text/markdown; charset=utf-8"},
    Ending{"mjs", "text/javascript; charset=utf-8"},
    Ending{"mov", "video/quicktime"},
    Ending{"mp3", "audio/mpeg"},
    Ending{"mp4", "video/mp4"},
    Ending{"mpeg", "video/mpeg"},
    Ending{"oga", "audio/ogg"},
    Ending{"ogg", "audio/ogg"},
    Ending{"ogv", "video/ogg"},
    Ending{"opus", "audio/ogg"},
    Ending{"otf", "font/otf"},
    Ending{"pdf", "application/pdf"},
    Ending{"png", "image/png"},
    Ending{"rss", "application/rss+xml"},
    Ending{"rtf", "application/rtf"},
    Ending{"svg", "image/svg+xml"},
    Ending{"tar", "application/x-tar"},
    Ending{"tif", "image/tiff"},
    Ending{"tiff", "image/tiff"},
    Ending{"ttf", "font/ttf"},
    Ending{"txt", "text/plain; charset=utf-8"},
    Ending{"vtt", "text/vtt; charset=utf-8"},
    Ending{"wasm", "application/wasm"},
    Ending{"wav", "audio/wav"},
    Ending{"weba", "audio/webm"},
    Ending{"webm", "video/webm"},
    Ending{"webmanifest", "application/manifest+json"},
    Ending{"webp", "image/webp"},
    Ending{"woff", "font/woff"},
    Ending{"woff2", "font/woff2"},
    Ending{"xhtml", "application/xhtml+xml"},
    Ending{"xml", "application/xml"},
    Ending{"xz", "application/x-xz"},
    Ending{"yaml", "application/yaml"},
    Ending{"yml", "application/yaml"},
    Ending{"zip", "application/zip"},
    Ending{"zst", "application/zstd"},
};
static_assert(std::ranges::is_sorted(endings, {}, &Ending::ending));

constexpr std::string_view unknown = "application/octet-stream";
constexpr std::size_t longest = 11;  // "webmanifest"
static_assert(std::ranges::all_of(endings, [](const Ending& entry) { return entry.ending.size() <= longest; }));

}  // namespace

std::string_view media_type(std::string_view path) noexcept {
  const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0: all of it
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || name.size() - dot - 1 > longest) return unknown;
  std::array<char, longest> text{};
  const auto end = std::ranges::transform(name.substr(dot + 1), text.begin(), http::lower).out;
  const std::string_view ending{text.data(), static_cast<std::size_t>(end - text.begin())};
  const auto found = std::ranges::lower_bound(endings, ending, {}, &Ending::ending);
  return found != std::ranges::end(endings) && found->ending == ending ? found->type : unknown;
}

}  // namespace pounce::inline v0::files
