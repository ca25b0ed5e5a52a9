// A plain poll loop over connections of one kind: `awaited` says what to poll for, `deadline` for how long, `step` what comes of it.
#pragma once

#include "echo.hpp"
#include "loopback.hpp"

#include <poll.h>

#include <list>
#include <vector>

template <class Client>
void serve() {
  const int listener = listen_on_loopback();
  for (std::list<Client> clients;;) {
    std::vector<pollfd> polled{{listener, POLLIN, 0}};
    pounce::Instant first = pounce::never;
    for (const Client& client : clients) {
      polled.push_back({client.socket, client.awaited(), 0});
      first = std::min(first, client.deadline());
    }
    poll(polled.data(), polled.size(), milliseconds_until(first));
    auto ready = polled.begin();
    std::erase_if(clients, [&](Client& client) { return !client.step(((++ready)->revents & ~POLLOUT) != 0); });
    for (int taken; (taken = accept(listener, nullptr, nullptr)) >= 0;) clients.emplace_back(taken);
  }
}
