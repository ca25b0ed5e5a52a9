#include <pounce/posix/refusals.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

namespace pounce::inline v0::posix {

namespace {

constexpr std::string_view text = "503 Service Unavailable: all connections are taken, come later\n";

std::string answer(std::string_view lines) {
  std::string out = "HTTP/1.1 503 Service Unavailable\r\n";
  out.append(lines)
      .append("Content-Type: text/plain; charset=utf-8\r\nContent-Length: ")
      .append(std::to_string(text.size()));
  out.append("\r\nRetry-After: 1\r\nConnection: close\r\n\r\n").append(text);
  return out;
}

// Throws away what has arrived; true when the peer has closed.
bool is_over(int socket) noexcept {
  std::array<char, 4096> waste;
  for (int i = 0; i < 16; ++i) {
    const auto n = ::recv(socket, waste.data(), waste.size(), MSG_DONTWAIT);
    if (n == 0) return true;
    if (n < 0) return errno != EAGAIN && errno != EINTR;
  }
  return false;
}

}  // namespace

void Refusals::refuse(Descriptor socket, const Tick& tick) {
  const std::string out = answer(tick.lines);
  (void)::send(socket.get(), out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(socket.get(), SHUT_WR);
  if (is_over(socket.get()) || waiting_.size() >= most) return;
  waiting_.push_back(Waiting{std::move(socket), after(tick.now, linger)});
}

void Refusals::sweep(Instant now) {
  std::erase_if(waiting_, [&](const Waiting& one) { return now >= one.until || is_over(one.socket.get()); });
}

}  // namespace pounce::inline v0::posix
