#include "posix/inherited.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>

namespace pounce::inline v0::posix {

namespace {

using config::BindAddress;

constexpr int first_descriptor = 3;  // SD_LISTEN_FDS_START
constexpr int most_descriptors = 1024;

std::string_view variable(const char* name) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::string_view{text} : std::string_view{};
}

int number_of(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? number : -1;
}

bool is_set(int socket, int option, int wanted) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

std::expected<Listener, std::string> take(int number, const BindAddress& wanted) {
  const std::string place = wanted.place();
  const auto fail = [&place](const std::string& why) { return std::unexpected(place + ": " + why); };
  // Ours from now on. Two listeners may not own one descriptor: what is taken is a second one of the same socket.
  Descriptor socket{::fcntl(number, F_DUPFD_CLOEXEC, first_descriptor)};
  if (!socket) return fail("descriptor " + std::to_string(number) + ": " + std::generic_category().message(errno));
  ::fcntl(number, F_SETFD, FD_CLOEXEC);
  if (!is_set(socket.get(), SO_TYPE, SOCK_STREAM) || !is_set(socket.get(), SO_ACCEPTCONN, 1)) {
    return fail("descriptor " + std::to_string(number) + " is no listening stream socket");
  }
  ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  (void)::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
  BindAddress bound = wanted;
  if (address.ss_family == AF_INET || address.ss_family == AF_INET6) {
    const int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    bound = config::parse_bind_address(address_text(address)).value_or(wanted).as(wanted);
  }
  return Listener{std::move(socket), std::move(bound), {}, Listener::Made::before_us};
}

std::expected<std::vector<Listener>, std::string> take_named(const BindAddress& wanted) {
  const int count = number_of(variable("LISTEN_FDS"));
  if (count <= 0 || number_of(variable("LISTEN_PID")) != ::getpid()) {
    return std::unexpected(wanted.place() +
                           ": no sockets were passed (LISTEN_FDS, LISTEN_PID); is the .socket unit started?");
  }
  std::vector<Listener> listeners;
  std::string_view names = variable("LISTEN_FDNAMES");
  std::string known;
  for (int i = 0; i < std::min(count, most_descriptors); ++i) {
    const std::string_view name = names.substr(0, names.find(':'));
    names.remove_prefix(std::min(name.size() + 1, names.size()));
    if (name == wanted.path) {
      auto listener = take(first_descriptor + i, wanted);
      if (!listener) return std::unexpected(std::move(listener.error()));
      listeners.push_back(std::move(*listener));
    } else if (known.size() < 200) {
      known.append(known.empty() ? "" : ", ").append(name.empty() ? "unknown" : name);
    }
  }
  if (listeners.empty()) return std::unexpected(wanted.place() + ": no socket of that name was passed, but: " + known);
  return listeners;
}

}  // namespace

std::expected<std::vector<Listener>, std::string> inherited(const BindAddress& address) {
  if (address.kind == BindAddress::Kind::socket_name) return take_named(address);
  auto listener = take(address.descriptor, address);
  if (!listener) return std::unexpected(std::move(listener.error()));
  std::vector<Listener> listeners;
  listeners.push_back(std::move(*listener));
  return listeners;
}

}  // namespace pounce::inline v0::posix
