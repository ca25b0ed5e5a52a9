// Sockets: listeners from the configuration's addresses, and the names of peers.
// What is accepted from a listener is non-blocking and, over TCP, without delay: it inherits the listener's TCP_NODELAY.
#pragma once

#include <pounce/config/bind_address.hpp>
#include <pounce/posix/descriptor.hpp>

#include <sys/socket.h>

#include <cstdint>
#include <expected>
#include <string>
#include <utility>
#include <vector>

namespace pounce::inline v0::posix {

// One bound, listening, non-blocking socket. A Unix socket's file is removed with it (by the one that owns it).
class Listener {
 public:
  enum class Made : std::uint8_t { by_us, before_us };
  Listener(Descriptor socket, config::BindAddress address, std::string unlink_path, Made made = Made::by_us) noexcept;
  Listener(Listener&&) noexcept = default;
  Listener& operator=(Listener&&) noexcept = default;
  ~Listener();

  [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
  [[nodiscard]] const config::BindAddress& address() const noexcept { return address_; }  // with the true port
  // From now on it is called so.
  void address_as(config::BindAddress address) noexcept { address_ = std::move(address); }
  // No second socket can listen on the same place: threads share this one.
  [[nodiscard]] bool is_only_one() const noexcept {
    return made_ == Made::before_us || address_.kind == config::BindAddress::Kind::unix_path;
  }
  // The file of a Unix socket is somebody else's to remove.
  void leave_file() noexcept { unlink_path_.clear(); }
  // A second owner of the same socket, for a shared listener; does not unlink.
  [[nodiscard]] std::expected<Listener, std::string> share() const;

 private:
  Descriptor socket_;
  config::BindAddress address_;
  std::string unlink_path_;
  std::uint64_t file_ = 0;  // the inode there: a successor may have put another in its place
  Made made_;
};

// Whether further sockets of ours may listen on the same port, one per reactor. The first of them makes sure that nobody else does.
enum class Port : std::uint8_t { alone, first_of_many, one_more };

// Binds and listens; a name may give several. Errors are one line: "127.0.0.1:80: Permission denied".
// A stale Unix socket file (nobody accepts on it) is
// replaced; a live one, or another kind of file, is an error. New socket files are 0660.
[[nodiscard]] std::expected<std::vector<Listener>, std::string> listen_on(const config::BindAddress& address,
                                                                          int backlog, Port port);

// Whether the kernel spreads connections over several sockets of one port (Linux does; elsewhere a distributor must).
[[nodiscard]] constexpr bool kernel_balances() noexcept {
#ifdef __linux__
  return true;
#else
  return false;
#endif
}

// "127.0.0.1:40112", "[::1]:40112", "unix:".
[[nodiscard]] std::string address_text(const sockaddr_storage& address);

}  // namespace pounce::inline v0::posix
