#include <pounce/config/bind_address.hpp>

#include <algorithm>

#include <pounce/config/value.hpp>
#include <pounce/proxy/network.hpp>

namespace pounce::inline v0::config {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Letters, digits, '-' and '_' in labels of 1 to 63 bytes. A name whose last label is a number
/// would be read by a resolver as an IPv4 address in an odd notation, so it is none.
bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 253) {
    return false;
  }
  std::string_view rest = text;
  std::string_view label;
  while (true) {
    const std::size_t dot = rest.find('.');
    label = rest.substr(0, dot);
    const bool plain = std::all_of(label.begin(), label.end(),
                                   [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; });
    if (label.empty() || label.size() > 63 || !plain || label.front() == '-' || label.back() == '-') {
      return false;
    }
    if (dot == std::string_view::npos) {
      break;
    }
    rest.remove_prefix(dot + 1);
  }
  return !std::all_of(label.begin(), label.end(), is_digit);
}

std::expected<std::uint16_t, AddressFault> parse_port(std::string_view text) {
  if (text.empty()) {
    return std::unexpected(AddressFault::no_port);
  }
  const auto number = parse_count(text);
  if (!number || *number > 65535) {
    return std::unexpected(AddressFault::bad_port);
  }
  return static_cast<std::uint16_t>(*number);
}

std::expected<BindAddress, AddressFault> parse_unix(std::string_view path) {
  if (path.empty()) {
    return std::unexpected(AddressFault::no_path);
  }
  if (path.size() > longest_unix_path) {
    return std::unexpected(AddressFault::long_path);
  }
  const bool control =
      std::any_of(path.begin(), path.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  // A leading '@' is how other tools write an abstract socket: a file of that name surprises.
  if (control || path.front() == '@' || !is_utf8(path)) {
    return std::unexpected(AddressFault::bad_path);
  }
  BindAddress address;
  address.kind = BindAddress::Kind::unix_path;
  address.path = path;
  return address;
}

std::expected<BindAddress, AddressFault> parse_descriptor(std::string_view text) {
  constexpr std::uint64_t most = 65535;
  const auto number = parse_count(text);
  // 0 to 2 are the standard streams.
  if (!number || *number < 3 || *number > most) {
    return std::unexpected(AddressFault::bad_descriptor);
  }
  BindAddress address;
  address.kind = BindAddress::Kind::descriptor;
  address.descriptor = static_cast<int>(*number);
  return address;
}

std::expected<BindAddress, AddressFault> parse_socket_name(std::string_view text) {
  constexpr std::size_t longest = 255;
  const bool plain =
      std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f && c != ':' && c != ','; });
  if (text.empty() || text.size() > longest || !plain) {
    return std::unexpected(AddressFault::bad_socket_name);
  }
  BindAddress address;
  address.kind = BindAddress::Kind::socket_name;
  address.path = text;
  return address;
}

struct Property {
  std::string_view name;
  bool BindAddress::* member;
};
constexpr Property properties[] = {{"proxy", &BindAddress::proxy}, {"tls", &BindAddress::tls}};

const Property* find_property(std::string_view name) {
  const auto* const found = std::find_if(std::begin(properties), std::end(properties),
                                         [name](const Property& property) { return property.name == name; });
  return found == std::end(properties) ? nullptr : found;
}

std::expected<BindAddress, AddressFault> parse_place(std::string_view text);

}  // namespace

bool is_property(std::string_view text) { return find_property(text) != nullptr; }

bool is_ipv4(std::string_view text) {
  return text.find(':') == std::string_view::npos && proxy::parse_ip(text).has_value();
}

bool is_ipv6(std::string_view text) {
  return text.find(':') != std::string_view::npos && proxy::parse_ip(text).has_value();
}

std::string BindAddress::text() const {
  std::string result = place();
  for (const Property& property : properties) {
    if (this->*property.member) {
      result.append(",").append(property.name);
    }
  }
  return result;
}

std::string BindAddress::place() const {
  switch (kind) {
    case Kind::unix_path: return "unix:" + path;
    case Kind::descriptor: return "fd://" + detail::decimal(static_cast<std::uint64_t>(descriptor));
    case Kind::socket_name: return "systemd:" + path;
    default: break;
  }
  std::string result = kind == Kind::tcp6 ? "[" + host + "]" : host;
  return result.append(":").append(detail::decimal(port));
}

