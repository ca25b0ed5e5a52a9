// IpAddress, Network: addresses as numbers, and the sets of them that an operator writes (RFC 4291, RFC 4632).
//
// What it is not: a socket address: no port, no zone, no name. An IPv4 address and its IPv4-mapped IPv6 form (`::ffff:192.0.2.1`)
// are the same address, so that nobody is trusted or not by the family of the socket it came over.
// Ownership: values. Limits: text is at most 45 bytes. Errors: what is no address is `nullopt`; nothing is repaired.
#pragma once

#include <pounce/core/bytes.hpp>
#include <pounce/core/string_fwd.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pounce::inline v0::proxy {

class IpAddress {
 public:
  static constexpr std::size_t longest_text = 45;

  // Sixteen octets, those of an IPv4 address behind `::ffff:`.
  using Octets = std::array<unsigned char, 16>;
  constexpr explicit IpAddress(const Octets& octets) noexcept : octets_(octets) {}
  [[nodiscard]] static IpAddress v4(const std::array<unsigned char, 4>& octets) noexcept;

  [[nodiscard]] const Octets& octets() const noexcept { return octets_; }
  [[nodiscard]] bool is_v4() const noexcept;
  // "192.0.2.1", "2001:db8::1" (RFC 5952), without a NUL; the number of bytes.
  std::size_t write(std::array<char, longest_text>& text) const noexcept;
  [[nodiscard]] std::string text() const;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  Octets octets_;
};

// The dotted quad without leading zeros, or IPv6 text without brackets and zone.
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text) noexcept;

// An address with what may stand around it where hosts are named: "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]", "[2001:db8::1]:80".
[[nodiscard]] std::optional<IpAddress> parse_host_address(std::string_view text) noexcept;

// All addresses of one family with the same first bits: "10.0.0.0/8", "2001:db8::/32", or one address; or "unix:", all peers that come over a Unix
// socket and so have none.
class Network {
 public:
  static constexpr std::string_view unix_text = "unix:";

  // `bits`: how many count, of the 128; those behind them are zero.
  Network(const IpAddress& first, unsigned bits) noexcept : first_(first), bits_(static_cast<std::uint8_t>(bits)) {}
  [[nodiscard]] static Network of_unix_peers() noexcept;

  [[nodiscard]] bool contains(const IpAddress& address) const noexcept;
  [[nodiscard]] bool is_unix() const noexcept { return unix_; }
  // As an operator writes it; parse_network reads it back.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const Network&, const Network&) = default;

 private:
  IpAddress first_;
  std::uint8_t bits_;
  bool unix_ = false;
};

enum class NetworkFault : std::uint8_t { bad_address, bad_prefix, host_bits };
[[nodiscard]] std::string_view text_of(NetworkFault fault) noexcept;

// `host_bits`: bits behind the prefix are set, as in 10.1.2.3/8. It is a slip more often than not.
[[nodiscard]] std::optional<Network> parse_network(std::string_view text, NetworkFault* fault = nullptr) noexcept;

// O(number of networks), as the next one.
[[nodiscard]] bool contains(std::span<const Network> networks, const IpAddress& address) noexcept;
// A peer as a socket names it: "192.0.2.1:40112", "[::1]:40112", "unix:".
[[nodiscard]] bool has_peer(std::span<const Network> networks, std::string_view peer) noexcept;

}  // namespace pounce::inline v0::proxy
