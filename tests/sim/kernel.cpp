#include "tests/sim/kernel.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace pounce::sim {

namespace {

Kernel* alive = nullptr;

int fail(int number) {
  errno = number;
  return -1;
}

// "-error" to -1 and errno.
long result(long n) { return n < 0 ? fail(static_cast<int>(-n)) : n; }

sockaddr_in address_of(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

}  // namespace

Kernel::Kernel(std::uint64_t seed, const Conduct& conduct)
    : conduct_(conduct),
      dice_(seed),
      fault_dice_(seed * 31 + 17),
      schedule_(dice_, conduct_.switches, conduct_.look),
      network_(schedule_, dice_, conduct_) {
  alive = this;
}

Kernel::~Kernel() { alive = nullptr; }
Kernel* Kernel::current() noexcept { return alive; }

int Kernel::open(std::shared_ptr<File> file) {
  // The lowest free number, as POSIX has it: so a number is soon another file's.
  int number = first;
  while (files_.contains(number)) ++number;
  files_.emplace(number, std::move(file));
  return number;
}

template <class F>
std::shared_ptr<F> Kernel::find(int descriptor) {
  schedule_.pass();
  const auto found = files_.find(descriptor);
  if (found == files_.end())
    schedule_.give_up("a call on descriptor " + std::to_string(descriptor) + ", which is closed");
  return std::dynamic_pointer_cast<F>(found->second);
}

Instant Kernel::until(int milliseconds) const {
  return milliseconds < 0 ? never : schedule_.now() + std::chrono::milliseconds{milliseconds};
}

// --- sockets ---

int Kernel::make_socket() {
  schedule_.pass();
  return open(std::make_shared<Listener>(network_));
}

int Kernel::bind(int descriptor, const sockaddr_in& address) {
  const auto listener = find<Listener>(descriptor);
  const int error = network_.bind(*listener, ntohs(address.sin_port));
  return error != 0 ? fail(error) : 0;
}

int Kernel::listen(int descriptor) {
  network_.listen(*find<Listener>(descriptor));
  return 0;
}

int Kernel::accept(int descriptor, sockaddr_in& peer) {
  const auto listener = find<Listener>(descriptor);
  // Without EMFILE and ENFILE, which cost somebody the connection (tests/posix/acceptor_test.cpp).
  constexpr std::array<int, 7> errors{EINTR, ECONNABORTED, EPROTO, ENETDOWN, ENOBUFS, ENOMEM, EPERM};
  if (listener->state() != 0 && strikes()) return fail(errors[fault_dice_.below(errors.size())]);
  std::shared_ptr<Socket> socket = listener->accept();
  if (!socket) return fail(EAGAIN);
  accepted_[Schedule::self()] = socket->port();
  peer = address_of(socket->port());
  return open(std::move(socket));
}

int Kernel::accepted_port() const {
  const auto found = accepted_.find(Schedule::self());
  return found == accepted_.end() ? 0 : found->second;
}

long Kernel::strike(Socket& socket, int error) {
  struck_.insert(socket.port());
  socket.break_down();
  return fail(error);
}

long Kernel::receive(int descriptor, void* to, std::size_t size, int flags) {
  const auto socket = find<Socket>(descriptor);
  if (strikes()) {
    constexpr std::array<int, 4> errors{ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENOMEM};
    const std::size_t which = fault_dice_.below(2 * errors.size());
    return which < errors.size() ? strike(*socket, errors[which]) : fail(EINTR);
  }
  return result(socket->receive(to, size, (flags & MSG_PEEK) != 0));
}

long Kernel::send(int descriptor, std::string_view bytes, int flags) {
  const auto socket = find<Socket>(descriptor);
  const std::size_t asked = bytes.size();
  if (strikes()) {
    constexpr std::array<int, 5> errors{EPIPE, ECONNRESET, ETIMEDOUT, ENOBUFS, ENOMEM};
    const std::size_t which = fault_dice_.below(3 * errors.size());
    if (which < errors.size()) return strike(*socket, errors[which]);
    if (which < 2 * errors.size()) return fail(EINTR);
    bytes = bytes.substr(0, fault_dice_.between(1, bytes.size()));
  }
  const long n = socket->send(bytes);
  held_back_.erase(descriptor);
  if ((flags & MSG_MORE) != 0 && n == static_cast<long>(asked)) held_back_.emplace(descriptor, Schedule::self());
  return result(n);
}

void Kernel::look_for_held_back(int milliseconds) const {
  if (milliseconds == 0) return;
  for (const auto& [descriptor, thread] : held_back_) {
    if (thread == Schedule::self())
      schedule_.give_up("a thread waits, and descriptor " + std::to_string(descriptor) +
                        " holds octets back (MSG_MORE)");
  }
}

int Kernel::shut_down(int descriptor, int how) {
  if (how != SHUT_WR) schedule_.give_up("shutdown knows SHUT_WR only");
  const int error = find<Socket>(descriptor)->shut_down();
  held_back_.erase(descriptor);
  return error != 0 ? fail(error) : 0;
}

int Kernel::close(int descriptor) {
  schedule_.pass();
  held_back_.erase(descriptor);
  if (files_.erase(descriptor) == 0) schedule_.give_up("a descriptor is closed twice");
  return 0;
}

int Kernel::duplicate(int descriptor) { return open(find<File>(descriptor)); }

int Kernel::set_option(int descriptor, int level, int name, const void* value) {
  const auto file = find<File>(descriptor);
  if (level != SOL_SOCKET) return 0;
  if (const auto listener = std::dynamic_pointer_cast<Listener>(file); listener && name == SO_REUSEPORT)
    listener->shares_port = true;
  if (const auto socket = std::dynamic_pointer_cast<Socket>(file); socket && name == SO_LINGER) {
    linger how{};
    std::memcpy(&how, value, sizeof how);
    if (how.l_onoff != 0 && how.l_linger == 0) socket->linger_not();
  }
  return 0;
}

int Kernel::own_address(int descriptor, sockaddr_in& address) {
  const auto listener = std::dynamic_pointer_cast<Listener>(find<File>(descriptor));
  address = address_of(listener ? listener->port : 0);
  return 0;
}

int Kernel::peer_address(int descriptor, sockaddr_in& address) {
  const int port = find<Socket>(descriptor)->peer_port();
  if (port == 0) return fail(ENOTCONN);
  address = address_of(port);
  return 0;
}

int Kernel::unacknowledged(int descriptor) { return static_cast<int>(find<Socket>(descriptor)->unacknowledged()); }

// --- counters ---

int Kernel::make_counter(unsigned value) {
  schedule_.pass();
  auto counter = std::make_shared<Counter>();
  counter->add(value);
  return open(std::move(counter));
}

long Kernel::read(int descriptor, void* to, std::size_t size) {
  const auto counter = find<Counter>(descriptor);
  std::uint64_t value = 0;
  if (size < sizeof value) return fail(EINVAL);
  value = counter->take();
  if (value == 0) return fail(EAGAIN);
  std::memcpy(to, &value, sizeof value);
  return sizeof value;
}

long Kernel::write(int descriptor, const void* from, std::size_t size) {
  const auto counter = find<Counter>(descriptor);
  std::uint64_t value = 0;
  if (size < sizeof value) return fail(EINVAL);
  std::memcpy(&value, from, sizeof value);
  counter->add(value);
  schedule_.pass();
  return sizeof value;
}

// --- timers ---

int Kernel::make_timer() {
  schedule_.pass();
  return open(std::make_shared<Timer>());
}

int Kernel::set_timer(int descriptor, Duration after) {
  const auto timer = find<Timer>(descriptor);
  const std::uint64_t setting = timer->set();
  if (after == Duration::zero()) return 0;
  schedule_.at(schedule_.now() + after, [weak = std::weak_ptr<Timer>{timer}, setting] {
    if (const auto still = weak.lock()) still->expire(setting);
  });
  return 0;
}

// --- waiting ---

int Kernel::make_epoll() {
  schedule_.pass();
  return open(std::make_shared<Epoll>());
}

int Kernel::epoll_control(int epoll, int operation, int descriptor, const epoll_event* event) {
  const auto queue = find<Epoll>(epoll);
  const auto found = files_.find(descriptor);
  if (found == files_.end()) return fail(EBADF);
  if (const auto socket = std::dynamic_pointer_cast<Socket>(found->second);
      socket && operation == EPOLL_CTL_ADD && strikes()) {
    struck_.insert(socket->port());
    return fail(fault_dice_.one_in(2) ? ENOMEM : ENOSPC);
  }
  const int error = queue->control(operation, descriptor, *found->second, event);
  return error != 0 ? fail(error) : 0;
}

int Kernel::epoll_wait(int epoll, epoll_event* events, int most, int milliseconds) {
  const auto queue = find<Epoll>(epoll);
  look_for_held_back(milliseconds);
  if (strikes()) return fail(EINTR);
  const Instant end = until(milliseconds);
  while (schedule_.wait([&] { return queue->has_ready(); }, end)) {
    const int count = queue->take(events, most);
    if (count != 0) return count;
  }
  return 0;
}

int Kernel::poll(pollfd* descriptors, std::size_t count, int milliseconds) {
  schedule_.pass();
  look_for_held_back(milliseconds);
  if (Schedule::self() != 0 && strikes()) {
    for (std::size_t i = 0; i < count; ++i)
      descriptors[i].revents = 0;  // Linux leaves them as they are: worse than that is not asked for
    return fail(EINTR);
  }
  const auto look = [&] {
    int ready = 0;
    for (std::size_t i = 0; i < count; ++i) {
      pollfd& one = descriptors[i];
      const auto found = files_.find(one.fd);
      if (found == files_.end()) schedule_.give_up("poll of a closed descriptor");
      const auto asked = static_cast<std::uint32_t>(one.events) | EPOLLERR | EPOLLHUP;
      one.revents = static_cast<short>(found->second->state() & asked);
      ready += one.revents != 0 ? 1 : 0;
    }
    return ready;
  };
  (void)schedule_.wait([&] { return look() != 0; }, until(milliseconds));
  return look();
}

}  // namespace pounce::sim
