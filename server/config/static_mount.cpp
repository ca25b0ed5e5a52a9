#include <pounce/config/static_mount.hpp>

#include <pounce/config/value.hpp>
#include <pounce/http/syntax.hpp>

#include <algorithm>

namespace pounce::inline v0::config {

namespace {

constexpr std::string_view pass_key = ";pass";
constexpr std::string_view cache_control_key = ";cache-control=";

// Segments that need no percent-encoding and name nothing but themselves, so that a prefix is compared as it stands in targets.
bool is_prefix(std::string_view text) {
  while (!text.empty()) {
    text.remove_prefix(1);  // the slash
    const std::string_view segment = text.substr(0, text.find('/'));
    text.remove_prefix(segment.size());
    const bool plain = std::ranges::all_of(segment, [](char c) { return http::is_in(c, http::class_host); });
    if (segment.empty() || segment == "." || segment == ".." || !plain) return false;
  }
  return true;
}

}  // namespace

std::string StaticMount::text() const {
  std::string result = prefix == "/" ? prefix : prefix.substr(0, prefix.size() - 1);
  result.append("=").append(directory);
  if (pass) result.append(pass_key);
  if (cache_control) result.append(cache_control_key).append(*cache_control);
  return result;
}

std::expected<StaticMount, std::string> parse_static_mount(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (!text.starts_with('/')) return std::unexpected("does not begin with a slash");
  if (equals == std::string_view::npos) return std::unexpected("names no directory");
  StaticMount mount;
  mount.prefix = text.substr(0, equals);
  if (mount.prefix.ends_with('/')) mount.prefix.pop_back();
  if (!is_prefix(mount.prefix)) return std::unexpected("has a prefix that is no plain path");
  mount.prefix.push_back('/');
  std::string_view directory = text.substr(equals + 1);
  if (const std::size_t at = directory.find(cache_control_key); at != std::string_view::npos) {
    const std::string_view value = directory.substr(at + cache_control_key.size());
    const auto visible = [](char c) { return c >= 0x20 && c < 0x7f; };
    if (value.empty() || value.front() == ' ' || value.back() == ' ' || !std::ranges::all_of(value, visible))
      return std::unexpected("has a Cache-Control that is not visible ASCII text");
    mount.cache_control = value;
    directory = directory.substr(0, at);
  }
  if (directory.ends_with(pass_key)) {
    mount.pass = true;
    directory.remove_suffix(pass_key.size());
  }
  if (directory.empty()) return std::unexpected("names no directory");
  // A configuration can be printed as a file, and TOML is UTF-8.
  if (directory.find('\0') != std::string_view::npos || !is_utf8(directory))
    return std::unexpected("names a directory that is not UTF-8");
  mount.directory = directory;
  return mount;
}

}  // namespace pounce::inline v0::config
