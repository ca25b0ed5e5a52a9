#include <pounce/posix/socket.hpp>

#include <pounce/posix/advice.hpp>

#include "posix/inherited.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

namespace pounce::inline v0::posix {

namespace {

using config::BindAddress;

std::string error_text(int number) { return std::generic_category().message(number); }

// What the socket is bound to, by number: a name may stand for several addresses.
BindAddress bound_address(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  (void)::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return config::parse_bind_address(address_text(address)).value_or(BindAddress{});
}

void set_option(int socket, int level, int name) noexcept {
  const int on = 1;
  ::setsockopt(socket, level, name, &on, sizeof on);
}

std::expected<Listener, std::string> listen_tcp(const BindAddress& wanted, const addrinfo& at, int backlog,
                                                bool reuse_port) {
  Descriptor socket{::socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!socket) return std::unexpected(listen_fault(wanted, errno));
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR);
  if (reuse_port) set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT);
  if (at.ai_family == AF_INET6) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  // Inherited by what is accepted: no call per connection.
  set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY);
  if (::bind(socket.get(), at.ai_addr, at.ai_addrlen) != 0 || ::listen(socket.get(), backlog) != 0) {
    return std::unexpected(listen_fault(wanted, errno));
  }
  BindAddress bound = bound_address(socket.get()).as(wanted);
  return Listener{std::move(socket), std::move(bound), {}};
}

// With SO_REUSEPORT a second server would start unnoticed on a port that is taken: ask without it first.
bool is_taken(const addrinfo& at) noexcept {
  const Descriptor probe{::socket(at.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  set_option(probe.get(), SOL_SOCKET, SO_REUSEADDR);
  if (at.ai_family == AF_INET6) set_option(probe.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  return ::bind(probe.get(), at.ai_addr, at.ai_addrlen) != 0 && errno == EADDRINUSE;
}

std::expected<std::vector<Listener>, std::string> listen_tcp(const BindAddress& address, int backlog, Port port) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = address.kind == BindAddress::Kind::tcp6 ? AF_INET6 : AF_UNSPEC;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
      error != 0) {
    return std::unexpected(address.place() + ": " + ::gai_strerror(error) +
                           as_hint("write an address, or a name that this machine can look up"));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{found, &::freeaddrinfo};
  std::vector<Listener> listeners;
  std::string error;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    BindAddress wanted = address;
    if (!listeners.empty()) wanted.port = listeners.front().address().port;  // one port for all of a name's addresses
    addrinfo here = *at;
    sockaddr_storage target{};
    std::memcpy(&target, at->ai_addr, at->ai_addrlen);
    if (target.ss_family == AF_INET) reinterpret_cast<sockaddr_in*>(&target)->sin_port = htons(wanted.port);
    if (target.ss_family == AF_INET6) reinterpret_cast<sockaddr_in6*>(&target)->sin6_port = htons(wanted.port);
    here.ai_addr = reinterpret_cast<sockaddr*>(&target);
    if (port == Port::first_of_many && is_taken(here)) {
      if (error.empty()) error = listen_fault(wanted, EADDRINUSE);
      continue;
    }
    auto listener = listen_tcp(wanted, here, backlog, port != Port::alone);
    if (listener) {
      listeners.push_back(std::move(*listener));
    } else if (error.empty()) {
      error = std::move(listener.error());
    }
  }
  // A name such as localhost is served on those of its addresses that this machine has.
  if (listeners.empty()) return std::unexpected(error.empty() ? address.place() + ": no address" : error);
  return listeners;
}

// A socket file on which nobody accepts is left over from a server that died.
bool is_stale(const sockaddr_un& address) noexcept {
  const Descriptor probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  return probe && ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
         errno == ECONNREFUSED;
}

std::expected<std::vector<Listener>, std::string> listen_unix(const BindAddress& address, int backlog) {
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  if (address.path.size() >= sizeof target.sun_path) return std::unexpected(address.place() + ": the path is too long");
  std::memcpy(target.sun_path, address.path.data(), address.path.size());
  struct stat there{};
  if (::lstat(address.path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode))
      return std::unexpected(address.place() + ": exists and is not a socket" +
                             as_hint("remove it, or choose another path"));
    if (!is_stale(target)) return std::unexpected(listen_fault(address, EADDRINUSE));
    ::unlink(address.path.c_str());
  }
  Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  // The mode of the file is settled before it can be connected to: bind, chmod, listen.
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0 ||
      ::chmod(address.path.c_str(), S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP) != 0 ||
      ::listen(socket.get(), backlog) != 0) {
    return std::unexpected(listen_fault(address, errno));
  }
  std::vector<Listener> listeners;
  listeners.push_back(Listener{std::move(socket), address, address.path});
  return listeners;
}

}  // namespace

std::string address_text(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN + 9> text{};
  char* at = text.data();
  char* const end = text.data() + text.size();
  if (address.ss_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &address, sizeof in);
    std::array<unsigned char, 4> octets{};
    std::memcpy(octets.data(), &in.sin_addr, octets.size());
    for (const unsigned char octet : octets) {
      at = std::to_chars(at, end, octet).ptr;
      *at++ = '.';
    }
    at[-1] = ':';
    at = std::to_chars(at, end, ntohs(in.sin_port)).ptr;
    return {text.data(), at};
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address, sizeof in);
    ::inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
    return "[" + std::string{text.data()} + "]:" + std::to_string(ntohs(in.sin6_port));
  }
  return address.ss_family == AF_UNIX ? "unix:" : "unknown";
}

Listener::Listener(Descriptor socket, config::BindAddress address, std::string unlink_path, Made made) noexcept
    : socket_(std::move(socket)), address_(std::move(address)), unlink_path_(std::move(unlink_path)), made_(made) {
  struct stat there{};
  if (!unlink_path_.empty() && ::lstat(unlink_path_.c_str(), &there) == 0) file_ = there.st_ino;
}

Listener::~Listener() {
  if (!socket_ || unlink_path_.empty()) return;
  struct stat there{};
  if (::lstat(unlink_path_.c_str(), &there) == 0 && there.st_ino == file_) ::unlink(unlink_path_.c_str());
}

std::expected<Listener, std::string> Listener::share() const {
  Descriptor socket{::fcntl(socket_.get(), F_DUPFD_CLOEXEC, 0)};
  if (!socket) return std::unexpected(address_.place() + ": " + error_text(errno));
  return Listener{std::move(socket), address_, {}, made_};
}

std::expected<std::vector<Listener>, std::string> listen_on(const config::BindAddress& address, int backlog,
                                                            Port port) {
  if (address.kind == BindAddress::Kind::descriptor || address.kind == BindAddress::Kind::socket_name) {
    return inherited(address);
  }
  return address.kind == BindAddress::Kind::unix_path ? listen_unix(address, backlog)
                                                      : listen_tcp(address, backlog, port);
}

}  // namespace pounce::inline v0::posix
