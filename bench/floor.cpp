// What the kernel alone costs: servers that parse nothing and answer every request with the same bytes.
//   bench-floor epoll|block PORT
// epoll: one thread, one recv and one send per readable connection. block: 80 threads, a connection each. Not servers for any other use.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

namespace {

constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nServer: floor\r\nDate: Fri, 20 Nov 2026 23:00:00 GMT\r\nContent-Type: text/plain\r\n"
    "Content-Length: 13\r\n\r\nHello, World!";

int listen_on(std::uint16_t port, int flags) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | flags, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, 4096) != 0)
    std::exit(1);
  return listener;
}

// The first request tells how long each of them is; later ones are counted by their bytes.
struct Peer {
  std::size_t request = 0;
  std::size_t received = 0;
};

void serve_with_epoll(std::uint16_t port) {
  const int listener = listen_on(port, SOCK_NONBLOCK);
  const int queue = ::epoll_create1(0);
  epoll_event interest{.events = EPOLLIN, .data = {.fd = listener}};
  ::epoll_ctl(queue, EPOLL_CTL_ADD, listener, &interest);
  std::string answers;
  for (int i = 0; i < 1024; ++i) answers += answer;
  std::unordered_map<int, Peer> peers;
  std::array<epoll_event, 512> ready;
  std::vector<char> bytes(65536);
  while (true) {
    const int count = ::epoll_wait(queue, ready.data(), static_cast<int>(ready.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int socket = ready[static_cast<std::size_t>(i)].data.fd;
      if (socket == listener) {
        for (int next = 0; (next = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
          peers[next] = Peer{};
          interest.data.fd = next;
          ::epoll_ctl(queue, EPOLL_CTL_ADD, next, &interest);
        }
        continue;
      }
      const auto n = ::recv(socket, bytes.data(), bytes.size(), 0);
      if (n <= 0) {
        ::close(socket);
        continue;
      }
      Peer& peer = peers[socket];
      const std::string_view got{bytes.data(), static_cast<std::size_t>(n)};
      if (peer.request == 0) peer.request = std::min(got.size(), got.find("\r\n\r\n") + 4);
      peer.received += got.size();
      const std::size_t complete = std::min<std::size_t>(peer.received / peer.request, 1024);
      peer.received -= complete * peer.request;
      if (complete != 0) (void)::send(socket, answers.data(), complete * answer.size(), MSG_NOSIGNAL);
      if (got.find("Connection: close") != std::string_view::npos) ::close(socket);
    }
  }
}

void serve_blocking(std::uint16_t port) {
  const int listener = listen_on(port, 0);
  std::vector<std::thread> workers;
  for (int i = 0; i < 80; ++i) {
    workers.emplace_back([listener] {
      std::vector<char> bytes(8192);
      while (true) {
        const int socket = ::accept(listener, nullptr, nullptr);
        if (socket < 0) continue;
        while (::recv(socket, bytes.data(), bytes.size(), 0) > 0 &&
               ::send(socket, answer.data(), answer.size(), MSG_NOSIGNAL) > 0) {
        }
        ::close(socket);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[2]));
  std::string_view{argv[1]} == "block" ? serve_blocking(port) : serve_with_epoll(port);
}
