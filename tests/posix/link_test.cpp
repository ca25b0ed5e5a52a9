// A link over a real socket: what a turn of it does.
#include <doctest/doctest.h>

#include <pounce/app.hpp>
#include <pounce/core/workspace.hpp>
#include <pounce/posix/link.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <utility>

using namespace pounce;
using namespace std::chrono_literals;

namespace {

class NoWaker final : public posix::Waker {
 public:
  void wake(posix::Link&) noexcept override {}
};

class Ids final : public RequestIds {
  [[nodiscard]] std::uint64_t refill() override { return last_ += block; }
  std::uint64_t last_ = 0;
};

// Two ends of one TCP connection.
std::pair<posix::Descriptor, posix::Descriptor> connected() {
  const posix::Descriptor listener{::socket(AF_INET, SOCK_STREAM, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(listener.get(), any, size) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  REQUIRE(::getsockname(listener.get(), any, &size) == 0);
  posix::Descriptor client{::socket(AF_INET, SOCK_STREAM, 0)};
  REQUIRE(::connect(client.get(), any, size) == 0);
  posix::Descriptor server{::accept(listener.get(), nullptr, nullptr)};
  REQUIRE(::fcntl(server.get(), F_SETFL, O_NONBLOCK) == 0);
  return {std::move(client), std::move(server)};
}

}  // namespace

TEST_CASE("a turn writes no more than its share, and there is more to do") {
  const App app{[](const Request&) { return Response::text(std::string(32 * mebibyte, 'x')); }};
  const Service service{.app = app};
  Workspace workspace;
  Ids ids;
  Station station{workspace, ids, nullptr, 0};
  NoWaker waker;
  Tick tick;
  tick.now = Instant{} + 1h;
  auto [client, server] = connected();
  posix::Link link{std::move(server), service, station, waker, Peers{ConnectionId{1}, "local", "peer"}, tick.now};
  constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  REQUIRE(::send(client.get(), request.data(), request.size(), 0) == static_cast<ssize_t>(request.size()));
  while (link.session().requests() == 0) {
    (void)link.read();
    link.session().step(tick);
  }
  Output& output = link.session().output();
  std::size_t sent = 0;
  std::size_t received = 0;
  std::string taken(mebibyte, '\0');
  while (!output.empty() || received != sent) {
    const std::uint64_t before = output.total_written();
    (void)link.flush(tick.now);
    const auto written = static_cast<std::size_t>(output.total_written() - before);
    CHECK(written <= posix::Link::most_per_flush);
    if (!output.empty()) CHECK(link.has_work() == link.writable);
    sent += written;
    const ssize_t n = ::recv(client.get(), taken.data(), taken.size(), 0);
    REQUIRE(n > 0);
    received += static_cast<std::size_t>(n);
    link.writable = true;  // as a poller would say
  }
  CHECK(sent > 32 * mebibyte);
  CHECK_FALSE(link.has_work());
}
