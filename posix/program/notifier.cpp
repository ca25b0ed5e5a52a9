#include <pounce/program/notifier.hpp>

#include <pounce/posix/clock.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace pounce::inline v0::program {

namespace {

std::string_view variable(const char* name) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::string_view{text} : std::string_view{};
}

std::int64_t number_of(std::string_view text) {
  std::int64_t number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() ? number : -1;
}

int connect_to(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // A path, or '@' and a name in the abstract space.
  if (path.size() < 2 || path.size() >= sizeof address.sun_path || (path.front() != '/' && path.front() != '@'))
    return -1;
  std::memcpy(address.sun_path, path.data(), path.size());
  auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  if (path.front() == '@') {
    address.sun_path[0] = '\0';
  } else {
    ++length;
  }
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket >= 0 && ::connect(socket, reinterpret_cast<const sockaddr*>(&address), length) == 0) return socket;
  if (socket >= 0) ::close(socket);
  return -1;
}

}  // namespace

Notifier::Notifier() : socket_(connect_to(variable("NOTIFY_SOCKET"))) {
  const std::int64_t limit = number_of(variable("WATCHDOG_USEC"));
  const std::string_view whose = variable("WATCHDOG_PID");
  if (socket_ < 0 || limit <= 0 || (!whose.empty() && number_of(whose) != ::getpid())) return;
  interval_ = std::chrono::microseconds{limit} / 2;
}

Notifier::~Notifier() {
  if (socket_ >= 0) ::close(socket_);
}

void Notifier::send(const std::string& message) const {
  if (socket_ >= 0) (void)!::send(socket_, message.data(), message.size(), MSG_NOSIGNAL);
}

void Notifier::ready(std::string_view status) {
  send("READY=1\nSTATUS=" + std::string{status} + "\n");
  if (interval_ != Duration{}) next_ = after(posix::monotonic_now(), interval_);
}

void Notifier::reloading(std::string_view status) {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(posix::monotonic_now().time_since_epoch());
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()) + "\nSTATUS=" + std::string{status} + "\n");
}

void Notifier::stopping(std::string_view status, Duration at_most) {
  const auto microseconds = std::chrono::ceil<std::chrono::microseconds>(at_most).count();
  send("STOPPING=1\nSTATUS=" + std::string{status} + "\nEXTEND_TIMEOUT_USEC=" + std::to_string(microseconds) + "\n");
}

void Notifier::tend(Instant now) {
  if (next_ > now) return;
  send("WATCHDOG=1\n");
  next_ = after(now, interval_);
}

}  // namespace pounce::inline v0::program
