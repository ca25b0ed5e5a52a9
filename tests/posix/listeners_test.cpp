// Listeners: sockets that outlive who accepts from them: nobody who has knocked is lost between two of them, nor at the end.
#include <doctest/doctest.h>

#include <pounce/posix/acceptor.hpp>
#include <pounce/posix/listeners.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <netinet/in.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

using namespace pounce;
using namespace pounce::posix;

namespace {

std::vector<config::BindAddress> addresses(std::initializer_list<const char*> texts) {
  std::vector<config::BindAddress> all;
  for (const char* const text : texts) all.push_back(*config::parse_bind_address(text));
  return all;
}

std::vector<config::BindAddress> local() { return addresses({"127.0.0.1:0"}); }

Dealt dealt(Listeners& listeners, std::span<const config::BindAddress> wanted, std::size_t hands, bool spread = true) {
  auto made = listeners.deal(wanted, 128, hands, spread);
  REQUIRE(made.has_value());
  return std::move(*made);
}

// 0: the connection is there; else errno. EINPROGRESS: nobody has answered.
int knock(const config::BindAddress& at, Descriptor& client) {
  client = Descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(at.port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(client.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait{client.get(), POLLOUT, 0};
  if (::poll(&wait, 1, 50) != 1) return EINPROGRESS;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

// How many connections wait at these listeners, over all of them.
std::size_t taken(std::vector<std::vector<Listener>>& hands) {
  std::size_t count = 0;
  for (auto& hand : hands) {
    for (Listener& listener : hand) {
      while (Descriptor{::accept4(listener.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)}) ++count;
    }
  }
  return count;
}

}  // namespace

TEST_CASE("each hand gets a socket of its own, on one port") {
  Listeners listeners;
  Dealt made = dealt(listeners, local(), 3);
  REQUIRE(made.hands.size() == 3);
  REQUIRE(made.addresses.size() == 1);
  for (const auto& hand : made.hands) {
    REQUIRE(hand.size() == 1);
    CHECK(hand.front().address() == made.addresses.front());
  }
  std::vector<Descriptor> clients(30);
  for (Descriptor& client : clients) CHECK(knock(made.addresses.front(), client) == 0);
  CHECK(taken(made.hands) == 30);
}

TEST_CASE("who comes later accepts from the same queues") {
  Listeners listeners;
  const auto wanted = local();
  for (const auto& [first_hands, second_hands] : {std::pair{1U, 1U}, {1U, 3U}, {3U, 1U}, {2U, 4U}, {4U, 2U}}) {
    CAPTURE(first_hands);
    CAPTURE(second_hands);
    Dealt first = dealt(listeners, wanted, first_hands);
    listeners.keep(wanted);
    std::vector<Descriptor> clients(20);
    for (Descriptor& client : clients) REQUIRE(knock(first.addresses.front(), client) == 0);
    Dealt second = dealt(listeners, wanted, second_hands);
    listeners.keep(wanted);
    CHECK(second.addresses == first.addresses);
    first = Dealt{};
    CHECK(taken(second.hands) == 20);
  }
}

TEST_CASE("what was dealt and not kept leaves no socket behind") {
  Listeners listeners;
  const auto wanted = local();
  Dealt first = dealt(listeners, wanted, 2);
  listeners.keep(wanted);
  {
    const Dealt more = dealt(listeners, wanted, 8);
  }
  Dealt again = dealt(listeners, wanted, 2);
  listeners.keep(wanted);
  std::vector<Descriptor> clients(40);
  for (Descriptor& client : clients) REQUIRE(knock(first.addresses.front(), client) == 0);
  CHECK(taken(again.hands) == 40);
}

TEST_CASE("an address that cannot be bound changes nothing") {
  Listeners listeners;
  Dealt first = dealt(listeners, local(), 2);
  listeners.keep(local());
  Listeners others;
  const auto failed = others.deal(first.addresses, 16, 2, true);
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().find("Address already in use") != std::string::npos);
  Descriptor client;
  CHECK(knock(first.addresses.front(), client) == 0);
  CHECK(taken(first.hands) == 1);
}

TEST_CASE("what could not be dealt whole leaves no socket behind") {
  Listeners listeners;
  const auto wanted = local();
  Dealt first = dealt(listeners, wanted, 2);
  listeners.keep(wanted);
  Listeners others;
  const Dealt taken_already = dealt(others, local(), 1);
  std::vector<config::BindAddress> both = wanted;
  both.push_back(taken_already.addresses.front());
  REQUIRE_FALSE(listeners.deal(both, 128, 8, true).has_value());
  listeners.forget();
  std::vector<Descriptor> clients(40);
  for (Descriptor& client : clients) REQUIRE(knock(first.addresses.front(), client) == 0);
  CHECK(taken(first.hands) == 40);
  // Nor does what was dealt, but for nobody.
  (void)dealt(listeners, wanted, 8);
  listeners.forget();
  for (Descriptor& client : clients) REQUIRE(knock(first.addresses.front(), client) == 0);
  CHECK(taken(first.hands) == 40);
}

#ifdef __linux__
TEST_CASE("at the end nobody new gets in, and who has is still taken") {
  Listeners listeners;
  Dealt made = dealt(listeners, local(), 2);
  listeners.keep(local());
  std::vector<Descriptor> clients(20);
  for (Descriptor& client : clients) REQUIRE(knock(made.addresses.front(), client) == 0);
  listeners.close();
  Descriptor late;
  CHECK(knock(made.addresses.front(), late) == EINPROGRESS);
  CHECK(taken(made.hands) == 20);
  made.hands.clear();
  Descriptor later;
  CHECK(knock(made.addresses.front(), later) == ECONNREFUSED);
}
#endif

TEST_CASE("properties may change, the socket stays") {
  Listeners listeners;
  const Dealt first = dealt(listeners, addresses({"127.0.0.1:0"}), 1);
  listeners.keep(addresses({"127.0.0.1:0"}));
  const Dealt second = dealt(listeners, addresses({"127.0.0.1:0,tls"}), 1);
  CHECK(second.addresses.front().port == first.addresses.front().port);
  CHECK(second.addresses.front().tls);
  CHECK(second.hands.front().front().address().tls);
}

TEST_CASE("equal addresses are told apart by their number") {
  Listeners listeners;
  const auto wanted = addresses({"127.0.0.1:0", "127.0.0.1:0"});
  const Dealt first = dealt(listeners, wanted, 1);
  listeners.keep(wanted);
  CHECK(first.addresses[0].port != first.addresses[1].port);
  const Dealt second = dealt(listeners, wanted, 1);
  CHECK(second.addresses == first.addresses);
}

TEST_CASE("a Unix socket is shared, and its file goes with its address") {
  const std::string path = "/tmp/pounce-listeners-" + std::to_string(::getpid()) + ".sock";
  const auto wanted = addresses({("unix:" + path).c_str()});
  const auto is_there = [&] {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0;
  };
  Listeners listeners;
  Dealt first = dealt(listeners, wanted, 2);
  listeners.keep(wanted);
  REQUIRE(first.hands[0].size() == 1);
  REQUIRE(first.hands[1].size() == 1);
  const Dealt second = dealt(listeners, wanted, 1);
  listeners.keep(wanted);
  first = Dealt{};
  CHECK(is_there());
  listeners.close();
  CHECK_FALSE(is_there());
}
