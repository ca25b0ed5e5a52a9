#include "posix/program/channel.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace pounce::inline v0::program {

namespace {

std::string packet_of(Word word, std::string_view text) {
  std::string packet(1, static_cast<char>(word));
  return packet.append(text.substr(0, Channel::most_text));
}

}  // namespace

void Channel::make(Channel& one, Channel& other) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    throw std::system_error{errno, std::generic_category(), "a socket pair"};
  }
  one.socket_ = posix::Descriptor{ends[0]};
  other.socket_ = posix::Descriptor{ends[1]};
}

Channel::Sent Channel::attempt(const std::string& packet) const noexcept {
  while (::send(socket_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno == EAGAIN ? Sent::no_room : Sent::gone;
  }
  return Sent::yes;
}

bool Channel::send(Word word, std::string_view text) const {
  const std::string packet = packet_of(word, text);
  while (true) {
    const Sent sent = attempt(packet);
    if (sent != Sent::no_room) return sent == Sent::yes;
    pollfd room{socket_.get(), POLLOUT, 0};
    if (::poll(&room, 1, 1000) <= 0) return false;
  }
}

void Channel::post(Word word, std::string_view text) {
  std::string packet = packet_of(word, text);
  for (std::string& one : unsent_) {
    if (one.front() == packet.front()) {
      one = std::move(packet);
      return;
    }
  }
  unsent_.push_back(std::move(packet));
  flush();
}

void Channel::flush() {
  while (!unsent_.empty() && attempt(unsent_.front()) != Sent::no_room) unsent_.erase(unsent_.begin());
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
