// What strangers say about files: a path, and the fields that choose what of a file is sent. The first line is the path, the second the value of
// Range, the third of If-None-Match, If-Match and If-Range, the fourth of the dates, the fifth of Accept-Encoding and Accept; the rest is a file of
// media types.
//
// Whatever is accepted as a path names something below a root, by plain names; its place as a directory leads back to it, on this
// host. Ranges are pieces of the content that neither overlap nor touch. A date that is read is written and read again the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <pounce/files/conditional.hpp>
#include <pounce/files/listing.hpp>
#include <pounce/files/media_type.hpp>
#include <pounce/files/multipart.hpp>
#include <pounce/files/precompressed.hpp>
#include <pounce/files/range.hpp>
#include <pounce/files/target_path.hpp>
#include <pounce/http/date.hpp>

namespace {

using namespace pounce;

void require(bool truth) {
  if (!truth) std::abort();
}

Bytes take_line(Bytes& rest) {
  const std::size_t end = rest.find('\n');
  const Bytes line = rest.substr(0, end);
  rest.remove_prefix(end == Bytes::npos ? rest.size() : end + 1);
  return line;
}

void check_path(Bytes line) {
  const auto target = files::target_path(line);
  if (!target) return require(target.error() == 400 || target.error() == 404);
  const std::string& path = target->path;
  require(!path.empty() && path.size() <= files::most_path_bytes);
  require(target->directory == (line.back() == '/'));
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('/'));
    require(!name.empty() && name != "." && name != ".." && name.size() <= files::most_name_bytes);
    require(std::ranges::none_of(
        name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\\' || c == 0x7f; }));
    require(name.front() != '.' || (rest.size() == path.size() && name == ".well-known"));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
  }
  require(path.back() != '/');
  const std::string location = files::directory_location("/", path, {});
  require(location.front() == '/' && location[1] != '/' && location.back() == '/');
  const auto again = files::target_path(location.substr(0, location.size() - 1));
  // A location is longer than its name where that has to be encoded, but not as a path.
  require(again && again->path == path);
}

void check_ranges(Bytes value) {
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{20}, std::uint64_t{1} << 40U, ~std::uint64_t{0} >> 1U}) {
    const files::Ranges ranges = files::decide_ranges(value, size);
    const auto pieces = ranges.pieces();
    require((ranges.kind() == files::Ranges::Kind::partial) == !pieces.empty());
    require(pieces.size() <= files::most_ranges);
    std::uint64_t total = 0;
    for (const files::ByteRange& piece : pieces) {
      require(piece.first <= piece.last && piece.last < size);
      total += piece.size();
      for (const files::ByteRange& other : pieces)
        require(&piece == &other || piece.last + 1 < other.first || other.last + 1 < piece.first);
    }
    require(total <= size);
    if (pieces.size() > 1) {
      const files::Multipart parts{"text/plain", ranges, size, size};
      std::uint64_t length = total;
      for (std::size_t i = 0; i <= pieces.size(); ++i) length += parts.before(i).size();
      require(parts.content_length() == length);
    }
  }
}

void check_fields(Bytes tags, Bytes date, Bytes range, Bytes accepted) {
  const files::Validators validators{"\"tag\"", WallTime{std::chrono::seconds{784111777}},
                                     WallTime{std::chrono::seconds{1700000000}}};
  const Field fields[]{{"range", range, FieldId::range},
                       {"if-range", tags, FieldId::if_range},
                       {"if-none-match", tags, FieldId::if_none_match},
                       {"if-match", tags, FieldId::if_match},
                       {"if-modified-since", date, FieldId::if_modified_since},
                       {"if-unmodified-since", date, FieldId::if_unmodified_since},
                       {"accept", accepted, FieldId::accept},
                       {"accept-encoding", accepted, FieldId::accept_encoding}};
  for (std::size_t first = 0; first < std::size(fields); ++first)
    (void)files::evaluate({fields + first, std::size(fields) - first}, validators);
  // If-Match holds for no more than what If-None-Match matches: it compares strongly.
  const bool matched = files::evaluate({fields + 3, 1}, validators) == files::Condition::holds;
  const bool matched_weakly = files::evaluate({fields + 2, 1}, validators) == files::Condition::not_modified;
  require(!matched || matched_weakly);
  require(files::wanted_range({fields, 1}, validators) == range);
  (void)files::wanted_range({fields, 2}, validators);
  (void)files::wants_json(fields);
  const files::Preferences preferences{fields};
  require(preferences.size() <= files::neighbours.size());
  for (std::size_t i = 1; i < preferences.size(); ++i) require(preferences[i].coding != preferences[0].coding);
  if (const auto time = http::parse_date(date, validators.now)) {
    const auto text = http::format_date(*time);
    require(http::parse_date({text.data(), text.size()}, validators.now) == time);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes rest{reinterpret_cast<const char*>(data), size};
  check_path(take_line(rest));
  const Bytes range = take_line(rest);
  check_ranges(range);
  const Bytes tags = take_line(rest);
  const Bytes date = take_line(rest);
  check_fields(tags, date, range, take_line(rest));
  if (const auto types = files::MediaTypes::parse(rest)) require(!types->of("a.html").empty());
  return 0;
}
