#include <pounce/posix/acceptor.hpp>

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace pounce::inline v0::posix {

namespace {

Descriptor make_reserve() noexcept { return Descriptor{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

}  // namespace

Acceptor::Acceptor(Listener listener) : listener_(std::move(listener)), reserve_(make_reserve()) {}

Acceptor::Result Acceptor::take(Arrival& arrival) {
  while (true) {
    sockaddr_storage peer;
    peer.ss_family = AF_UNSPEC;
    socklen_t size = sizeof peer;
    arrival.socket = Descriptor{
        ::accept4(listener_.descriptor(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC)};
    if (arrival.socket) {
      arrival.peer = address_text(peer);
      return Result::taken;
    }
    switch (errno) {
      case EAGAIN: return Result::drained;
      case EMFILE:
      case ENFILE: shed(); return Result::exhausted;
      case ENOBUFS:
      case ENOMEM: return Result::exhausted;
      case EBADF:
      case EINVAL:
      case ENOTSOCK: return Result::drained;  // not listening (any more)
      case EINTR:
      case ECONNABORTED:
      case EPROTO:
      case ENOPROTOOPT:
      case ENETDOWN:
      case ENETUNREACH:
      case EHOSTDOWN:
      case EHOSTUNREACH:
#ifdef ENONET
      case ENONET:
#endif
        continue;                         // of one peer: the next, please
      default: return Result::exhausted;  // a policy (EPERM) or what nobody thought of may last: pause, never spin
    }
  }
}

// Gives the reserve up, takes one connection with it and closes that, so that its peer learns of it now.
void Acceptor::shed() {
  reserve_.close();
  {
    const Descriptor unlucky{::accept4(listener_.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
  }
  reserve_ = make_reserve();
}

}  // namespace pounce::inline v0::posix
