#include <pounce/proxy/proxy_header.hpp>

#include <pounce/http/syntax.hpp>
#include <pounce/http/target.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace pounce::inline v0::proxy {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view v1_start = "PROXY ";
constexpr std::string_view v2_signature = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t v2_fixed = 16;

// Binary numbers are big-endian.
class Reader {
 public:
  explicit Reader(Bytes bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }
  Bytes take(std::size_t n) noexcept {
    const Bytes taken = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return taken;
  }
  unsigned octet() noexcept { return static_cast<unsigned char>(take(1).front()); }
  unsigned number16() noexcept {
    const unsigned high = octet();
    return high << 8U | octet();
  }

 private:
  Bytes rest_;
};

// --- version 1: PROXY TCP4 source destination source-port destination-port CR LF ---

std::optional<std::uint16_t> parse_port(Bytes text) noexcept {
  if (!http::is_port(text, http::PortRule::required) || (text.front() == '0' && text.size() > 1)) return std::nullopt;
  return static_cast<std::uint16_t>(*http::parse_digits(text));
}

bool parse_v1_line(Bytes line, ProxyHeader& header) noexcept {
  line.remove_prefix(v1_start.size());
  const auto word = [&line] {
    const std::size_t blank = line.find(' ');
    const Bytes taken = line.substr(0, blank);
    line = blank == Bytes::npos ? Bytes{} : line.substr(blank + 1);
    return taken;
  };
  const bool open = line.ends_with(' ');
  const Bytes family = word();
  if (family == "UNKNOWN") return true;  // and whatever follows
  if (open || (family != "TCP4" && family != "TCP6")) return false;
  std::array<Bytes, 4> words;
  for (Bytes& one : words) one = word();
  const auto source = parse_ip(words[0]);
  const auto destination = parse_ip(words[1]);
  const auto source_port = parse_port(words[2]);
  const auto destination_port = parse_port(words[3]);
  if (!line.empty() || !source || !destination || !source_port || !destination_port) return false;
  const bool v4 = family == "TCP4";
  if ((words[0].find(':') == Bytes::npos) != v4 || (words[1].find(':') == Bytes::npos) != v4) return false;
  header.source = Endpoint{*source, *source_port};
  header.destination = Endpoint{*destination, *destination_port};
  return true;
}

HeaderState parse_v1(Bytes bytes, ProxyHeader& header) noexcept {
  const Bytes seen = bytes.substr(0, longest_v1);
  const std::size_t end = seen.find_first_of("\r\n");
  if (end == Bytes::npos) return seen.size() < longest_v1 ? HeaderState::incomplete : HeaderState::malformed;
  if (end + 1 == seen.size() && seen[end] == '\r' && seen.size() < longest_v1) return HeaderState::incomplete;
  if (seen.substr(end, 2) != "\r\n") return HeaderState::malformed;
  if (!parse_v1_line(seen.substr(0, end), header)) return HeaderState::malformed;
  header.size = end + 2;
  return HeaderState::complete;
}

// --- version 2 ---

enum : unsigned { command_local = 0, command_proxy = 1 };
enum : unsigned { family_unspecified = 0, family_v4 = 1, family_v6 = 2, family_unix = 3 };
enum : unsigned { transport_unspecified = 0, transport_stream = 1 };
enum : unsigned { tlv_crc32c = 0x03, tlv_ssl = 0x20, ssl_client = 0x01 };

// CRC-32C with the checksum's own four octets taken for zero. Headers are short and rare: no table.
std::uint32_t crc32c(Bytes bytes, std::size_t blank) noexcept {
  std::uint32_t crc = 0xffffffff;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    crc ^= i - blank < 4 ? 0U : static_cast<unsigned char>(bytes[i]);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ (0x82f63b78U & (0U - (crc & 1U)));
  }
  return ~crc;
}

