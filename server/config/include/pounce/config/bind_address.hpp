// What it is: one place to listen on, as an operator writes it: `ADDR:PORT`, `[V6]:PORT` or
// `unix:PATH`.
// What it is not: a resolved socket address. A name such as `localhost` stays a name; the posix
// layer resolves it.
// Ownership: a value that owns its text.
// Limits: a port is 0 to 65535 (0: any free port, the program prints which); a Unix path is 1 to
// 107 bytes, what a socket address holds beside its NUL; a name is at most 253 bytes.
// Errors: an AddressFault; zones (`fe80::1%eth0`) and abstract Unix sockets are not accepted.
// RFC: 4291 section 2.2 (IPv6 text), 1123 section 2.1 (names).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace pounce::inline v0::config {

enum class AddressFault : std::uint8_t {
  empty,
  no_port,
  no_host,
  bad_port,
  bad_host,
  bare_v6,
  no_path,
  long_path,
  bad_path,
};

struct BindAddress {
  enum class Kind : std::uint8_t { tcp4, tcp6, tcp_name, unix_path };

  Kind kind = Kind::tcp4;
  std::string host;  // without brackets; empty for unix_path
  std::uint16_t port = 0;
  std::string path;  // unix_path only

  /// As the operator would write it; parse_bind_address reads it back to an equal value.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const BindAddress&, const BindAddress&) = default;
};

/// The longest path a Unix socket address takes, without its NUL.
inline constexpr std::size_t longest_unix_path = 107;

[[nodiscard]] std::expected<BindAddress, AddressFault> parse_bind_address(std::string_view text);

/// A host alone, as in `--host`: an IPv4 or IPv6 address (brackets allowed) or a name.
[[nodiscard]] std::expected<BindAddress, AddressFault> parse_host(std::string_view text);

/// True for the dotted quad only: no `127.1`, no leading zeros, no hexadecimal.
[[nodiscard]] bool is_ipv4(std::string_view text);
[[nodiscard]] bool is_ipv6(std::string_view text);

[[nodiscard]] std::string_view text_of(AddressFault fault);

}  // namespace pounce::inline v0::config
