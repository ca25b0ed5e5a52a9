#include <pounce/files/target_path.hpp>

#include <pounce/http/syntax.hpp>

namespace pounce::inline v0::files {

namespace {

constexpr std::uint16_t bad_request = 400;
constexpr std::uint16_t not_found = 404;
constexpr std::string_view well_known = ".well-known";

// Appends one segment, decoded; false when it holds what no name may hold.
bool decode(std::string_view segment, std::string& out) {
  for (std::size_t i = 0; i < segment.size(); ++i) {
    char c = segment[i];
    if (c == '%') {
      if (segment.size() - i < 3 || !http::is_in(segment[i + 1], http::class_hex) ||
          !http::is_in(segment[i + 2], http::class_hex)) {
        return false;
      }
      c = static_cast<char>(http::hex_value(segment[i + 1]) * 16 + http::hex_value(segment[i + 2]));
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/' || c == '\\') return false;
    out.push_back(c);
  }
  return true;
}

// What the name alone decides: 0, or a status.
std::uint16_t judge(std::string_view name, bool first) noexcept {
  if (name == "." || name == "..") return bad_request;
  if (name.empty() || name.size() > most_name_bytes) return not_found;
  if (name.front() == '.' && !(first && name == well_known)) return not_found;
  return 0;
}

}  // namespace

std::expected<TargetPath, std::uint16_t> target_path(std::string_view path, std::string_view index) {
  if (!path.starts_with('/')) return std::unexpected(bad_request);
  path.remove_prefix(1);
  TargetPath result;
  std::uint16_t hidden = 0;  // a 404; looked at last, so that a malformed path is a 400 wherever the fault stands
  for (bool more = true; more;) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    more = slash != std::string_view::npos;
    if (segment.empty() && !more) {
      result.directory = true;
      break;
    }
    const std::size_t start = result.path.size();
    if (!decode(segment, result.path)) return std::unexpected(bad_request);
    const std::uint16_t status = judge(std::string_view{result.path}.substr(start), start == 0);
    if (status == bad_request) return std::unexpected(status);
    if (status != 0) hidden = status;
    if (more) {
      result.path.push_back('/');
      path.remove_prefix(slash + 1);
    }
  }
  if (result.directory) result.path.append(index);
  if (hidden != 0 || result.path.size() > most_path_bytes) return std::unexpected(not_found);
  return result;
}

void append_encoded(std::string& out, std::string_view name) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : name) {
    // class_host: unreserved and sub-delims, all of which may stand in a segment (RFC 3986, section 3.3).
    if (c == '/' || http::is_in(c, http::class_host)) {
      out.push_back(c);
    } else {
      const auto octet = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(digits[octet / 16]);
      out.push_back(digits[octet % 16]);
    }
  }
}

std::string directory_location(std::string_view prefix, std::string_view path, std::string_view query) {
  std::string location;
  append_encoded(location, prefix);
  append_encoded(location, path);
  location.push_back('/');
  if (!query.empty()) location.append("?").append(query);
  return location;
}

}  // namespace pounce::inline v0::files