BindAddress BindAddress::as(const BindAddress& other) && {
  for (const Property& property : properties) {
    this->*property.member = other.*property.member;
  }
  return std::move(*this);
}

std::expected<BindAddress, AddressFault> parse_host(std::string_view text) {
  if (text.empty()) {
    return std::unexpected(AddressFault::no_host);
  }
  BindAddress address;
  const bool brackets = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  if (brackets) {
    text = text.substr(1, text.size() - 2);
  }
  if (is_ipv6(text)) {
    address.kind = BindAddress::Kind::tcp6;
  } else if (!brackets && is_ipv4(text)) {
    address.kind = BindAddress::Kind::tcp4;
  } else if (!brackets && is_name(text)) {
    address.kind = BindAddress::Kind::tcp_name;
  } else {
    return std::unexpected(AddressFault::bad_host);
  }
  address.host = text;
  return address;
}

std::expected<BindAddress, AddressFault> parse_bind_address(std::string_view text) {
  BindAddress found;
  // From the right: a path may hold commas.
  const bool is_path = text.starts_with("unix:");
  for (std::size_t comma = text.rfind(','); comma != std::string_view::npos; comma = text.rfind(',')) {
    const Property* const property = find_property(text.substr(comma + 1));
    if (property == nullptr || found.*property->member) {
      if (is_path) {
        break;
      }
      return std::unexpected(AddressFault::bad_property);
    }
    found.*property->member = true;
    text = text.substr(0, comma);
  }
  auto address = parse_place(text);
  if (address) {
    return std::move(*address).as(found);
  }
  return address;
}

namespace {

std::expected<BindAddress, AddressFault> parse_place(std::string_view text) {
  if (text.empty()) {
    return std::unexpected(AddressFault::empty);
  }
  if (text.starts_with("unix:")) {
    return parse_unix(text.substr(5));
  }
  if (text.starts_with("fd://")) {
    return parse_descriptor(text.substr(5));
  }
  if (text.starts_with("systemd:")) {
    return parse_socket_name(text.substr(8));
  }
  std::string_view host;
  std::string_view port;
  if (text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) {
      return std::unexpected(AddressFault::bad_host);
    }
    host = text.substr(0, end + 1);
    port = text.substr(end + 1);
    if (!port.starts_with(':')) {
      return std::unexpected(port.empty() ? AddressFault::no_port : AddressFault::bad_host);
    }
    port.remove_prefix(1);
  } else {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
      return std::unexpected(AddressFault::no_port);
    }
    if (text.find(':', colon + 1) != std::string_view::npos) {
      return std::unexpected(AddressFault::bare_v6);
    }
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  const auto number = parse_port(port);
  auto address = parse_host(host);
  if (!address) {
    return address;
  }
  if (!number) {
    return std::unexpected(number.error());
  }
  address->port = *number;
  return address;
}

}  // namespace

std::string_view text_of(AddressFault fault) {
  switch (fault) {
    case AddressFault::empty: return "is empty";
    case AddressFault::no_port: return "has no port";
    case AddressFault::no_host: return "has no host";
    case AddressFault::bad_port: return "has no port between 0 and 65535";
    case AddressFault::bad_host: return "has neither an IPv4 address, an IPv6 address in brackets nor a name";
    case AddressFault::bare_v6: return "has an IPv6 address without brackets";
    case AddressFault::no_path: return "has no path after unix:";
    case AddressFault::long_path: return "has a path over 107 bytes, more than a socket address holds";
    case AddressFault::bad_descriptor: return "has no descriptor from 3 to 65535 after fd://";
    case AddressFault::bad_socket_name: return "has no socket name of visible ASCII without ':' and ',' after systemd:";
    case AddressFault::bad_property: return "has an unknown or repeated property behind a comma";
    case AddressFault::bad_path: return "has a path with a control byte, a leading '@' or bytes that are no UTF-8";
  }
  return {};
}

}  // namespace pounce::inline v0::config
