#include "posix/program/channel.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace pounce::inline v0::program {

void Channel::make(Channel& one, Channel& other) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    throw std::system_error{errno, std::generic_category(), "a socket pair"};
  }
  one.socket_ = posix::Descriptor{ends[0]};
  other.socket_ = posix::Descriptor{ends[1]};
}

bool Channel::send(Word word, std::string_view text) const {
  std::string packet(1, static_cast<char>(word));
  packet.append(text.substr(0, most_text));
  while (true) {
    if (::send(socket_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) >= 0) return true;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return false;
    pollfd room{socket_.get(), POLLOUT, 0};
    if (::poll(&room, 1, 1000) <= 0) return false;
  }
}

Channel::Got Channel::receive(Message& message) const {
  std::string packet(most_text + 1, '\0');
  ssize_t got = -1;
  do {
    got = ::recv(socket_.get(), packet.data(), packet.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return Got::nothing;
  if (got <= 0) return Got::closed;
  message.word = static_cast<Word>(packet.front());
  message.text = packet.substr(1, static_cast<std::size_t>(got) - 1);
  return Got::message;
}

}  // namespace pounce::inline v0::program
