#include <pounce/proxy/network.hpp>

#include <pounce/http/syntax.hpp>
#include <pounce/http/target.hpp>

#include <algorithm>
#include <charconv>
#include <string>

namespace pounce::inline v0::proxy {

namespace {

constexpr std::size_t mapped = 12;  // octets before an IPv4 address: ten zeros and ff ff
constexpr IpAddress::Octets mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// A number without sign and leading zero.
std::optional<unsigned> parse_number(std::string_view text, unsigned most) noexcept {
  if (text.empty() || text.size() > 3 || (text.front() == '0' && text.size() > 1)) return std::nullopt;
  const auto number = http::parse_digits(text);
  if (!number || *number > most) return std::nullopt;
  return static_cast<unsigned>(*number);
}

bool parse_v4(std::string_view text, unsigned char* octets) noexcept {
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t dot = text.find('.');
    const auto number = parse_number(text.substr(0, dot), 255);
    if (!number || (dot == std::string_view::npos) != (i == 3)) return false;
    octets[i] = static_cast<unsigned char>(*number);
    text.remove_prefix(std::min(dot, text.size() - 1) + 1);
  }
  return true;
}

// One to four hexadecimal digits off the front.
std::optional<unsigned> take_group(std::string_view& text) noexcept {
  std::size_t digits = 0;
  unsigned group = 0;
  while (digits < text.size() && digits < 5 && http::is_in(text[digits], http::class_hex)) {
    group = group * 16 + http::hex_value(text[digits++]);
  }
  if (digits == 0 || digits > 4) return std::nullopt;
  text.remove_prefix(digits);
  return group;
}

// Groups up to the gap go to the front, those behind it are moved to the back.
bool parse_v6(std::string_view text, IpAddress::Octets& octets) noexcept {
  octets = {};
  std::size_t at = 0;
  std::optional<std::size_t> gap;
  if (text.starts_with("::")) {
    gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (at == octets.size()) return false;
    if (text.find(':') == std::string_view::npos && text.find('.') != std::string_view::npos) {
      if (at > mapped || !parse_v4(text, &octets[at])) return false;
      at += 4;
      break;
    }
    const auto group = take_group(text);
    if (!group) return false;
    octets[at++] = static_cast<unsigned char>(*group >> 8U);
    octets[at++] = static_cast<unsigned char>(*group & 0xffU);
    if (text.empty()) break;
    if (text.starts_with("::")) {
      if (gap) return false;
      gap = at;
      text.remove_prefix(2);
    } else if (text.front() == ':' && text.size() > 1) {
      text.remove_prefix(1);
    } else {
      return false;
    }
  }
  if (!gap) return at == octets.size();
  if (at == octets.size()) return false;  // a gap stands for one group at least
  auto* const begin = octets.data();
  std::rotate(begin + *gap, begin + at, begin + octets.size());
  return true;
}

}  // namespace

IpAddress IpAddress::v4(const std::array<unsigned char, 4>& octets) noexcept {
  Octets all = mapped_prefix;
  std::copy(octets.begin(), octets.end(), all.begin() + mapped);
  return IpAddress{all};
}

bool IpAddress::is_v4() const noexcept {
  return std::equal(octets_.begin(), octets_.begin() + mapped, mapped_prefix.begin());
}

std::size_t IpAddress::write(std::array<char, longest_text>& text) const noexcept {
  char* at = text.data();
  char* const end = at + text.size();
  if (is_v4()) {
    for (std::size_t i = mapped; i < octets_.size(); ++i) {
      if (i != mapped) *at++ = '.';
      at = std::to_chars(at, end, octets_[i]).ptr;
    }
    return static_cast<std::size_t>(at - text.data());
  }
  const auto group = [this](std::size_t i) {
    return static_cast<unsigned>(octets_[2 * i]) << 8U | static_cast<unsigned>(octets_[2 * i + 1]);
  };
  constexpr std::size_t groups = 8;
  // The longest run of zeros, the first of equals, and no single one (RFC 5952, section 4.2).
  std::size_t gap = groups;
  std::size_t gap_length = 1;
  for (std::size_t i = 0; i < groups; ++i) {
    std::size_t length = 0;
    while (i + length < groups && group(i + length) == 0) ++length;
    if (length > gap_length) {
      gap = i;
      gap_length = length;
    }
  }
  for (std::size_t i = 0; i < groups; ++i) {
    if (i == gap) {
      *at++ = ':';
      if (gap + gap_length == groups) *at++ = ':';
      i += gap_length - 1;
      continue;
    }
    if (i != 0) *at++ = ':';
    at = std::to_chars(at, end, group(i), 16).ptr;
  }
  return static_cast<std::size_t>(at - text.data());
}

