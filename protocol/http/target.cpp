#include <pounce/http/syntax.hpp>
#include <pounce/http/target.hpp>

namespace pounce::inline v0::http {

namespace {

bool is_registered_name(Bytes bytes) noexcept {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (is_in(bytes[i], class_host)) continue;
    if (bytes[i] != '%' || bytes.size() - i < 3) return false;
    if (!is_in(bytes[i + 1], class_hex) || !is_in(bytes[i + 2], class_hex)) return false;
    i += 2;
  }
  return !bytes.empty();
}

bool is_ipv4(Bytes bytes) noexcept {
  for (int part = 0; part < 4; ++part) {
    const std::size_t dot = bytes.find('.');
    if ((dot == Bytes::npos) != (part == 3)) return false;
    const Bytes digits = bytes.substr(0, dot);
    const auto number = parse_digits(digits);
    if (!number || *number > 255 || (digits.size() > 1 && digits[0] == '0')) return false;
    bytes.remove_prefix(part == 3 ? bytes.size() : dot + 1);
  }
  return true;
}

// Eight groups of at most four hexadecimal digits; one "::" for one or more of zero; the last two may be an IPv4 address.
bool is_ipv6(Bytes bytes) noexcept {
  int groups = 0;
  bool gap = false;
  if (bytes.starts_with("::")) {
    gap = true;
    bytes.remove_prefix(2);
  }
  while (!bytes.empty()) {
    const std::size_t colon = bytes.find(':');
    const Bytes group = bytes.substr(0, colon);
    if (colon == Bytes::npos && group.find('.') != Bytes::npos) {
      if (!is_ipv4(group)) return false;
      groups += 2;
      break;
    }
    if (group.empty() || group.size() > 4 || !all_in(group, class_hex)) return false;
    ++groups;
    if (colon == Bytes::npos) break;
    bytes.remove_prefix(colon + 1);
    if (bytes.starts_with(':')) {
      if (gap) return false;
      gap = true;
      bytes.remove_prefix(1);
    } else if (bytes.empty()) {
      return false;  // a single colon at the end
    }
  }
  return gap ? groups < 8 : groups == 8;
}

void split_query(Bytes bytes, Target& target) noexcept {
  const std::size_t mark = bytes.find('?');
  target.path = bytes.substr(0, mark);
  target.has_query = mark != Bytes::npos;
  if (target.has_query) target.query = bytes.substr(mark + 1);
}

bool parse_absolute(Bytes bytes, Target& target) noexcept {
  const std::size_t colon = bytes.find("://");
  if (colon == Bytes::npos) return false;
  const Bytes scheme = bytes.substr(0, colon);
  if (!equal_without_case(scheme, "http") && !equal_without_case(scheme, "https")) return false;
  const Bytes slash = bytes.substr(colon + 1, 1);
  Bytes rest = bytes.substr(colon + 3);
  const std::size_t end = rest.find_first_of("/?");
  target.authority = rest.substr(0, end);
  if (!is_authority(target.authority)) return false;
  split_query(end == Bytes::npos ? Bytes{} : rest.substr(end), target);
  if (target.path.empty()) target.path = slash;  // a "/" that lies in the target, so that the view survives a move
  return true;
}

}  // namespace

bool is_port(Bytes bytes, PortRule rule) noexcept {
  if (bytes.empty()) return rule == PortRule::optional;
  if (bytes.size() > 5) return false;
  unsigned number = 0;
  for (const char c : bytes) {
    if (!is_digit(c)) return false;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number <= 65535;
}

bool is_authority(Bytes bytes, PortRule port) noexcept {
  if (bytes.starts_with('[')) {
    const std::size_t bracket = bytes.find(']');
    if (bracket == Bytes::npos || !is_ipv6(bytes.substr(1, bracket - 1))) return false;
    const Bytes rest = bytes.substr(bracket + 1);
    if (rest.empty()) return port == PortRule::optional;
    return rest[0] == ':' && is_port(rest.substr(1), port);
  }
  const std::size_t colon = bytes.find(':');
  if (!is_registered_name(bytes.substr(0, colon))) return false;
  if (colon == Bytes::npos) return port == PortRule::optional;
  return is_port(bytes.substr(colon + 1), port);
}

bool parse_target(Bytes bytes, Method method, Target& target) noexcept {
  target = Target{};
  if (bytes.empty() || !all_in(bytes, class_target)) return false;
  if (method == Method::connect) {
    target.authority = bytes;
    return is_authority(bytes, PortRule::required);
  }
  if (bytes[0] == '/') {
    split_query(bytes, target);
    return true;
  }
  if (bytes == "*") {
    target.path = bytes;
    return method == Method::options;
  }
  return parse_absolute(bytes, target);
}

}  // namespace pounce::inline v0::http