Endpoint endpoint_of(Bytes address, unsigned port) noexcept {
  std::array<unsigned char, 4> v4{};
  IpAddress::Octets v6{};
  const auto to_octet = [](char c) { return static_cast<unsigned char>(c); };
  if (address.size() == v4.size()) {
    std::transform(address.begin(), address.end(), v4.begin(), to_octet);
    return {IpAddress::v4(v4), static_cast<std::uint16_t>(port)};
  }
  std::transform(address.begin(), address.end(), v6.begin(), to_octet);
  return {IpAddress{v6}, static_cast<std::uint16_t>(port)};
}

bool parse_tlvs(Bytes whole, Reader& reader, ProxyHeader& header) noexcept {
  while (reader.left() != 0) {
    constexpr std::size_t type_and_length = 3;
    if (reader.left() < type_and_length) return false;
    const unsigned type = reader.octet();
    const std::size_t length = reader.number16();
    if (reader.left() < length) return false;
    const Bytes value = reader.take(length);
    if (type == tlv_crc32c) {
      if (length != 4) return false;
      Reader number{value};
      const std::uint32_t high = number.number16();
      const std::uint32_t told = high << 16U | number.number16();
      if (told != crc32c(whole, static_cast<std::size_t>(value.data() - whole.data()))) return false;
    } else if (type == tlv_ssl) {
      constexpr std::size_t client_and_verify = 5;
      if (length < client_and_verify) return false;
      header.secure = (static_cast<unsigned char>(value.front()) & ssl_client) != 0;
    }
  }
  return true;
}

HeaderState parse_v2(Bytes bytes, ProxyHeader& header) noexcept {
  if (bytes.size() < v2_fixed) return HeaderState::incomplete;
  Reader reader{bytes.substr(v2_signature.size())};
  const unsigned version_and_command = reader.octet();
  const unsigned family_and_transport = reader.octet();
  const std::size_t length = reader.number16();
  const unsigned command = version_and_command & 0xfU;
  if (version_and_command >> 4U != 2 || command > command_proxy || v2_fixed + length > longest_v2) {
    return HeaderState::malformed;
  }
  if (bytes.size() < v2_fixed + length) return HeaderState::incomplete;
  const Bytes whole = bytes.substr(0, v2_fixed + length);
  header.size = whole.size();
  if (command == command_local) return HeaderState::complete;  // whatever it holds
  const unsigned family = family_and_transport >> 4U;
  const unsigned transport = family_and_transport & 0xfU;
  if (family > family_unix || transport > transport_stream) return HeaderState::malformed;
  Reader body{whole.substr(v2_fixed)};
  // Both have to be known, or neither is.
  const bool known = family != family_unspecified && transport != transport_unspecified;
  constexpr std::array<std::size_t, 4> sizes{0, 4, 16, 108};
  const std::size_t size = known ? sizes[family] : 0;
  if (!known && family_and_transport != 0) return HeaderState::malformed;
  const std::size_t ports = family == family_v4 || family == family_v6 ? 4 : 0;
  if (body.left() < 2 * size + ports) return HeaderState::malformed;
  const Bytes source = body.take(size);
  const Bytes destination = body.take(size);
  if (ports != 0) {
    const unsigned source_port = body.number16();
    const unsigned destination_port = body.number16();
    header.source = endpoint_of(source, source_port);
    header.destination = endpoint_of(destination, destination_port);
  }
  return parse_tlvs(whole, body, header) ? HeaderState::complete : HeaderState::malformed;
}

}  // namespace

std::string Endpoint::text() const {
  std::string text = address.is_v4() ? address.text() : "[" + address.text() + "]";
  return text.append(":").append(std::to_string(port));
}

HeaderState parse_proxy_header(Bytes bytes, ProxyHeader& header) noexcept {
  header = ProxyHeader{};
  const auto begins = [bytes](std::string_view start) {
    return bytes.substr(0, start.size()) == start.substr(0, bytes.size());
  };
  HeaderState state = HeaderState::malformed;
  if (begins(v2_signature)) {
    state = parse_v2(bytes, header);
  } else if (begins(v1_start)) {
    state = parse_v1(bytes, header);
  }
  if (state != HeaderState::complete) header = ProxyHeader{};
  return state;
}

}  // namespace pounce::inline v0::proxy