std::string IpAddress::text() const {
  std::array<char, longest_text> buffer{};
  return {buffer.data(), write(buffer)};
}

std::optional<IpAddress> parse_ip(std::string_view text) noexcept {
  if (text.size() > IpAddress::longest_text) return std::nullopt;
  if (text.find(':') == std::string_view::npos) {
    std::array<unsigned char, 4> octets{};
    if (!parse_v4(text, octets.data())) return std::nullopt;
    return IpAddress::v4(octets);
  }
  IpAddress::Octets octets{};
  if (text.size() < 2 || !parse_v6(text, octets)) return std::nullopt;
  return IpAddress{octets};
}

std::optional<IpAddress> parse_host_address(std::string_view text) noexcept {
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (host.find(':') == std::string_view::npos) return std::nullopt;
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    host = text.substr(0, colon);
    port = text.substr(colon);
    if (host.empty() || port.find(':', 1) != std::string_view::npos) return std::nullopt;
  }
  if (!port.empty() && (port.front() != ':' || !http::is_port(port.substr(1), http::PortRule::required))) {
    return std::nullopt;
  }
  return parse_ip(host);
}

std::string_view text_of(NetworkFault fault) noexcept {
  switch (fault) {
    case NetworkFault::bad_address: return "is no IP address";
    case NetworkFault::bad_prefix: return "has no prefix length of its family behind the slash";
    case NetworkFault::host_bits: return "has bits set behind its prefix";
  }
  return {};
}

std::optional<Network> parse_network(std::string_view text, NetworkFault* fault) noexcept {
  const auto fail = [fault](NetworkFault found) {
    if (fault != nullptr) *fault = found;
    return std::nullopt;
  };
  if (text == Network::unix_text) return Network::of_unix_peers();
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto address = parse_ip(host);
  if (!address) return fail(NetworkFault::bad_address);
  constexpr unsigned all = 128;
  if (slash == std::string_view::npos) return Network{*address, all};
  // The length counts in the family that is written, also for ::ffff:0:0/96.
  const bool v6 = host.find(':') != std::string_view::npos;
  const auto bits = parse_number(text.substr(slash + 1), v6 ? all : 32);
  if (!bits) return fail(NetworkFault::bad_prefix);
  const unsigned counted = v6 ? *bits : *bits + 8 * mapped;
  for (unsigned bit = counted; bit < all; ++bit) {
    if ((address->octets()[bit / 8] & (0x80U >> bit % 8)) != 0) return fail(NetworkFault::host_bits);
  }
  return Network{*address, counted};
}

Network Network::of_unix_peers() noexcept {
  Network peers{IpAddress{IpAddress::Octets{}}, 0};
  peers.unix_ = true;
  return peers;
}

bool Network::contains(const IpAddress& address) const noexcept {
  if (unix_ || address.is_v4() != first_.is_v4()) return false;
  const auto& mine = first_.octets();
  const auto& other = address.octets();
  const unsigned whole = bits_ / 8;
  if (!std::equal(mine.begin(), mine.begin() + whole, other.begin())) return false;
  const unsigned rest = bits_ % 8;
  return rest == 0 || ((mine[whole] ^ other[whole]) >> (8 - rest)) == 0;
}

std::string Network::text() const {
  if (unix_) return std::string{unix_text};
  constexpr unsigned before_v4 = 8 * mapped;
  if (bits_ == 128) return first_.text();
  return first_.text() + "/" + std::to_string(first_.is_v4() ? bits_ - before_v4 : bits_);
}

bool contains(std::span<const Network> networks, const IpAddress& address) noexcept {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const Network& network) { return network.contains(address); });
}

bool has_peer(std::span<const Network> networks, std::string_view peer) noexcept {
  if (networks.empty()) return false;
  if (peer.starts_with(Network::unix_text)) {
    return std::any_of(networks.begin(), networks.end(), [](const Network& network) { return network.is_unix(); });
  }
  const auto address = parse_host_address(peer);
  return address && contains(networks, *address);
}

}  // namespace pounce::inline v0::proxy
