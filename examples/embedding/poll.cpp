// HTTP/1.1 for many connections from a plain poll loop. What is answered is in echo.hpp.
#include "echo.hpp"
#include "loopback.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <vector>

struct Client {
  const int socket;
  pounce::h1::Conversation http{limits, now()};
  ~Client() { close(socket); }

  bool step(pounce::Workspace& workspace, int ready) {  // false: the connection is over
    if ((ready & ~POLLOUT) != 0) {
      const pounce::MutableBytes space = http.space(workspace);
      const ssize_t size = recv(socket, space.data(), space.size(), 0);
      if (size < 0) return false;
      size == 0 ? http.received_end() : http.received(size);
    }
    http.advance(now(), workspace, Echo{http});
    for (pounce::Bytes out[2]; const auto count = http.gather(out);) {
      const int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (count > 1 ? MSG_MORE : 0);
      const ssize_t size = send(socket, out->data(), out->size(), flags);
      http.written(size < 0 ? 0 : size, now());
      if (size < 0) return errno == EAGAIN;
    }
    if (http.wants_shutdown()) shutdown(socket, SHUT_WR);
    return !http.finished();
  }
};

int main() {
  const int listener = listen_on_loopback();
  pounce::Workspace workspace;
  for (std::list<Client> clients;;) {
    std::vector<pollfd> polled{{listener, POLLIN, 0}};
    pounce::Instant first = pounce::never;
    for (const Client& client : clients) {
      const int wanted = (client.http.wants_input() ? POLLIN : 0) | (client.http.wants_output() ? POLLOUT : 0);
      polled.push_back({client.socket, static_cast<short>(wanted), 0});
      first = std::min(first, client.http.deadline());
    }
    poll(polled.data(), polled.size(), milliseconds_until(first));
    auto ready = polled.begin();
    std::erase_if(clients, [&](Client& client) { return !client.step(workspace, (++ready)->revents); });
    for (int taken; (taken = accept(listener, nullptr, nullptr)) >= 0;) clients.emplace_back(taken);
  }
}
