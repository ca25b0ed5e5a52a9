// What it is: one place to listen on, as an operator writes it: `ADDR:PORT`, `[V6]:PORT`, `unix:PATH`,
// `fd://N` or `systemd:NAME`, and its properties behind commas: `ADDR:PORT,proxy,tls`.
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
  bad_descriptor,
  bad_socket_name,
  bad_property,
};

struct BindAddress {
  /// `descriptor` and `socket_name` are sockets that whoever started the program has made.
  enum class Kind : std::uint8_t { tcp4, tcp6, tcp_name, unix_path, descriptor, socket_name };

  Kind kind = Kind::tcp4;
  std::string host;  // without brackets; empty for unix_path
  std::uint16_t port = 0;
  std::string path;  // unix_path: the path; socket_name: the name (sd_listen_fds_with_names(3))
  int descriptor = -1;
  /// Each connection begins with a header of the PROXY protocol.
  bool proxy = false;
  /// … and speaks TLS, behind such a header.
  bool tls = false;

  /// As the operator would write it; parse_bind_address reads it back to an equal value.
  [[nodiscard]] std::string text() const;
  /// The same without the properties: where, and not how.
  [[nodiscard]] std::string place() const;
  /// How, as `other` has it: with its properties.
  [[nodiscard]] BindAddress as(const BindAddress& other) &&;

  friend bool operator==(const BindAddress&, const BindAddress&) = default;
};

/// The longest path a Unix socket address takes, without its NUL.
inline constexpr std::size_t longest_unix_path = 107;

[[nodiscard]] std::expected<BindAddress, AddressFault> parse_bind_address(std::string_view text);

/// True for what may stand behind a comma: "proxy", "tls".
[[nodiscard]] bool is_property(std::string_view text);

/// A host alone, as in `--host`: an IPv4 or IPv6 address (brackets allowed) or a name.
[[nodiscard]] std::expected<BindAddress, AddressFault> parse_host(std::string_view text);

/// True for the dotted quad only: no `127.1`, no leading zeros, no hexadecimal.
[[nodiscard]] bool is_ipv4(std::string_view text);
[[nodiscard]] bool is_ipv6(std::string_view text);

[[nodiscard]] std::string_view text_of(AddressFault fault);

}  // namespace pounce::inline v0::config
