#include <pounce/files/media_type.hpp>

#include <pounce/http/syntax.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace pounce::inline v0::files {

namespace {

struct KnownEnding {
  std::string_view ending;
  std::string_view type;
};

// In alphabetical order: found by bisection. (Not a std::array that deduces its size: g++ 12 keeps that one writable.)
constexpr KnownEnding endings[]{
    KnownEnding{"7z", "application/x-7z-compressed"},
    KnownEnding{"aac", "audio/aac"},
    KnownEnding{"apng", "image/apng"},
    KnownEnding{"atom", "application/atom+xml"},
    KnownEnding{"avif", "image/avif"},
    KnownEnding{"bmp", "image/bmp"},
    KnownEnding{"bz2", "application/x-bzip2"},
    KnownEnding{"cjs", "text/javascript; charset=utf-8"},
    KnownEnding{"css", "text/css; charset=utf-8"},
    KnownEnding{"csv", "text/csv; charset=utf-8"},
    KnownEnding{"epub", "application/epub+zip"},
    KnownEnding{"flac", "audio/flac"},
    KnownEnding{"gif", "image/gif"},
    KnownEnding{"gz", "application/gzip"},
    KnownEnding{"htm", "text/html; charset=utf-8"},
    KnownEnding{"html", "text/html; charset=utf-8"},
    KnownEnding{"ico", "image/vnd.microsoft.icon"},
    KnownEnding{"ics", "text/calendar; charset=utf-8"},
    KnownEnding{"jpeg", "image/jpeg"},
    KnownEnding{"jpg", "image/jpeg"},
    KnownEnding{"js", "text/javascript; charset=utf-8"},
    KnownEnding{"json", "application/json"},
    KnownEnding{"jsonld", "application/ld+json"},
    KnownEnding{"jxl", "image/jxl"},
    KnownEnding{"m4a", "audio/mp4"},
    KnownEnding{"m4v", "video/mp4"},
    KnownEnding{"map", "application/json"},
    KnownEnding{"md", "text/markdown; charset=utf-8"},
    KnownEnding{"mjs", "text/javascript; charset=utf-8"},
    KnownEnding{"mov", "video/quicktime"},
    KnownEnding{"mp3", "audio/mpeg"},
    KnownEnding{"mp4", "video/mp4"},
    KnownEnding{"mpeg", "video/mpeg"},
    KnownEnding{"oga", "audio/ogg"},
    KnownEnding{"ogg", "audio/ogg"},
    KnownEnding{"ogv", "video/ogg"},
    KnownEnding{"opus", "audio/ogg"},
    KnownEnding{"otf", "font/otf"},
    KnownEnding{"pdf", "application/pdf"},
    KnownEnding{"png", "image/png"},
    KnownEnding{"rss", "application/rss+xml"},
    KnownEnding{"rtf", "application/rtf"},
    KnownEnding{"svg", "image/svg+xml"},
    KnownEnding{"tar", "application/x-tar"},
    KnownEnding{"tif", "image/tiff"},
    KnownEnding{"tiff", "image/tiff"},
    KnownEnding{"ttf", "font/ttf"},
    KnownEnding{"txt", "text/plain; charset=utf-8"},
    KnownEnding{"vtt", "text/vtt; charset=utf-8"},
    KnownEnding{"wasm", "application/wasm"},
    KnownEnding{"wav", "audio/wav"},
    KnownEnding{"weba", "audio/webm"},
    KnownEnding{"webm", "video/webm"},
    KnownEnding{"webmanifest", "application/manifest+json"},
    KnownEnding{"webp", "image/webp"},
    KnownEnding{"woff", "font/woff"},
    KnownEnding{"woff2", "font/woff2"},
    KnownEnding{"xhtml", "application/xhtml+xml"},
    KnownEnding{"xml", "application/xml"},
    KnownEnding{"xz", "application/x-xz"},
    KnownEnding{"yaml", "application/yaml"},
    KnownEnding{"yml", "application/yaml"},
    KnownEnding{"zip", "application/zip"},
    KnownEnding{"zst", "application/zstd"},
};
static_assert(std::ranges::is_sorted(endings, {}, &KnownEnding::ending));

constexpr std::size_t longest = MediaTypes::longest_ending;
static_assert(std::ranges::all_of(endings, [](const KnownEnding& entry) { return entry.ending.size() <= longest; }));

// The last ending of a name in lower case, in place; empty where there is none.
class LowerEnding {
 public:
  explicit LowerEnding(std::string_view path) noexcept {
    const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0: all of it
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || name.size() - dot - 1 > longest) return;
    const auto end = std::ranges::transform(name.substr(dot + 1), text_.begin(), lower).out;
    size_ = static_cast<std::size_t>(end - text_.begin());
  }
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<char, longest> text_{};
  std::size_t size_ = 0;
};

std::string_view built_in(std::string_view ending) noexcept {
  const auto found = std::ranges::lower_bound(endings, ending, {}, &KnownEnding::ending);
  return found != std::ranges::end(endings) && found->ending == ending ? found->type : unknown_media_type;
}

bool is_media_type(std::string_view text) noexcept {
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && http::is_token(text.substr(0, slash)) &&
         http::is_token(text.substr(slash + 1));
}

// The next word of a line.
std::string_view take_word(std::string_view& line) noexcept {
  constexpr std::string_view blanks = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

std::string_view media_type(std::string_view path) noexcept { return built_in(LowerEnding{path}.text()); }

std::expected<MediaTypes, List<std::string>> MediaTypes::parse(std::string_view text) {
  MediaTypes types;
  List<std::string> problems;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    line = line.substr(0, line.find('#'));
    const auto report = [&](std::string_view what) {
      problems.push_back("line " + std::to_string(number) + ": " + std::string{what});
    };
    const std::string_view type = take_word(line);
    if (type.empty()) continue;
    if (!is_media_type(type)) {
      report("does not begin with a media type such as text/plain");
      continue;
    }
    std::string full{type};
    if (type.starts_with("text/")) full.append("; charset=utf-8");
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
      if (word.starts_with('.')) word.remove_prefix(1);
      if (word.empty() || word.size() > longest || !http::is_token(word)) {
        report("an ending is one to 32 letters, digits and marks");
        continue;
      }
      Ending ending{std::string(word.size(), '\0'), full, types.endings_.size()};
      std::ranges::transform(word, ending.ending.begin(), lower);
      types.endings_.push_back(std::move(ending));
    }
  }
  if (!problems.empty()) return std::unexpected(std::move(problems));
  // Of equal endings the last one stays.
  std::ranges::sort(types.endings_, [](const Ending& a, const Ending& b) {
    return a.ending != b.ending ? a.ending < b.ending : a.place > b.place;
  });
  const auto rest = std::ranges::unique(types.endings_, {}, &Ending::ending);
  types.endings_.resize(types.endings_.size() - rest.size());
  return types;
}

std::string_view MediaTypes::of(std::string_view path) const noexcept {
  const LowerEnding ending{path};
  if (!endings_.empty()) {
    const auto found = std::ranges::lower_bound(endings_, ending.text(), {}, &Ending::ending);
    if (found != endings_.end() && found->ending == ending.text()) return found->type;
  }
  return built_in(ending.text());
}

}  // namespace pounce::inline v0::files
