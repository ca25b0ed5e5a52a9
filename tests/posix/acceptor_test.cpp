// Acceptor: everything that accept can say, said by an accept of our own. Nothing ends it, nothing makes it spin.
#include <doctest/doctest.h>

#include <pounce/posix/acceptor.hpp>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <utility>

using namespace pounce;
using namespace pounce::posix;

namespace {

// What accept says next; 0, or nothing left: ask the kernel.
std::deque<int>& script() {
  static std::deque<int> errors;
  return errors;
}
int calls = 0;

}  // namespace

// In the place of the library's, for this test program.
extern "C" int accept4(int socket, sockaddr* address, socklen_t* size, int flags) {
  ++calls;
  const int error = script().empty() ? 0 : script().front();
  if (!script().empty()) script().pop_front();
  if (error != 0) {
    errno = error;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_accept4, socket, address, size, flags));
}

namespace {

struct Door {
  Door() : acceptor(std::move(listen_on(*config::parse_bind_address("127.0.0.1:0"), 16, Port::alone)->front())) {
    calls = 0;
  }

  // A connection that waits to be accepted.
  [[nodiscard]] Descriptor knock() const {
    Descriptor client{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_storage where{};
    socklen_t size = sizeof where;
    REQUIRE(::getsockname(acceptor.descriptor(), reinterpret_cast<sockaddr*>(&where), &size) == 0);
    REQUIRE(::connect(client.get(), reinterpret_cast<sockaddr*>(&where), size) == 0);
    return client;
  }

  Acceptor acceptor;
};

}  // namespace

TEST_CASE("what went wrong with one connection is skipped, and the next one is taken") {
  Door door;
  const Descriptor client = door.knock();
  script() = {ECONNABORTED, EINTR, EPROTO, ECONNABORTED};
  Acceptor::Arrival arrival;
  CHECK(door.acceptor.take(arrival) == Acceptor::Result::taken);
  CHECK(arrival.socket);
  CHECK(calls == 5);
  CHECK(door.acceptor.take(arrival) == Acceptor::Result::drained);
}

TEST_CASE("without descriptors one connection is told at once, with the reserve, and the acceptor asks for a pause") {
  for (const int error : {EMFILE, ENFILE}) {
    Door door;
    const Descriptor told = door.knock();
    const Descriptor waits = door.knock();
    script() = {error};
    Acceptor::Arrival arrival;
    CHECK(door.acceptor.take(arrival) == Acceptor::Result::exhausted);
    CHECK(!arrival.socket);
    CHECK(calls == 2);  // the failed one, and the one with the reserve
    char byte = 0;
    CHECK(::recv(told.get(), &byte, 1, 0) <= 0);
    // Better times: the other one has waited, and the reserve is there again.
    CHECK(door.acceptor.take(arrival) == Acceptor::Result::taken);
    script() = {error};
    CHECK(door.acceptor.take(arrival) == Acceptor::Result::exhausted);
  }
}

TEST_CASE("without memory, or by a policy, it asks for a pause and takes nothing") {
  for (const int error : {ENOMEM, ENOBUFS, EPERM}) {
    Door door;
    const Descriptor client = door.knock();
    script() = {error};
    Acceptor::Arrival arrival;
    CHECK(door.acceptor.take(arrival) == Acceptor::Result::exhausted);
    CHECK(calls == 1);
    CHECK(door.acceptor.take(arrival) == Acceptor::Result::taken);
  }
}
